import { createHash } from "node:crypto";
import { Invalid, Temporary } from "../errors.ts";
import { gather } from "../gather.ts";
import { currentTrail, type Log } from "../log.ts";
import { withTrace } from "../tracing.ts";
import { type AnyQueue, type Backend, openBackend } from "./backend.ts";
import type { BoardHandler } from "./board.ts";
import { JOBS, type JobName, type Payload, QUEUES, type QueueName } from "./jobs.ts";
import { within } from "./within.ts";
import { type Handlers, startWorking, type Working } from "./work.ts";

export type { Handlers, Working } from "./work.ts";

/** Every so many milliseconds, or as a cron pattern in an IANA zone. */
export type Rhythm = { everyMs: number } | { pattern: string; zone: string };

/** How many jobs of a queue are in which state. */
export type Counts = Record<QueueName, { waiting: number; active: number; delayed: number; failed: number }>;

export type Pulse = {
  /** Since when the job that waits longest in a queue could be begun; null where none waits. */
  waitingSince: Record<QueueName, Date | null>;
  /** By how many milliseconds the next tick of each rhythm is late; 0 while it is still to come. */
  lateMs: Record<string, number>;
};

export type Queue = {
  /**
   * Rings for a job.
   *
   * @param id of what the job is about. While a job of this id waits, ringing again does nothing; while it runs, it runs
   *   once more afterwards, for it may have looked at the rows already. Any string.
   * @throws {Invalid} for a payload that is not this job's
   * @throws {Temporary} when the queue does not answer; what the job is about is in the database, and `sweep` rings again
   */
  add<N extends JobName>(name: N, payload: Payload<N>, options?: { id?: string; delayMs?: number }): Promise<void>;
  /**
   * Rings for something that stands in the database: once for the same payload while it waits. Rings that come while one is
   * under way go together. When the queue does not answer that is logged and no more, for `sweep` finds the row and rings again.
   */
  ring<N extends JobName>(name: N, payload: Payload<N>): Promise<void>;
  /**
   * Rings again and again, from now on. Calling it again with the same arguments changes nothing, and puts a rhythm back
   * that was lost with the queue's contents: call it every minute.
   */
  schedule<N extends JobName>(id: string, rhythm: Rhythm, name: N, payload: Payload<N>): Promise<void>;
  /** Starts to work off one queue. @throws nothing: what goes wrong is logged, the connection is tried for ever */
  work<Q extends QueueName>(queue: Q, handlers: Handlers<Q>, options?: { concurrency?: number }): Working;
  /** @throws {Temporary} when the server does not answer within two seconds */
  ready(): Promise<void>;
  counts(): Promise<Counts>;
  /** Whether somebody works. @throws {Temporary} when the queue does not answer */
  pulse(): Promise<Pulse>;
  /** Pages to look at the queues, of which nothing can be changed; below `path`, behind whoever may see them. */
  board(path: string): Promise<BoardHandler>;
  /** Ends everything; running handlers get `graceMs` (default: none) to finish. */
  close(options?: { graceMs?: number }): Promise<void>;
};

export type QueueOptions = {
  /** Unset: the queue is in the database. */
  redisUrl?: string | undefined;
  databaseUrl?: string | undefined;
  /** Separates several installations on one Redis. */
  prefix?: string;
  /** Jobs become spans, within the trace of whoever rang. */
  isTraced?: boolean;
  log: Log;
};

const ANSWERS_WITHIN_MS = 5_000;
/** The first start makes BullMQ's tables in PostgreSQL, for which a small machine that is busy takes longer than for an answer. */
const MIGRATES_WITHIN_MS = 60_000;
/** In one statement, which holds up the workers of its queue while it runs. */
const MOST_RINGS = 100;

/**
 * Opens the queue, on Redis or in PostgreSQL.
 *
 * @throws {Temporary} when the server cannot be reached
 */
export async function openQueue({ prefix = "paperboy", log, ...where }: QueueOptions): Promise<Queue> {
  const backend = await answered(
    openBackend({ ...where, prefix, log }),
    where.redisUrl ? ANSWERS_WITHIN_MS : MIGRATES_WITHIN_MS,
  );
  const queues = openQueues(backend, log);
  const workings: Working[] = [];

  const jobOf = <N extends JobName>(
    name: N,
    payload: Payload<N>,
    { id, delayMs }: { id?: string; delayMs?: number },
  ) => ({
    name,
    data: checked(name, payload),
    opts: {
      ...optionsOf(name),
      ...onBehalf(),
      ...(delayMs === undefined ? {} : { delay: delayMs }),
      // Not a job id: one that failed and is kept would silently swallow every later job of the same id.
      ...(id === undefined ? {} : { deduplication: { id: short(`${name} ${id}`), keepLastIfActive: true } }),
    },
  });
  // Of all that a request costs the database, a job of its own was the dearest.
  const ringers = mapQueues((name) =>
    gather((jobs: readonly ReturnType<typeof jobOf>[]) => answered(queues[name].addBulk([...jobs])), {
      most: MOST_RINGS,
    }),
  );

  return {
    async add(name, payload, options = {}) {
      const job = jobOf(name, payload, options);
      await answered(queues[JOBS[name].queue].add(job.name, job.data, job.opts));
    },

    async ring(name, payload) {
      try {
        await ringers[JOBS[name].queue](jobOf(name, payload, { id: JSON.stringify(payload) }));
      } catch (error) {
        if (!(error instanceof Temporary)) throw error;
        log.warn({ job: name, err: error }, "The queue did not take a doorbell; the next sweep rings again");
      }
    },

    async schedule(id, rhythm, name, payload) {
      const data = checked(name, payload);
      const repeat = "everyMs" in rhythm ? { every: rhythm.everyMs } : { pattern: rhythm.pattern, tz: rhythm.zone };
      // BullMQ makes the ids of its jobs out of this one, with colons between.
      const key = short(id.replaceAll(":", "-"));
      const queue = queues[JOBS[name].queue];
      // Each tick is a trace of its own, not one more of whoever asserted the rhythm.
      const opts = { ...optionsOf(name), telemetry: { omitContext: true } };
      await answered(queue.upsertJobScheduler(key, repeat, { name, data, opts }));
    },

    work(queue, handlers, { concurrency = 1 } = {}) {
      const working = startWorking(backend, queue, handlers, concurrency, log);
      workings.push(working);
      return working;
    },

    async ready() {
      await answered(backend.ping(), 2_000);
    },

    async counts() {
      const entries = QUEUES.map(async (name) => {
        const { waiting = 0, active = 0, delayed = 0, failed = 0 } = await queues[name].getJobCounts();
        return [name, { waiting, active, delayed, failed }] as const;
      });
      return Object.fromEntries(await answered(Promise.all(entries))) as Counts;
    },

    async pulse() {
      const oldest = QUEUES.map(async (name) => {
        const [job] = await queues[name].getWaiting(0, 0);
        return [name, job ? new Date(job.timestamp + (job.opts.delay ?? 0)) : null] as const;
      });
      const rhythms = QUEUES.map((name) => queues[name].getJobSchedulers(0, -1));
      const [waitingSince, schedulers] = await answered(Promise.all([Promise.all(oldest), Promise.all(rhythms)]));
      const lateMs = schedulers.flat().map(({ key, next }) => [key, Math.max(0, Date.now() - (next ?? Date.now()))]);
      return {
        waitingSince: Object.fromEntries(waitingSince) as Pulse["waitingSince"],
        lateMs: Object.fromEntries(lateMs),
      };
    },

    async board(path) {
      const { openBoard } = await import("./board.ts");
      return openBoard(Object.values(queues), path);
    },

    async close({ graceMs = 0 } = {}) {
      await Promise.all(workings.map((working) => working.close({ graceMs })));
      // What does not end by itself, because its server is away, ends with the connections.
      await Promise.all(Object.values(queues).map((queue) => within(2_000, queue.close()).catch(() => {})));
      await within(2_000, backend.close()).catch(() => {});
    },
  };
}

function openQueues(backend: Backend, log: Log): Record<QueueName, AnyQueue> {
  return mapQueues((name) => {
    const queue = backend.queue(name);
    queue.on("error", (error) => log.debug({ queue: name, err: error }, "Queue"));
    return queue;
  });
}

function mapQueues<T>(of: (name: QueueName) => T): Record<QueueName, T> {
  return Object.fromEntries(QUEUES.map((name) => [name, of(name)])) as Record<QueueName, T>;
}

/** A hundred failed jobs are kept for whoever looks for a reason; a finished one is of no use to anybody. */
function optionsOf(name: JobName) {
  const { attempts } = JOBS[name];
  return { attempts, backoff: { type: "as-defined" }, removeOnComplete: true, removeOnFail: { count: 100 } };
}

/**
 * Who rang, for the lines that the job will write, and the trace it belongs to. BullMQ keeps it beside the payload, where
 * other releases do not look. Noted here, for by the time that several rings go out together the trace is another's.
 */
function onBehalf() {
  const carrier = withTrace({ ...currentTrail() });
  return Object.keys(carrier).length > 0 ? { telemetry: { metadata: JSON.stringify(carrier) } } : {};
}

function checked<N extends JobName>(name: N, payload: Payload<N>): Payload<N> {
  const result = JOBS[name].payload.safeParse(payload);
  if (result.success) return result.data as Payload<N>;
  const problems = result.error.issues.map(({ path, message }) => ({ field: path.join("."), message }));
  const words = problems.map(({ field, message }) => `${field || "payload"}: ${message}`).join("; ");
  throw new Invalid(`This is no payload of the job ${name}: ${words}`, problems);
}

/** PostgreSQL indexes ids, and refuses what is longer than a third of a page. */
function short(id: string): string {
  return id.length <= 200 ? id : createHash("sha256").update(id).digest("hex");
}

async function answered<T>(answer: Promise<T>, ms = ANSWERS_WITHIN_MS): Promise<T> {
  try {
    return await within(ms, answer);
  } catch (cause) {
    throw new Temporary(`The queue does not answer: ${(cause as Error).message}`, { cause });
  }
}
