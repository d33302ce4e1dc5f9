/** Why a paper stands where it does: its score and what went into it, in plain words. */
import { daysBetween } from "./day.ts";
import type { RankedPaper } from "./edition.ts";
import type { Day } from "./paper.ts";
import { pointsIfBorneOut } from "./score.ts";
import type { Say } from "./text.ts";

/** The keys this file says. */
export const scoreWords = [
  "score.total",
  "score.votes",
  "score.comments",
  "score.stars",
  "score.age",
  "score.held",
] as const;

export type Explained = Pick<
  RankedPaper,
  "rank" | "score" | "scoreParts" | "upvotes" | "comments" | "starsGained" | "listedOn"
>;

/**
 * The score as a sentence, and one for each part there is. The points shown add up, to the tenth.
 *
 * @param date the edition's
 */
export function scoreInWords(paper: Explained, date: Day, say: Say): { total: string; parts: string[] } {
  const { votes, comments, stars, age } = paper.scoreParts;
  const full = pointsIfBorneOut(paper);
  const told = [
    { key: "score.votes", points: votes, full: full.votes, count: paper.upvotes },
    { key: "score.comments", points: comments, full: full.comments, count: paper.comments },
    { key: "score.stars", points: stars, full: full.stars, count: paper.starsGained },
    { key: "score.age", points: age, full: age, count: Math.max(daysBetween(paper.listedOn, date), 0) },
  ];
  const shown = inTenths(told.map(({ points }) => points));
  const parts = told.flatMap(({ key, full, count }, i) => {
    const points = shown[i]!;
    if (points === 0) return [];
    const what = say(key, { points, count });
    return full - points < 0.1 ? [what] : [say("score.held", { what, full })];
  });
  return { total: say("score.total", { points: sum(shown), rank: paper.rank }), parts };
}

/** Numbers rounded to tenths so that they add up to their rounded sum: what was cut most gets the tenth that is missing. */
function inTenths(numbers: readonly number[]): number[] {
  const floors = numbers.map((number) => Math.floor(number * 10));
  const missing = Math.round(sum(numbers) * 10) - sum(floors);
  const cut = (i: number) => numbers[i]! * 10 - floors[i]!;
  const most = numbers.map((_, i) => i).sort((a, b) => cut(b) - cut(a));
  return floors.map((floor, i) => (floor + (most.indexOf(i) < missing ? 1 : 0)) / 10);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((one, other) => one + other, 0);
}
