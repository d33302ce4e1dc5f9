/** Picks the papers of an edition for one reader and says why; the model a template sees. */
import { type Bits, count, hasBit, membersIn, removeBit } from "./bits.ts";
import type { Edition, RankedBy, RankedPaper } from "./edition.ts";
import { fairly, topicFor } from "./fair-share.ts";
import type { Because, Filter } from "./filter.ts";
import { becauseOf, type EditionIndex, type Matched, match, specificity } from "./match.ts";
import type { Day } from "./paper.ts";
import type { Rhythm } from "./subscription.ts";

/** One paper of a digest. */
export interface DigestItem {
  /** Place among its papers, the best first, from 1. */
  readonly number: number;
  readonly paper: RankedPaper;
  /** Strongest first. */
  readonly because: readonly Because[];
}

/** The papers of an edition for one reader: matching, never sent before, best first, at most `maxPapers`. */
export interface Digest {
  readonly editionDate: Day;
  readonly rankedBy: RankedBy;
  readonly cadence: "daily" | "weekdays" | "weekly";
  readonly items: readonly DigestItem[];
  /** How many papers of the edition the filter takes, whether they were sent before or not: as many as its page shows. */
  readonly matched: number;
}

/** The papers of a digest that stand under one watch. */
export interface Section {
  /** Index of the watch in the filter; null when there is one at most, or no watch takes these papers any more. */
  readonly watch: number | null;
  readonly items: readonly DigestItem[];
}

/** An edition, its index, and the reader it is picked for. */
interface Wanted {
  readonly index: EditionIndex;
  readonly edition: Pick<Edition, "date" | "rankedBy">;
  readonly filter: Filter;
  readonly cadence: Rhythm["cadence"];
}

/**
 * Followed papers get at most this share of a digest that trending ones would fill; they stand after those. Fewer
 * trending ones leave them more room.
 */
const FOLLOWED_SHARE = 1 / 3;

/**
 * The papers a reader gets now: what the filter takes and no mail to them ever held, best first.
 *
 * Best is the edition's rank; for a weekly reader the score without its age, so that Monday's best stands beside
 * Friday's; and of a broad reader's digest no topic takes more than its share. Followed papers are ordered by how specific
 * the words and names are that found them, then newest first. A paper counts as sent under any key it ever had.
 *
 * @param sentKeys keys of papers that were sent to this reader, as they were then
 */
export function pickDigest(
  wanted: Wanted & { readonly maxPapers: number; readonly sentKeys: Iterable<number> },
): Digest {
  const { index, filter, cadence, maxPapers, sentKeys } = wanted;
  const matched = match(index, filter);
  const { papers } = matched;
  const all = count(papers);
  removeSent(papers, sentKeys, index);
  const followed = mostSpecific(index, matched);
  // A digest of one or two has no third to give away.
  const room = maxPapers - Math.min(followed.length, Math.floor(maxPapers * FOLLOWED_SHARE));
  const topicOf = topicFor(filter);
  const enough = topicOf === null ? room : index.followedFrom;
  const ordered =
    cadence === "weekly" ? firstOf(index.weekOrder, enough, papers) : membersIn(papers, 0, index.followedFrom, enough);
  const trending = topicOf === null ? ordered : fairly(ordered, room, (at) => topicOf(index.papers[at]!));
  const places = [...trending, ...followed.slice(0, maxPapers - trending.length)];
  return digest(wanted, places, matched, all);
}

/**
 * The digest of papers that were fixed before: a retry sends what the first try chose, whatever changed since.
 *
 * @param keys the papers in their order; one merged into another since is that other, one that left the edition is left out
 * @returns with a reason where the filter still gives one
 */
export function digestOf(wanted: Wanted & { readonly keys: readonly number[] }): Digest {
  const { index, filter, keys } = wanted;
  const places = new Set<number>();
  for (const key of keys) {
    const all = index.placesOf.get(key) ?? [];
    // A key of its own goes before one that was only merged in.
    const at = all.find((place) => index.papers[place]!.key === key) ?? all[0];
    if (at !== undefined) places.add(at);
  }
  const matched = match(index, filter);
  return digest(wanted, [...places], matched, count(matched.papers));
}

/**
 * A digest as it is read. With several watches each has a section, in the order of the filter: a paper stands once, under
 * the strongest watch that took it. Made from nothing but what a retry has as well.
 *
 * @returns sections that have papers, best first in each; what no watch takes any more comes last
 */
export function sectionsOf({ items }: Pick<Digest, "items">, { watches }: Filter): Section[] {
  if (watches.length < 2) return [{ watch: null, items }];
  const sections: Section[] = watches.map((_, watch) => ({
    watch,
    items: items.filter(({ because }) => because[0]?.watch === watch),
  }));
  sections.push({ watch: null, items: items.filter(({ because }) => because.length === 0) });
  return sections.filter((section) => section.items.length > 0);
}

function digest(
  { index, edition, filter, cadence }: Wanted,
  places: readonly number[],
  matched: Matched,
  all: number,
): Digest {
  return {
    editionDate: edition.date,
    rankedBy: edition.rankedBy,
    cadence,
    items: places.map((at, i) => ({
      number: i + 1,
      paper: index.papers[at]!,
      because: becauseOf(index, filter, at, matched),
    })),
    matched: all,
  };
}

/** The followed papers, those first about which the reader's words and people say most. */
function mostSpecific(index: EditionIndex, matched: Matched): readonly number[] {
  const followed = membersIn(matched.papers, index.followedFrom, index.papers.length);
  if (followed.length < 2) return followed;
  const specific = specificity(index, matched);
  const says = new Map(followed.map((at) => [at, specific(at)]));
  return followed.sort((a, b) => says.get(b)! - says.get(a)! || a - b);
}

/** Takes out what was sent under any key it had. */
function removeSent(papers: Bits, sentKeys: Iterable<number>, { placesOf }: EditionIndex): void {
  for (const key of sentKeys) {
    const places = placesOf.get(key);
    if (places !== undefined) for (const at of places) removeBit(papers, at);
  }
}

function firstOf(order: readonly number[], atMost: number, papers: Bits): number[] {
  const first: number[] = [];
  for (const at of order) {
    if (first.length >= atMost) break;
    if (hasBit(papers, at)) first.push(at);
  }
  return first;
}
