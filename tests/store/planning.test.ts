import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { addDays } from "../../src/core/day.ts";
import type { Due } from "../../src/core/schedule.ts";
import { preferences } from "../support/builders.ts";
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

test("a due group becomes one delivery a reader, and a second tick plans nothing", async () => {
  const [a, b] = [await store.aReader(), await store.aReader()];
  const group = await theGroup();
  const first = await store.planning.plan(group, due, "2026-04-14", sendBy, never, false);
  const second = await store.planning.plan(group, due, "2026-04-14", sendBy, never, false);

  expect([first.count, second.count]).toEqual([2, 0]);
  expect(await planned()).toEqual(
    [a, b].map((id) => ({
      local_day: "2026-04-15",
      subscription_id: String(id),
      edition: "2026-04-14",
      state: "planned",
    })),
  );
});

test("C6: two schedulers at the same minute make one plan", async () => {
  for (let n = 0; n < 20; n += 1) await store.aReader();
  const group = await theGroup();
  const plans = await Promise.all(
    [1, 2, 3].map(() => store.planning.plan(group, due, "2026-04-14", sendBy, never, false)),
  );
  expect(plans.reduce((sum, plan) => sum + plan.count, 0)).toBe(20);
  expect(await planned()).toHaveLength(20);
});

test("an edition a reader had is not planned for them again on the next day", async () => {
  await store.aReader();
  const group = await theGroup();
  await store.planning.plan(group, due, "2026-04-14", sendBy, never, false);
  const nextDay = { ...due, localDay: "2026-04-16", at: at("2026-04-16T07:00Z") };
  const again = await store.planning.plan(group, nextDay, "2026-04-14", sendBy, never, false);
  expect(again.count).toBe(0);
});

test("who is paused, suspended or gone is in no group", async () => {
  const [paused, gone, here] = [await store.aReader(), await store.aReader(), await store.aReader()];
  await store.subscriptions.pause(paused, null, "test");
  await store.subscriptions.end(gone, "reader", "test");
  const plan = await store.planning.plan(await theGroup(), due, "2026-04-14", sendBy, never, false);
  expect(plan.count).toBe(1);
  expect((await planned()).map((row) => row.subscription_id)).toEqual([String(here)]);
});

test("C18: leaving and coming back on the same day, or undoing it, gives no second digest that day", async () => {
  const id = await store.aReader();
  const group = await theGroup();
  await store.planning.plan(group, due, "2026-04-14", sendBy, never, false);
  await store.subscriptions.end(id, "reader", "test");
  await store.subscriptions.undo(id, "test");
  const again = await store.planning.plan(group, due, "2026-04-15", sendBy, never, false);
  expect(again.count).toBe(0);
});

test("C18: a move from UTC+14 to UTC-10 an hour after a mail gives no second one for that local day", async () => {
  const id = await store.aReader(preferences({ zone: "Pacific/Kiritimati", hour: 7 }));
  const kiritimati: Due = {
    cadence: "daily",
    zone: "Pacific/Kiritimati",
    hour: 7,
    localDay: "2026-04-16",
    at: at("2026-04-15T17:00Z"),
  };
  await store.planning.plan(await theGroup(), kiritimati, "2026-04-14", sendBy, never, false);
  await store.subscriptions.change(id, preferences({ zone: "Pacific/Honolulu", hour: 9 }), "test");

  const groups = await store.planning.groups();
  const honolulu = (day: string, instant: string): Due => ({
    cadence: "daily",
    zone: "Pacific/Honolulu",
    hour: 9,
    localDay: day,
    at: at(instant),
  });
  const counts: number[] = [];
  for (const [day, instant, edition] of [
    ["2026-04-15", "2026-04-15T19:00Z", "2026-04-14"],
    ["2026-04-16", "2026-04-16T19:00Z", "2026-04-15"],
    ["2026-04-17", "2026-04-17T19:00Z", "2026-04-16"],
  ] as const)
    counts.push((await store.planning.plan(groups[0]!.id, honolulu(day, instant), edition, never, never, false)).count);
  expect(counts).toEqual([0, 0, 1]);
});

test("a reader whose digest is being sent this moment is left out, and planned by the next tick", async () => {
  await store.aReader();
  const group = await theGroup();
  await store.planning.plan(group, due, "2026-04-14", sendBy, never, false);
  await store.clock.set(at("2026-04-15T07:00Z"));
  const [claimed] = await store.deliveries.claim({ localDay: "2026-04-15", fromId: 0n, toId: 10_000n }, 10, 60_000);
  const tomorrow = { ...due, localDay: "2026-04-16", at: at("2026-04-16T07:00Z") };

  expect(await store.planning.plan(group, tomorrow, "2026-04-15", never, never, false)).toMatchObject({
    count: 0,
    busy: 1,
  });
  await store.deliveries.record([
    {
      delivery: claimed!,
      outcome: {
        state: "accepted",
        reason: null,
        nextTryAt: null,
        isUncertain: false,
        answer: "250 ok",
        serverId: null,
      },
    },
  ]);
  expect(await store.planning.plan(group, tomorrow, "2026-04-15", never, never, false)).toMatchObject({
    count: 1,
    busy: 0,
  });
});

test("a digest that still waits when the next falls due makes room for it, with the reason", async () => {
  await store.aReader();
  const group = await theGroup();
  await store.planning.plan(group, due, "2026-04-14", never, never, false);
  await store.planning.plan(
    group,
    { ...due, localDay: "2026-04-16", at: at("2026-04-16T07:00Z") },
    "2026-04-15",
    never,
    never,
    false,
  );
  expect(await store.sql("SELECT local_day::text AS day, state, reason FROM deliveries ORDER BY local_day")).toEqual([
    { day: "2026-04-15", state: "expired", reason: "superseded" },
    { day: "2026-04-16", state: "planned", reason: null },
  ]);
});

test("marks that a leaping clock left in the future are pulled back to today", async () => {
  const id = await store.aReader();
  await store.planning.plan(
    await theGroup(),
    { ...due, localDay: "2026-06-01", at: at("2026-06-01T07:00Z") },
    "2026-05-31",
    never,
    never,
    false,
  );
  expect(await store.planning.pullBackMarks()).toBe(1);
  expect(
    await store.sql("SELECT last_local_day::text AS day FROM subscription_clocks WHERE subscription_id = $1", [id]),
  ).toEqual([{ day: "2026-04-15" }]);
  expect(await store.planning.pullBackMarks()).toBe(0);
});

describe("weeks of deliveries that nobody needs any more", () => {
  const weeks = async () =>
    (
      await store.sql<{ name: string }>(
        "SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'deliveries'::regclass ORDER BY 1",
      )
    ).map(({ name }) => name.slice(-8));
  const aDelivery = (day: string) =>
    store.sql(
      `INSERT INTO deliveries (local_day, subscription_id, edition_date, cadence, due_at, send_by, state, ended_at)
       VALUES ($1::date, 1, $1::date, 'daily', now(), now(), 'accepted', now())`,
      [day],
    );
  const sweepAt = async (now: string) => {
    await store.clock.set(at(now));
    return store.planning.dropPartitions(addDays(now.slice(0, 10), -21));
  };
  beforeEach(async () => {
    for (const week of await weeks()) await store.sql(`DROP TABLE deliveries_${week}`);
    await store.planning.makePartitions("2026-03-02", "2026-04-12");
    for (const monday of ["2026-03-02", "2026-03-09", "2026-03-16", "2026-03-23", "2026-03-30", "2026-04-06"])
      await aDelivery(monday);
  });

  test("are dropped when they are past their time by the clock", async () => {
    expect(await sweepAt("2026-04-11T07:00Z")).toBe(2);
    expect(await weeks()).toEqual(["20260316", "20260323", "20260330", "20260406"]);
  });

  test("stay when the clock leaps months ahead, and with them who was sent what", async () => {
    expect(await sweepAt("2026-10-11T07:00Z")).toBe(3);
    expect(await weeks()).toEqual(["20260323", "20260330", "20260406"]);
    await store.planning.makePartitions("2026-10-05", "2026-10-11");
    await aDelivery("2026-10-05");
    expect(await sweepAt("2026-10-11T08:00Z")).toBe(1);
    expect(await weeks()).toEqual(["20260330", "20260406", "20261005"]);
  });

  test("are dropped at once when nothing is in them", async () => {
    await store.sql("TRUNCATE deliveries");
    expect(await sweepAt("2026-10-11T07:00Z")).toBe(6);
  });
});

test("what a leaping clock planned for a day to come does not wait there for its reader", async () => {
  await store.aReader();
  const leapt = { ...due, localDay: "2026-04-20", at: at("2026-04-20T07:00Z") };
  await store.planning.plan(await theGroup(), leapt, "2026-04-19", never, never, false);
  await store.sql(
    "UPDATE deliveries SET state = 'claimed', next_try_at = NULL, claim = gen_random_uuid(), claim_until = now()",
  );
  expect(await store.planning.pullBackMarks()).toBe(0);
  await store.sql("UPDATE deliveries SET state = 'retry', next_try_at = now(), claim = NULL, claim_until = NULL");
  expect(await store.planning.pullBackMarks()).toBe(1);
  expect(await store.sql("SELECT local_day::text AS day, state, reason FROM deliveries")).toEqual([
    { day: "2026-04-20", state: "expired", reason: "superseded" },
  ]);
});
