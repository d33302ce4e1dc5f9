/**
 * The trending score and its parts. It orders papers sensibly and explains itself; it does not claim to beat votes: the
 * data it was made with holds one snapshot of votes, weeks later, and no claim is due before 30 real days were recorded.
 * docs/score.md shows what it does: whoever changes a constant changes that too. `page.ranking` in templates/text says it to
 * readers, with the numbers of {@link RANKING}.
 */
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
  /** What was counted when the previous edition closed; absent for a paper nobody had sighted then. */
  readonly before?: { readonly upvotes: number; readonly comments: number } | undefined;
}

/** What a paper normally has, by its age in whole days from 0 to 6. */
export interface Norm {
  readonly upvotes: readonly number[];
  readonly comments: readonly number[];
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
 * One signal alone is cheap to inflate, two that agree are not. Of the first three of April's editions all but a handful had
 * more than the usual two comments; so these cost the order of honest days little (9.3 of each edition's first ten are
 * the same without them) and keep out who buys votes (docs/score.md has the counts).
 */
const WITNESS = {
  /** So many doublings above the norm are taken from one signal on its own word: four times the votes. */
  alone: 2,
  /** A doubling of comments bears out two of votes: papers with 4 comments have a median of 43 votes, with 6 of 108. */
  commentWorth: 2,
  /** Votes bear out half as many doublings of stars: of a day's stars nothing is in the data, so they weigh less. */
  starShare: 0.5,
  /** Beyond what is borne out a doubling counts a tenth, so that more is still never less. */
  doubt: 0.1,
  /** What one signal did since the previous edition moves a paper by so many points at most, until it lasts or a second one moves. */
  overnight: 1.5,
} as const;

/** The constants as readers are told them. */
export const RANKING = {
  /** Papers of so many days stand in an edition. */
  days: SCORE.oldestDays + 1,
  /** Points for a doubling of each; a doubling of votes is the point itself. */
  comments: SCORE.commentWeight,
  stars: SCORE.starWeight,
  /** Days of age that take a point. */
  daysAPoint: SCORE.halfLifeDays,
  /** How many times the usual is believed of one signal alone. */
  believedTimes: 2 ** WITNESS.alone,
  /** Points at most that one signal moves a paper by overnight. */
  overnight: WITNESS.overnight,
} as const;

/**
 * The norm until enough editions are recorded: the medians of April 2026, alike at every age, for its one snapshot tells
 * nothing of how votes come in.
 */
export const PRIOR_NORM: Norm = { upvotes: [8, 8, 8, 8, 8, 8, 8], comments: [2, 2, 2, 2, 2, 2, 2] };

/** What papers had at one age, over closed editions. */
export interface AgeMedians {
  /** Whole days from listing to edition, 0 to 6. */
  readonly age: number;
  readonly papers: number;
  readonly upvotes: number;
  readonly comments: number;
}

/** Enough sightings: six weeks of working days, and so many papers at every age that a median of them stands still. */
const ENOUGH = { editions: 30, papers: 200 } as const;

/**
 * The norm as recorded, once there is enough to measure it by; until then {@link PRIOR_NORM}. An older paper never has
 * less than a younger one: votes are not taken back, so a dip is chance.
 */
export function normOf(editions: number, medians: readonly AgeMedians[]): Norm {
  const byAge = PRIOR_NORM.upvotes.map((_, age) => medians.find((one) => one.age === age));
  if (editions < ENOUGH.editions || byAge.some((one) => one === undefined || one.papers < ENOUGH.papers))
    return PRIOR_NORM;
  const rising = (values: readonly number[]) => values.map((_, age) => Math.max(...values.slice(0, age + 1)));
  return {
    upvotes: rising(byAge.map((one) => one!.upvotes)),
    comments: rising(byAge.map((one) => one!.comments)),
  };
}

/**
 * log2(1 + votes) + a·log2(1 + comments) + b·log2(1 + stars gained) − age in half-lives − what a paper of that age
 * normally has more than a new one; each signal as far as the others bear it out.
 *
 * A logarithm because the hundredth vote says less than the first; base 2 so that a point is a doubling, which is also
 * what a half-life takes away. More of a signal never costs. The parts add up to the score, to the last bit in the order
 * they are named.
 *
 * @param date the edition's: age is counted in whole days from listing to it
 */
export function trendingScore(
  paper: Scored,
  date: Day,
  norm: Norm = PRIOR_NORM,
): { readonly score: number; readonly parts: ScoreParts } {
  const days = Math.min(Math.max(daysBetween(paper.listedOn, date), 0), SCORE.oldestDays);
  const usual = { votes: doublings(at(norm.upvotes, days)), comments: doublings(at(norm.comments, days)) };
  const grown = Math.max(0, usual.votes - doublings(at(norm.upvotes, 0)));
  const age = days === 0 && grown === 0 ? 0 : -days / SCORE.halfLifeDays - grown;
  const now = {
    votes: doublings(paper.upvotes),
    comments: doublings(paper.comments),
    stars: doublings(paper.starsGained),
  };

  const best = paper.before ? borneOutSince(paper.before, now, usual) : borneOut(now, usual);
  const parts = { ...best, age };
  return { score: withoutAge(parts) + parts.age, parts };
}

/** The score without its age term: what a weekly digest ranks by, so that Monday's best stands beside Friday's. */
export function withoutAge(parts: Points): number {
  return parts.votes + parts.comments + parts.stars;
}

/** What each signal would add if the others bore all of it out: what a score is held against where it is explained. */
export function pointsIfBorneOut(paper: Pick<Scored, "upvotes" | "comments" | "starsGained">): Points {
  return {
    votes: doublings(paper.upvotes),
    comments: SCORE.commentWeight * doublings(paper.comments),
    stars: SCORE.starWeight * doublings(paper.starsGained),
  };
}

/** In doublings: log2(1 + count). */
interface Doublings {
  readonly votes: number;
  readonly comments: number;
  readonly stars: number;
}
type Usual = Pick<Doublings, "votes" | "comments">;
type Points = Omit<ScoreParts, "age">;

/** What each signal adds, as far as it is usual or the strongest of the others bears it out. */
function borneOut(counted: Doublings, usual: Usual): Points {
  const borne = witnesses({
    votes: Math.max(0, counted.votes - usual.votes),
    comments: Math.max(0, counted.comments - usual.comments),
    stars: counted.stars,
  });
  const { alone, commentWorth } = WITNESS;
  return {
    votes: doubted(counted.votes, usual.votes + alone + borne.votes),
    comments: SCORE.commentWeight * doubted(counted.comments, usual.comments + alone / commentWorth + borne.comments),
    stars: SCORE.starWeight * doubted(counted.stars, alone + borne.stars),
  };
}

/** The same, held back for a signal that moved since the previous edition while the others rested. */
function borneOutSince(before: NonNullable<Scored["before"]>, now: Doublings, usual: Usual): Points {
  const then = { votes: doublings(before.upvotes), comments: doublings(before.comments), stars: 0 };
  const moved = witnesses({
    votes: Math.max(0, now.votes - then.votes),
    comments: Math.max(0, now.comments - then.comments),
    stars: now.stars,
  });
  let best = borneOut(now, usual);
  for (const signal of ["votes", "comments", "stars"] as const) {
    const still = borneOut({ ...now, [signal]: Math.min(now[signal], then[signal]) }, usual);
    const joined = { votes: 1, comments: SCORE.commentWeight, stars: SCORE.starWeight }[signal] * moved[signal];
    const held = { ...still, [signal]: still[signal] + WITNESS.overnight + joined };
    if (withoutAge(held) < withoutAge(best)) best = held;
  }
  return best;
}

/** For each signal, how many doublings of it the strongest of the others bears out. */
function witnesses({ votes, comments, stars }: Doublings): Doublings {
  const { commentWorth, starShare } = WITNESS;
  return {
    votes: Math.max(commentWorth * comments, stars),
    comments: Math.max(votes, stars) / commentWorth,
    stars: starShare * Math.max(votes, commentWorth * comments),
  };
}

function doubted(value: number, believed: number): number {
  return value <= believed ? value : believed + WITNESS.doubt * (value - believed);
}

function at(byAge: readonly number[], days: number): number {
  return byAge[Math.min(days, byAge.length - 1)] ?? 0;
}

function doublings(count: number): number {
  if (!(count > 0)) return 0; // NaN too
  return Math.log2(1 + Math.min(count, Number.MAX_SAFE_INTEGER));
}
