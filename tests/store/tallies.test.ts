import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { PrismaClient } from "../../prisma/client/client.ts";
import { addDays } from "../../src/core/day.ts";
import type { Day } from "../../src/core/paper.ts";
import type { Outcome } from "../../src/store/claims.ts";
import { tallies } from "../../src/store/tallies.ts";
import { seeded } from "../support/random.ts";
import { aStore, type TestStore } from "../support/store.ts";
import { at } from "../support/time.ts";

let store: TestStore;
beforeAll(async () => {
  store = await aStore();
});
afterAll(() => store.close());
beforeEach(async () => {
  await store.clock.set(at("2026-04-15T07:00Z"));
  await store.sql(
    "TRUNCATE deliveries, group_days, subscription_clocks, delivery_groups, subscription_changes, subscriptions, requests CASCADE",
  );
});

const TODAY = "2026-04-15";
const YEAR = { since: "2026-01-01", until: "2026-12-31" };
const all = { localDay: TODAY, fromId: 0n, toId: 1_000_000_000n };

/** Today's digests of `count` readers. */
async function planned(count: number): Promise<void> {
  for (let n = 0; n < count; n += 1) await store.aReader();
  await plan(TODAY);
}

async function plan(localDay: Day): Promise<void> {
  const [group] = await store.planning.groups();
  const dueAt = at(`${localDay}T07:00Z`);
  const due = { cadence: "daily", zone: "UTC", hour: 7, localDay, at: dueAt } as const;
  await store.planning.plan(
    group!.id,
    due,
    addDays(localDay, -1),
    new Date(+dueAt + 20 * 3_600_000),
    store.clock.now(),
    false,
  );
}

function ended(state: Outcome["state"], reason: Outcome["reason"] = null): Outcome {
  const nextTryAt = state === "retry" || state === "planned" ? store.clock.now() : null;
  return { state, reason, nextTryAt, isUncertain: reason === "answer-lost", answer: null, serverId: null };
}

/** What the tallies say of every day and edition, and what counting says, both of one moment. */
function compared() {
  return store.prisma.$transaction(
    async (sql) => {
      const asked = tallies(sql as PrismaClient);
      const counted = async (column: "local_day" | "edition_date") => {
        const rows = await sql.$queryRawUnsafe<{ day: Day; state: string; count: number }[]>(
          `SELECT ${column}::text AS day, state, count(*)::int AS count FROM deliveries GROUP BY 1, 2 ORDER BY 1, 2`,
        );
        return rows.map(({ day, state, count }) => `${day} ${state} ${count}`);
      };
      const told = (day: Day, counts: object) =>
        Object.entries(counts)
          .filter(([, count]) => count !== 0)
          .map(([state, count]) => `${day} ${state} ${count}`)
          .sort();
      const editions = await sql.$queryRawUnsafe<{ day: Day }[]>(
        "SELECT DISTINCT edition_date::text AS day FROM deliveries ORDER BY 1",
      );
      const days = await asked.byDay(YEAR);
      const byEdition: string[] = [];
      for (const { day } of editions) byEdition.push(...told(day, await asked.byEdition(day)));
      return {
        told: { byDay: days.flatMap(({ localDay, counts }) => told(localDay, counts)), byEdition },
        counted: { byDay: await counted("local_day"), byEdition: await counted("edition_date") },
      };
    },
    { isolationLevel: "RepeatableRead" },
  );
}

async function expectTrue(): Promise<void> {
  const { told, counted } = await compared();
  expect(told).toEqual(counted);
}

const NONE = {
  ...{ planned: 0, claimed: 0, accepted: 0, retry: 0, uncertain: 0, refused: 0, expired: 0, empty: 0, withdrawn: 0 },
};

test("what was planned, claimed, sent, refused and put off is told by edition and by day", async () => {
  await planned(6);
  const claimed = await store.deliveries.claim(all, 5, 60_000);
  const outcomes = [ended("accepted"), ended("accepted"), ended("refused", "refused-by-server"), ended("retry")];
  await store.deliveries.record(outcomes.map((outcome, n) => ({ delivery: claimed[n]!, outcome })));

  const counts = { ...NONE, planned: 1, claimed: 1, accepted: 2, refused: 1, retry: 1 };
  expect(await store.tallies.byEdition("2026-04-14")).toEqual(counts);
  expect(await store.tallies.byDay(YEAR)).toEqual([{ localDay: TODAY, counts }]);
  await expectTrue();
});

test("adding the changes up changes no number, and leaves none of them behind", async () => {
  await planned(5);
  await store.deliveries.claim(all, 3, 60_000);
  const before = await store.tallies.byDay(YEAR);
  await store.tallies.addUp(2);
  expect(await store.tallies.byDay(YEAR)).toEqual(before);
  expect(await store.sql("SELECT count(*)::int AS left FROM delivery_deltas")).toEqual([{ left: 1 }]);
  await store.tallies.addUp(100);
  expect(await store.tallies.byDay(YEAR)).toEqual(before);
  expect(await store.sql("SELECT FROM delivery_deltas")).toEqual([]);
});

test("an edition and a day of which nothing is known count nothing", async () => {
  await planned(1);
  expect(await store.tallies.byEdition("2026-03-01")).toEqual(NONE);
  expect(await store.tallies.byDay({ since: "2026-04-16", until: "2026-04-30" })).toEqual([]);
  expect((await store.tallies.byDay({ since: TODAY, until: TODAY })).length).toBe(1);
});

test("fixing the papers of digests appends nothing", async () => {
  await planned(2);
  const claimed = await store.deliveries.claim(all, 2, 60_000);
  const before = await store.sql("SELECT * FROM delivery_deltas");
  const composedAt = store.clock.now();
  expect((await store.deliveries.fix(claimed.map((delivery) => ({ delivery, paperKeys: [1], composedAt })))).size).toBe(
    2,
  );
  expect(await store.sql("SELECT * FROM delivery_deltas")).toEqual(before);
});

test("a worker that died, a digest that came too late, a next one that came first, a restored backup: all are counted", async () => {
  await planned(4);
  await store.deliveries.claim(all, 1, 0);
  await store.deliveries.returnLapsed(100);
  await expectTrue();

  await store.clock.set(at("2026-04-16T07:00Z"));
  await plan("2026-04-16");
  expect((await store.tallies.byDay(YEAR)).map(({ counts }) => counts)).toEqual([
    { ...NONE, expired: 4 },
    { ...NONE, planned: 4 },
  ]);
  await expectTrue();

  await store.clock.set(at("2026-04-17T03:00:01Z"));
  await store.deliveries.expireLate(100);
  expect(await store.tallies.byEdition("2026-04-15")).toEqual({ ...NONE, expired: 4 });
  await expectTrue();
});

test("rows that somebody deletes or rolls back are not counted", async () => {
  await planned(3);
  await store.sql("BEGIN; DELETE FROM deliveries; ROLLBACK");
  await expectTrue();
  await store.sql("DELETE FROM deliveries WHERE id = (SELECT min(id) FROM deliveries)");
  expect(await store.tallies.byEdition("2026-04-14")).toEqual({ ...NONE, planned: 2 });
  await expectTrue();
});

test("a week whose deliveries are dropped stays counted, and the weeks after it are counted on", async () => {
  await planned(3);
  const claimed = await store.deliveries.claim(all, 3, 60_000);
  await store.deliveries.record(claimed.map((delivery) => ({ delivery, outcome: ended("accepted") })));
  await store.tallies.addUp(1);
  await store.clock.set(at("2026-04-22T07:00Z"));
  await plan("2026-04-22");
  expect(await store.planning.dropPartitions("2026-04-20")).toBeGreaterThan(0);

  expect(await store.sql("SELECT DISTINCT local_day::text AS day FROM deliveries")).toEqual([{ day: "2026-04-22" }]);
  await store.tallies.addUp(1_000);
  expect(await store.tallies.byDay(YEAR)).toEqual([
    { localDay: TODAY, counts: { ...NONE, accepted: 3 } },
    { localDay: "2026-04-22", counts: { ...NONE, planned: 3 } },
  ]);
});

test("many workers at once, among them some who die, and several who add up: at every moment it is what counting says", async () => {
  const random = seeded(20261126);
  await planned(120);
  const pick = <T>(some: readonly T[]): T => some[Math.floor(random() * some.length)]!;
  const outcomes = () => [
    ended("accepted"),
    ended("refused", "refused-by-server"),
    ended("retry", "deferred"),
    ended("retry", "answer-lost"),
    ended("planned"),
    ended("empty", "nothing-new"),
  ];
  let isOver = false;
  const worker = async () => {
    for (let round = 0; round < 12; round += 1) {
      const isDying = random() < 0.2;
      const claimed = await store.deliveries.claim(all, 1 + Math.floor(random() * 12), isDying ? 0 : 60_000);
      if (isDying) continue;
      await store.deliveries.record(claimed.map((delivery) => ({ delivery, outcome: pick(outcomes()) })));
    }
  };
  const upkeep = async () => {
    while (!isOver) {
      await store.deliveries.returnLapsed(10);
      await store.tallies.addUp(1 + Math.floor(random() * 20));
    }
  };
  const looks = async () => {
    while (!isOver) await expectTrue();
  };
  const others = [upkeep(), upkeep(), looks()];
  try {
    await Promise.all(Array.from({ length: 6 }, worker));
  } finally {
    isOver = true;
  }
  await Promise.all(others);

  await expectTrue();
  await store.tallies.addUp(100_000);
  await expectTrue();
  const days = await store.tallies.byDay(YEAR);
  expect(days.map(({ counts }) => Object.values(counts).reduce((sum, count) => sum + count))).toEqual([120]);
});
