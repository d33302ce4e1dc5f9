/** The trending score and its parts. It orders papers sensibly and explains itself; it does not claim to beat votes. */
import { daysBetween } from "./day.ts";
import type { ScoreParts } from "./edition.ts";
import type { Day } from "./paper.ts";

/** What a score is made from. Anything that is not a positive number counts as 0. */
export interface Scored {
  readonly upvotes: number;
  readonly comments: number;
  /** Since the previous edition. */
  readonly starsGained: number;
  /** The day a trending source first listed it. */
  readonly listedOn: Day;
}

/**
 * The constants, chosen on the papers Hugging Face listed in April 2026 (707 papers on 22 days, with their votes at the
 * end of May; the votes at closing time are not known).
 */
const SCORE = {
  /**
   * A day's third paper has a median of 74 votes, its upper quartile 25: 1.5 doublings apart, more at closing time, when
   * the new paper's votes are still coming in. At one day, two days cost two doublings: a strong paper of the day before
   * yesterday stands beside a fair new one. Half of the first ten are then new ones; at two days a third, at half a day
   * seven to eight.
   */
  halfLifeDays: 1,
  /** Most papers have exactly two comments (457 of 707) and comments go with votes (correlation of logarithms 0.58): a hint, no second vote. */
  commentWeight: 0.5,
  /** Stars of a day run from 0 to 32 where they move at all, and say that somebody ran the code: at 30 they are worth 5 times the votes. */
  starWeight: 0.5,
  /** No candidate was first listed longer ago than this, unless it came back: it then counts as the oldest. */
  oldestDays: 6,
} as const;

/**
 * log2(1 + votes) + a·log2(1 + comments) + b·log2(1 + stars gained) − age in half-lives.
 *
 * A logarithm because the hundredth vote says less than the first; base 2 so that a point is a doubling, which is also
 * what a half-life takes away. The parts add up to the score, to the last bit in the order they are named.
 *
 * @param date the edition's: age is counted in whole days from listing to it
 */
export function trendingScore(paper: Scored, date: Day): { readonly score: number; readonly parts: ScoreParts } {
  const ageDays = Math.min(Math.max(daysBetween(paper.listedOn, date), 0), SCORE.oldestDays);
  const parts: ScoreParts = {
    votes: doublings(paper.upvotes),
    comments: SCORE.commentWeight * doublings(paper.comments),
    stars: SCORE.starWeight * doublings(paper.starsGained),
    age: ageDays === 0 ? 0 : -ageDays / SCORE.halfLifeDays,
  };
  return { score: withoutAge(parts) + parts.age, parts };
}

/** The score without its age term: what a weekly digest ranks by, so that Monday's best stands beside Friday's. */
export function withoutAge(parts: ScoreParts): number {
  return parts.votes + parts.comments + parts.stars;
}

function doublings(count: number): number {
  if (!(count > 0)) return 0; // NaN too
  return Math.log2(1 + Math.min(count, Number.MAX_SAFE_INTEGER));
}
