/** Which groups of readers fall due between two instants, which edition they get, and until when it may be sent (docs/promises.md §6, promises 1 and 8). */
import { addDays, utcDayOf, utcStartOf, weekdayOf } from "./day.ts";
import type { EditionState } from "./edition.ts";
import type { Day } from "./paper.ts";
import { instantOf } from "./zone.ts";

/** Readers who fall due together. `zone` is an IANA name, `hour` 0–23 there, `weekday` 1 Monday … 7 Sunday. */
export type Group =
  | { readonly cadence: "daily" | "weekdays"; readonly zone: string; readonly hour: number }
  | { readonly cadence: "weekly"; readonly weekday: number; readonly zone: string; readonly hour: number };

/** One group on one local day, and the instant its hour comes. */
export type Due = Group & { readonly localDay: Day; readonly at: Date };

/** What a group that fell due gets: an edition, one still open to wait for, or nothing and why. */
export type EditionChoice = { readonly take: Day } | { readonly wait: Day } | { readonly nothing: NothingBecause };

/** What became of the newest edition that was due; or that none is fresh enough, or any there at all. */
export type NothingBecause = "quiet" | "broken" | "no-edition-in-window";

const HOUR_MS = 60 * 60 * 1000;

/**
 * How old an edition may be at a group's hour. Daily: the last one, and six hours for a late close. Weekdays: Monday
 * still gets the edition of Friday, closed on Saturday morning, wherever it lives.
 */
const WINDOW_HOURS = { daily: 30, weekdays: 80, weekly: 7 * 24 } as const;

/** Every group falls due within a fortnight and the day a zone may be from UTC, even when its zone skips its weekday once. */
const LONGEST_REST_DAYS = 15;

/** How long after its hour a digest may still go out. Under a day, so that two never arrive together. */
const VALID_HOURS = { daily: 20, weekdays: 20, weekly: 72 } as const;

/**
 * Groups whose local delivery hour fell in `(since, now]`, oldest first.
 *
 * A local hour that daylight saving skips is due at the first instant after the gap; one that it repeats is due the
 * first time only.
 *
 * @param groups distinct cadence, IANA zone and hour (0–23) of active subscriptions
 * @returns at most one entry per group and local day; empty when `since >= now`
 * @throws {Invalid} for a zone this runtime does not know
 */
export function fallingDue(groups: readonly Group[], since: Date, now: Date): Due[] {
  const due: Due[] = [];
  if (since >= now) return due;
  const lastDay = addDays(utcDayOf(now), 1);
  for (const group of groups) {
    for (let localDay = addDays(utcDayOf(since), -1); localDay <= lastDay; localDay = addDays(localDay, 1)) {
      const at = dueAt(group, localDay);
      if (at !== null && at > since && at <= now) due.push({ ...group, localDay, at });
    }
  }
  return due.sort((a, b) => a.at.getTime() - b.at.getTime());
}

/** The last time a group fell due, `now` included: what a tick that missed others still owes. @throws {Invalid} for an unknown zone */
export function latestDue(group: Group, now: Date): Due {
  const tomorrow = addDays(utcDayOf(now), 1);
  const weekdayOfTomorrow = weekdayOf(tomorrow);
  for (let back = 0; back <= LONGEST_REST_DAYS + 1; back++) {
    // Asked for every group at every tick: days without a digest are passed over by counting.
    if (group.cadence === "weekly" && (weekdayOfTomorrow - group.weekday - back) % 7 !== 0) continue;
    const localDay = addDays(tomorrow, -back);
    const at = dueAt(group, localDay);
    if (at !== null && at <= now) return { ...group, localDay, at };
  }
  throw new Error(`${groupKey(group)} has no hour before ${now.toISOString()}`);
}

/** The first time a group falls due after an instant, that instant not included. @throws {Invalid} for an unknown zone */
export function nextDue(group: Group, after: Date): Due {
  for (let ahead = -1; ahead <= LONGEST_REST_DAYS; ahead++) {
    const localDay = addDays(utcDayOf(after), ahead);
    const at = dueAt(group, localDay);
    if (at !== null && at > after) return { ...group, localDay, at };
  }
  throw new Error(`${groupKey(group)} has no hour after ${after.toISOString()}`);
}

/**
 * When a group falls due on one of its local days; null on a day without a digest, or one its zone skipped whole.
 *
 * @throws {Invalid} for a zone this runtime does not know
 */
export function dueAt(group: Group, localDay: Day): Date | null {
  const weekday = weekdayOf(localDay);
  if (group.cadence === "weekdays" && weekday > 5) return null;
  if (group.cadence === "weekly" && weekday !== group.weekday) return null;
  return instantOf(group.zone, localDay, group.hour);
}

/** The same text for the same group, and for no other. */
export function groupKey(group: Group): string {
  const cadence = group.cadence === "weekly" ? `weekly:${group.weekday}` : group.cadence;
  return `${cadence}|${group.zone}|${group.hour}`;
}

/** The last instant at which the digest of a group that fell due may still go out. */
export function sendBy(due: Pick<Due, "cadence" | "at">): Date {
  return new Date(due.at.getTime() + VALID_HOURS[due.cadence] * HOUR_MS);
}

/** How old, in milliseconds, an edition may be at the hour of a group. */
function windowMs(cadence: Group["cadence"]): number {
  return WINDOW_HOURS[cadence] * HOUR_MS;
}

/** When the edition of a UTC day closes if all goes well: at `closesAt` (`HH:MM`, UTC) on the day after. */
export function editionDueAt(date: Day, closesAt: string): Date {
  const [hours = 0, minutes = 0] = closesAt.split(":").map(Number);
  return new Date(utcStartOf(addDays(date, 1)).getTime() + (hours * 60 + minutes) * 60_000);
}

/** The newest edition that should have closed by an instant. */
export function newestEditionDue(at: Date, closesAt: string): Day {
  const yesterday = addDays(utcDayOf(at), -1);
  return editionDueAt(yesterday, closesAt) <= at ? yesterday : addDays(yesterday, -1);
}

/** When the newest edition there is at an hour closes, if all goes well, and its age then in milliseconds. */
export function freshnessAt(
  due: Pick<Due, "at">,
  closesAt: string,
): { readonly closedAt: Date; readonly ageMs: number } {
  const closedAt = editionDueAt(newestEditionDue(due.at, closesAt), closesAt);
  return { closedAt, ageMs: due.at.getTime() - closedAt.getTime() };
}

/**
 * The edition for a group that fell due, judged by its hour and not by when we look: an edition that should close after
 * the hour is not taken even when planning runs late, and one that should have closed before it is waited for.
 *
 * Whether the reader had the edition already, and whether the wait went past {@link sendBy}, is for the caller.
 *
 * @param editions rows of at least the last eight days, in any order; a day without a row was not decided yet
 * @param closesAt `HH:MM`, UTC
 * @param startedOn the first day this installation makes an edition of: nobody waits for an older one. Left out, the
 *   oldest of `editions`, so that an installation without any waits for none
 */
export function editionFor(
  due: Pick<Due, "cadence" | "at">,
  editions: readonly { readonly date: Day; readonly state: EditionState; readonly closedAt: Date | null }[],
  closesAt: string,
  startedOn?: Day,
): EditionChoice {
  const newestDue = newestEditionDue(due.at, closesAt);
  const oldestClose = due.at.getTime() - windowMs(due.cadence);
  const dueByThen = editions.filter(({ date }) => date <= newestDue).sort((a, b) => (a.date < b.date ? 1 : -1));

  const newest = dueByThen[0]?.date === newestDue ? dueByThen[0] : null;
  const isAwaited = startedOn === undefined ? dueByThen.length > 0 : newestDue >= startedOn;
  if (newest === null && isAwaited) return { wait: newestDue };

  for (const { date, state, closedAt } of dueByThen) {
    // Behind a quiet Sunday, Friday's edition may still be open. One from before the window is not worth the wait.
    const mayStillClose = date === newestDue || editionDueAt(date, closesAt).getTime() >= oldestClose;
    if (state === "open" && mayStillClose) return { wait: date };
    if (state === "closed" && closedAt !== null && closedAt.getTime() >= oldestClose) return { take: date };
  }
  const state = newest?.state;
  return { nothing: state === "quiet" || state === "broken" ? state : "no-edition-in-window" };
}
