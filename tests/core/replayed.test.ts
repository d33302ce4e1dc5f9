import { expect, test } from "vitest";
import { type PlayedDigest, tally } from "../../src/core/replayed.ts";
import { preferences } from "../support/builders.ts";

const kind = { name: "any", preferences: preferences() };
const aPaper = (key: number, given: Partial<PlayedDigest["papers"][number]> = {}): PlayedDigest["papers"][number] => ({
  ...{ key, formerKeys: [], id: `2604.${key}`, lane: "trending", topics: ["agents"] },
  ...given,
});
const aDigest = (localDay: string, papers: PlayedDigest["papers"]) => ({ localDay, editionDate: localDay, papers });

test("what a kind of reader got is counted by days, weeks, papers and shares", () => {
  const empty = [{ localDay: "2026-04-15", editionDate: "2026-04-14", reason: "nothing-new" as const }];
  const five = [1, 2, 3, 4].map((key) => aPaper(key, { topics: [key < 3 ? "robotics" : "3d", "agents"] }));
  const digests = [
    aDigest("2026-04-14", [...five, aPaper(5, { lane: "followed", topics: [] })]),
    // Four are too few to speak of shares.
    aDigest(
      "2026-04-28",
      [6, 7, 8, 9].map((key) => aPaper(key)),
    ),
  ];
  const due = ["2026-04-14", "2026-04-15", "2026-04-16", "2026-04-20", "2026-04-26", "2026-04-28"];
  expect(tally({ kind, due, digests, empty })).toEqual({
    ...{ due: 6, digests: 2, papers: 9, papersPerDigest: 4.5, empty: 1, withoutEdition: 3 },
    // From Monday the 20th to Sunday the 26th.
    weeksWithout: 1,
    ...{ repeats: 0, largestShare: 0.4, followed: 1 },
  });
});

test("who got nothing has no mean and no shares", () => {
  expect(tally({ kind, due: ["2026-04-14"], digests: [], empty: [] })).toEqual({
    ...{ due: 1, digests: 0, papers: 0, papersPerDigest: null, empty: 0, withoutEdition: 1 },
    ...{ weeksWithout: 1, repeats: 0, largestShare: null, followed: 0 },
  });
});

test("a paper that comes again is a repeat, under any key it ever had", () => {
  const digests = [
    aDigest("2026-04-14", [aPaper(1), aPaper(2)]),
    aDigest("2026-04-15", [aPaper(1), aPaper(3, { formerKeys: [2] }), aPaper(4)]),
  ];
  expect(tally({ kind, due: ["2026-04-14", "2026-04-15"], digests, empty: [] }).repeats).toBe(2);
});
