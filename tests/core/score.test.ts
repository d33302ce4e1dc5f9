import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { addDays } from "../../src/core/day.ts";
import { trendingScore, withoutAge } from "../../src/core/score.ts";

const paper = (signals: { upvotes?: number; comments?: number; starsGained?: number; listedOn?: string } = {}) => ({
  upvotes: 0,
  comments: 0,
  starsGained: 0,
  listedOn: "2026-04-10",
  ...signals,
});
const score = (signals: Parameters<typeof paper>[0], date = "2026-04-10") => trendingScore(paper(signals), date).score;

test("the parts are what a reader is shown, and add up to the score", () => {
  const given = paper({ upvotes: 127, comments: 3, starsGained: 15, listedOn: "2026-04-08" });
  expect(trendingScore(given, "2026-04-10")).toEqual({
    score: 7 + 1 + 2 - 2,
    parts: { votes: 7, comments: 1, stars: 2, age: -2 },
  });
});

test("a strong paper of the day before yesterday stands beside a fair new one", () => {
  // Medians of April 2026: the third paper of a day has 74 votes, its upper quartile 25.
  const strong = score({ upvotes: 74, comments: 2, listedOn: "2026-04-08" });
  const fair = score({ upvotes: 25, comments: 2 });
  expect(Math.abs(strong - fair)).toBeLessThan(1);
});

test("what was listed again after weeks counts as the oldest candidate, and tomorrow's listing as today's", () => {
  expect(score({ upvotes: 7, listedOn: "2026-03-01" })).toBe(3 - 6);
  expect(score({ upvotes: 7, listedOn: "2026-04-11" })).toBe(3);
});

test("without its age a paper of Monday stands where it stood on Monday", () => {
  const { parts } = trendingScore(paper({ upvotes: 31, listedOn: "2026-04-05" }), "2026-04-10");
  expect(withoutAge(parts)).toBe(5);
});

describe("whatever a source counts", () => {
  const wild = fc.oneof(fc.double(), fc.nat(), fc.constantFrom(Number.NaN, -1, Infinity, -Infinity, 2 ** 60));
  const anyPaper = fc.record({
    upvotes: wild,
    comments: wild,
    starsGained: wild,
    listedOn: fc.integer({ min: -30, max: 2 }).map((days) => addDays("2026-04-10", days)),
  });

  test("the score is a number, its parts add up to it, and age never helps", () => {
    fc.assert(
      fc.property(anyPaper, (given) => {
        const { score, parts } = trendingScore(given, "2026-04-10");
        expect(Number.isFinite(score)).toBe(true);
        expect(parts.votes + parts.comments + parts.stars + parts.age).toBe(score);
        expect(Math.min(parts.votes, parts.comments, parts.stars, -parts.age)).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  test("more of a signal never costs, a day more never pays", () => {
    const signals = fc.constantFrom("upvotes", "comments", "starsGained");
    const amount = fc.oneof(fc.nat(), fc.double({ min: 0, noNaN: true }));
    fc.assert(
      fc.property(anyPaper, signals, amount, amount, (given, signal, a, b) => {
        const less = trendingScore({ ...given, [signal]: Math.min(a, b) }, "2026-04-10").score;
        const more = trendingScore({ ...given, [signal]: Math.max(a, b) }, "2026-04-10").score;
        expect(more).toBeGreaterThanOrEqual(less);
        expect(trendingScore(given, "2026-04-11").score).toBeLessThanOrEqual(trendingScore(given, "2026-04-10").score);
      }),
    );
  });
});
