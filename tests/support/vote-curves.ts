/**
 * Made-up days of papers and how their votes come in, under three assumptions, since no data here shows how they really do;
 * and four ways to rank them for a reader who gets ten unsent papers each morning.
 */
import { addDays, daysBetween } from "../../src/core/day.ts";
import { type Candidate, rankEdition } from "../../src/core/edition.ts";
import type { Day, Signals } from "../../src/core/paper.ts";
import { aCandidate } from "./candidates.ts";

/** How a paper's votes come in: what share of them is there `hours` after it was listed. */
export const ARRIVALS: Readonly<Record<string, (hours: number, random: () => number) => number>> = {
  "evenly over a week": (hours) => Math.min(1, hours / 168),
  "half within ten hours": (hours) => 1 - 2 ** (-hours / 10),
  // One paper in seven is found late: a tenth of its votes at first, the others within a day, one to four days later.
  "one in seven found late": (hours, random) => {
    const [isLate, delay] = [random() < 1 / 7, 24 + 72 * random()];
    const early = 1 - 2 ** (-hours / 10);
    return isLate ? 0.1 * early + (hours > delay ? 0.9 * (1 - 2 ** (-(hours - delay) / 8)) : 0) : early;
  },
};

/** What a ranking sees of a paper at closing. */
export interface Standing {
  readonly key: number;
  readonly listedOn: Day;
  readonly hours: number;
  readonly now: Signals;
  /** When the edition before closed; absent: not listed then. */
  readonly before?: Signals;
}
export type Ranking = (papers: readonly Standing[], date: Day) => readonly number[];

const votesOf = ({ now }: Standing) => now.upvotes!;
const by =
  (worth: (paper: Standing) => number): Ranking =>
  (papers) =>
    [...papers].sort((a, b) => worth(b) - worth(a) || a.key - b.key).map(({ key }) => key);

/** Ours beside votes, Hacker News' gravity (votes − 1)/(hours + 2)^1.8 and Reddit's "hot", log10(votes) + seconds/45,000. */
export const RANKINGS: Readonly<Record<string, Ranking>> = {
  "plain votes": by(votesOf),
  "Hacker News": by((paper) => (votesOf(paper) - 1) / (paper.hours + 2) ** 1.8),
  "Reddit hot": by((paper) => Math.log10(Math.max(1, votesOf(paper))) - (paper.hours * 3_600) / 45_000),
  Paperboy: (papers, date) => {
    const candidates: Candidate[] = papers.map(({ key, listedOn, now }) => aCandidate({ key, listedOn, signals: now }));
    const signals = new Map(papers.flatMap(({ key, before }) => (before ? [[key, before] as const] : [])));
    const previous = { stood: new Set<number>(), signals };
    return rankEdition({ date, candidates, previous }).papers.map(({ key }) => key);
  },
};

export interface Outcome {
  /** Of each week's ten best papers, by the votes they end with: the share that was sent. */
  readonly bestSent: number;
  /** Whole days from the listing of one of those to the digest it was in. */
  readonly daysLate: number;
  /** Papers with bought votes among the first three, in a hundred editions. */
  readonly boughtOnTop: number;
}

interface Paper {
  readonly key: number;
  readonly listedOn: Day;
  readonly listedHour: number;
  readonly votes: number;
  readonly comments: number;
  readonly stars: number;
  /** Hour after listing at which a hundred times its votes are bought; null: an honest one. */
  readonly boughtAt: number | null;
  readonly seed: number;
}

const START: Day = "2026-01-05";

/**
 * Plays `weeks` of five days with thirty papers each.
 *
 * Final votes are spread as in April 2026 (median 9, upper twentieth above 100), comments go with them (2 and one more for
 * each 25 votes or so), two thirds have a repository whose stars go with them as well. One paper in fifty, none of the
 * good ones, buys votes in one night.
 */
export function playCurves(
  arrival: string,
  ranking: Ranking,
  { weeks, seed }: { weeks: number; seed: number },
): Outcome {
  const random = seeded(seed);
  const papers = Array.from({ length: weeks * 5 }, (_, n) => addDays(START, Math.floor(n / 5) * 7 + (n % 5))).flatMap(
    (day, d) => Array.from({ length: 30 }, (_, i) => aPaper(d * 30 + i + 1, day, random)),
  );
  const sentOn = new Map<number, Day>();
  let boughtOnTop = 0;
  let editions = 0;
  for (let date = START; date < addDays(START, weeks * 7); date = addDays(date, 1)) {
    if (!papers.some(({ listedOn }) => listedOn === date)) continue;
    const candidates = papers.filter(({ listedOn }) => listedOn <= date && daysBetween(listedOn, date) <= 6);
    const closing = (paper: Paper) => daysBetween(paper.listedOn, date) * 24 + 25 - paper.listedHour;
    const order = ranking(
      candidates.map((paper) => standing(paper, closing(paper), arrival)),
      date,
    );
    const bought = new Set(candidates.filter((paper) => hasBought(paper, closing(paper))).map(({ key }) => key));
    boughtOnTop += order.slice(0, 3).filter((key) => bought.has(key)).length;
    editions += 1;
    for (const key of order.filter((key) => !sentOn.has(key)).slice(0, 10)) sentOn.set(key, date);
  }
  const best = bestOfWeeks(papers, weeks - 1);
  const sent = best.filter(({ key }) => sentOn.has(key));
  return {
    bestSent: sent.length / best.length,
    daysLate: sent.reduce((sum, { key, listedOn }) => sum + daysBetween(listedOn, sentOn.get(key)!), 0) / sent.length,
    boughtOnTop: (100 * boughtOnTop) / editions,
  };
}

function aPaper(key: number, listedOn: Day, random: () => number): Paper {
  const votes = Math.floor(9 * Math.exp(1.45 * gauss(random)));
  const comments = 2 + Math.floor((votes / 25) * (0.3 + 1.4 * random()));
  const stars = random() < 0.65 ? Math.floor(votes * (0.5 + 2 * random())) : 0;
  const isBought = random() < 1 / 50 && votes < 40;
  const seed = Math.floor(random() * 2 ** 31);
  const listedHour = Math.floor(random() * 24);
  return { key, listedOn, listedHour, votes, comments, stars, boughtAt: isBought ? 30 + 60 * random() : null, seed };
}

const hasBought = ({ boughtAt }: Paper, hours: number) => boughtAt !== null && hours >= boughtAt;

function standing(paper: Paper, hours: number, arrival: string): Standing {
  const counted = (at: number): Signals => {
    const share = ARRIVALS[arrival]!(Math.max(0, at), seeded(paper.seed));
    const honest = Math.floor(paper.votes * share);
    return {
      upvotes: hasBought(paper, at) ? 100 * Math.max(1, honest) : honest,
      comments: 1 + Math.floor((paper.comments - 1) * share),
      ...(paper.stars > 0 && { stars: 20 + Math.floor(paper.stars * share) }),
    };
  };
  const { key, listedOn } = paper;
  return { key, listedOn, hours, now: counted(hours), ...(hours > 24 && { before: counted(hours - 24) }) };
}

function bestOfWeeks(papers: readonly Paper[], weeks: number): Paper[] {
  return Array.from({ length: weeks }, (_, week) =>
    papers
      .filter(({ listedOn }) => Math.floor(daysBetween(START, listedOn) / 7) === week)
      .sort((a, b) => b.votes - a.votes || a.key - b.key)
      .slice(0, 10),
  ).flat();
}

function gauss(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** mulberry32: the same numbers on every machine. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
