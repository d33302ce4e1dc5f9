import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { closeEdition, dueEditions, lastCompleteDay, type Needs } from "../../src/actions/close-edition.ts";
import { defaultCatalogue } from "../../src/core/topics.ts";
import type { Source } from "../../src/sources/source.ts";
import { editionJobs } from "../../workers/editions.ts";
import { aSighting } from "../support/builders.ts";
import { aStore, type TestStore } from "../support/store.ts";
import { at } from "../support/time.ts";
import { aLog, aQueue } from "./press.ts";

let store: TestStore;
let logged: ReturnType<typeof aLog>;
beforeAll(async () => {
  store = await aStore();
});
afterAll(() => store.close());
beforeEach(async () => {
  logged = aLog();
  await store.clock.set(at("2026-04-15T01:00Z"));
  await store.sql("TRUNCATE edition_papers, editions, listings, sightings, paper_aliases, papers, pulls CASCADE");
});

const hub: Source = { name: "hub", trending: true, fetch: () => Promise.reject(new Error("not asked here")) };
const needs = (given: Partial<Needs> = {}): Needs & { editions: TestStore["editions"] } => ({
  ...store,
  ...{ sources: [], catalogue: defaultCatalogue, log: logged.log, closesAt: "01:00", retentionDays: 90 },
  ...given,
  editions: store.editions,
});
/** As a file tells of papers that it knows no ids of. */
const byTitle = { source: "file", arxivId: undefined as never };
const list = (day: string, titles: readonly string[], seenAt = at("2026-04-15T00:30Z")) =>
  store.papers.add(
    titles.map((title, position) =>
      aSighting({ ...byTitle, title, listedOn: day, position, signals: { upvotes: 50 - position } }),
    ),
    seenAt,
    "file",
  );
const states = () => store.sql("SELECT date::text, state, because FROM editions ORDER BY date");

test("an edition is closed once, with its ranking: whoever comes second finds it decided", async () => {
  await list("2026-04-14", ["First", "Second"]);
  expect(await closeEdition(needs(), "2026-04-14", at("2026-04-15T01:00Z"))).toEqual({
    state: "closed",
    because: "complete",
  });
  await list("2026-04-14", ["Too late"]);
  expect(await closeEdition(needs(), "2026-04-14", at("2026-04-15T01:05Z"))).toBe("already-decided");
  const { papers, ...edition } = (await store.editions.find("2026-04-14"))!;
  expect(edition).toEqual({
    ...{ date: "2026-04-14", state: "closed", closedAt: at("2026-04-15T01:00Z"), revision: 1 },
    ...{ rankedBy: "trend", historySince: "2026-04-14" },
  });
  expect(papers.map(({ rank, title, isNew }) => ({ rank, title, isNew }))).toEqual([
    { rank: 1, title: "First", isNew: true },
    { rank: 2, title: "Second", isNew: true },
  ]);
});

test("C6: two closers at the same minute make one edition, and one of them is told so", async () => {
  await list("2026-04-14", ["One", "Two", "Three"]);
  const told = await Promise.all([1, 2, 3].map(() => closeEdition(needs(), "2026-04-14", at("2026-04-15T01:00Z"))));
  expect(told.filter((one) => one !== "already-decided")).toEqual([{ state: "closed", because: "complete" }]);
  expect(await store.sql("SELECT rank FROM edition_papers ORDER BY rank")).toEqual([
    { rank: 1 },
    { rank: 2 },
    { rank: 3 },
  ]);
});

test("one that is broken is said so once", async () => {
  const closing = (time: string) => closeEdition(needs({ sources: [hub] }), "2026-04-14", at(time));
  await store.sql("INSERT INTO editions (date, state) VALUES ('2026-04-13', 'quiet')");
  await store.pulls.add({
    ...{ source: "hub", day: "2026-04-14", startedAt: at("2026-04-15T00:30Z"), endedAt: at("2026-04-15T00:30Z") },
    ...{ outcome: "failed", papers: 0, refused: 0, problem: "503" },
  });
  for (const time of ["2026-04-15T02:00Z", "2026-04-15T02:01Z", "2026-04-15T03:00Z"]) await closing(time);
  for (const time of ["2026-04-15T07:00Z", "2026-04-15T07:05Z"]) await closing(time);
  expect(logged.lines.map(({ level, msg }) => ({ level, msg }))).toEqual([
    { level: 40, msg: "an edition is broken: no mail is made from it" },
  ]);
  expect((await states()).at(-1)).toEqual({ date: "2026-04-14", state: "broken", because: "failing" });
});

test("the very first of an installation is late when it begins: nobody is woken for that", async () => {
  expect(await closeEdition(needs({ sources: [hub] }), "2026-04-14", at("2026-04-15T05:00Z"))).toMatchObject({
    state: "open",
  });
  expect(logged.lines).toEqual([]);
});

test("D4: a weekend without papers is quiet, and nobody is woken", async () => {
  const saturday = at("2026-04-12T00:30Z");
  await store.pulls.add({
    ...{ source: "hub", day: "2026-04-11", startedAt: saturday, endedAt: saturday },
    ...{ outcome: "good", papers: 0, refused: 0, problem: null },
  });
  await closeEdition(needs({ sources: [hub] }), "2026-04-11", at("2026-04-12T01:00Z"));
  expect(await states()).toEqual([{ date: "2026-04-11", state: "quiet", because: "weekend" }]);
  expect(logged.lines.map(({ level }) => level)).toEqual([30]);
});

test("D4: a paper that rises on Tuesday stands in Tuesday's edition, and is no longer new", async () => {
  await list("2026-04-10", ["Slow burner", "Friday's best"], at("2026-04-11T00:30Z"));
  await closeEdition(needs(), "2026-04-10", at("2026-04-11T01:00Z"));
  await list("2026-04-14", ["Tuesday's own"]);
  const risen = aSighting({ ...byTitle, title: "Slow burner", signals: { upvotes: 4_000, comments: 30 } });
  await store.papers.add([risen], at("2026-04-14T20:00Z"), "file");
  await closeEdition(needs(), "2026-04-14", at("2026-04-15T01:00Z"));
  const { papers, historySince } = (await store.editions.find("2026-04-14"))!;
  expect([papers.map(({ title, isNew }) => [title, isNew]), historySince]).toEqual([
    [
      ["Slow burner", false],
      ["Tuesday's own", true],
      ["Friday's best", false],
    ],
    "2026-04-10",
  ]);
});

test("a paper last seen before what we still remember stands in no edition: nobody could say who was sent it", async () => {
  await list("2026-01-05", ["Old friend"], at("2026-01-06T00:30Z"));
  await closeEdition(needs(), "2026-01-05", at("2026-01-06T01:00Z"));
  await list("2026-04-14", ["Old friend", "New here"]);
  await closeEdition(needs(), "2026-04-14", at("2026-04-15T01:00Z"));
  expect((await store.editions.find("2026-04-14"))!.papers.map(({ title }) => title)).toEqual(["New here"]);
});

test("by hand: decided at once, unless its day is not over", async () => {
  const force = { force: true };
  expect(await closeEdition(needs({ sources: [hub] }), "2026-04-15", at("2026-04-15T12:00Z"), force)).toEqual({
    ...{ state: "open", because: "day-not-over" },
  });
  expect(await states()).toEqual([]);
  expect(await closeEdition(needs({ sources: [hub] }), "2026-04-14", at("2026-04-15T00:10Z"), force)).toMatchObject({
    state: "broken",
  });
});

test.each([
  [at("2026-04-15T00:00Z"), "2026-04-14"],
  [at("2026-04-14T23:59:59Z"), "2026-04-13"],
])("at %s the last complete day is %s", (now, day) => expect(lastCompleteDay(now)).toBe(day));

test("an empty installation begins with the newest edition, and not before its closing time", async () => {
  expect(await dueEditions(needs(), at("2026-04-15T00:59Z"))).toEqual(["2026-04-13"]);
  expect(await dueEditions(needs(), at("2026-04-15T01:00Z"))).toEqual(["2026-04-14"]);
});

test("after a long absence the last eight are made up, oldest first, and what is still open before them is decided", async () => {
  await store.editions.open("2026-03-01");
  await store.sql("INSERT INTO editions (date, state) VALUES ('2026-03-02', 'quiet')");
  expect(await dueEditions(needs(), at("2026-04-15T01:00Z"))).toEqual([
    "2026-03-01",
    ...["07", "08", "09", "10", "11", "12", "13", "14"].map((day) => `2026-04-${day}`),
  ]);
});

test("the worker closes what is due, or the one it was asked for; one that fails holds back no other, and planning is rung for", async () => {
  const queue = aQueue();
  await store.sql("INSERT INTO editions (date, state) VALUES ('2026-04-11', 'quiet')");
  for (const day of ["2026-04-12", "2026-04-13", "2026-04-14"]) await list(day, [`Of ${day}`]);
  const candidates: Needs["candidates"] = {
    of: (date, since) =>
      date === "2026-04-13" ? Promise.reject(new Error("no room")) : store.candidates.of(date, since),
  };
  const jobs = editionJobs({
    ...{ ...store, ...needs({ candidates }), queue },
    databaseNow: async () => at("2026-04-15T01:00Z"),
  });
  const { signal } = new AbortController();
  await expect(jobs["close-edition"]({}, signal)).rejects.toThrow("no room");
  expect(await states()).toEqual([
    { date: "2026-04-11", state: "quiet", because: null },
    { date: "2026-04-12", state: "closed", because: "complete" },
    { date: "2026-04-13", state: "open", because: null },
    { date: "2026-04-14", state: "closed", because: "complete" },
  ]);
  expect(queue.rung()).toEqual([{ name: "plan-deliveries", payload: {} }]);

  await list("2026-04-09", ["Asked for"]);
  await jobs["close-edition"]({ date: "2026-04-09" }, signal);
  expect((await states())[0]).toEqual({ date: "2026-04-09", state: "closed", because: "complete" });
});
