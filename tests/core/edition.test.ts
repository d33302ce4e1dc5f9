import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Candidate, candidateDays, rankEdition } from "../../src/core/edition.ts";
import type { Signals } from "../../src/core/paper.ts";
import { aCandidate } from "../support/candidates.ts";
import { sharedData } from "../support/shared-data.ts";

const DATE = "2026-04-10";
const nothingBefore = { stood: new Set<number>(), signals: new Map<number, Signals>() };

const rank = (candidates: Candidate[], previous = nothingBefore) => rankEdition({ date: DATE, candidates, previous });
const order = (candidates: Candidate[]) => rank(candidates).papers.map(({ key }) => key);

test("candidates are the papers of the seven days up to the edition's", () => {
  expect(candidateDays("2026-04-03")).toEqual({ since: "2026-03-28", until: "2026-04-03" });
});

describe("an edition's order", () => {
  test("best score first, and every paper as it will be seen", () => {
    const strong = aCandidate({
      key: 1,
      listedOn: "2026-04-09",
      position: 4,
      signals: { upvotes: 255, comments: 3, stars: 31 },
    });
    const fresh = aCandidate({ key: 2, signals: { upvotes: 15 } });
    const { signals: _1, position: _2, ...strongPaper } = strong;
    const { signals: _3, position: _4, ...freshPaper } = fresh;
    expect(rank([fresh, strong], { stood: new Set([1]), signals: new Map([[1, { stars: 24 }]]) })).toEqual({
      date: DATE,
      rankedBy: "trend",
      papers: [
        {
          ...strongPaper,
          rank: 1,
          upvotes: 255,
          comments: 3,
          stars: 31,
          upvotesGained: 0,
          starsGained: 7,
          score: 8 + 1 + 1.5 - 1,
          scoreParts: { votes: 8, comments: 1, stars: 1.5, age: -1 },
          isNew: false,
        },
        {
          ...freshPaper,
          rank: 2,
          upvotes: 15,
          comments: 0,
          stars: null,
          upvotesGained: 0,
          starsGained: 0,
          score: 4,
          scoreParts: { votes: 4, comments: 0, stars: 0, age: 0 },
          isNew: true,
        },
      ],
    });
  });

  test("ties stand in listing order: the later day first, then as the source had them", () => {
    const yesterday = aCandidate({ key: 1, listedOn: "2026-04-09", position: 0, signals: { upvotes: 7 } });
    const second = aCandidate({ key: 2, position: 1, signals: { upvotes: 3 } });
    const first = aCandidate({ key: 3, position: 0, signals: { upvotes: 3 } });
    expect(order([yesterday, second, first])).toEqual([3, 2, 1]);
  });

  test("papers nobody counted anything about are ranked by listing, and the edition says so", () => {
    const page = [2, 0, 1].map((position) => aCandidate({ key: 10 + position, position }));
    const older = aCandidate({ key: 9, listedOn: "2026-04-08" });
    const { rankedBy, papers } = rank([older, ...page]);
    expect([rankedBy, papers.map(({ key }) => key)]).toEqual(["listing", [10, 11, 12, 9]]);
    expect(rank([older, ...page, aCandidate({ key: 1, signals: { upvotes: 1 } })]).rankedBy).toBe("trend");
  });

  test("followed papers stand behind all trending ones, newest first, whatever was counted about them", () => {
    const trending = aCandidate({ key: 1, listedOn: "2026-04-04" });
    const old = aCandidate({ key: 2, lane: "followed", listedOn: "2026-04-08", signals: { upvotes: 999 } });
    const newer = aCandidate({ key: 3, lane: "followed", listedOn: "2026-04-09" });
    expect(rank([old, newer, trending]).papers.map(({ key, rank }) => [key, rank])).toEqual([
      [1, 1],
      [3, 2],
      [2, 3],
    ]);
    expect(rank([old, trending]).rankedBy).toBe("listing");
  });

  test("an empty day has an empty edition", () => {
    expect(rank([])).toEqual({ date: DATE, rankedBy: "listing", papers: [] });
  });

  test("does not depend on the order the candidates came in", () => {
    const candidates = fc.uniqueArray(
      fc.record({
        key: fc.integer({ min: 1, max: 50 }),
        listedOn: fc.constantFrom("2026-04-08", "2026-04-09", DATE),
        position: fc.integer({ min: 0, max: 3 }),
        lane: fc.constantFrom("trending" as const, "followed" as const),
        signals: fc.record({ upvotes: fc.constantFrom(0, 1, 3, 7) }),
      }),
      { selector: ({ key }) => key, maxLength: 20 },
    );
    fc.assert(
      fc.property(
        candidates.chain((list) => fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length }))),
        ([one, other]) => {
          expect(order(one.map(aCandidate))).toEqual(order(other.map(aCandidate)));
        },
      ),
    );
  });
});

describe("against the editions before", () => {
  const starsGained = (now: number | undefined, before: number | undefined) => {
    const signals = now === undefined ? {} : { stars: now };
    const previous = {
      stood: new Set<number>(),
      signals: new Map(before === undefined ? [] : [[1, { stars: before }]]),
    };
    return rank([aCandidate({ key: 1, signals })], previous).papers[0]?.starsGained;
  };

  test("stars gained need an earlier sighting, and are never negative", () => {
    expect([starsGained(90, 80), starsGained(90, undefined), starsGained(undefined, 80), starsGained(70, 80)]).toEqual([
      10, 0, 0, 0,
    ]);
  });

  test("a paper merged since is known by its former key", () => {
    const merged = aCandidate({ key: 5, formerKeys: [3], signals: { stars: 12 } });
    const [paper] = rank([merged], { stood: new Set([3]), signals: new Map([[3, { stars: 10 }]]) }).papers;
    expect([paper?.isNew, paper?.starsGained]).toEqual([false, 2]);
  });

  test("a count that is no count is as if nobody had said it", () => {
    const odd = aCandidate({ key: 1, signals: { upvotes: Number.NaN, comments: -3, stars: Number.NaN } });
    const [paper] = rank([odd]).papers;
    expect([paper?.upvotes, paper?.comments, paper?.stars, paper?.score]).toEqual([0, 0, null, 0]);
  });
});

describe.skipIf(sharedData === null)("with the papers of April 2026 (skipped where they are missing)", () => {
  type Item = { paper: { id: string; upvotes: number }; numComments: number };
  const read = (day: string): Item[] =>
    JSON.parse(readFileSync(join(sharedData!, "hugging-face/daily", `${day}.json`), "utf8"));
  const days =
    sharedData === null
      ? []
      : readdirSync(join(sharedData, "hugging-face/daily"))
          .map((file) => file.slice(0, 10))
          .sort();

  test("about half of an edition's first ten are of its own day, and the rest is not all of one day", () => {
    let fresh = 0;
    let editions = 0;
    for (const [index, date] of days.entries()) {
      if (index < 6 || read(date).length === 0) continue;
      const candidates = days.slice(index - 6, index + 1).flatMap((day) =>
        read(day).map((item, position) =>
          aCandidate({
            key: Number(item.paper.id.replace(".", "")),
            listedOn: day,
            position,
            signals: { upvotes: item.paper.upvotes, comments: item.numComments },
          }),
        ),
      );
      const { papers } = rankEdition({ date, candidates, previous: nothingBefore });
      fresh += papers.slice(0, 10).filter((paper) => paper.listedOn === date).length;
      editions += 1;
    }
    expect(editions).toBe(18);
    expect(fresh / editions).toBeGreaterThan(4);
    expect(fresh / editions).toBeLessThan(7);
  });
});
