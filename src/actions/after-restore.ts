import { addDays } from "../core/day.ts";
import { dueAt, type Group, latestDue, newestEditionDue } from "../core/schedule.ts";
import type { Log } from "../log.ts";
import type { HighWater } from "../store/high-water.ts";
import type { Journal } from "../store/journal.ts";
import type { Passed, Restoration } from "../store/restoration.ts";
import type { Shelf } from "../store/shelf.ts";

export type Needs = {
  restoration: Pick<Restoration, "schedules" | "settle" | "replay">;
  highWater: Pick<HighWater, "mark" | "adopt">;
  journal: Pick<Journal, "read">;
  shelf: Pick<Shelf, "forget">;
  log: Log;
  closesAt: string;
};

/** How many lost local days of a group are written down. */
const LOST_DAYS = 14;

/**
 * After the database was put back from a backup: nothing that was due before now is sent, who left since stays away, and
 * no number that a link or a Message-ID names is given out twice. Twice, or on two machines at once, it is done once.
 */
export async function afterRestore(needs: Needs, now: Date): Promise<"settled" | "already-settled"> {
  const { restoration, highWater, journal, log } = needs;
  const passed = await passedHoursOf(needs, now);
  const settled = await restoration.settle({ mark: highWater.mark(), passed, journal: journal.read(), now });
  if (settled === null) return "already-settled";
  const { restorations, ...done } = settled;
  needs.shelf.forget();
  await highWater.adopt(restorations);
  log.error(
    done,
    "the database was restored from a backup: what was due before now is not sent, who left since then was ended again, and every reader's next digest is the next one due",
  );
  return "settled";
}

/** The newest hour of every schedule that came before `now`, and those of some days before it. */
export async function passedHoursOf(
  { restoration, closesAt }: { restoration: Pick<Restoration, "schedules">; closesAt: string },
  now: Date,
): Promise<Passed[]> {
  return (await restoration.schedules()).flatMap((group) => passedHours(group, now, closesAt));
}

function passedHours(group: Group, now: Date, closesAt: string): Passed[] {
  const newest = latestDue(group, now);
  const passed: Passed[] = [];
  for (let back = 0; back <= LOST_DAYS; back += 1) {
    const localDay = addDays(newest.localDay, -back);
    const at = dueAt(group, localDay);
    if (at) passed.push({ group, localDay, at, edition: newestEditionDue(at, closesAt) });
  }
  return passed;
}
