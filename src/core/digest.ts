/** Picks the papers of an edition for one reader and says why; the model a template sees. */
import type { RankedBy, RankedPaper } from "./edition.ts";
import type { Because } from "./filter.ts";
import type { Day } from "./paper.ts";

/** One paper of a digest. */
export interface DigestItem {
  /** Place in the digest, from 1. */
  readonly number: number;
  readonly paper: RankedPaper;
  readonly because: readonly Because[];
}

/** The papers of an edition for one reader: matching, never sent before, best first, at most `maxPapers`. */
export interface Digest {
  readonly editionDate: Day;
  readonly rankedBy: RankedBy;
  readonly cadence: "daily" | "weekdays" | "weekly";
  readonly items: readonly DigestItem[];
}
