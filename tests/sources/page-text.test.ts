import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parsePageText } from "../../src/sources/page-text.ts";
import { sharedData } from "../support/shared-data.ts";
import { anyText, fixture } from "./fixtures.ts";

const BANNER = "Get trending papers in your email inbox once a day!\nGet trending papers in your email inbox!\n";
const abstractOf = (title: string) =>
  `We study ${title.toLowerCase()} at length. ${"It helps in all of our experiments. ".repeat(10)}`.trim();

/** What was read, as pairs, and why the rest was not. */
function read(text: string) {
  const { sightings, refusals } = parsePageText(text);
  return {
    papers: sightings.map(({ title, abstract }) => [title, abstract]),
    refusals: refusals.map(({ where, reason }) => `${where}: ${reason}`),
  };
}

const pairs = (...titles: string[]) => titles.map((title) => [title, abstractOf(title)]);
const linesOf = (...titles: string[]) => pairs(...titles).flat();

test("a dump gives its papers in page order, without votes or ids; banner, button and line ends are gone", () => {
  const { sightings, refusals } = parsePageText(fixture("page.txt"));
  expect(refusals).toEqual([]);
  expect(sightings.map(({ abstract: _, ...rest }) => rest)).toEqual([
    {
      source: "page-text",
      title: "TrackSSM: A General Motion Predictor by State-Space Model",
      authors: [],
      categories: [],
      keywords: [],
      position: 0,
      signals: {},
    },
    {
      source: "page-text",
      title: "iCaRL: Incremental Classifier and Representation Learning",
      authors: [],
      categories: [],
      keywords: [],
      position: 1,
      signals: {},
    },
  ]);
  expect(sightings.map(({ abstract }) => abstract!.split(" ").slice(0, 2).join(" "))).toEqual([
    "A tracker",
    "Classes arrive",
  ]);
});

describe("the subscribe button", () => {
  test.each([
    ["SubscribeTrackSSM: A Predictor", "TrackSSM: A Predictor"],
    ["SubscribesDPO: Not All at Once", "sDPO: Not All at Once"],
    ["Subscribed1: Scaling Reasoning", "d1: Scaling Reasoning"],
    ["SubscribeSubscribe to Learn", "Subscribe to Learn"],
    ["Subscribe\nTrackSSM: A Predictor", "TrackSSM: A Predictor"],
    ["Subscribe to Learn: Newsletters as Teachers", "Subscribe to Learn: Newsletters as Teachers"],
    ["Subscribers Churn: A Study", "Subscribers Churn: A Study"],
    ["Subscribe, Unsubscribe, Repeat", "Subscribe, Unsubscribe, Repeat"],
  ])("after a banner, %j is the title %j", (line, title) => {
    expect(read(`${BANNER}${line}\n${abstractOf("x")}\n`).papers).toEqual([[title, abstractOf("x")]]);
  });

  test("stands after a banner only, and every page of a file may have one", () => {
    const text = `${BANNER}SubscribeOne\n${abstractOf("One")}\nSubscribeNet\n${abstractOf("SubscribeNet")}\n${BANNER}SubscribeTwo\n${abstractOf("Two")}`;
    expect(read(text)).toEqual({ papers: pairs("One", "SubscribeNet", "Two"), refusals: [] });
  });
});

describe("a slip costs one paper and shifts none", () => {
  const titles = ["A First Paper", "A Second Paper", "A Third Paper"];
  const lines = linesOf(...titles);

  test("a title is missing", () => {
    expect(read(lines.filter((_, index) => index !== 2).join("\n"))).toEqual({
      papers: pairs("A First Paper", "A Third Paper"),
      refusals: ["line 3: an abstract without a title before it"],
    });
  });

  test("an abstract is missing", () => {
    expect(read(lines.filter((_, index) => index !== 3).join("\n"))).toEqual({
      papers: pairs("A First Paper", "A Third Paper"),
      refusals: ['line 3: a title without an abstract after it: "A Second Paper"'],
    });
  });

  test("the file is cut before the last abstract", () => {
    expect(read(lines.slice(0, 5).join("\n"))).toEqual({
      papers: pairs("A First Paper", "A Second Paper"),
      refusals: ['line 5: the file ends before its abstract: "A Third Paper"'],
    });
  });

  test("blank lines mean nothing", () => {
    expect(read(`\n\n${lines.join("\n\n \n")}\n\n`)).toEqual({ papers: pairs(...titles), refusals: [] });
  });
});

describe("an abstract", () => {
  const title = "A Paper";
  const abstract = abstractOf(title);

  test.each([
    [
      "goes on with a last sentence",
      [title, abstract, "Code is available.", ...linesOf("Next")],
      `${abstract} Code is available.`,
    ],
    [
      "goes on with an address",
      [title, abstract, "Code: https://example.org/x", ...linesOf("Next")],
      `${abstract} Code: https://example.org/x`,
    ],
    ["goes on at the end of the file", [title, abstract, "Code is available."], `${abstract} Code is available.`],
    [
      "breaks in mid-sentence",
      [title, `${abstract} There are,`, `${abstract.replace("We", "as we")}`, ...linesOf("Next")],
      `${abstract} There are, ${abstract.replace("We", "as we")}`,
    ],
    ["is short", [title, "We prove it.", ...linesOf("Next")], "We prove it."],
    ["follows a title with a full stop", ["A Paper.", abstract, ...linesOf("Next")], abstract],
  ])("%s", (_, lines, expected) => {
    const { papers, refusals } = read(lines.join("\n"));
    expect([papers[0]![1], papers.slice(1), refusals]).toEqual([
      expected,
      lines.at(-2) === "Next" ? pairs("Next") : [],
      [],
    ]);
  });

  test("follows a title on two lines", () => {
    expect(read(`A Long Title:\nWith a Second Half\n${abstract}`).papers).toEqual([
      ["A Long Title: With a Second Half", abstract],
    ]);
  });
});

test("whatever the text, every line is read without a fault, and what is read was there", () => {
  const line = fc.oneof(
    anyText,
    fc.constantFrom(
      "",
      "A Title",
      "Subscribe",
      "A short one.",
      abstractOf("x"),
      "Get trending papers in your email inbox!",
    ),
  );
  fc.assert(
    fc.property(fc.array(line), (lines) => {
      const { sightings } = parsePageText(lines.join("\n"));
      expect(sightings.map(({ position }) => position)).toEqual(sightings.map((_, index) => index));
      expect(sightings.filter(({ title, abstract }) => title === "" || !abstract)).toEqual([]);
    }),
  );
});

describe.skipIf(sharedData === null)("real: the dump of 267 papers", () => {
  const text = () => {
    const folder = join(sharedData!, "seed");
    return readdirSync(folder)
      .map((file) => readFileSync(join(folder, file), "utf8"))
      .join("");
  };

  test("is read whole", () => {
    const { sightings, refusals } = parsePageText(text());
    expect([sightings.length, refusals]).toEqual([267, []]);
    expect([sightings[0]!.title, sightings[266]!.title]).toEqual([
      "TrackSSM: A General Motion Predictor by State-Space Model",
      "STEVE: AStep Verification Pipeline for Computer-use Agent Training",
    ]);
  });

  test("loses one paper for any line that is missing, and no other changes", () => {
    const lines = text().trimEnd().split("\n");
    const whole = new Map(parsePageText(text()).sightings.map(({ title, abstract }) => [title, abstract]));
    for (let missing = 2; missing < lines.length; missing += 7) {
      const { sightings, refusals } = parsePageText(lines.toSpliced(missing, 1).join("\n"));
      const changed = sightings.filter(({ title, abstract }) => whole.get(title) !== abstract);
      expect([missing, sightings.length, refusals.length, changed]).toEqual([missing, 266, 1, []]);
    }
  });
});
