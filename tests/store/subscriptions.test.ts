import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { SubscriptionState } from "../../src/core/subscription.ts";
import { mayMoveSubscription } from "../../src/core/subscription.ts";
import { aFilter, preferences } from "../support/builders.ts";
import { aStore, type TestStore } from "../support/store.ts";
import { at } from "../support/time.ts";

let store: TestStore;
beforeAll(async () => {
  store = await aStore();
});
afterAll(() => store.close());
beforeEach(async () => {
  await store.clock.set(at("2026-04-15T07:00Z"));
  await store.sql(`TRUNCATE deliveries, group_days, subscription_clocks, delivery_groups, subscription_changes, subscriptions,
    requests, suppressions CASCADE`);
});

const request = (wanted = preferences(), addressKey = "key of ada") =>
  store.requests.add({ email: "ada@example.org", addressKey, wanted, askedBy: "form" });
const clocks = () =>
  store.sql(`SELECT c.subscription_id::int AS id, g.cadence, g.weekday, g.zone, g.hour, c.joined_at, c.joined_late AS late
    FROM subscription_clocks c LEFT JOIN delivery_groups g ON g.id = c.group_id ORDER BY 1`);

const everything = preferences({
  ...{
    cadence: "weekly",
    weekday: 7,
    hour: 23,
    zone: "Asia/Kathmandu",
    maxPapers: 50,
    language: "pt-BR",
    format: "text",
  },
  filter: aFilter({ name: "Mine", include: ["C++"], exclude: ["title:survey"], minUpvotes: 3, onlyWithCode: true }),
});

test("what was asked for is what a reader has, to the last field, and they are found by id and by key", async () => {
  const result = await store.subscriptions.confirm(
    await request(everything),
    () => null,
    async () => {},
  );
  const id = (result as { id: bigint }).id;
  const whole = {
    ...{
      id,
      email: "ada@example.org",
      state: "active",
      preferences: everything,
      version: 1,
      pausedUntil: null,
      endedAt: null,
      elsewhere: null,
    },
  };
  expect(await store.subscriptions.findById(id)).toEqual(whole);
  expect(await store.subscriptions.findByAddressKey("key of ada")).toEqual(whole);
  expect(await store.sql("SELECT preferences FROM subscription_changes")).toEqual([{ preferences: everything }]);
  expect(await store.subscriptions.findByAddressKey("key of nobody")).toBeNull();
});

test("whoever comes back gets the same row, with the history and what they ask for now", async () => {
  const first = (await store.subscriptions.confirm(
    await request(),
    () => null,
    async () => {},
  )) as { id: bigint };
  await store.subscriptions.end(first.id, "reader", "test");
  const again = (await store.subscriptions.confirm(
    await request(everything),
    () => null,
    async () => {},
  )) as { id: bigint };
  expect(again.id).toBe(first.id);
  expect(await store.subscriptions.findById(first.id)).toMatchObject({
    ...{ state: "active", preferences: everything, version: 3, endedAt: null },
  });
  expect(await store.sql("SELECT version, what FROM subscription_changes ORDER BY version")).toEqual([
    { version: 1, what: "confirmed" },
    { version: 2, what: "ended" },
    { version: 3, what: "confirmed" },
  ]);
});

test("two requests of one address confirmed at once make one subscription, as one of them asked", async () => {
  const ids = [await request(preferences({ hour: 5 })), await request(preferences({ hour: 6 }))];
  const results = await Promise.all(
    ids.map((id) =>
      store.subscriptions.confirm(
        id,
        () => null,
        async () => {},
      ),
    ),
  );
  expect(results.map(({ outcome }) => outcome).sort()).toEqual(["already", "confirmed"]);
  const [row] = await store.sql<{ hour: number; version: number }>("SELECT hour, version FROM subscriptions");
  const won = results.findIndex(({ outcome }) => outcome === "confirmed");
  expect(row).toEqual({ hour: 5 + won, version: 1 });
});

test("every move that the product knows is made from where it is allowed, and from nowhere else", async () => {
  const states: SubscriptionState[] = ["active", "paused", "suspended", "ended"];
  const moves: [string, SubscriptionState, (id: bigint) => Promise<unknown>][] = [
    ["pause", "paused", (id) => store.subscriptions.pause(id, null, "test")],
    ["resume", "active", (id) => store.subscriptions.resume(id, "test")],
    ["end", "ended", (id) => store.subscriptions.end(id, "reader", "test")],
    ["undo", "active", (id) => store.subscriptions.undo(id, "test")],
  ];
  const made: string[] = [];
  for (const [name, to, move] of moves)
    for (const from of states) {
      const id = await store.aReader();
      await store.sql("UPDATE subscriptions SET state = $2 WHERE id = $1", [id, from]);
      const done = (await move(id)) !== null;
      expect((await store.subscriptions.findById(id))!.state).toBe(done ? to : from);
      if (done && from !== to) expect([from, to, mayMoveSubscription(from, to)]).toEqual([from, to, true]);
      if (done) made.push(`${name} ${from}`);
    }
  expect(made).toEqual([
    ...["pause active", "pause paused", "resume paused", "end active", "end paused", "end suspended", "undo ended"],
  ]);
});

test("a reader falls due with those of the same schedule, and with nobody while they are away", async () => {
  const [a, b] = [await store.aReader(), await store.aReader(everything)];
  await store.subscriptions.pause(b, null, "test");
  const daily = {
    id: Number(a),
    cadence: "daily",
    weekday: 0,
    zone: "UTC",
    hour: 7,
    joined_at: at("2026-04-15T07:00Z"),
    late: false,
  };
  const nowhere = { cadence: null, weekday: null, zone: null, hour: null };
  expect(await clocks()).toEqual([daily, { ...daily, ...nowhere, id: Number(b) }]);

  await store.clock.set(at("2026-04-15T08:00Z"));
  await store.subscriptions.resume(b, "test");
  await store.subscriptions.change(a, preferences({ maxPapers: 3 }), "test");
  expect(await clocks()).toEqual([
    daily,
    {
      id: Number(b),
      cadence: "weekly",
      weekday: 7,
      zone: "Asia/Kathmandu",
      hour: 23,
      joined_at: at("2026-04-15T08:00Z"),
      late: false,
    },
  ]);
  await store.subscriptions.change(a, preferences({ hour: 9 }), "test");
  expect((await clocks())[0]).toEqual({ ...daily, hour: 9, joined_at: at("2026-04-15T08:00Z"), late: true });
});

test("a schedule changed in a pause is the one they come back to", async () => {
  const id = await store.aReader();
  await store.subscriptions.pause(id, null, "test");
  await store.subscriptions.change(id, preferences({ hour: 21 }), "test");
  expect((await clocks())[0]).toMatchObject({ hour: null });
  await store.subscriptions.resume(id, "test");
  expect((await clocks())[0]).toMatchObject({ hour: 21 });
});

test("a pause is ended by the clock as of when it was to end, and only the pause that was looked at", async () => {
  const id = await store.aReader();
  const until = at("2026-04-15T06:30Z");
  await store.subscriptions.pause(id, until, "test");
  expect(await store.subscriptions.pausesOver(10)).toEqual([{ id, pausedUntil: until }]);
  expect(await store.subscriptions.endPause(id, at("2026-04-15T06:00Z"))).toBeNull();
  expect(await store.subscriptions.endPause(id, until)).toMatchObject({ state: "active", pausedUntil: null });
  expect(await store.subscriptions.endPause(id, until)).toBeNull();
  expect((await clocks())[0]).toMatchObject({ joined_at: until, late: true });
});

test("the two marks of a reader outlive every change: leaving, coming back, another schedule", async () => {
  const id = await store.aReader();
  await store.sql("UPDATE subscription_clocks SET last_local_day = '2026-04-15', last_edition = '2026-04-14'");
  await store.subscriptions.end(id, "reader", "test");
  await store.subscriptions.undo(id, "test");
  await store.subscriptions.change(id, everything, "test");
  expect(
    await store.sql("SELECT last_local_day::text AS day, last_edition::text AS edition FROM subscription_clocks"),
  ).toEqual([{ day: "2026-04-15", edition: "2026-04-14" }]);
});
