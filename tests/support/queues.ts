/** The queue on both of its bodies: what is promised of one is tried on each. */
import { Redis } from "ioredis";
import pg from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, vi } from "vitest";
import { openLog } from "../../src/log.ts";
import { type Backend, openBackend } from "../../src/queue/backend.ts";
import { openQueue, type Queue } from "../../src/queue/queue.ts";
import { aDatabase } from "./database.ts";
import { needs } from "./needs.ts";
import { aRedis, hasRedis, type TestRedis } from "./redis.ts";

/** Where one test's queue lives, and how all that is in it gets lost. */
type Place = { databaseUrl?: string; redisUrl?: string; lose(): Promise<void>; end(): Promise<void> };

/** The other job of the sweep's queue. */
export const nobody = { "judge-waves": async () => {} };

/** Runs the same tests on a queue in PostgreSQL and on one on Redis; those are skipped where there is no `redis-server`. */
export function onEachQueue(
  promise: (bench: {
    readonly it: ReturnType<typeof needs>;
    /** Another process's view of this test's queue. */
    open(): Promise<Queue>;
    /** Where it is kept, for whoever writes to it in another way. */
    below(): Promise<Backend>;
    /** Everything in it is gone. */
    lose(): Promise<void>;
    /** All that is kept of the failed jobs, as text. */
    stored(): Promise<string>;
    readonly log: ReturnType<typeof openLog>;
    readonly logged: readonly { msg: string; job?: string; reportId?: string; request?: string }[];
  }) => void,
): void {
  let redis: TestRedis | null = null;
  beforeAll(async () => {
    redis = await aRedis();
  });
  afterAll(() => redis?.close());

  const bodies = [
    { name: "PostgreSQL", it: needs(true, ""), place: inPostgres },
    {
      name: "Redis",
      it: needs(hasRedis, "redis-server is not on the PATH"),
      place: async (): Promise<Place> => {
        await redis!.flush();
        return { redisUrl: redis!.url, lose: () => redis!.flush(), end: async () => {} };
      },
    },
  ];
  describe.each(bodies)("the queue on $name", ({ it, place }) => {
    const opened: Pick<Queue, "close">[] = [];
    const logged: { msg: string }[] = [];
    const log = openLog({ level: "warn", pretty: false, write: (line) => logged.push(JSON.parse(line)) });
    let at: Place | undefined;

    afterEach(async () => {
      await Promise.all(opened.splice(0).map((queue) => queue.close()));
      await at?.end();
      at = undefined;
      logged.length = 0;
    });
    promise({
      ...{ it, log, logged },
      async open() {
        at ??= await place();
        const queue = await openQueue({ databaseUrl: at.databaseUrl, redisUrl: at.redisUrl, prefix: "test", log });
        opened.push(queue);
        return queue;
      },
      async below() {
        const backend = await openBackend({ ...at!, prefix: "test", log });
        opened.push(backend);
        return backend;
      },
      lose: () => at!.lose(),
      stored: () => everythingStored(at!),
    });
  });
}

async function inPostgres(): Promise<Place> {
  const { url, drop } = await aDatabase();
  return {
    databaseUrl: url,
    end: drop,
    lose: () =>
      onDatabase(url, async (client) => {
        const { rows } = await client.query<{ name: string }>(
          `SELECT quote_ident(tablename) AS name FROM pg_tables WHERE schemaname = 'bullmq' AND tablename NOT LIKE '%migration%'`,
        );
        await client.query(`TRUNCATE ${rows.map(({ name }) => `bullmq.${name}`).join(", ")} CASCADE`);
      }),
  };
}

async function everythingStored({ databaseUrl, redisUrl }: Place): Promise<string> {
  if (redisUrl) {
    const client = new Redis(redisUrl);
    onTestFinished(() => client.disconnect());
    const keys = await client.keys("*");
    const hashes = await Promise.all(
      keys.map(async (key) => ((await client.type(key)) === "hash" ? client.hgetall(key) : {})),
    );
    return JSON.stringify(hashes);
  }
  let text = "";
  await onDatabase(databaseUrl!, async (client) => {
    const { rows: tables } = await client.query<{ name: string }>(
      "SELECT quote_ident(tablename) AS name FROM pg_tables WHERE schemaname = 'bullmq'",
    );
    for (const { name } of tables) text += JSON.stringify((await client.query(`SELECT * FROM bullmq.${name}`)).rows);
  });
  return text;
}

export async function onDatabase(url: string, work: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await work(client).finally(() => client.end());
}

export function isEmpty(counts: Awaited<ReturnType<Queue["counts"]>>): boolean {
  return Object.values(counts).every(({ waiting, active, delayed }) => waiting + active + delayed === 0);
}

export async function until(holds: () => boolean | Promise<boolean>, timeout = 10_000): Promise<void> {
  await vi.waitFor(async () => expect(await holds()).toBe(true), { timeout, interval: 20 });
}
