import { type Digest, pickDigest } from "../core/digest.ts";
import type { Edition } from "../core/edition.ts";
import type { Filter } from "../core/filter.ts";
import { EDITIONS_OF_MEAN, papersPerDay, papersPerDayByWatch } from "../core/papers-per-day.ts";
import { type Understood, understandFilter } from "../core/understood.ts";
import type { Shelf } from "../store/shelf.ts";

export type Needs = { shelf: Pick<Shelf, "newest" | "recent"> };

/** What a reader with this filter would get today, if they had never had a digest. */
export interface Preview {
  /** Null while there is no edition yet; then there is no digest either. */
  readonly edition: Edition | null;
  readonly digest: Digest | null;
  readonly papersPerDay: number;
  /** The same of each watch by itself. */
  readonly perWatch: readonly number[];
  /** What its words and names found in the editions that `papersPerDay` is taken of. */
  readonly understood: Understood;
}

export async function preview({ shelf }: Needs, filter: Filter, maxPapers: number): Promise<Preview> {
  const newest = await shelf.newest();
  const indexes = newest === null ? [] : (await shelf.recent(EDITIONS_OF_MEAN)).map(({ index }) => index);
  const rest = {
    papersPerDay: papersPerDay(indexes, filter),
    perWatch: papersPerDayByWatch(indexes, filter),
    understood: understandFilter(filter, indexes),
  };
  if (newest === null) return { edition: null, digest: null, ...rest };
  const { edition, index } = newest;
  return {
    edition,
    digest: pickDigest({ index, edition, filter, cadence: "daily", maxPapers, sentKeys: [] }),
    ...rest,
  };
}
