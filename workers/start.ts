/** Binds every queue to its actions, and keeps the clock going. */
import { BATCHES } from "../src/actions/deliver-batch.ts";
import type { Log } from "../src/log.ts";
import type { Queue, Working } from "../src/queue/queue.ts";
import { type EditionsApp, editionJobs } from "./editions.ts";
import { type LettersApp, letterJobs } from "./letters.ts";
import { type MailApp, mailJobs } from "./mail.ts";
import { type PapersApp, paperJobs } from "./papers.ts";
import { type ReportsApp, reportJobs } from "./reports.ts";
import { type UpkeepApp, upkeepJobs } from "./upkeep.ts";

export type WorkersApp = EditionsApp &
  LettersApp &
  MailApp &
  PapersApp &
  ReportsApp &
  UpkeepApp & { queue: Queue; log: Log };

/** How often each tick comes, in milliseconds; a compressed clock divides them. */
export interface Ticks {
  readonly collectMs: number;
  readonly closeMs: number;
  readonly planMs: number;
  readonly sweepMs: number;
  /** While the vanguard of a wave is out its readers wait for this; otherwise it finds nothing, in one small query. */
  readonly judgeMs: number;
  /** A flushed queue never ticks again by itself: the rhythms are put back this often. */
  readonly assertMs: number;
}

const MINUTE_MS = 60_000;

/**
 * Papers hourly. Zones differ by quarters of an hour, so planning has to look every fifteen minutes (Kathmandu is
 * +5:45); it looks every minute, because finding nothing to do costs one query and a reader's seven o'clock is seven.
 */
const TICKS: Ticks = {
  collectMs: 60 * MINUTE_MS,
  closeMs: 5 * MINUTE_MS,
  planMs: MINUTE_MS,
  sweepMs: MINUTE_MS,
  judgeMs: 3_000,
  assertMs: MINUTE_MS,
};

/** Somebody waits for each letter: a queue of their own keeps them out of a morning's digests. */
const LETTER_JOBS = 2;
/** Ten thousand bounces at once are worked off in a minute or two, and leave the database to the morning's digests. */
const REPORT_JOBS = 2;

export interface Workers {
  /** Takes no new jobs, lets those under way finish within the grace. */
  close(options: { graceMs: number }): Promise<void>;
}

export async function startWorkers(app: WorkersApp, ticks: Ticks = TICKS): Promise<Workers> {
  const { queue, log } = app;
  const working: Working[] = [
    queue.work("papers", paperJobs(app)),
    queue.work("editions", editionJobs(app)),
    queue.work("mail", mailJobs(app), { concurrency: BATCHES }),
    queue.work("letters", letterJobs(app), { concurrency: LETTER_JOBS }),
    queue.work("reports", reportJobs(app), { concurrency: REPORT_JOBS }),
    // Who waits for a vanguard does not wait for a long sweep.
    queue.work("upkeep", upkeepJobs(app), { concurrency: 2 }),
  ];
  const assertRhythms = async () => {
    await queue.schedule("collect", { everyMs: ticks.collectMs }, "collect-papers", {});
    await queue.schedule("close", { everyMs: ticks.closeMs }, "close-edition", {});
    await queue.schedule("plan", { everyMs: ticks.planMs }, "plan-deliveries", {});
    await queue.schedule("sweep", { everyMs: ticks.sweepMs }, "sweep", {});
    await queue.schedule("judge", { everyMs: ticks.judgeMs }, "judge-waves", {});
  };
  await assertRhythms();
  // The queue being away is logged by the queue; the next minute tries again.
  const timer = setInterval(
    () => void assertRhythms().catch((err) => log.warn({ err }, "rhythms not asserted")),
    ticks.assertMs,
  );

  return {
    async close({ graceMs }) {
      clearInterval(timer);
      await Promise.all(working.map((one) => one.close({ graceMs })));
    },
  };
}
