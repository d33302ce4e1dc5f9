import { expect, test } from "vitest";
import type { RankedPaper } from "../../src/core/edition.ts";
import { FEED, feedEntries, feedId } from "../../src/core/feed.ts";
import { everything } from "../../src/core/filter.ts";
import { indexEdition } from "../../src/core/match.ts";
import { aFilter } from "../support/builders.ts";
import { aRankedPaper } from "../support/ranked-papers.ts";
import { at } from "../support/time.ts";

/** An edition, closed an hour after its day. */
function shelved(day: number, papers: readonly Partial<RankedPaper>[]) {
  const date = `2026-04-${String(day).padStart(2, "0")}`;
  const edition = {
    ...{ date, state: "closed" as const, closedAt: closing(day), revision: 1, rankedBy: "trend" as const },
    papers: papers.map((paper, i) => aRankedPaper({ rank: i + 1, ...paper })),
  };
  return { edition, index: indexEdition(edition) };
}
const closing = (day: number) => at(`2026-04-${String(day + 1).padStart(2, "0")}T01:00:00Z`);
const entriesOf = (editions: ReturnType<typeof shelved>[], filter = everything) =>
  feedEntries(editions, filter).map(({ paper, at }) => [paper.key, at.toISOString().slice(8, 10)]);

test("each paper stands once, under the first edition it stood in, the newest edition's best first", () => {
  const recent = [
    shelved(15, [{ key: 1, isNew: false }, { key: 3 }, { key: 4 }]),
    shelved(14, [{ key: 2, isNew: false }, { key: 1 }]),
    shelved(13, [{ key: 2 }]),
  ];
  expect(entriesOf(recent)).toEqual([
    [3, "16"],
    [4, "16"],
    [1, "15"],
    [2, "14"],
  ]);
});

test("a paper that the filter takes later is dated by its first edition all the same", () => {
  const recent = [shelved(15, [{ key: 1, isNew: false, upvotes: 50 }]), shelved(14, [{ key: 1, upvotes: 3 }])];
  const [entry] = feedEntries(recent, aFilter({ minUpvotes: 10 }));
  expect([entry!.at, entry!.paper.upvotes]).toEqual([closing(14), 50]);
});

test("an entry stays as it was first taken, and keeps its id when the paper gets another", () => {
  const first = shelved(14, [{ key: 1, id: "import:0123456789abcdef", upvotes: 3 }]);
  const later = shelved(15, [{ key: 1, id: "2604.00001", isNew: false, upvotes: 50 }]);
  expect(feedEntries([later, first], everything)).toEqual(feedEntries([first], everything));
});

test("what stood in an edition before those two weeks is no news, and a feed ends somewhere", () => {
  expect(entriesOf([shelved(15, [{ key: 1, isNew: false }])])).toEqual([]);
  expect(entriesOf([shelved(15, []), shelved(2, [{ key: 1 }]), shelved(1, [{ key: 2 }])])).toEqual([[1, "03"]]);
  const many = Array.from({ length: 300 }, (_, i) => ({ key: i + 1 }));
  expect(feedEntries([shelved(15, many)], everything)).toHaveLength(FEED.entries);
  expect(feedEntries([], everything)).toEqual([]);
});

test("a feed is known by what its filter means", () => {
  const ids = [aFilter({ topics: ["a", "b"] }), aFilter({ topics: ["b", "a"] }), aFilter({ topics: ["a"] })].map(
    feedId,
  );
  expect([ids[0] === ids[1], ids[0] === ids[2]]).toEqual([true, false]);
  // RFC 9562: version 5 and its variant. Written out, for it may never change again.
  expect(feedId(everything)).toBe("urn:uuid:c27a0639-dbb9-5e00-aa2a-fbc7548065c9");
  expect(feedEntries([shelved(15, [{ key: 1, id: "2604.11784" }])], everything)[0]!.id).toBe(
    "urn:uuid:7d0765f4-f4c3-5ecb-b5e3-bf9c6903a473",
  );
});
