import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { addDays } from "../../src/core/day.ts";
import { normOf, PRIOR_NORM, RANKING, type Scored, trendingScore, withoutAge } from "../../src/core/score.ts";

type Given = Partial<Scored>;
const paper = (signals: Given = {}): Scored => ({
  upvotes: 0,
  comments: 0,
  starsGained: 0,
  listedOn: "2026-04-10",
  ...signals,
});
const score = (signals: Given, date = "2026-04-10") => trendingScore(paper(signals), date).score;

test("the parts are what a reader is shown, and add up to the score", () => {
  const given = paper({ upvotes: 127, comments: 7, starsGained: 7, listedOn: "2026-04-08" });
  expect(trendingScore(given, "2026-04-10")).toEqual({
    score: 7 + 1.5 + 1.5 - 2,
    parts: { votes: 7, comments: 1.5, stars: 1.5, age: -2 },
  });
});

test("a strong paper of the day before yesterday stands beside a fair new one", () => {
  // Medians of April 2026: the third paper of a day has 74 votes, its upper quartile 25.
  const strong = score({ upvotes: 74, comments: 4, listedOn: "2026-04-08" });
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

test("votes nobody bears out count up to four times the norm, and a tenth beyond", () => {
  const votes = (upvotes: number, comments: number) =>
    trendingScore(paper({ upvotes, comments }), "2026-04-10").parts.votes;
  const believed = Math.log2(9) + 2;
  expect(votes(35, 2)).toBeCloseTo(believed, 9);
  expect(votes(2_000, 2)).toBeCloseTo(believed + 0.1 * (Math.log2(2_001) - believed), 9);
  // Seven comments, of which two are usual, bear out 1.4 doublings twice over.
  expect(votes(200, 7)).toBe(Math.log2(201));
});

test("what lasts until the next edition counts in full, and so does what a second signal joins", () => {
  const before = { upvotes: 9, comments: 9 };
  const overnight = score({ upvotes: 399, comments: 9, before });
  expect(overnight - score({ ...before, before })).toBeCloseTo(1.5, 9);
  expect(score({ upvotes: 399, comments: 9, before: { upvotes: 399, comments: 9 } })).toBeGreaterThan(overnight + 2);
  expect(score({ upvotes: 399, comments: 19, starsGained: 60, before })).toBeGreaterThan(overnight + 2);
});

describe("the norm", () => {
  const medians = (of: (age: number) => { upvotes?: number; papers?: number }) =>
    [0, 1, 2, 3, 4, 5, 6].map((age) => ({ age, papers: 200, upvotes: 4 + age, comments: 2, ...of(age) }));

  test("is a prior until thirty editions and two hundred papers of every age are recorded", () => {
    expect(
      normOf(
        29,
        medians(() => ({})),
      ),
    ).toBe(PRIOR_NORM);
    expect(
      normOf(
        30,
        medians((age) => (age === 6 ? { papers: 199 } : {})),
      ),
    ).toBe(PRIOR_NORM);
    expect(normOf(30, medians(() => ({})).slice(0, 6))).toBe(PRIOR_NORM);
    expect(
      normOf(
        30,
        medians((age) => (age === 3 ? { upvotes: 1 } : {})),
      ),
    ).toEqual({
      upvotes: [4, 5, 6, 6, 8, 9, 10],
      comments: [2, 2, 2, 2, 2, 2, 2],
    });
  });

  test("takes from an older paper what every paper of its age has more than a new one", () => {
    const norm = { ...PRIOR_NORM, upvotes: [3, 7, 15, 15, 15, 15, 15] };
    const older = paper({ upvotes: 15, comments: 2, listedOn: "2026-04-08" });
    expect(trendingScore(older, "2026-04-10", norm).parts.age).toBe(-2 - 2);
    expect(trendingScore(older, "2026-04-10").parts.age).toBe(-2);
  });
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

  const before = fc.option(fc.record({ upvotes: wild, comments: wild }), { nil: undefined });
  const signals = fc.constantFrom("upvotes" as const, "comments" as const, "starsGained" as const);
  const amount = fc.oneof(fc.nat(), fc.double({ min: 0, noNaN: true }));

  test("more of a signal never costs, a day more never pays", () => {
    fc.assert(
      fc.property(anyPaper, before, signals, amount, amount, (given, before, signal, a, b) => {
        const less = trendingScore({ ...given, before, [signal]: Math.min(a, b) }, "2026-04-10").score;
        const more = trendingScore({ ...given, before, [signal]: Math.max(a, b) }, "2026-04-10").score;
        expect(more).toBeGreaterThanOrEqual(less - 1e-9);
        expect(trendingScore(given, "2026-04-11").score).toBeLessThanOrEqual(trendingScore(given, "2026-04-10").score);
      }),
    );
  });

  test("what one signal does overnight, while the others rest, moves a paper by a point and a half at most", () => {
    const counts = fc.record({ upvotes: fc.nat(2_000), comments: fc.nat(60) });
    fc.assert(
      fc.property(counts, signals, fc.nat(), (counts, signal, more) => {
        const resting = { ...counts, before: counts, starsGained: 0 };
        const moved = score({ ...resting, [signal]: resting[signal] + more });
        expect(moved - score(resting)).toBeLessThanOrEqual(1.5 + 1e-9);
      }),
    );
  });

  test("half of the votes above what is borne out are gone after a half-life", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4 }), fc.nat(400), (days, upvotes) => {
        const at = (age: number) => score({ upvotes, comments: 9, listedOn: addDays("2026-04-10", -age) });
        expect(at(days) - at(days + 1)).toBeCloseTo(1, 9);
      }),
    );
  });
});

test("what readers are told of the score is what it does", () => {
  const { days, comments, stars, daysAPoint, believedTimes, overnight } = RANKING;
  const DATE = "2026-04-20";
  const score = (of: Partial<Scored>) =>
    trendingScore({ upvotes: 7, comments: 1, starsGained: 0, listedOn: DATE, ...of }, DATE).score;
  expect(score({ upvotes: 15 }) - score({ upvotes: 7 })).toBeCloseTo(1);
  expect(score({ comments: 3 }) - score({ comments: 1 })).toBeCloseTo(comments);
  expect(score({ starsGained: 3 }) - score({ starsGained: 1 })).toBeCloseTo(stars);
  expect(score({}) - score({ listedOn: addDays(DATE, -daysAPoint) })).toBeCloseTo(1);
  // Of an edition's days the first is its own.
  expect(score({ listedOn: addDays(DATE, 1 - days) })).toBeCloseTo(score({ listedOn: addDays(DATE, -days) }));
  expect(score({ listedOn: addDays(DATE, 2 - days) })).toBeGreaterThan(score({ listedOn: addDays(DATE, 1 - days) }));
  // log2(1 + votes) of the usual eight, and of as many times more as one signal is believed.
  const believed = believedTimes * (1 + PRIOR_NORM.upvotes[0]!) - 1;
  expect(score({ upvotes: believed, comments: 0 })).toBeCloseTo(Math.log2(1 + believed));
  expect(score({ upvotes: 2 * believed + 1, comments: 0 })).toBeLessThan(Math.log2(1 + believed) + 0.5);
  const before = { upvotes: 7, comments: 1 };
  expect(score({ upvotes: 10_000, before }) - score({ before })).toBeCloseTo(overnight);
});
