import { expect, test } from "vitest";
import {
  authorsInWords,
  leadOf,
  mainTopics,
  reasonInWords,
  standingInWords,
  watchInWords,
  wordsNeeded,
} from "../../src/core/in-words.ts";
import { aFilter } from "../support/builders.ts";
import { allTexts, because } from "../support/mails.ts";

const texts = await allTexts();
const say = texts("en");
const topicName = (id: string): string => ({ agents: "Agents", code: "Code" })[id] ?? id;
const reason = (whys: Parameters<typeof reasonInWords>[0], watches = 1, topics: string[] = []): string =>
  reasonInWords(whys, { say, topics, watches, topicName });

test("every key these words come from is in the catalogue", () => {
  expect(() => texts.require(wordsNeeded, "in-words")).not.toThrow();
});

test("three authors are named and the rest counted", () => {
  const authors = ["Ada Lovelace", "Alan Turing", "Grace Hopper", "Kurt Gödel", "Emmy Noether"];
  expect([0, 1, 2, 3, 5].map((count) => authorsInWords(authors.slice(0, count), say))).toEqual([
    "",
    "Ada Lovelace",
    "Ada Lovelace and Alan Turing",
    "Ada Lovelace, Alan Turing, and Grace Hopper",
    "Ada Lovelace, Alan Turing, Grace Hopper and 2 more",
  ]);
});

test("what no source said is not said", () => {
  const nobody = { upvotes: 0, upvotesGained: 0, comments: 0, stars: null, starsGained: 0, isNew: false };
  expect(standingInWords({ ...nobody, isNew: true }, say)).toBe("");
  expect(standingInWords({ ...nobody, upvotes: 235, comments: 12, stars: 1204, starsGained: 34 }, say)).toBe(
    "235 votes, 12 comments, 1,204 stars, 34 more since the last edition",
  );
  expect(standingInWords({ ...nobody, upvotes: 1 }, say)).toBe("1 vote");
  expect(standingInWords({ ...nobody, stars: 8, starsGained: -3 }, say)).toBe("8 stars");
});

test("movement is told first: new in this edition, or rising by more than a vote or two", () => {
  const moved = (upvotesGained: number, isNew = false) =>
    standingInWords({ upvotes: 80, upvotesGained, comments: 0, stars: null, starsGained: 0, isNew }, say);
  expect([moved(34), moved(4), moved(0, true), moved(1_234)]).toEqual([
    "rising +34, 80 votes",
    "80 votes",
    "new, 80 votes",
    "rising +1,234, 80 votes",
  ]);
});

test("the source's summary goes before the abstract, whose telling sentences stand in for it", () => {
  expect(leadOf({ title: "A title", summary: "A summary.", abstract: "An abstract." })).toBe("A summary.");
  const abstract = `${"Much has been said of agents in recent years, and more will be. ".repeat(8)}\nWe propose Paperboy, which mails papers. It is fast.`;
  expect(leadOf({ title: "Paperboy mails papers", summary: " ", abstract })).toContain(
    "We propose Paperboy, which mails papers.",
  );
});

test("a reason says what in the filter took the paper", () => {
  expect(reason([])).toBe("Here because it matched when this digest was put together");
  expect(reason([because()])).toBe("Here because you follow every topic");
  expect(reason([because()], 1, ["agents", "code"])).toBe("On Agents and Code: you follow every topic");
  expect(reason([because({ topics: ["agents"] })], 1, ["agents", "code"])).toBe("Here for the topic Agents");
  expect(
    reason([because({ topics: ["agents", "code"], include: ["KV cache"], authors: ["Y. Li"], categories: ["cs.CL"] })]),
  ).toBe("Here for the topics Agents and Code, the phrase “KV cache”, the author Y. Li, the category cs.CL");
});

test("a watch is named when the reader has several", () => {
  const whys = [because({ name: "Work", topics: ["agents"] }), because({ watch: 1, name: "Fun", topics: ["agents"] })];
  expect(reason(whys, 2)).toBe("Here for Work: the topic Agents; Fun: the topic Agents");
  expect(reason(whys, 1)).toBe("Here for the topic Agents");
});

test("under the name of a watch only the others are named", () => {
  const whys = [because({ name: "Work", topics: ["agents"] }), because({ watch: 1, name: "Fun", include: ["chess"] })];
  expect(reasonInWords(whys, { say, topics: [], watches: 2, isUnderFirst: true, topicName })).toBe(
    "Here for the topic Agents; also for Fun: the phrase “chess”",
  );
});

test("a watch without a name is called by the first things it asks for", () => {
  const called = (what: Parameters<typeof aFilter>[0]) => watchInWords(aFilter(what).watches[0]!, { say, topicName });
  expect([
    called({ name: "Work", topics: ["agents"] }),
    called({ topics: ["agents", "code"] }),
    called({ topics: ["agents"], include: ['"KV cache"'], authors: ["Y. Li"], categories: ["cs.CL"] }),
    called({ onlyWithCode: true, minUpvotes: 20 }),
    called({ exclude: ["survey"] }),
    called({ authors: [`\u202E${"b".repeat(200)}`] }),
  ]).toEqual([
    "Work",
    "Agents · Code",
    "Agents · “KV cache” · Y. Li and more",
    "With code · At least 20 votes",
    "Every topic",
    `${"b".repeat(79)}…`,
  ]);
});

test("the topics of a digest are those most of its papers have first", () => {
  const papers = [["video"], ["agents", "code"], ["code"], [], ["agents"], ["3d"], ["video"]];
  expect(mainTopics(papers.map((topics) => ({ topics })))).toEqual(["video", "agents", "code"]);
});
