import { describe, expect, test } from "vitest";
import type { Watch } from "../../src/core/filter.ts";
import { indexEdition } from "../../src/core/match.ts";
import { understandFilter } from "../../src/core/understood.ts";
import { aprilPapers } from "../support/april-papers.ts";
import { aFilter } from "../support/builders.ts";
import { anEdition } from "../support/ranked-papers.ts";
import { sharedData } from "../support/shared-data.ts";

const monday = indexEdition(
  anEdition([
    { title: "Agents that plan", authors: ["Yann LeCun", "Su Zhaoen"] },
    { title: "Agents that act", authors: ["Yann A. LeCun"], lane: "followed" },
  ]),
);
const tuesday = indexEdition(
  anEdition([
    { title: "Agents that plan", authors: ["Yann LeCun", "Su Zhaoen"], isNew: false },
    { title: "Speech", authors: ["Yann LeCun", "Y. Li"] },
  ]),
);
const understand = (watch: Partial<Watch>) => understandFilter(aFilter(watch), [tuesday, monday]);

test("each word and name is told what it found among the papers new in these editions", () => {
  expect(understand({ include: ["agents", "robots"], authors: ["Y. LeCun"], exclude: ["title:act"] })).toEqual({
    editions: 2,
    papers: 3,
    watches: [
      {
        include: [
          { ...words("agents", ["agents"]), papers: 2 },
          { ...words("robots", ["robots"]), papers: 0 },
        ],
        authors: [
          {
            entry: "Y. LeCun",
            names: [
              { name: "Yann LeCun", papers: 2 },
              { name: "Yann A. LeCun", papers: 1 },
            ],
            people: 2,
            isFlood: false,
            hints: [],
          },
        ],
        exclude: [{ ...words("title:act", ["act"], true), papers: 1 }],
      },
    ],
  });
});

const words = (entry: string, all: readonly string[], titleOnly = false) => ({
  entry,
  read: { parts: [{ words: all, titleOnly, exact: false }] },
  isFlood: false,
  hints: [],
});

test("a surname alone and a name turned round take nobody, and say who was perhaps meant", () => {
  const [watch] = understand({ authors: ["LeCun", "Zhaoen Su", "Grace Hopper", "Ada Lovelace, Alan Turing"] }).watches;
  expect(watch!.authors.map(({ entry, people, hints }) => [entry, people, hints])).toEqual([
    ["LeCun", 0, [{ kind: "meant", read: [], write: ["Yann LeCun", "Yann A. LeCun"] }]],
    ["Zhaoen Su", 0, [{ kind: "meant", read: [], write: ["Su Zhaoen"] }]],
    ["Grace Hopper", 0, []],
    ["Ada Lovelace, Alan Turing", 0, [{ kind: "names", read: [], write: ["Ada Lovelace", "Alan Turing"] }]],
  ]);
});

test("a hint stands beside an entry that is read otherwise than it was meant", () => {
  expect(understand({ include: ["planning AND acting"] }).watches[0]!.include[0]!.hints).toEqual([
    {
      ...{ kind: "both", write: ["planning + acting"] },
      read: [{ words: ["planning", "and", "acting"], titleOnly: false, exact: false }],
    },
  ]);
});

test("without editions or watches there is nothing to tell", () => {
  expect(understandFilter(aFilter(), [monday])).toEqual({ editions: 1, papers: 2, watches: [] });
  expect(understandFilter(aFilter({ authors: ["Y. Li"] }), [])).toEqual({
    editions: 0,
    papers: 0,
    watches: [
      { include: [], authors: [{ entry: "Y. Li", names: [], people: 0, isFlood: false, hints: [] }], exclude: [] },
    ],
  });
});

test("a word in more than a quarter of all papers is a flood, once there are papers enough to say so", () => {
  const isFlood = (papers: number, saying: number) => {
    const titles = Array.from({ length: papers }, (_, i) => ({ title: i < saying ? "A benchmark" : "A paper" }));
    const index = indexEdition(anEdition(titles));
    return understandFilter(aFilter({ include: ["benchmark"] }), [index]).watches[0]!.include[0]!.isFlood;
  };
  expect([isFlood(60, 15), isFlood(60, 16), isFlood(49, 49)]).toEqual([false, true, false]);
});

test("more than five names are more than one person has", () => {
  const flood = (people: number) => {
    const authors = Array.from({ length: people }, (_, i) => `Y${"abcdefgh"[i]} Li`);
    const { watches } = understandFilter(aFilter({ authors: ["Y. Li"] }), [indexEdition(anEdition([{ authors }]))]);
    return [watches[0]!.authors[0]!.people, watches[0]!.authors[0]!.isFlood];
  };
  expect([flood(5), flood(6)]).toEqual([
    [5, false],
    [6, true],
  ]);
});

test("a filter at its limits is understood soon", () => {
  const watch = { authors: Array.from({ length: 50 }, (_, i) => `Y. Li${i}`), include: Array(50).fill("agents") };
  const filter = aFilter(watch, watch, watch, watch, watch);
  const { watches } = understandFilter(filter, [monday, tuesday]);
  expect(watches.map(({ include, authors }) => include.length + authors.length)).toEqual([100, 0, 0, 0, 0]);
});

describe.skipIf(sharedData === null)("over the real papers (skipped where ../shared/data is missing)", () => {
  const index = indexEdition({ papers: sharedData === null ? [] : aprilPapers(sharedData) });
  const authors = (...names: string[]) => understandFilter(aFilter({ authors: names }), [index]).watches[0]!.authors;

  test("Y. Li was 48 people, Yang Liu one, and a full name nobody's flood", () => {
    expect(
      authors("Y. Li", "Yang Liu", "Li, Fei-Fei", "LeCun").map(({ people, isFlood, hints }) => [
        people,
        isFlood,
        hints,
      ]),
    ).toEqual([
      [48, true, []],
      [1, false, []],
      [0, false, [{ kind: "meant", read: [], write: ["Li Fei-Fei"] }]],
      [0, false, expect.any(Array)],
    ]);
    const all = [...new Set(index.papers.flatMap((paper) => paper.authors))];
    expect(Math.max(...all.map((name) => authors(name)[0]!.people))).toBe(2);
  });

  test("benchmark is a flood, reinforcement learning is none", () => {
    const { include } = understandFilter(aFilter({ include: ["benchmark", "reinforcement learning"] }), [index])
      .watches[0]!;
    expect(include.map(({ papers, isFlood }) => [papers, isFlood])).toEqual([
      [357, true],
      [93, false],
    ]);
  });
});
