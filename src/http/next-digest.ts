import { freshnessAt, nextDue } from "../core/schedule.ts";
import { groupOf, type Preferences } from "../core/subscription.ts";
import { dateOf, type Say } from "../core/text.ts";
import { localTimeOf } from "../core/zone.ts";

/** "Monday, 24 November 2026 at 07:00, Europe/Berlin": when the reader's hour comes next. */
export function nextDigestInWords(preferences: Preferences, now: Date, say: Say): string {
  const { localDay } = nextDue(groupOf(preferences), now);
  const { hour, zone } = preferences;
  return say("page.next", { date: dateOf(localDay), hour: hourOf(hour), zone: zone.replaceAll("_", " ") });
}

/** "The edition closes at 01:00 UTC, which is 03:00 for you. At 07:00 it is 4 hours old." */
export function freshnessInWords(preferences: Preferences, closesAt: string, now: Date, say: Say): string {
  const { zone, hour } = preferences;
  const { closedAt, ageMs } = freshnessAt(nextDue(groupOf(preferences), now), closesAt);
  return say("page.form.freshness", {
    utc: localTimeOf("UTC", closedAt),
    local: localTimeOf(zone, closedAt),
    isLocal: localTimeOf(zone, closedAt) === localTimeOf("UTC", closedAt) ? "no" : "yes",
    hour: hourOf(hour),
    hours: Math.floor(ageMs / HOUR_MS),
  });
}

const HOUR_MS = 60 * 60 * 1000;

function hourOf(hour: number): string {
  return `${String(hour).padStart(2, "0")}:00`;
}
