/** What a reader is told whose filter found nothing for a month. */
import type { Edition } from "./edition.ts";
import type { Filter } from "./filter.ts";
import type { EditionIndex } from "./match.ts";
import { QUIET_DAYS, type Widening, wider } from "./wider.ts";

export interface QuietNews {
  readonly days: number;
  /** When those days began. */
  readonly since: Date;
  /** How many editions came out in them: Paperboy works. */
  readonly editions: number;
  /** What would have brought something; null when only other words would. */
  readonly advice: WiderAdvice | null;
}

/** One watch, and what to let go of in it. */
export interface WiderAdvice {
  readonly widening: Widening;
  /** As its reader calls it; may be empty. */
  readonly name: string;
  /** Counted from one. */
  readonly number: number;
  readonly isOnly: boolean;
  /** At five editions a week; 0 for a paper in two weeks. */
  readonly papersPerWeek: number;
}

const DAY_MS = 86_400_000;
/** arXiv announces on five days, and papers are talked about when they are new. */
const EDITIONS_A_WEEK = 5;

/**
 * The same for the same `at`, however much later it is asked: a letter that goes twice says the same.
 *
 * @param recent closed editions, the newest first; those of other days than the `QUIET_DAYS` before `at` are left out
 */
export function quietNews(
  filter: Filter,
  recent: readonly { readonly edition: Pick<Edition, "closedAt">; readonly index: EditionIndex }[],
  at: Date,
): QuietNews {
  const since = new Date(at.getTime() - QUIET_DAYS * DAY_MS);
  const then = recent.filter(({ edition: { closedAt } }) => closedAt !== null && closedAt > since && closedAt <= at);
  const found = wider(
    filter,
    then.map(({ index }) => index),
  );
  if (found === null) return { days: QUIET_DAYS, since, editions: then.length, advice: null };
  const perWeek = EDITIONS_A_WEEK * found.papersPerDay;
  const advice = {
    ...{ widening: found.widening, name: filter.watches[found.watch]!.name, number: found.watch + 1 },
    ...{ isOnly: filter.watches.length === 1, papersPerWeek: perWeek < 1 ? 0 : Math.round(perWeek) },
  };
  return { days: QUIET_DAYS, since, editions: then.length, advice };
}
