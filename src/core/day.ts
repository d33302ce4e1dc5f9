/** Calendar days without a zone, `YYYY-MM-DD`: arithmetic that no daylight saving can bend. */
import type { Day } from "./paper.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

/** The UTC day an instant falls in. */
export function utcDayOf(at: Date): Day {
  return at.toISOString().slice(0, 10);
}

/** The instant a UTC day begins. */
export function utcStartOf(day: Day): Date {
  return new Date(`${day}T00:00:00Z`);
}

/** The day `count` days later, or earlier when it is negative. */
export function addDays(day: Day, count: number): Day {
  return utcDayOf(new Date(utcStartOf(day).getTime() + count * DAY_MS));
}

/** Whole days from `from` to `to`; negative when `to` is the earlier one. */
export function daysBetween(from: Day, to: Day): number {
  return Math.round((utcStartOf(to).getTime() - utcStartOf(from).getTime()) / DAY_MS);
}

/** 1 for New Year's Day: what an edition is numbered by within its year. */
export function dayOfYear(day: Day): number {
  return daysBetween(`${day.slice(0, 4)}-01-01`, day) + 1;
}

/** 1 Monday … 7 Sunday, as ISO 8601 counts. */
export function weekdayOf(day: Day): number {
  return utcStartOf(day).getUTCDay() || 7;
}

/** Whether it is a day of the calendar, and not 30 February. It has no year 0, for PostgreSQL neither. */
export function isDay(text: string): boolean {
  return /^(?!0000)\d{4}-\d\d-\d\d$/.test(text) && new Date(`${text}T00:00:00Z`).toJSON()?.slice(0, 10) === text;
}
