/** Which papers stand in an edition, ranked how. When an edition is closed, quiet or broken is in edition-close.ts. */
import { addDays } from "./day.ts";
import type { Day, Signals } from "./paper.ts";
import { type Norm, PRIOR_NORM, trendingScore } from "./score.ts";

/** `open` until decided once (docs/promises.md §4). */
export type EditionState = "open" | "closed" | "quiet" | "broken";

/** `trend`: by votes, comments and stars. `listing`: no source gave any signal, so papers stand in the order they were listed. */
export type RankedBy = "trend" | "listing";

/** What a score is made of; they add up to it. */
export interface ScoreParts {
  readonly votes: number;
  readonly comments: number;
  readonly stars: number;
  /** Zero or negative. */
  readonly age: number;
}

/** A paper as it stands in a closed edition: what matching, pages and mails see of it. */
export interface RankedPaper {
  /** The integer key inside the database. */
  readonly key: number;
  /** Other keys that were merged into this paper: whoever was sent one of them was sent this paper. */
  readonly formerKeys: readonly number[];
  /** Public id: arXiv id, or `import:…`. */
  readonly id: string;
  /** Place in the edition from 1; followed papers stand after all trending ones. */
  readonly rank: number;
  readonly lane: "trending" | "followed";
  /** Readable plain text (core/plain-text.ts), like abstract and summary. */
  readonly title: string;
  readonly abstract: string;
  /** The source's own one-line summary; empty when there is none. */
  readonly summary: string;
  readonly authors: readonly string[];
  readonly categories: readonly string[];
  readonly keywords: readonly string[];
  /** Topic ids, strongest first. */
  readonly topics: readonly string[];
  readonly url: string;
  readonly pdfUrl: string | null;
  readonly codeUrl: string | null;
  readonly organization: string | null;
  readonly upvotes: number;
  readonly comments: number;
  /** Null when no source said. */
  readonly stars: number | null;
  /** Since the previous edition; 0 without an earlier sighting. */
  readonly upvotesGained: number;
  /** The same of stars. */
  readonly starsGained: number;
  readonly score: number;
  readonly scoreParts: ScoreParts;
  readonly listedOn: Day;
  /** It stood in no edition before this one. */
  readonly isNew: boolean;
}

/** A frozen ranking. */
export interface Edition {
  readonly date: Day;
  readonly state: EditionState;
  readonly closedAt: Date | null;
  readonly revision: number;
  readonly rankedBy: RankedBy;
  readonly papers: readonly RankedPaper[];
}

/** A paper that may stand in an edition, as the sightings up to the close left it. */
export type Candidate = Omit<
  RankedPaper,
  "rank" | "upvotes" | "comments" | "stars" | "upvotesGained" | "starsGained" | "score" | "scoreParts" | "isNew"
> & {
  /** The newest value of each signal. */
  readonly signals: Signals;
  /** The day a trending source first listed it; in the followed lane, the day arXiv did. */
  readonly listedOn: Day;
  /** Its place in that day's listing, from 0. */
  readonly position: number;
};

/** What earlier editions knew of the candidates, by paper key; a key merged since still counts. */
export interface Previous {
  /** Keys that stood in any earlier edition. */
  readonly stood: ReadonlySet<number>;
  /** What was counted of them when the previous edition closed; absent for whoever nobody had sighted. */
  readonly signals: ReadonlyMap<number, Signals>;
}

/** The days, both included, on one of which a trending source must have listed a candidate of the edition of `date`. */
export function candidateDays(date: Day): { readonly since: Day; readonly until: Day } {
  return { since: addDays(date, -6), until: date };
}

/**
 * Ranks the candidates of an edition: the trending lane by score, ties in listing order; behind it the followed lane,
 * newest first. In listing order the later day stands first, and within a day the source's own order.
 *
 * When nothing was counted about any trending paper there is no trend to rank by, and the edition says so: it is ranked
 * by listing.
 */
export function rankEdition(given: {
  readonly date: Day;
  readonly candidates: readonly Candidate[];
  readonly previous: Previous;
  /** What papers normally have at their age; absent: the prior of score.ts. */
  readonly norm?: Norm;
}): Pick<Edition, "date" | "rankedBy" | "papers"> {
  const scored = given.candidates.map((candidate) => ({
    candidate,
    paper: score(candidate, given),
  }));
  const inLane = (lane: Candidate["lane"]) => scored.filter(({ candidate }) => candidate.lane === lane);

  const trending = inLane("trending");
  const rankedBy = trending.some(({ paper }) => paper.upvotes + paper.comments + (paper.stars ?? 0) > 0)
    ? "trend"
    : "listing";
  trending.sort(
    (a, b) => (rankedBy === "trend" ? b.paper.score - a.paper.score : 0) || byListing(a.candidate, b.candidate),
  );
  const followed = inLane("followed").sort((a, b) => byListing(a.candidate, b.candidate));

  const papers = [...trending, ...followed].map(({ paper }, index) => ({ ...paper, rank: index + 1 }));
  return { date: given.date, rankedBy, papers };
}

function score(
  { signals, position: _, ...candidate }: Candidate,
  { date, previous, norm = PRIOR_NORM }: { readonly date: Day; readonly previous: Previous; readonly norm?: Norm },
): Omit<RankedPaper, "rank"> {
  const keys = [candidate.key, ...candidate.formerKeys];
  const upvotes = count(signals.upvotes) ?? 0;
  const comments = count(signals.comments) ?? 0;
  const stars = count(signals.stars);
  const known = keys.map((key) => previous.signals.get(key)).filter((signals) => signals !== undefined);
  const before = (name: string) => known.map((one) => count(one[name])).find((value) => value !== null) ?? null;
  const gained = (now: number | null, earlier: number | null) =>
    // A repository may lose stars, or be replaced by another: that is no trend.
    now === null || earlier === null ? 0 : Math.max(0, now - earlier);
  const upvotesGained = gained(upvotes, before("upvotes"));
  const starsGained = gained(stars, before("stars"));
  const scored = {
    ...{ upvotes, comments, starsGained, listedOn: candidate.listedOn },
    before: before("upvotes") === null ? undefined : { upvotes: before("upvotes")!, comments: before("comments") ?? 0 },
  };
  const { score, parts: scoreParts } = trendingScore(scored, date, norm);
  const isNew = !keys.some((key) => previous.stood.has(key));
  return { ...candidate, upvotes, comments, stars, upvotesGained, starsGained, score, scoreParts, isNew };
}

/** A signal as a count; null when no source said, or what it said is no count. */
function count(signal: number | undefined): number | null {
  return signal !== undefined && signal >= 0 ? Math.min(Math.floor(signal), Number.MAX_SAFE_INTEGER) : null;
}

function byListing(a: Candidate, b: Candidate): number {
  if (a.listedOn !== b.listedOn) return a.listedOn < b.listedOn ? 1 : -1;
  return a.position - b.position || a.key - b.key;
}
