import { setTimeout as sleep } from "node:timers/promises";
import { DEFAULT_SCHEMA } from "bullmq";
import { Redis } from "ioredis";
import { describe, expect, test, vi } from "vitest";
import { Temporary } from "../../src/errors.ts";
import { openLog } from "../../src/log.ts";
import type { JobName } from "../../src/queue/jobs.ts";
import { openRedisPermits } from "../../src/queue/permits.ts";
import { openQueue, type Queue } from "../../src/queue/queue.ts";
import { aDatabase } from "../support/database.ts";
import { needs } from "../support/needs.ts";
import { nobody, onDatabase, onEachQueue, until } from "../support/queues.ts";
import { aRedis, hasRedis } from "../support/redis.ts";

/** Key of the lock under which BullMQ makes its tables (its postgres/migrator.js). */
const MIGRATIONS = 0x42554c4c;

onEachQueue(({ it, open }) => {
  it("it is ready while its server answers", async () => {
    const queue = await open();
    await expect(queue.ready()).resolves.toBeUndefined();
  });
});

needs(hasRedis, "redis-server is not on the PATH")(
  "when Redis goes away, ringing and being ready fail within seconds as temporary, and closing ends",
  async () => {
    const own = (await aRedis())!;
    const queue = await openQueue({ redisUrl: own.url, log: openLog({ level: "silent" }) });
    queue.work("upkeep", { ...nobody, sweep: async () => {} });
    await own.close();
    const startedAt = performance.now();
    await expect(queue.ready()).rejects.toBeInstanceOf(Temporary);
    await expect(queue.add("sweep", {})).rejects.toBeInstanceOf(Temporary);
    await queue.close();
    expect(performance.now() - startedAt).toBeLessThan(15_000);
  },
  30_000,
);

test("a server that cannot be reached is a temporary fault at the start", async () => {
  const log = openLog({ level: "silent" });
  const nowhere = { databaseUrl: "postgresql://a:b@127.0.0.1:1/c", redisUrl: "redis://127.0.0.1:1" };
  await expect(openQueue({ databaseUrl: nowhere.databaseUrl, log })).rejects.toBeInstanceOf(Temporary);
  await expect(openQueue({ redisUrl: nowhere.redisUrl, log })).rejects.toThrow(
    new Temporary(
      "The queue does not answer: connect ECONNREFUSED 127.0.0.1:1. Start Redis, correct REDIS_URL, or leave it out: the queue then lives in PostgreSQL",
    ),
  );
});

describe("while somebody else makes BullMQ's tables", () => {
  const log = openLog({ level: "silent" });
  const waiting = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'advisory'";

  test("a start waits longer than for an answer", async () => {
    const { url, drop } = await aDatabase({ template: null });
    await onDatabase(url, async (other) => {
      await other.query("SELECT pg_advisory_lock($1, hashtext($2))", [MIGRATIONS, DEFAULT_SCHEMA]);
      const opening = openQueue({ databaseUrl: url, log });
      await until(async () => (await other.query(waiting)).rows.length === 1);
      await sleep(5_500);
      await other.query("SELECT pg_advisory_unlock_all()");
      await (await opening).close();
    });
    await drop();
  });

  test("a connection that breaks is a temporary fault, and ends nobody", async () => {
    const { url, drop } = await aDatabase({ template: null });
    await onDatabase(url, async (other) => {
      await other.query("SELECT pg_advisory_lock($1, hashtext($2))", [MIGRATIONS, DEFAULT_SCHEMA]);
      const opening = expect(openQueue({ databaseUrl: url, log })).rejects.toBeInstanceOf(Temporary);
      await until(async () => (await other.query(waiting)).rows.length === 1);
      await other.query(`SELECT pg_terminate_backend(pid) FROM (${waiting}) w`);
      await opening;
    });
    await drop();
  });
});

needs(hasRedis, "redis-server is not on the PATH")("all keys in Redis have one hash tag", async () => {
  const log = openLog({ level: "silent" });
  const redis = (await aRedis())!;
  const queue = await openQueue({ redisUrl: redis.url, prefix: "test", log });
  queue.work("mail", { "deliver-batch": async () => {} });
  await queue.add("deliver-batch", { localDay: "2026-04-01", fromId: "1", toId: "2" }, { id: "a" });
  await queue.schedule("sweep", { everyMs: 60_000 }, "sweep", {});
  const permits = openRedisPermits({ url: redis.url, prefix: "test", log });
  await vi.waitFor(() => permits.take("all", 1));
  const client = new Redis(redis.url);
  const keys = await client.keys("*");
  client.disconnect();
  await Promise.all([permits.close(), queue.close()]);
  await redis.close();
  expect(keys.length).toBeGreaterThan(5);
  expect(keys.filter((key) => !key.startsWith("{test}:"))).toEqual([]);
});

// @ts-expect-error the payload of another job does not compile
const _wrongPayload = (queue: Queue) => queue.add("sweep", { requestId: "1" });
// @ts-expect-error a handler for a job of another queue does not compile
const _wrongHandler = (queue: Queue) => queue.work("upkeep", { "collect-papers": async () => {} });
const _names: JobName = "sweep";
