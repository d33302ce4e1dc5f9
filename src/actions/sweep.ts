import { addDays, utcDayOf } from "../core/day.ts";
import type { Log } from "../log.ts";
import { counted } from "../metrics.ts";
import type { Queue } from "../queue/queue.ts";
import type { Deliveries } from "../store/deliveries.ts";
import type { Door } from "../store/door.ts";
import type { Editions } from "../store/editions.ts";
import type { Gate } from "../store/gate.ts";
import type { Incidents } from "../store/incidents.ts";
import type { Limits } from "../store/limits.ts";
import type { Planning } from "../store/planning.ts";
import type { Reports } from "../store/reports.ts";
import type { Requests } from "../store/requests.ts";
import type { Subscriptions } from "../store/subscriptions.ts";
import type { Suspensions } from "../store/suspensions.ts";
import type { Tallies } from "../store/tallies.ts";
import type { Waves } from "../store/waves.ts";
import { DOORBELL_ROWS, ringDoorbells } from "./doorbells.ts";
import { type Needs as KeepNeeds, keepNoLonger } from "./keep-no-longer.ts";

export type Needs = KeepNeeds & {
  deliveries: Pick<Deliveries, "returnLapsed" | "expireLate" | "overdue">;
  planning: Pick<Planning, "pullBackMarks" | "forgetFutureDays" | "makePartitions" | "dropPartitions">;
  editions: Pick<Editions, "reopenFuture">;
  requests: Pick<Requests, "overdue">;
  subscriptions: Pick<Subscriptions, "pausesOver" | "endPause" | "staysOver" | "comeHome">;
  suspensions: Pick<Suspensions, "dueTries" | "tryAgain" | "forgetTrouble">;
  reports: Pick<Reports, "overdue">;
  incidents: Pick<Incidents, "raise" | "clear">;
  gate: Pick<Gate, "admitted">;
  waves: Pick<Waves, "forget">;
  tallies: Pick<Tallies, "addUp">;
  limits: Pick<Limits, "forget">;
  door: Pick<Door, "forget">;
  queue: Pick<Queue, "ring">;
  log: Log;
  retentionDays: number;
};

/** Rows looked at in one statement; the next sweep, a minute later, takes the next ones. */
const BATCH = 5_000;
/** Changes of tallies added up in one sweep: many more than a busy minute makes, of a million mails an hour two thousand. */
const TALLY_CHANGES = 50_000;
/** Made so long before they are needed that a week without a sweep stops nobody's digest. */
const PARTITIONS_AHEAD_DAYS = 14;
/** Longer than the digests of any edition are valid: a week's, 7 days old at its readers' hour, for another 72 h. */
const WAVES_KEPT_DAYS = 14;
/** A doorbell that has not been answered for this long was lost. */
const LOST_DOORBELL_MS = 20_000;

const LEAPT =
  "The clock of the database leapt: readers, hours or editions had marks in the future, which were pulled back to today. See that the machine keeps time by NTP.";

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
  counted.claimsLapsed.inc(lapsed);
  if (lapsed > 0) log.warn({ deliveries: lapsed }, "took back claims whose worker did not report");
  if (late > 0) log.warn({ deliveries: late }, "ended deliveries that were too late to begin");
  if (ahead.readers + ahead.groups + ahead.editions > 0) {
    log.error(ahead, "marks stood in the future: did the clock leap? They were pulled back to today");
    await needs.incidents.raise("clock", "database", LEAPT);
  } else await needs.incidents.clear("clock", "database");

  for (const range of await deliveries.overdue(lapsed > 0 ? 0 : LOST_DOORBELL_MS, DOORBELL_ROWS, BATCH))
    for (const part of await needs.gate.admitted(range)) await ringDoorbells(queue, part);
  for (const { id } of await requests.overdue(BATCH)) await queue.ring("answer-request", { requestId: String(id) });
  for (const { id, pausedUntil } of await subscriptions.pausesOver(BATCH))
    await subscriptions.endPause(id, pausedUntil);
  for (const { id, until } of await subscriptions.staysOver(BATCH)) await subscriptions.comeHome(id, "clock", until);
  await sweepReports(needs);

  await needs.tallies.addUp(TALLY_CHANGES);
  await keepNoLonger(needs);
  await needs.waves.forget(addDays(utcDayOf(now), -WAVES_KEPT_DAYS));
  await needs.limits.forget();
  await needs.door.forget();
  await planning.makePartitions(addDays(utcDayOf(now), -3), addDays(utcDayOf(now), PARTITIONS_AHEAD_DAYS));
  await planning.dropPartitions(addDays(utcDayOf(now), -retentionDays));
}

/** Reports whose doorbell was lost, and the readers they are about: who was suspended is tried again in time. */
async function sweepReports({ reports, suspensions, incidents, queue }: Needs): Promise<void> {
  for (const { id } of await reports.overdue(BATCH)) await queue.ring("apply-report", { reportId: String(id) });
  for (const due of await suspensions.dueTries(BATCH)) await suspensions.tryAgain(due);
  await suspensions.forgetTrouble(BATCH);
  await incidents.clear("mail-blamed", "mail");
}
