import pg from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import type { Due } from "../../src/core/schedule.ts";
import type { Planned } from "../../src/store/plan-page.ts";
import { type Planning, planning } from "../../src/store/planning.ts";
import { explaining } from "../bench/scale/figures.ts";
import { selectOfDue } from "../bench/scale/planning.ts";
import { aStore, type TestStore } from "../support/store.ts";
import { at } from "../support/time.ts";

let store: TestStore;
beforeAll(async () => {
  store = await aStore(at("2026-04-15T06:00Z"));
});
afterAll(() => store.close());
beforeEach(async () => {
  await store.clock.set(at("2026-04-15T06:00Z"));
  await store.sql(
    "TRUNCATE deliveries, group_days, subscription_clocks, delivery_groups, subscription_changes, subscriptions, requests CASCADE",
  );
});

const due: Due = { cadence: "daily", zone: "UTC", hour: 7, localDay: "2026-04-15", at: at("2026-04-15T07:00Z") };
const sendBy = at("2026-04-16T03:00Z");
const never = at("2030-01-01T00:00Z");

async function theGroup(): Promise<number> {
  const [state] = await store.planning.groups();
  return state!.id;
}

const planned = () =>
  store.sql<{ local_day: string; subscription_id: string; edition: string; state: string }>(
    "SELECT local_day::text, subscription_id, edition_date::text AS edition, state FROM deliveries ORDER BY subscription_id, local_day",
  );

describe("a group larger than a page", () => {
  const inPages = (pageSize: number) => planning(store.prisma, { pageSize });
  const planAll = async (of: Planning, onPage?: (page: Planned) => Promise<void>) =>
    of.plan(await theGroup(), due, "2026-04-14", sendBy, never, false, onPage);
  const many = async (count: number) => {
    for (let n = 0; n < count; n += 1) await store.aReader();
  };
  const decided = () => store.sql("SELECT outcome, because, planned FROM group_days");

  test("P1: is planned page by page, each page committed and told before the next is begun", async () => {
    await many(25);
    const seen: [told: number, committed: number][] = [];
    const whole = await planAll(inPages(10), async ({ count }) => {
      seen.push([count, (await planned()).length]);
    });
    expect(seen).toEqual([
      [10, 10],
      [10, 20],
      [5, 25],
    ]);
    const [ids] = await store.sql("SELECT min(id) AS from, max(id) AS to FROM deliveries");
    expect({ ...whole, fromId: String(whole.fromId), toId: String(whole.toId) }).toEqual({
      ...{ count: 25, busy: 0 },
      ...{ fromId: (ids as { from: string }).from, toId: (ids as { to: string }).to },
    });
    expect(await decided()).toEqual([{ outcome: "planned", because: null, planned: 25 }]);
  });

  test("C1: cut short between two pages, the next tick plans the rest and nobody twice", async () => {
    await many(25);
    const killed = planAll(inPages(10), () => Promise.reject(new Error("killed")));
    await expect(killed).rejects.toThrow("killed");
    expect(await decided()).toEqual([{ outcome: "waiting", because: "planning", planned: 10 }]);

    expect(await planAll(inPages(10))).toMatchObject({ count: 15, busy: 0 });
    expect(new Set((await planned()).map((row) => row.subscription_id)).size).toBe(25);
    expect([(await planned()).length, await decided()]).toEqual([
      25,
      [{ outcome: "planned", because: null, planned: 25 }],
    ]);
  });

  test("C6: two planners at once in small pages plan each reader once", async () => {
    await many(40);
    const plans = await Promise.all([planAll(inPages(3)), planAll(inPages(4))]);
    expect(plans.reduce((sum, { count }) => sum + count, 0)).toBe(40);
    expect(new Set((await planned()).map((row) => row.subscription_id)).size).toBe(40);
    expect(await decided()).toEqual([{ outcome: "planned", because: null, planned: 40 }]);
  });

  test("readers who are busy on one page keep the day undecided, and the others are planned", async () => {
    await many(6);
    await planAll(inPages(2));
    await store.sql("UPDATE deliveries SET state = 'accepted', next_try_at = NULL");
    await store.sql(`UPDATE deliveries SET state = 'claimed', claim = gen_random_uuid(), claim_until = now()
      WHERE id = (SELECT min(id) FROM deliveries)`);
    const tomorrow = { ...due, localDay: "2026-04-16", at: at("2026-04-16T07:00Z") };
    const plan = async () => inPages(2).plan(await theGroup(), tomorrow, "2026-04-15", never, never, false);

    expect(await plan()).toMatchObject({ count: 5, busy: 1 });
    expect((await decided())[1]).toEqual({ outcome: "waiting", because: "planning", planned: 5 });
    await store.sql(
      "UPDATE deliveries SET state = 'accepted', claim = NULL, claim_until = NULL WHERE claim IS NOT NULL",
    );
    expect(await plan()).toMatchObject({ count: 1, busy: 0 });
    expect((await decided())[1]).toEqual({ outcome: "planned", because: null, planned: 6 });
  });

  test("many who joined late are planned in pages too, and then nobody is late any more", async () => {
    await many(5);
    await store.sql("UPDATE subscription_clocks SET joined_late = true WHERE subscription_id % 2 = 0");
    const late = await store.sql("SELECT FROM subscription_clocks WHERE joined_late");
    const plan = await inPages(1).plan(await theGroup(), due, "2026-04-14", sendBy, never, true);
    expect(plan.count).toBe(late.length);
    expect((await store.planning.groups()).map(({ hasLate }) => hasLate)).toEqual([false]);
  });
});

describe("among twenty thousand readers", () => {
  /** A hundred readers of this group stand far apart among those of another. */
  beforeEach(async () => {
    await store.sql(
      `INSERT INTO delivery_groups (id, cadence, weekday, zone, hour) VALUES (1001, 'daily', 0, 'UTC', 7), (1002, 'daily', 0, 'UTC', 8)`,
    );
    await store.sql(`INSERT INTO subscriptions (id, address_key, email, state, filter, cadence, hour, zone, max_papers, language, format)
      SELECT 1000000 + n, 'far ' || n, 'far' || n || '@example.org', 'active', '{}', 'daily', 7, 'UTC', 10, 'en', 'text' FROM generate_series(1, 20000) n`);
    await store.sql(`INSERT INTO subscription_clocks (subscription_id, group_id)
      SELECT id, CASE WHEN id % 200 = 0 THEN 1001 ELSE 1002 END FROM subscriptions ORDER BY id`);
    await store.sql("ANALYZE subscription_clocks");
  });

  test("P1: who is due is found by index: at most three rows and three buffers read for each", async () => {
    const plans = await explaining(
      (text) => (text.trimStart().startsWith("WITH page") ? "page" : null),
      async () => void (await store.planning.plan(1001, due, "2026-04-14", sendBy, never, false)),
    );
    const { due: found, reading } = selectOfDue(plans.get("page")!);
    const { rowsPerRow, buffersPerRow } = reading;
    expect(found).toBe(100);
    expect(rowsPerRow).toBeLessThanOrEqual(3);
    expect(buffersPerRow).toBeLessThanOrEqual(3);
  });

  test("C16: two hundred times the readers are planned with not one statement more", async () => {
    const statements = async (group: number) => {
      const sent = vi.spyOn(pg.Client.prototype, "query");
      const { count } = await planning(store.prisma, { pageSize: 20_000 }).plan(
        group,
        due,
        "2026-04-14",
        sendBy,
        never,
        false,
      );
      const texts = sent.mock.calls.map(([query]) =>
        typeof query === "string" ? query : (query as { text: string }).text,
      );
      sent.mockRestore();
      return { count, texts };
    };
    const [small, large] = [await statements(1001), await statements(1002)];
    expect([small.count, large.count]).toEqual([100, 19_900]);
    expect(large.texts).toEqual(small.texts);
    expect(large.texts.length).toBeLessThan(10);
  });
});
