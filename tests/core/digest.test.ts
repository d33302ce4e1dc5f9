import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { digestOf, pickDigest, sectionsOf } from "../../src/core/digest.ts";
import type { RankedPaper } from "../../src/core/edition.ts";
import { everything, type Filter } from "../../src/core/filter.ts";
import { indexEdition } from "../../src/core/match.ts";
import { aFilter } from "../support/builders.ts";
import { anEdition } from "../support/ranked-papers.ts";

type Asked = { filter?: Filter; cadence?: "daily" | "weekdays" | "weekly"; maxPapers?: number; sent?: number[] };

function pick(
  papers: readonly Partial<RankedPaper>[],
  { filter = everything, cadence = "daily", maxPapers = 10, sent = [] }: Asked = {},
) {
  const edition = anEdition(papers);
  return pickDigest({ index: indexEdition(edition), edition, filter, cadence, maxPapers, sentKeys: new Set(sent) });
}
const keysOf = (...asked: Parameters<typeof pick>) => pick(...asked).items.map((item) => item.paper.key);
const many = (count: number, what: Partial<RankedPaper> = {}) => Array.from({ length: count }, () => what);

test("a digest carries its edition, its numbers and its reasons", () => {
  const papers = anEdition([{ topics: ["video"] }, {}, { topics: ["video"] }]).papers;
  const because = [{ watch: 0, name: "Films", topics: ["video"], categories: [], include: [], authors: [] }];
  expect(pick(papers, { filter: aFilter({ name: "Films", topics: ["video"] }) })).toEqual({
    editionDate: "2026-04-15",
    rankedBy: "trend",
    cadence: "daily",
    items: [
      { number: 1, paper: papers[0], because },
      { number: 2, paper: papers[2], because },
    ],
    matched: 2,
  });
});

test("it knows how many papers match, sent before or not, however few it takes", () => {
  const [one, two] = [{ topics: ["video"] }, { topics: ["code"] }];
  const filter = aFilter({ topics: ["video"] });
  expect(pick([one, two, one, one, one], { filter, maxPapers: 1, sent: [1, 3] })).toMatchObject({
    items: [{ paper: { key: 4 } }],
    matched: 4,
  });
  expect(pick([one, two, one], { maxPapers: 1, sent: [1] }).matched).toBe(3);
});

describe("sections", () => {
  const VIDEO = { topics: ["video"] };
  const CODE = { topics: ["code"] };
  const BOTH = { topics: ["video", "code"] };
  const filter = aFilter({ name: "All", topics: ["video", "code"] }, { name: "Code", topics: ["code"] });
  const told = (...asked: Parameters<typeof pick>) =>
    sectionsOf(pick(...asked), asked[1]!.filter!).map(({ watch, items }) => [watch, items.map((item) => item.number)]);

  test("one a watch, in the order of the filter; a paper once, under the watch that takes fewest", () => {
    expect(told([VIDEO, CODE, VIDEO, BOTH], { filter })).toEqual([
      [0, [1, 3]],
      [1, [2, 4]],
    ]);
  });

  test("none that is empty, and none at all with one watch", () => {
    expect(told([VIDEO, VIDEO], { filter })).toEqual([[0, [1, 2]]]);
    expect(told([VIDEO, CODE], { filter: aFilter({ topics: ["video"] }) })).toEqual([[null, [1]]]);
    expect(told([VIDEO, CODE], { filter: everything })).toEqual([[null, [1, 2]]]);
  });

  test("a retry has the same ones, also when most of what was picked had been cut", () => {
    const edition = anEdition([VIDEO, CODE, VIDEO, BOTH, CODE, CODE]);
    const wanted = { index: indexEdition(edition), edition, filter, cadence: "daily" as const };
    const picked = pickDigest({ ...wanted, maxPapers: 10, sentKeys: [3] });
    const cut = { ...picked, items: picked.items.slice(0, 3) };
    const again = digestOf({ ...wanted, keys: cut.items.map(({ paper }) => paper.key) });
    expect(again).toEqual(cut);
    expect(sectionsOf(again, filter)).toEqual(sectionsOf(cut, filter));
  });

  test("what no watch takes any more comes last", () => {
    const edition = anEdition([VIDEO, CODE]);
    const other = aFilter({ topics: ["video"] }, { topics: ["robotics"] });
    const again = digestOf({
      ...{ index: indexEdition(edition), edition, filter: other, cadence: "daily" as const },
      keys: [2, 1],
    });
    expect(sectionsOf(again, other).map(({ watch, items }) => [watch, items.map(({ paper }) => paper.key)])).toEqual([
      [0, [1]],
      [null, [2]],
    ]);
  });
});

test("best first, whatever order the papers came in, and no more than asked for", () => {
  expect(
    keysOf(
      [
        { key: 7, rank: 3 },
        { key: 8, rank: 1 },
        { key: 9, rank: 2 },
      ],
      { maxPapers: 2 },
    ),
  ).toEqual([8, 9]);
});

test("a paper that was sent, under whatever key, is not sent again", () => {
  expect(keysOf([{ key: 1 }, { key: 2, formerKeys: [40, 41] }, { key: 3 }], { sent: [1, 41] })).toEqual([3]);
});

test("a weekly reader gets the week's best, without the age term", () => {
  const part = (votes: number, age: number) => ({
    score: votes + age,
    scoreParts: { votes, comments: 0, stars: 0, age },
  });
  const papers = [part(5, 0), part(7, -3), part(5, -2)];
  expect(keysOf(papers, { cadence: "weekly" })).toEqual([2, 1, 3]);
  expect(keysOf(papers, { cadence: "weekdays" })).toEqual([1, 2, 3]);
});

test("followed papers stand after trending ones and get at most a third of a full digest", () => {
  const papers = [...many(10, { title: "A world model" }), ...many(10, { title: "A world model", lane: "followed" })];
  const filter = aFilter({ include: ["world model"] });
  expect(keysOf(papers, { filter, maxPapers: 9 })).toEqual([1, 2, 3, 4, 5, 6, 11, 12, 13]);
  expect(keysOf(papers, { filter, maxPapers: 2 })).toEqual([1, 2]);
  expect(keysOf(papers.slice(8), { filter, maxPapers: 9 })).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(keysOf(papers.slice(0, 11), { filter, maxPapers: 9 })).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 11]);
});

test("followed papers come by how specific the words are that found them, then newest first", () => {
  const papers = [
    ...many(6, { title: "A model", lane: "followed" }),
    { title: "Speculative decoding of a model", lane: "followed" as const },
    { title: "A model", authors: ["Ada Lovelace"], lane: "followed" as const },
    { title: "Speculative decoding", lane: "followed" as const },
  ];
  const filter = aFilter({ include: ["model", "speculative decoding"] }, { authors: ["Ada Lovelace"] });
  expect(keysOf(papers, { filter, maxPapers: 5 })).toEqual([8, 7, 9, 1, 2]);
});

test("one topic takes two fifths of a broad reader's digest while others have papers, and all of it when they have none", () => {
  const papers = [...many(8, { topics: ["agents", "code"] }), ...many(3, { topics: ["video"] }), { topics: [] }];
  expect(keysOf(papers)).toEqual([1, 2, 3, 4, 5, 6, 9, 10, 11, 12]);
  expect(keysOf(papers, { maxPapers: 5 })).toEqual([1, 2, 9, 10, 12]);
  expect(keysOf(papers.slice(0, 8), { maxPapers: 5 })).toEqual([1, 2, 3, 4, 5]);
});

test("who asked for one topic, for words or for people is given nothing else to make room for", () => {
  const papers = [...many(8, { topics: ["agents", "code"], title: "A" }), ...many(3, { topics: ["code"], title: "A" })];
  const first = [1, 2, 3, 4, 5];
  expect(keysOf(papers, { filter: aFilter({ topics: ["code"] }), maxPapers: 5 })).toEqual(first);
  expect(keysOf(papers, { filter: aFilter({ include: ["title:A"] }), maxPapers: 5 })).toEqual(first);
  // Asked for both by name, a paper counts under the one it is about most.
  expect(keysOf(papers, { filter: aFilter({ topics: ["agents", "code"] }), maxPapers: 5 })).toEqual([1, 2, 3, 9, 10]);
});

test("a retry sends the papers of the first try, in their order, with the reasons that are left", () => {
  const edition = anEdition([{ topics: ["video"] }, { key: 2, formerKeys: [20, 1] }, { key: 3, formerKeys: [30] }]);
  const wanted = {
    index: indexEdition(edition),
    edition,
    filter: aFilter({ topics: ["video"] }),
    cadence: "daily" as const,
  };
  const items = digestOf({ ...wanted, keys: [30, 1, 3, 99] }).items;
  expect(items.map(({ number, paper, because }) => [number, paper.key, because.length])).toEqual([
    [1, 3, 0],
    [2, 1, 1],
  ]);
});

const anyPapers = fc.array(
  fc.record({
    title: fc.constantFrom("World models", "Video agents", "Agents", "Something else"),
    topics: fc.subarray(["agents", "video", "code"]),
    lane: fc.constantFrom("trending" as const, "trending" as const, "followed" as const),
    formerKeys: fc.subarray([101, 102, 103]),
    codeUrl: fc.constantFrom(null, "https://github.com/a/b"),
    upvotes: fc.nat(30),
  }),
  { maxLength: 40 },
);
const anyWatch = fc.record({
  topics: fc.subarray(["agents", "video", "code"]),
  include: fc.subarray(["agents", "world model", "title:video"]),
  exclude: fc.subarray(["something", "video"]),
  minUpvotes: fc.nat(10),
  onlyWithCode: fc.boolean(),
});
const anyAsked = fc.record({
  filter: fc.array(anyWatch, { maxLength: 5 }).map((watches) => aFilter(...watches)),
  cadence: fc.constantFrom("daily" as const, "weekdays" as const, "weekly" as const),
  maxPapers: fc.integer({ min: 1, max: 50 }),
  sent: fc.subarray([...Array(40).keys(), 101, 102]),
});

test("whatever is asked: never sent, never twice, never too many, never without a reason, always the same", () => {
  fc.assert(
    fc.property(anyPapers, anyAsked, (papers, asked) => {
      const { items } = pick(papers, asked);
      expect(items.length).toBeLessThanOrEqual(asked.maxPapers);
      expect(items.map((item) => item.number)).toEqual(items.map((_, i) => i + 1));
      expect(new Set(items.map((item) => item.paper.key)).size).toBe(items.length);
      const sent = new Set(asked.sent);
      for (const { paper, because } of items) {
        expect([paper.key, ...paper.formerKeys].filter((key) => sent.has(key))).toEqual([]);
        expect(because.length).toBeGreaterThan(0);
      }
      expect(pick(papers, asked)).toEqual(pick(papers, asked));
    }),
    { numRuns: 300 },
  );
});

test("a rebuilt digest is the picked one as long as nothing changed", () => {
  fc.assert(
    fc.property(anyPapers, anyAsked, (papers, asked) => {
      const edition = anEdition(papers.map((paper) => ({ ...paper, formerKeys: [] })));
      const wanted = { index: indexEdition(edition), edition, filter: asked.filter, cadence: asked.cadence };
      const picked = pickDigest({ ...wanted, maxPapers: asked.maxPapers, sentKeys: new Set(asked.sent) });
      expect(digestOf({ ...wanted, keys: picked.items.map((item) => item.paper.key) })).toEqual(picked);
    }),
  );
});
