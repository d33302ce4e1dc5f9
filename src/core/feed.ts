/** What a feed of a filter holds: each paper once, dated by the first edition it stood in, under an id for ever. */
import { createHash } from "node:crypto";
import { members } from "./bits.ts";
import { addDays } from "./day.ts";
import type { Edition, RankedPaper } from "./edition.ts";
import { type Filter, filterKey } from "./filter.ts";
import { type EditionIndex, match } from "./match.ts";

/** Two weeks, for who looks in once in a while; a hundred papers are all new ones of April's two busiest days (49 each). */
export const FEED = { days: 14, entries: 100 } as const;

export interface FeedEntry {
  readonly id: string;
  /** As the filter first took it, so that an entry does not change with each vote. */
  readonly paper: RankedPaper;
  /** When the first edition it stood in closed. */
  readonly at: Date;
}

/**
 * The newest edition's new papers first, best first. A paper that stood in an edition before those given is no news: it is
 * left out, as every entry is once its two weeks are over.
 *
 * @param recent closed editions, newest first
 */
export function feedEntries(
  recent: readonly { readonly edition: Edition; readonly index: EditionIndex }[],
  filter: Filter,
): FeedEntry[] {
  const [newest] = recent;
  if (newest === undefined) return [];
  const since = addDays(newest.edition.date, 1 - FEED.days);
  const first = new Map<number, { readonly edition: Edition; readonly id: string; readonly isNew: boolean }>();
  const taken = new Map<number, RankedPaper>();
  for (const { edition, index } of recent.filter((one) => one.edition.date >= since).reverse()) {
    for (const { key, id, isNew } of edition.papers) if (!first.has(key)) first.set(key, { edition, id, isNew });
    for (const place of members(match(index, filter).papers)) {
      const paper = index.papers[place]!;
      if (first.get(paper.key)!.isNew && !taken.has(paper.key)) taken.set(paper.key, paper);
    }
  }
  return [...taken.values()]
    .map((paper) => ({ paper, first: first.get(paper.key)! }))
    .sort((a, b) => b.first.edition.date.localeCompare(a.first.edition.date) || a.paper.rank - b.paper.rank)
    .slice(0, FEED.entries)
    .map(({ paper, first: { id, edition } }) => ({ id: entryId(id), paper, at: edition.closedAt ?? new Date(0) }));
}

/** Of a paper in any feed. The id it had in its first edition goes in, and no address of ours: both may change. */
function entryId(paperId: string): string {
  return urn(`paper ${paperId}`);
}

/** Of the feed itself: the same for filters that mean the same. */
export function feedId(filter: Filter): string {
  return urn(`feed ${filterKey(filter)}`);
}

/** Drawn at random, once. */
const NAMESPACE = Buffer.from("6c35ffd3408f4a0899981a4549d1193a", "hex");

/** A name as a UUID of version 5 (RFC 9562 5.5), which both kinds of feeds take as an id. */
function urn(name: string): string {
  const hash = createHash("sha1").update(NAMESPACE).update(name).digest().subarray(0, 16);
  hash[6] = (hash[6]! & 0x0f) | 0x50;
  hash[8] = (hash[8]! & 0x3f) | 0x80;
  return `urn:uuid:${hash.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-")}`;
}
