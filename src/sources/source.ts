/** The contract every source of papers keeps. A new source is one file beside this one and one line in open-sources.ts. */
import type { Day, Sighting } from "../core/paper.ts";

/** One thing a source sent that could not become a sighting, and why: a broken paper does not stop the day. */
export interface Refusal {
  /** Where it stood: `item 12`, `line 4711`. */
  readonly where: string;
  readonly reason: string;
}

/** What one pull brought. */
export interface Pulled {
  readonly sightings: readonly Sighting[];
  readonly refusals: readonly Refusal[];
  /** The answer for this day repeats the day before instead of being empty. */
  readonly repeats?: boolean;
}

export interface Source {
  readonly name: string;
  /** True for one that lists papers by day with votes; only its listings make editions. */
  readonly trending: boolean;
  /**
   * True for one that counts, at this moment, something about papers that others told of: it is asked for yesterday in
   * every round, however often it has answered, and gives what it has not counted since that day ended.
   */
  readonly everyRound?: boolean;
  /**
   * Everything the source has for one UTC day, all pages of it; papers of the days before do no harm.
   *
   * @throws {Temporary} when it cannot be reached or asks to wait
   * @throws {Permanent} when its answer cannot be understood
   */
  fetch(request: { readonly day: Day; readonly signal?: AbortSignal }): Promise<Pulled>;
  /** What the source knows about these papers by their arXiv ids, where it can be asked so. */
  enrich?(request: { readonly arxivIds: readonly string[]; readonly signal?: AbortSignal }): Promise<Pulled>;
}
