/** For a reader whose filter found nothing for a month: the smallest change that would have found something. */
import { type Filter, filterKey, type Watch } from "./filter.ts";
import type { EditionIndex } from "./match.ts";
import { EDITIONS_OF_MEAN, papersPerDay } from "./papers-per-day.ts";

/** How long a filter finds nothing before its reader is told. */
export const QUIET_DAYS = 30;

/** What to let go of in a watch, from what costs least in meaning to what costs most. */
export const WIDENINGS = [
  "title",
  "quotes",
  "minUpvotes",
  "onlyWithCode",
  "exclude",
  "categories",
  "topics",
  "together",
] as const;
export type Widening = (typeof WIDENINGS)[number];

/** A wider filter, and what it would have brought. */
export interface Wider {
  /** Index of the watch to change. */
  readonly watch: number;
  readonly widening: Widening;
  readonly filter: Filter;
  readonly papersPerDay: number;
}

/** Less than a paper in two weeks is not worth a change. */
const WORTH_PER_DAY = 1 / 10;

/**
 * The first widening that brings a paper every ten editions or more; of two watches the one that brings more by it.
 *
 * @param editions the newest first, as many as a mean is taken over
 * @returns null when nothing short of other words would help
 */
export function wider(filter: Filter, editions: readonly EditionIndex[]): Wider | null {
  const recent = editions.slice(0, EDITIONS_OF_MEAN);
  for (const widening of WIDENINGS) {
    const found = filter.watches.flatMap((watch, at): Wider[] => {
      const widened = { ...filter, watches: filter.watches.with(at, widen(watch, widening)) };
      if (filterKey(widened) === filterKey(filter) || isBlank(widened.watches[at]!)) return [];
      const perDay = papersPerDay(recent, widened);
      return perDay < WORTH_PER_DAY ? [] : [{ watch: at, widening, filter: widened, papersPerDay: perDay }];
    });
    const best = found.sort((a, b) => b.papersPerDay - a.papersPerDay)[0];
    if (best) return best;
  }
  return null;
}

function widen(watch: Watch, widening: Widening): Watch {
  switch (widening) {
    case "title":
      return { ...watch, include: watch.include.map((entry) => entry.replace(/(^|\s\+\s)title:\s*/gi, "$1")) };
    case "quotes":
      return { ...watch, include: watch.include.map((entry) => entry.replaceAll('"', "")) };
    case "together":
      return { ...watch, include: watch.include.flatMap((entry) => entry.split(/\s\+\s/)) };
    case "minUpvotes":
      return { ...watch, minUpvotes: 0 };
    case "onlyWithCode":
      return { ...watch, onlyWithCode: false };
    default:
      return { ...watch, [widening]: [] };
  }
}

/** A watch that asks for nothing takes every trending paper: that is not wider, it is something else. */
function isBlank({ topics, categories, include, authors }: Watch): boolean {
  return topics.length + categories.length + include.length + authors.length === 0;
}
