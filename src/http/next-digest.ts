import { nextDue } from "../core/schedule.ts";
import { groupOf, type Preferences } from "../core/subscription.ts";
import { dateOf, type Say } from "../core/text.ts";

/** "Monday, 24 November 2026 at 07:00, Europe/Berlin": when the reader's hour comes next. */
export function nextDigestInWords(preferences: Preferences, now: Date, say: Say): string {
  const { localDay } = nextDue(groupOf(preferences), now);
  const hour = `${String(preferences.hour).padStart(2, "0")}:00`;
  return say("page.next", { date: dateOf(localDay), hour, zone: preferences.zone.replaceAll("_", " ") });
}
