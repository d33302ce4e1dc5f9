import { type Digest, pickDigest } from "../core/digest.ts";
import type { Edition } from "../core/edition.ts";
import type { Filter } from "../core/filter.ts";
import { EDITIONS_OF_MEAN, papersPerDay } from "../core/papers-per-day.ts";
import type { Shelf } from "../store/shelf.ts";

export type Needs = { shelf: Pick<Shelf, "newest" | "recent"> };

/** What a reader with this filter would get today, if they had never had a digest. */
export interface Preview {
  /** Null while there is no edition yet; then there is no digest either. */
  readonly edition: Edition | null;
  readonly digest: Digest | null;
  readonly papersPerDay: number;
}

export async function preview({ shelf }: Needs, filter: Filter, maxPapers: number): Promise<Preview> {
  const newest = await shelf.newest();
  if (newest === null) return { edition: null, digest: null, papersPerDay: 0 };
  const { edition, index } = newest;
  const digest = pickDigest({ index, edition, filter, cadence: "daily", maxPapers, sentKeys: [] });
  const recent = await shelf.recent(EDITIONS_OF_MEAN);
  const indexes = recent.map((shelved) => shelved.index);
  return { edition, digest, papersPerDay: papersPerDay(indexes, filter) };
}
