import { addDays, utcDayOf } from "../core/day.ts";
import type { Log } from "../log.ts";
import type { Queue } from "../queue/queue.ts";
import type { Deliveries } from "../store/deliveries.ts";
import type { Editions } from "../store/editions.ts";
import type { Planning } from "../store/planning.ts";
import type { Requests } from "../store/requests.ts";
import type { Subscriptions } from "../store/subscriptions.ts";
import { DOORBELL_ROWS } from "./plan-deliveries.ts";

export type Needs = {
  deliveries: Pick<Deliveries, "returnLapsed" | "expireLate" | "overdue">;
  planning: Pick<Planning, "pullBackMarks" | "forgetFutureDays" | "makePartitions" | "dropPartitions">;
  editions: Pick<Editions, "reopenFuture">;
  requests: Pick<Requests, "overdue" | "forgetExpired">;
  subscriptions: Pick<Subscriptions, "pausesOver" | "endPause">;
  queue: Pick<Queue, "ring">;
  log: Log;
  retentionDays: number;
};

/** Rows looked at in one statement; the next sweep, a minute later, takes the next ones. */
const BATCH = 5_000;
/** Made so long before they are needed that a week without a sweep stops nobody's digest. */
const PARTITIONS_AHEAD_DAYS = 14;
/** A doorbell that has not been answered for this long was lost. */
const LOST_DOORBELL_MS = 20_000;

/** Picks up whatever a crash, a lost job or a leaping clock left lying, and lets go of what is over. */
export async function sweep(needs: Needs, now: Date): Promise<void> {
  const { deliveries, planning, editions, requests, subscriptions, queue, log, retentionDays } = needs;

  const lapsed = await deliveries.returnLapsed(BATCH);
  const late = await deliveries.expireLate(BATCH);
  const ahead = {
    readers: await planning.pullBackMarks(),
    groups: await planning.forgetFutureDays(),
    editions: await editions.reopenFuture(),
  };
  if (lapsed > 0) log.warn({ deliveries: lapsed }, "took back claims whose worker did not report");
  if (late > 0) log.warn({ deliveries: late }, "ended deliveries that were too late to begin");
  if (ahead.readers + ahead.groups + ahead.editions > 0)
    log.error(ahead, "marks stood in the future: did the clock leap? They were pulled back to today");

  for (const { localDay, fromId, toId } of await deliveries.overdue(LOST_DOORBELL_MS, DOORBELL_ROWS, BATCH))
    await queue.ring("deliver-batch", { localDay, fromId: String(fromId), toId: String(toId) });
  for (const { id } of await requests.overdue(BATCH)) await queue.ring("answer-request", { requestId: String(id) });
  for (const { id, pausedUntil } of await subscriptions.pausesOver(BATCH))
    await subscriptions.endPause(id, pausedUntil);

  await requests.forgetExpired();
  await planning.makePartitions(addDays(utcDayOf(now), -3), addDays(utcDayOf(now), PARTITIONS_AHEAD_DAYS));
  await planning.dropPartitions(addDays(utcDayOf(now), -retentionDays));
}
