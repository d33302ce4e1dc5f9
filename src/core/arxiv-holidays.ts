/** Days on which arXiv announces nothing although it is no weekend, so that an empty listing is no fault. */
import { weekdayOf } from "./day.ts";
import type { Day } from "./paper.ts";

/**
 * US Eastern dates, as arXiv publishes them year by year (info.arxiv.org/help/availability.html, "On Deferred Mailings";
 * its text is kept at github.com/arXiv/arxiv-docs). An empty list on a holiday that is missing here is called broken: a
 * needless alarm, never a wrong mail.
 *
 * What arXiv had not announced when this was written is the rule it followed in 2023–2026: the US holidays it keeps,
 * moved to the weekday on which they are observed. For December 2025 that is one day, for 2027 the whole year; the two or
 * three further days between Christmas and New Year change each time and have to be looked up.
 */
export const ARXIV_HOLIDAYS: ReadonlySet<Day> = new Set([
  "2025-01-01",
  "2025-01-20",
  "2025-06-19",
  "2025-07-06",
  "2025-09-01",
  "2025-11-27",
  "2025-12-25",

  "2026-01-01",
  "2026-01-19",
  "2026-06-19",
  "2026-07-03",
  "2026-09-07",
  "2026-11-26",
  "2026-12-25",
  "2026-12-29",
  "2026-12-31",

  "2027-01-01",
  "2027-01-18",
  "2027-06-18",
  "2027-07-05",
  "2027-09-06",
  "2027-11-25",
  "2027-12-24",
]);

/** Why a listing may rightly be empty on a day; null when it may not. */
export function restOn(day: Day): "weekend" | "holiday" | null {
  if (weekdayOf(day) > 5) return "weekend";
  return ARXIV_HOLIDAYS.has(day) ? "holiday" : null;
}
