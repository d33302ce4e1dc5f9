import { heartbeatFor } from "../core/heartbeat.ts";
import { newestEditionDue } from "../core/schedule.ts";
import type { Log } from "../log.ts";
import type { Editions } from "../store/editions.ts";
import type { Heartbeats } from "../store/heartbeats.ts";
import type { House } from "../store/house.ts";
import type { Ticks } from "../store/ticks.ts";

export type Needs = {
  heartbeats: Heartbeats;
  editions: Pick<Editions, "since">;
  ticks: Pick<Ticks, "last">;
  house: Pick<House, "oldestDueAt">;
  /** Reaches whoever waits for it, or throws; null: nobody waits. */
  beat: (() => Promise<void>) | null;
  closesAt: string;
  databaseNow: () => Promise<Date>;
  log: Log;
};

/** Sends one an edition, when all is well; again in five minutes while that fails. */
export async function sendHeartbeat(needs: Needs): Promise<"sent" | "failed" | "nothing"> {
  const { heartbeats, editions, ticks, house, beat, closesAt, log } = needs;
  if (beat === null) return "nothing";
  const now = await needs.databaseNow();
  const newest = newestEditionDue(now, closesAt);
  const edition = (await editions.since(newest)).find(({ date }) => date === newest) ?? null;
  const [plannedAt, oldestDueAt] = await Promise.all([ticks.last("plan"), house.oldestDueAt()]);
  const date = heartbeatFor(edition, { plannedAt, oldestDueAt, now });
  if (date === null || !(await heartbeats.claim(date))) return "nothing";
  try {
    await beat();
  } catch (error) {
    const reason = (error as Error).message;
    if (await heartbeats.failed(date)) log.warn({ edition: date, reason }, "HEARTBEAT_URL did not take a heartbeat");
    return "failed";
  }
  await heartbeats.sent(date);
  return "sent";
}
