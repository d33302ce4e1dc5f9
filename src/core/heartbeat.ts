/** When a sign of life goes out: its absence tells whoever waits for it that nobody gets a digest any more. */
import type { EditionState } from "./edition.ts";
import type { Day } from "./paper.ts";
import { isPlanning } from "./troubles.ts";

/** Digests that wait longer than this hang: a server that is away for some minutes is no reason to keep still. */
const OVERDUE_MS = 30 * 60_000;

/**
 * One for each edition that is closed or quiet, once somebody plans and all that fell due was sent or is only a little
 * late: by the time an edition closes, the hours of the one before it have come for every reader. None for a broken one.
 *
 * @param edition the newest that should be closed by now; null: it has no row
 * @param plannedAt when planning ticked last
 * @param oldestDueAt since when the delivery waits that has waited longest, held back or not; null: none does
 * @returns the edition the heartbeat is for
 */
export function heartbeatFor(
  edition: { readonly date: Day; readonly state: EditionState } | null,
  { plannedAt, oldestDueAt, now }: { plannedAt: Date | null; oldestDueAt: Date | null; now: Date },
): Day | null {
  if (edition?.state !== "closed" && edition?.state !== "quiet") return null;
  if (!isPlanning(plannedAt, now)) return null;
  if (oldestDueAt !== null && now.getTime() - oldestDueAt.getTime() > OVERDUE_MS) return null;
  return edition.date;
}
