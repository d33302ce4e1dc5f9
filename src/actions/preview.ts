import { type Digest, pickDigest } from "../core/digest.ts";
import type { Edition } from "../core/edition.ts";
import type { Filter } from "../core/filter.ts";
import type { EditionIndex } from "../core/match.ts";
import { EDITIONS_OF_MEAN, papersPerDay } from "../core/papers-per-day.ts";
import { type Understood, understandFilter } from "../core/understood.ts";
import type { Shelf } from "../store/shelf.ts";

export type Needs = { shelf: Pick<Shelf, "newest" | "recent"> };

/** What a reader with this filter would get today, if they had never had a digest. */
export interface Preview {
  /** Null while there is no edition yet; then there is no digest either. */
  readonly edition: Edition | null;
  readonly digest: Digest | null;
  readonly papersPerDay: number;
  /** What its words and names found in the editions that `papersPerDay` is taken of. */
  readonly understood: Understood;
}

export async function preview({ shelf }: Needs, filter: Filter, maxPapers: number): Promise<Preview> {
  const newest = await shelf.newest();
  if (newest === null)
    return { edition: null, digest: null, papersPerDay: 0, understood: understandFilter(filter, []) };
  const { edition, index } = newest;
  const digest = pickDigest({ index, edition, filter, cadence: "daily", maxPapers, sentKeys: [] });
  const indexes = await recentIndexes(shelf);
  const understood = understandFilter(filter, indexes);
  return { edition, digest, papersPerDay: papersPerDay(indexes, filter), understood };
}

/** What the words and names of a filter found in the last editions, for the page where it is changed. */
export async function understand({ shelf }: { shelf: Pick<Shelf, "recent"> }, filter: Filter): Promise<Understood> {
  return understandFilter(filter, await recentIndexes(shelf));
}

async function recentIndexes(shelf: Pick<Shelf, "recent">): Promise<EditionIndex[]> {
  const recent = await shelf.recent(EDITIONS_OF_MEAN);
  return recent.map(({ index }) => index);
}
