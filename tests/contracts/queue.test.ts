import { setTimeout as sleep } from "node:timers/promises";
import { DEFAULT_SCHEMA } from "bullmq";
import { Redis } from "ioredis";
import pg from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { Invalid, Permanent, Temporary } from "../../src/errors.ts";
import { onTrail, openLog } from "../../src/log.ts";
import type { JobName } from "../../src/queue/jobs.ts";
import { openRedisPermits } from "../../src/queue/permits.ts";
import { openQueue, type Queue } from "../../src/queue/queue.ts";
import { aDatabase } from "../support/database.ts";
import { needs } from "../support/needs.ts";
import { aRedis, hasRedis, type TestRedis } from "../support/redis.ts";

/** Where one test's queue lives, and how all that is in it gets lost. */
type Place = { databaseUrl?: string; redisUrl?: string; lose(): Promise<void>; end(): Promise<void> };

/** Key of the lock under which BullMQ makes its tables (its postgres/migrator.js). */
const MIGRATIONS = 0x42554c4c;
/** The other job of the sweep's queue. */
const nobody = { "judge-waves": async () => {} };

let redis: TestRedis | null = null;
beforeAll(async () => {
  redis = await aRedis();
});
afterAll(() => redis?.close());

const bodies = [
  { name: "PostgreSQL", met: true, reason: "", place: inPostgres },
  { name: "Redis", met: hasRedis, reason: "redis-server is not on the PATH", place: inRedis },
];

describe.each(bodies)("the queue on $name", ({ met, reason, place }) => {
  const it = needs(met, reason);
  const opened: Queue[] = [];
  const logged: { msg: string; job?: string; reportId?: string; request?: string }[] = [];
  const log = openLog({ level: "warn", pretty: false, write: (line) => logged.push(JSON.parse(line)) });
  let at: Place | undefined;

  /** Another process's view of the same queue. */
  async function open(): Promise<Queue> {
    at ??= await place();
    const queue = await openQueue({ databaseUrl: at.databaseUrl, redisUrl: at.redisUrl, prefix: "test", log });
    opened.push(queue);
    return queue;
  }

  afterEach(async () => {
    await Promise.all(opened.splice(0).map((queue) => queue.close()));
    await at?.end();
    at = undefined;
    logged.length = 0;
  });

  it("a job arrives with its payload, at the handler of its name", async () => {
    const queue = await open();
    const came: unknown[] = [];
    queue.work("mail", { "deliver-batch": async (payload) => came.push(["batch", payload]) });
    queue.work("editions", {
      "close-edition": async (payload) => came.push(["close", payload]),
      "plan-deliveries": async (payload) => came.push(["plan", payload]),
    });
    await queue.add("deliver-batch", { localDay: "2026-04-01", fromId: "9007199254740993", toId: "9007199254740999" });
    await queue.add("plan-deliveries", {});
    await queue.add("close-edition", { date: "2026-04-01" });
    await until(() => came.length === 3);
    expect(came.sort()).toEqual([
      ["batch", { localDay: "2026-04-01", fromId: "9007199254740993", toId: "9007199254740999" }],
      ["close", { date: "2026-04-01" }],
      ["plan", {}],
    ]);
  });

  it("a payload that is not the job's is refused with the field at fault", async () => {
    const queue = await open();
    const wrong = { localDay: "yesterday", fromId: "1", toId: "2", to: "reader@example.com" } as never;
    const refused = await queue.add("deliver-batch", wrong).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(Invalid);
    expect((refused as Invalid).problems.map(({ field }) => field)).toEqual(["localDay", ""]);
    expect((await queue.counts()).mail).toEqual({ waiting: 0, active: 0, delayed: 0, failed: 0 });
  });

  it("a job of another release is dropped with a word in the log, and holds nothing up", async () => {
    const queue = await open();
    const came: string[] = [];
    // As an older release would have: this one's types do not let us.
    queue.work("reports", { "forgotten-job": async () => came.push("no") } as never);
    await queue.add("apply-report", { reportId: "7" });
    await until(() => logged.length > 0);
    expect(logged).toMatchObject([{ job: "apply-report", msg: "A job this release does not know; dropped" }]);
    expect(came).toEqual([]);
  });

  it("a temporary fault rings again after the back-off, and not before the time the other side asked for", async () => {
    const queue = await open();
    const cameAt: number[] = [];
    queue.work("reports", {
      "apply-report": async () => {
        cameAt.push(performance.now());
        if (cameAt.length === 1) throw new Temporary("busy");
        if (cameAt.length === 2) throw new Temporary("busy", { retryAfterMs: 5_000 });
      },
    });
    await queue.add("apply-report", { reportId: "1" });
    await until(() => cameAt.length === 3, 15_000);
    expect(cameAt[1]! - cameAt[0]!).toBeGreaterThan(1_500); // 2 s, up to 20 % less
    expect(cameAt[1]! - cameAt[0]!).toBeLessThan(4_000);
    expect(cameAt[2]! - cameAt[1]!).toBeGreaterThan(4_900);
  });

  it("any other fault does not ring again", async () => {
    const queue = await open();
    const faults = [new Permanent("no such row"), new Invalid("not for us"), new TypeError("x is not a function")];
    let calls = 0;
    queue.work("reports", {
      "apply-report": async ({ reportId }) => {
        calls++;
        throw faults[Number(reportId)];
      },
    });
    for (const n of faults.keys()) await queue.add("apply-report", { reportId: String(n) });
    await until(async () => (await queue.counts()).reports.failed === faults.length);
    expect(calls).toBe(faults.length);
    expect((await queue.counts()).reports).toEqual({ waiting: 0, active: 0, delayed: 0, failed: faults.length });
  });

  it("a doorbell that is waiting is not rung twice", async () => {
    const queue = await open();
    const came: string[] = [];
    for (let n = 0; n < 3; n++) await queue.add("apply-report", { reportId: "1" }, { id: "1" });
    await queue.add("apply-report", { reportId: "2" }, { id: "2" });
    queue.work("reports", { "apply-report": async ({ reportId }) => came.push(reportId) });
    await until(async () => isEmpty(await queue.counts()));
    expect(came.sort()).toEqual(["1", "2"]);
  });

  it("a doorbell rung while its job runs runs it once more afterwards", async () => {
    const queue = await open();
    const came: string[] = [];
    let letGo = () => {};
    queue.work("reports", {
      "apply-report": async ({ reportId }) => {
        came.push(reportId);
        if (came.length === 1) await new Promise<void>((resolve) => (letGo = resolve));
      },
    });
    await queue.add("apply-report", { reportId: "1" }, { id: "1" });
    await until(() => came.length === 1);
    await queue.add("apply-report", { reportId: "1" }, { id: "1" });
    await queue.add("apply-report", { reportId: "1" }, { id: "1" });
    letGo();
    await until(async () => came.length >= 2 && isEmpty(await queue.counts()));
    expect(came).toEqual(["1", "1"]);
  });

  it("rings that come at once all ring, equal ones once; of a job that runs, once more afterwards", async () => {
    const queue = await open();
    const came: string[] = [];
    let letGo = () => {};
    const ring = (...ids: string[]) => Promise.all(ids.map((reportId) => queue.ring("apply-report", { reportId })));
    await ring("1", "2", "3", "2", "1", "3");
    expect((await queue.counts()).reports).toEqual({ waiting: 3, active: 0, delayed: 0, failed: 0 });
    queue.work("reports", {
      "apply-report": async ({ reportId }) => {
        came.push(reportId);
        if (came.length === 1) await new Promise<void>((resolve) => (letGo = resolve));
      },
    });
    await until(() => came.length === 1);
    await ring("4", came[0]!, "5", came[0]!, "4");
    letGo();
    await until(async () => came.length >= 6 && isEmpty(await queue.counts()));
    expect(came.sort()).toEqual(["1", "1", "2", "3", "4", "5"]);
  });

  it("C12: an id can be used again after its job was done, and after it failed and was kept", async () => {
    const queue = await open();
    let calls = 0;
    queue.work("reports", {
      "apply-report": async () => {
        calls++;
        if (calls === 2) throw new Permanent("no");
      },
    });
    for (let n = 1; n <= 4; n++) {
      await queue.add("apply-report", { reportId: "1" }, { id: "1" });
      await until(async () => calls === n && isEmpty(await queue.counts()));
    }
    expect((await queue.counts()).reports.failed).toBe(1);
  });

  it("C11: ids of every shape we make, and worse, are accepted and told apart", async () => {
    const queue = await open();
    const ids = [
      "42",
      "2026-04-01",
      "2026-04-01:1-500",
      "2026-04-01/1/500",
      "a:b:c",
      "import:9f86d081884c7d65",
      "",
      " ",
      "Ünïcødé 🗞️",
      'it\'s "quoted"; DROP TABLE x',
      "x".repeat(3_000),
      `${"x".repeat(3_000)}y`,
      "9007199254740993",
      "-1",
      "0",
      "{a}",
      "*",
    ];
    for (const id of [...ids, ...ids]) await queue.add("apply-report", { reportId: "r" }, { id });
    expect((await queue.counts()).reports.waiting).toBe(ids.length);
  });

  it("the same id means two things for two jobs", async () => {
    const queue = await open();
    await queue.add("close-edition", {}, { id: "1" });
    await queue.add("plan-deliveries", {}, { id: "1" });
    expect((await queue.counts()).editions.waiting).toBe(2);
  });

  it("a job can be told to wait", async () => {
    const queue = await open();
    const came: string[] = [];
    queue.work("reports", { "apply-report": async ({ reportId }) => came.push(reportId) });
    await queue.add("apply-report", { reportId: "later" }, { delayMs: 700 });
    await queue.add("apply-report", { reportId: "now" });
    await until(() => came.length === 2);
    expect(came).toEqual(["now", "later"]);
  });

  it("a rhythm ticks on, however often and by however many it is asserted", async () => {
    const [queue, other] = [await open(), await open()];
    const cameAt: number[] = [];
    queue.work("upkeep", { ...nobody, sweep: async () => cameAt.push(performance.now()) });
    for (let n = 0; n < 20; n++) {
      await Promise.all([queue, other].map((each) => each.schedule("sweep", { everyMs: 500 }, "sweep", {})));
      await sleep(100);
    }
    await until(() => cameAt.length >= 4);
    const seconds = (cameAt.at(-1)! - cameAt[0]!) / 1_000;
    expect(cameAt.length).toBeLessThanOrEqual(Math.ceil(seconds / 0.5) + 2);
  });

  it("what a job writes carries the request that rang for it, and none when the clock did", async () => {
    const queue = await open();
    queue.work("reports", {
      "apply-report": async ({ reportId }) => log.warn({ reportId }, "applied"),
    });
    await Promise.all(
      ["one", "two"].map((request) => onTrail({ request }, () => queue.ring("apply-report", { reportId: request }))),
    );
    await queue.ring("apply-report", { reportId: "three" });
    await until(() => logged.length === 3);
    expect(logged.map((line) => [line.reportId, line.request]).sort()).toEqual([
      ["one", "one"],
      ["three", undefined],
      ["two", "two"],
    ]);
  });

  it("jobs and rhythms that nobody works off are seen to be late, and to be in time again", async () => {
    const queue = await open();
    await queue.schedule("sweep", { everyMs: 300 }, "sweep", {});
    await queue.add("apply-report", { reportId: "7" });
    const { lateMs, waitingSince } = await queue.pulse();
    expect([Object.keys(lateMs), waitingSince.mail, waitingSince.letters]).toEqual([["sweep"], null, null]);
    const added = waitingSince.reports!;
    expect(Math.abs(added.getTime() - Date.now())).toBeLessThan(5_000);
    await until(async () => (await queue.pulse()).lateMs.sweep! > 500);

    queue.work("upkeep", { ...nobody, sweep: async () => {} });
    queue.work("reports", { "apply-report": async () => {} });
    await until(async () => {
      const { waitingSince, lateMs } = await queue.pulse();
      return waitingSince.reports === null && lateMs.sweep! < 500;
    });
  });

  it("a cron pattern in a zone is understood, and a wrong one is not", async () => {
    const queue = await open();
    await queue.schedule("close", { pattern: "0 1 * * *", zone: "Asia/Kathmandu" }, "close-edition", {});
    expect((await queue.counts()).editions.delayed).toBe(1);
    await expect(queue.schedule("wrong", { pattern: "at noon", zone: "UTC" }, "close-edition", {})).rejects.toThrow();
  });

  it("after everything was lost the rhythm starts again when it is asserted, and new jobs arrive", async () => {
    const queue = await open();
    let ticks = 0;
    const came: string[] = [];
    queue.work("upkeep", { ...nobody, sweep: async () => ticks++ });
    queue.work("reports", { "apply-report": async ({ reportId }) => came.push(reportId) });
    const assert = () => queue.schedule("sweep", { everyMs: 300 }, "sweep", {});
    await assert();
    await until(() => ticks >= 2);
    await at!.lose();
    await sleep(1_000);
    const before = ticks;
    await sleep(1_000);
    expect(ticks).toBe(before); // it does not come back by itself
    await assert();
    await queue.add("apply-report", { reportId: "1" }, { id: "1" });
    await until(() => ticks >= before + 2 && came.length === 1);
  });

  it("two workers share a burst of five hundred, and none is done twice", async () => {
    const [one, two] = [await open(), await open()];
    const done: Record<string, string[]> = { one: [], two: [] };
    const slowly = (who: string) => async (payload: { fromId: string }) => {
      done[who]!.push(payload.fromId);
      await sleep(2);
    };
    const ids = Array.from({ length: 500 }, (_, n) => String(n));
    await Promise.all(
      ids.map((id) => one.add("deliver-batch", { localDay: "2026-04-01", fromId: id, toId: id }, { id })),
    );
    one.work("mail", { "deliver-batch": slowly("one") }, { concurrency: 5 });
    two.work("mail", { "deliver-batch": slowly("two") }, { concurrency: 5 });
    await until(async () => isEmpty(await one.counts()), 20_000);
    expect([...done.one!, ...done.two!].sort()).toEqual([...ids].sort());
    expect(Math.min(done.one!.length, done.two!.length)).toBeGreaterThan(50);
  }, 40_000);

  it("a closed worker takes nothing; what comes later waits for the next one", async () => {
    const [one, two] = [await open(), await open()];
    const came: string[] = [];
    const worker = one.work("reports", { "apply-report": async ({ reportId }) => came.push(`one ${reportId}`) });
    await one.add("apply-report", { reportId: "1" });
    await until(() => came.length === 1);
    await worker.close();
    await one.add("apply-report", { reportId: "2" });
    await sleep(500);
    expect(came).toEqual(["one 1"]);
    two.work("reports", { "apply-report": async ({ reportId }) => came.push(`two ${reportId}`) });
    await until(() => came.length === 2);
    expect(came).toEqual(["one 1", "two 2"]);
  });

  it("closing waits for a running handler", async () => {
    const queue = await open();
    const came: string[] = [];
    const worker = queue.work("reports", {
      "apply-report": async () => {
        came.push("begun");
        await sleep(500);
        came.push("done");
      },
    });
    await queue.add("apply-report", { reportId: "1" });
    await until(() => came.length === 1);
    await worker.close({ graceMs: 5_000 });
    expect(came).toEqual(["begun", "done"]);
    expect(await queue.counts()).toMatchObject({ reports: { waiting: 0, active: 0, failed: 0 } });
  });

  it("closing does not wait longer than the grace, tells the handler, and leaves the job to others", async () => {
    const queue = await open();
    const came: string[] = [];
    const worker = queue.work("reports", {
      "apply-report": (_, signal) =>
        new Promise(() => {
          came.push("begun");
          signal.addEventListener("abort", () => came.push("told"));
        }),
    });
    await queue.add("apply-report", { reportId: "1" });
    await until(() => came.length === 1);
    const startedAt = performance.now();
    await worker.close({ graceMs: 300 });
    expect(performance.now() - startedAt).toBeLessThan(3_000);
    expect(came).toEqual(["begun", "told"]);
    expect((await queue.counts()).reports.active).toBe(1); // its lock lapses after 30 s
  });

  it("no address of an error reaches the queue's storage", async () => {
    const queue = await open();
    queue.work("reports", {
      "apply-report": async () => {
        throw new Permanent("550 no such user: reader@example.com");
      },
    });
    await queue.add("apply-report", { reportId: "1" });
    await until(async () => (await queue.counts()).reports.failed === 1);
    expect(await everythingStored(at!)).not.toContain("reader@");
    expect(await everythingStored(at!)).toContain("no such user: [address]");
  });

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
  await expect(openQueue({ redisUrl: nowhere.redisUrl, log })).rejects.toBeInstanceOf(Temporary);
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
  const { redisUrl } = await inRedis();
  const queue = await openQueue({ redisUrl, prefix: "test", log });
  queue.work("mail", { "deliver-batch": async () => {} });
  await queue.add("deliver-batch", { localDay: "2026-04-01", fromId: "1", toId: "2" }, { id: "a" });
  await queue.schedule("sweep", { everyMs: 60_000 }, "sweep", {});
  const permits = openRedisPermits({ url: redisUrl!, prefix: "test", log });
  await vi.waitFor(() => permits.take("all", 1));
  const client = new Redis(redisUrl!);
  const keys = await client.keys("*");
  client.disconnect();
  await Promise.all([permits.close(), queue.close()]);
  expect(keys.length).toBeGreaterThan(5);
  expect(keys.filter((key) => !key.startsWith("{test}:"))).toEqual([]);
});

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

async function inRedis(): Promise<Place> {
  await redis!.flush();
  return { redisUrl: redis!.url, lose: () => redis!.flush(), end: async () => {} };
}

/** All that is kept of the failed jobs, as text. */
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

async function onDatabase(url: string, work: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await work(client).finally(() => client.end());
}

function isEmpty(counts: Awaited<ReturnType<Queue["counts"]>>): boolean {
  return Object.values(counts).every(({ waiting, active, delayed }) => waiting + active + delayed === 0);
}

async function until(holds: () => boolean | Promise<boolean>, timeout = 10_000): Promise<void> {
  await vi.waitFor(async () => expect(await holds()).toBe(true), { timeout, interval: 20 });
}

// @ts-expect-error the payload of another job does not compile
const _wrongPayload = (queue: Queue) => queue.add("sweep", { requestId: "1" });
// @ts-expect-error a handler for a job of another queue does not compile
const _wrongHandler = (queue: Queue) => queue.work("upkeep", { "collect-papers": async () => {} });
const _names: JobName = "sweep";
