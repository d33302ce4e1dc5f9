/** Which papers stand in an edition, ranked how; and when an edition is closed, quiet or broken. */
import type { Day } from "./paper.ts";

/** `open` until decided once (CONTRACT §4). */
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
