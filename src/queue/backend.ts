import {
  Queue as BullQueue,
  Worker as BullWorker,
  createPostgresBackend,
  DEFAULT_SCHEMA,
  type PgPool,
  type Processor,
  type QueueOptions,
  runMigrations,
  type WorkerOptions,
} from "bullmq";
import { Redis, type RedisOptions } from "ioredis";
import pg from "pg";
import type { Log } from "../log.ts";

/** BullMQ's classes carry their backend in their types; nobody beyond this file cares which it is. */
export type AnyQueue = BullQueue<unknown, void, string>;
export type AnyWorker = BullWorker<unknown, void, string>;

/** Where the jobs are: the only thing that differs between Redis and PostgreSQL. */
export type Backend = {
  queue(name: string): AnyQueue;
  worker(
    name: string,
    process: Processor<unknown, void, string>,
    options: Omit<WorkerOptions, "connection" | "telemetry">,
  ): AnyWorker;
  /** Resolves when the server answered. */
  ping(): Promise<unknown>;
  /** Ends the connections; queues and workers first. */
  close(): Promise<void>;
};

export type BackendOptions = {
  /** Makes a span of each job; absent: nothing is traced. */
  isTraced?: boolean;
  redisUrl?: string | undefined;
  databaseUrl?: string | undefined;
  prefix: string;
  log: Log;
};

/** Redis when there is a URL of one, else PostgreSQL. */
export async function openBackend(options: BackendOptions): Promise<Backend> {
  const { redisUrl, databaseUrl, isTraced } = options;
  const traced = isTraced
    ? { telemetry: new (await import("bullmq-otel")).BullMQOtel({ tracerName: "paperboy" }) }
    : {};
  if (redisUrl) return openRedis(redisUrl, traced, options);
  if (databaseUrl) return openPostgres(databaseUrl, traced, options);
  throw new TypeError("The queue needs a Redis URL or a database URL");
}

type Traced = Pick<QueueOptions, "telemetry">;

async function openRedis(url: string, traced: Traced, { prefix, log }: BackendOptions): Promise<Backend> {
  // Ringing fails at once when Redis is away (the row is there, `sweep` rings later); waiting for work never gives up.
  const ringing = new Redis(url, { maxRetriesPerRequest: 1, lazyConnect: true, connectTimeout: 5_000 });
  const working = new RememberedRedis(url, { maxRetriesPerRequest: null, lazyConnect: true });
  for (const client of [ringing, working]) client.on("error", (error) => log.debug({ err: error }, "Redis"));
  // BullMQ closes its connections politely, and waits for ever when nobody is there to say good-bye to.
  const disconnect = () => {
    for (const client of [ringing, working, ...working.copies]) client.disconnect();
  };
  let fault: Error | undefined;
  const remember = (error: Error) => {
    fault = error; // says more than the "Connection is closed." of what is awaited
  };
  ringing.on("error", remember);
  try {
    await ringing.connect();
  } catch (error) {
    disconnect();
    const reason = (fault ?? (error as Error)).message;
    throw new Error(`${reason}. Start Redis, correct REDIS_URL, or leave it out: the queue then lives in PostgreSQL`, {
      cause: error,
    });
  } finally {
    ringing.off("error", remember);
  }
  // One hash tag: a cluster keeps all keys of all queues on one node, as BullMQ's scripts need.
  const keys = { prefix: `{${prefix}}`, ...traced };
  return {
    queue: (name) => new BullQueue(name, { ...keys, connection: ringing }),
    worker: (name, process, options) => new BullWorker(name, process, { ...options, ...keys, connection: working }),
    ping: () => ringing.ping(),
    close: async () => disconnect(),
  };
}

/** Knows the connections that BullMQ makes from it: one a worker, which blocks until there is a job. */
class RememberedRedis extends Redis {
  readonly copies: Redis[] = [];

  override duplicate(options?: Partial<RedisOptions>): Redis {
    const copy = super.duplicate(options);
    this.copies.push(copy);
    return copy;
  }
}

/**
 * In a schema of its own, `bullmq`. All queues and workers share one pool; a worker keeps one of its connections to LISTEN,
 * so no pooler in transaction mode may stand between. `prefix` has no meaning here: the database is the name space.
 */
async function openPostgres(url: string, traced: Traced, { log }: BackendOptions): Promise<Backend> {
  const pool = new pg.Pool({
    connectionString: url,
    max: 20,
    connectionTimeoutMillis: 5_000,
    keepAlive: true, // a dropped LISTEN connection must be noticed
    onConnect: async (client) => {
      await client.query(`SET search_path = ${DEFAULT_SCHEMA}`);
    },
  });
  pool.on("error", (error) => log.debug({ err: error }, "PostgreSQL closed an idle connection of the queue"));
  pool.setMaxListeners(0); // every queue and every worker listens
  try {
    const client = await pool.connect();
    client.on("error", () => {}); // also told by the statement that breaks off
    try {
      await runMigrations(client); // takes an advisory lock: two starts at once are fine
    } finally {
      client.release(true); // with its listener
    }
  } catch (error) {
    await pool.end();
    throw error;
  }
  const connection = pool as unknown as PgPool; // BullMQ's description of pg is narrower than pg's own
  return {
    queue: (name) => new BullQueue(name, { connection, ...traced }, createPostgresBackend) as unknown as AnyQueue,
    worker: (name, process, options) =>
      new BullWorker(
        name,
        process,
        { ...options, connection, ...traced },
        createPostgresBackend,
      ) as unknown as AnyWorker,
    ping: () => pool.query("SELECT 1"),
    close: () => pool.end(),
  };
}
