import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect } from "vitest";
import { type PermitCounter, parseDomainRates, parseRamp } from "../../src/core/pace.ts";
import { openPace, type Pace, type PaceLimits } from "../../src/mail/pace.ts";
import { openRedisPermits, type RedisPermits } from "../../src/queue/permits.ts";
import { limits } from "../../src/store/limits.ts";
import { aLog } from "../actions/press.ts";
import { aDatabase, type TestDatabase } from "../support/database.ts";
import { needs } from "../support/needs.ts";
import { aRedis, hasRedis, type TestRedis } from "../support/redis.ts";
import { at } from "../support/time.ts";

const NONE: PaceLimits = { sendRate: null, domainRates: null, ramp: null };

let redis: TestRedis | null = null;
let database: TestDatabase;
beforeAll(async () => {
  [redis, database] = await Promise.all([aRedis(), aDatabase()]);
});
afterAll(async () => {
  await redis?.close();
  await database.drop();
});

const bodies = [
  { name: "PostgreSQL", met: true, reason: "", isRedis: false },
  { name: "Redis", met: hasRedis, reason: "redis-server is not on the PATH", isRedis: true },
];

describe.each(bodies)("the pace on $name", ({ met, reason, isRedis }) => {
  const it = needs(met, reason);
  const pools: pg.Pool[] = [];
  const clients: RedisPermits[] = [];
  let logged: ReturnType<typeof aLog>;
  let now = at("2026-12-01T08:00Z");

  beforeEach(() => {
    logged = aLog();
    now = at("2026-12-01T08:00Z");
  });
  afterEach(async () => {
    await redis?.flush();
    if (pools[0]) await pools[0].query("TRUNCATE send_permits, send_days");
    await Promise.all([...pools.splice(0).map((pool) => pool.end()), ...clients.splice(0).map((each) => each.close())]);
  });

  /** Another process's counters, with connections of their own. */
  function counters(): { permits: PermitCounter; days: PermitCounter } {
    const pool = new pg.Pool({ connectionString: database.url, max: 4 });
    pool.on("error", () => {}); // as in tests/support/world.ts
    pools.push(pool);
    const { permits, days } = limits(pool);
    if (!isRedis) return { permits, days };
    const client = openRedisPermits({ url: redis!.url, prefix: "test", log: logged.log });
    clients.push(client);
    return { permits: client, days };
  }
  const aPace = (given: Partial<PaceLimits>, of = counters()): Pace =>
    openPace({ ...NONE, ...given }, { ...of, log: logged.log, now: () => now });

  /** What `lanes` connections of each process begin for `ms`, as times since the start. */
  async function begun(paces: readonly Pace[], lanes: number, ms: number, domainOf = (_: number) => "example.org") {
    const times: { at: number; to: string }[] = [];
    const start = performance.now();
    const lane = async (pace: Pace, n: number) => {
      while (performance.now() - start < ms) {
        const to = domainOf(n);
        const wait = await pace.take(to);
        if (wait > 0) await sleep(Math.min(wait, 200));
        else {
          times.push({ at: performance.now() - start, to });
          await sleep(1); // a mail takes a moment
        }
      }
    };
    await Promise.all(paces.flatMap((pace) => Array.from({ length: lanes }, (_, n) => lane(pace, n))));
    return times.sort((a, b) => a.at - b.at);
  }
  const mostInASecond = (times: readonly { at: number }[]) =>
    Math.max(...times.map(({ at: from }) => times.filter(({ at }) => at >= from && at < from + 1000).length));

  it("P3: SEND_RATE holds over all processes, in every second, and is used", async () => {
    const times = await begun([aPace({ sendRate: 60 }), aPace({ sendRate: 60 }), aPace({ sendRate: 60 })], 10, 2_000);
    // A tenth more by the slots, the rest for a machine that is late: three processes of their own would begin 180.
    expect(mostInASecond(times)).toBeLessThanOrEqual(85);
    expect(times.length).toBeGreaterThan(70);
    expect(times.length).toBeLessThanOrEqual(135);
  });

  it("a slow rate keeps its mails apart: two a second are about half a second from each other", async () => {
    const times = await begun([aPace({ sendRate: 2 }), aPace({ sendRate: 2 })], 3, 2_000);
    expect(times.length).toBeGreaterThanOrEqual(2);
    expect(times.length).toBeLessThanOrEqual(5);
    expect(mostInASecond(times)).toBeLessThanOrEqual(3);
  });

  it("many connections share a question: a slice is fetched, not a permit", async () => {
    const of = counters();
    let questions = 0;
    const permits: PermitCounter = {
      ...of.permits,
      take: (key, count) => {
        questions += 1;
        return of.permits.take(key, count);
      },
    };
    const times = await begun([aPace({ sendRate: 2_000 }, { ...of, permits })], 50, 500);
    expect(times.length).toBeGreaterThan(100);
    expect(questions).toBeLessThan(times.length / 4);
  });

  it("a domain that is saturated does not hold up another, nor use up its permits", async () => {
    const domainRates = parseDomainRates("slow.example=5");
    const two = [aPace({ domainRates, sendRate: 100 }), aPace({ domainRates, sendRate: 100 })];
    const times = await begun(two, 8, 1_500, (n) => (n < 6 ? "Slow.example" : "quick.example"));
    const to = (name: string) => times.filter((each) => each.to === name);
    expect(mostInASecond(to("Slow.example"))).toBeLessThanOrEqual(9);
    expect(to("Slow.example").length).toBeGreaterThanOrEqual(4);
    expect(to("quick.example").length).toBeGreaterThan(60);
  });

  it("a ramp's day is shared; what does not fit waits for the next UTC day, which has twice as many", async () => {
    const ramp = parseRamp("2026-12-01:30");
    const [one, two] = [aPace({ ramp }), aPace({ ramp })];
    const took = async () => {
      let count = 0;
      for (let n = 0; n < 50; n++) {
        if ((await one.take("a.example")) === 0) count += 1;
        if ((await two.take("a.example")) === 0) count += 1;
      }
      return count;
    };
    expect(await took()).toBe(30);
    expect([await one.take("a.example"), one.perSecond, two.perSecond]).toEqual([16 * 3_600_000, 0, 0]);
    now = at("2026-12-02T00:00:01Z");
    expect([one.perSecond, await took()]).toEqual([null, 60]);
    const another = aPace({ ramp });
    expect(await another.take("a.example")).toBe(86_399_000);
  });

  it("when the counter does not answer nothing begins, with one line; when it does again, with another", async () => {
    const of = counters();
    let isAway = true;
    const permits: PermitCounter = {
      take: (key, count) => (isAway ? Promise.reject(new Error("away")) : of.permits.take(key, count)),
      clock: () => (isAway ? Promise.reject(new Error("away")) : of.permits.clock()),
    };
    const pace = aPace({ sendRate: 50 }, { ...of, permits });
    const answers = await Promise.all(Array.from({ length: 20 }, () => pace.take("a.example")));
    expect(answers).toEqual(Array(20).fill(1_000));
    expect(pace.perSecond).toBe(0);
    isAway = false;
    const times = await begun([pace], 2, 500);
    expect(times.length).toBeGreaterThan(5);
    expect(pace.perSecond).toBe(50);
    expect(logged.lines.map(({ level, msg }) => `${level} ${msg}`)).toEqual([
      "50 what counts mails for SEND_RATE does not answer: none is begun until it does",
      "30 the limits of sending are known again",
    ]);
  });

  it("without a limit it asks nobody and answers at once", async () => {
    const nobody: PermitCounter = {
      take: () => Promise.reject(new Error("asked")),
      clock: () => Promise.reject(new Error("asked")),
    };
    const pace = aPace({}, { permits: nobody, days: nobody });
    expect([pace.take("a.example"), pace.perSecond]).toEqual([0, null]);
    const others = aPace({ domainRates: parseDomainRates("gmail.com=1") }, { permits: nobody, days: nobody });
    expect(others.take("a.example")).toBe(0);
  });
});

describe("Redis", () => {
  needs(hasRedis, "redis-server is not on the PATH")("that is away is no permission", async () => {
    const own = (await aRedis())!;
    const { log } = aLog();
    const permits = openRedisPermits({ url: own.url, prefix: "test", log });
    try {
      expect(await permits.take("x", 2)).toBe(2);
      expect(await permits.take("x", 3)).toBe(5);
      await own.close();
      await expect(permits.take("x", 1)).rejects.toThrow();
    } finally {
      await permits.close();
    }
  });
});
