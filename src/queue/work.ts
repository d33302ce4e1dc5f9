import { type Job, UnrecoverableError } from "bullmq";
import { Temporary } from "../errors.ts";
import { type Log, mask, onTrail } from "../log.ts";
import { counted } from "../metrics.ts";
import type { Backend } from "./backend.ts";
import { isJobName, JOBS, type JobsOf, type Payload, type QueueName } from "./jobs.ts";
import { within } from "./within.ts";

/** What to do for each job of a queue. `signal` is aborted when the worker closes: what is begun may be finished, within the grace. */
export type Handlers<Q extends QueueName> = {
  [N in JobsOf<Q>]: (payload: Payload<N>, signal: AbortSignal) => Promise<unknown>;
};

export type Working = {
  /**
   * Takes no further jobs and waits until those that run are done, but no longer than `graceMs`. A job cut off by that is
   * run again, by any worker, when its lock has lapsed (30 s).
   */
  close(options?: { graceMs?: number }): Promise<void>;
};

/** Works off one queue. Only a `Temporary` fault makes a job ring again; any other would fail the same way next time. */
export function startWorking<Q extends QueueName>(
  backend: Backend,
  queue: Q,
  handlers: Handlers<Q>,
  concurrency: number,
  log: Log,
): Working {
  const abort = new AbortController();
  let running = 0;
  // From nought on: Prometheus does not see the first of a kind come otherwise.
  for (const job of Object.keys(handlers))
    for (const outcome of ["done", "retried", "failed"]) counted.jobs.inc({ job, outcome }, 0);

  const worker = backend.worker(
    queue,
    async (job) => {
      running++;
      try {
        const work = () => handle(job, handlers, abort.signal, log);
        const request = askedBy(job);
        await (request === null ? work() : onTrail({ request }, work));
      } finally {
        running--;
      }
    },
    {
      concurrency,
      runRetryDelay: 2_000,
      settings: { backoffStrategy: (attempt, _type, error, job) => backOffMs(job?.name ?? "", attempt, error) },
    },
  );
  worker.on("error", logged(queue, log, abort.signal));

  return {
    async close({ graceMs = 0 } = {}) {
      abort.abort();
      // Pausing wakes a worker that waits for jobs, and resolves when the last one that runs is done and recorded.
      const isIdle = await within(running > 0 ? graceMs : 1_000, worker.pause()).then(
        () => true,
        () => false,
      );
      if (running > 0)
        log.warn({ queue, jobs: running }, "Jobs were still running at the end of the grace; they run again");
      // Forced, it leaves running jobs alone and ends the connections. What is still open then, the backend closes.
      await within(2_000, worker.close(!isIdle)).catch(() => {});
    },
  };
}

async function handle<Q extends QueueName>(
  job: Job,
  handlers: Handlers<Q>,
  signal: AbortSignal,
  log: Log,
): Promise<void> {
  const { name } = job;
  const handler = (
    handlers as Record<string, ((payload: unknown, signal: AbortSignal) => Promise<unknown>) | undefined>
  )[name];
  const payload = isJobName(name) && handler ? JOBS[name].payload.safeParse(job.data) : null;
  if (!handler || !payload?.success) {
    // Left by another release, or by a hand. Ours was checked when it was added.
    log.error({ job: name, payload: job.data }, "A job this release does not know; dropped");
    throw new UnrecoverableError("unknown job or payload");
  }
  const count = (outcome: string) => counted.jobs.inc({ job: name, outcome });
  const stop = counted.jobSeconds.startTimer({ job: name });
  try {
    await handler(payload.data, signal);
    count("done");
    counted.jobDoneAt.set({ job: name }, Date.now() / 1_000);
  } catch (error) {
    // Who breaks off because we close leaves the job to whoever works next.
    const isLeft = signal.aborted && !(error instanceof Temporary);
    const fault = isLeft ? new Temporary("The worker closes", { cause: error }) : error;
    count(fault instanceof Temporary ? "retried" : "failed");
    throw asVerdict(fault, job, log, signal.aborted);
  } finally {
    stop();
  }
}

/** The request that rang for it; null where the clock did. */
function askedBy(job: Job): string | null {
  const { metadata } = job.opts.telemetry ?? {};
  if (metadata === undefined) return null;
  try {
    const { request } = JSON.parse(metadata) as { request?: unknown };
    return typeof request === "string" ? request : null;
  } catch {
    // Another release's, or a hand's: the job is done all the same.
    return null;
  }
}

/** The message goes into the queue's storage, so it is masked like a log line. */
function asVerdict(error: unknown, job: Job, log: Log, isClosing: boolean): Error {
  const message = mask(error instanceof Error ? error.message : String(error));
  const left = (job.opts.attempts ?? 1) - job.attemptsMade - 1;
  if (!(error instanceof Temporary)) {
    log.error({ job: job.name, payload: job.data, err: error }, "A job failed; it is not tried again");
    return new UnrecoverableError(message);
  }
  const words = left > 0 ? "A job failed and is tried again" : "A job failed for the last time; `sweep` rings again";
  // That a worker is told to close is nothing to look into.
  log[isClosing ? "info" : "warn"]({ job: job.name, payload: job.data, left, err: error }, words);
  const { retryAfterMs } = error;
  const verdict = new Temporary(message, retryAfterMs === undefined ? {} : { retryAfterMs });
  verdict.stack = `Temporary: ${message}`; // BullMQ keeps stacks, and ours may have the unmasked message in it
  return verdict;
}

/** Doubled each time, up to 20 % less so that what failed together does not come back together; never before we were told to. */
function backOffMs(name: string, attempt: number, error: unknown): number {
  const { firstMs, mostMs } = isJobName(name) ? JOBS[name].backOff : { firstMs: 1_000, mostMs: 60_000 };
  const ms = Math.min(firstMs * 2 ** (attempt - 1), mostMs) * (0.8 + 0.2 * Math.random());
  const asked = error instanceof Temporary ? (error.retryAfterMs ?? 0) : 0;
  return Math.round(Math.max(ms, Math.min(asked, 3_600_000)));
}

/**
 * A server that is away makes a worker complain many times a second. Every ten seconds is enough to know. What a worker meets
 * once it closes is its server going before it, on a machine too busy to let go of connections in time.
 */
function logged(queue: string, log: Log, closing: AbortSignal): (error: Error) => void {
  let quietUntil = 0;
  return (error) => {
    if (closing.aborted) return log.debug({ queue, err: error }, "A worker that closes has trouble with its queue");
    if (performance.now() < quietUntil) return;
    quietUntil = performance.now() + 10_000;
    log.warn({ queue, err: error }, "The worker has trouble with its queue");
  };
}
