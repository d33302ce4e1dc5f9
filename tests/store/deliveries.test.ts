import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { Due } from "../../src/core/schedule.ts";
import type { Claimed, Outcome } from "../../src/store/claims.ts";
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
  await store.sql(
    "TRUNCATE deliveries, group_days, subscription_clocks, delivery_groups, subscription_changes, subscriptions, requests, suppressions CASCADE",
  );
});

const all = { localDay: "2026-04-15", fromId: 0n, toId: 1_000_000n };
const due: Due = { cadence: "daily", zone: "UTC", hour: 7, localDay: "2026-04-15", at: at("2026-04-15T07:00Z") };
const accepted: Outcome = {
  state: "accepted",
  reason: null,
  nextTryAt: null,
  isUncertain: false,
  answer: "250 ok",
  serverId: "q1",
};

async function readers(count: number): Promise<bigint[]> {
  const ids: bigint[] = [];
  for (let n = 0; n < count; n += 1) ids.push(await store.aReader());
  const [group] = await store.planning.groups();
  await store.planning.plan(group!.id, due, "2026-04-14", at("2026-04-16T03:00Z"), at("2026-04-15T07:00Z"), false);
  return ids;
}

const states = () => store.sql("SELECT state, reason FROM deliveries ORDER BY id");

test("two workers share a range: each delivery is claimed once", async () => {
  await readers(30);
  const claims = await Promise.all([1, 2, 3].map(() => store.deliveries.claim(all, 15, 60_000)));
  const ids = claims.flat().map((claimed) => claimed.id);
  expect([ids.length, new Set(ids).size]).toEqual([30, 30]);
});

test("C13: who left, paused, was suspended or suppressed since planning is not sent to, with the reason", async () => {
  const [left, paused, suspended, suppressed, here] = await readers(5);
  await store.subscriptions.end(left!, "reader", "test");
  await store.subscriptions.pause(paused!, null, "test");
  await store.sql("UPDATE subscriptions SET state = 'suspended' WHERE id = $1", [suspended]);
  await store.sql(
    "INSERT INTO suppressions (address_key, because) SELECT address_key, 'complaint' FROM subscriptions WHERE id = $1",
    [suppressed],
  );

  const claimed = await store.deliveries.claim(all, 10, 60_000);
  expect(claimed.map((one) => one.subscriptionId)).toEqual([here]);
  expect(await states()).toEqual([
    { state: "withdrawn", reason: "ended" },
    { state: "withdrawn", reason: "paused" },
    { state: "withdrawn", reason: "suspended" },
    { state: "withdrawn", reason: "suppressed" },
    { state: "claimed", reason: null },
  ]);
});

test("what is past its validity expires instead of being claimed", async () => {
  await readers(1);
  await store.clock.set(at("2026-04-16T03:00:01Z"));
  expect(await store.deliveries.claim(all, 10, 60_000)).toEqual([]);
  expect(await states()).toEqual([{ state: "expired", reason: "late" }]);
});

test("a claim that lapsed records nothing, and the delivery is somebody else's", async () => {
  await readers(1);
  const [slow] = await store.deliveries.claim(all, 10, 0);
  expect(await store.deliveries.returnLapsed(100)).toBe(1);
  const [quick] = await store.deliveries.claim(all, 10, 60_000);

  expect([...(await store.deliveries.record([{ delivery: slow!, outcome: accepted }]))]).toEqual([]);
  expect([...(await store.deliveries.record([{ delivery: quick!, outcome: accepted }]))]).toEqual([quick!.id]);
  expect(await states()).toEqual([{ state: "accepted", reason: null }]);
});

test("a second try has the papers, the date and the preferences of the first, whatever the reader changed meanwhile", async () => {
  const [id] = await readers(1);
  const [first] = await store.deliveries.claim(all, 10, 60_000);
  const composedAt = at("2026-04-15T07:00:01Z");
  await store.deliveries.fix([{ delivery: first!, paperKeys: [3, 1, 2], composedAt }]);
  const retry: Outcome = { ...accepted, state: "retry", reason: "deferred", nextTryAt: at("2026-04-15T07:05Z") };
  await store.deliveries.record([{ delivery: first!, outcome: retry }]);
  await store.subscriptions.change(
    id!,
    preferences({ filter: aFilter({ topics: ["agents"] }), maxPapers: 1, language: "de" }),
    "test",
  );
  await store.clock.set(at("2026-04-15T07:05Z"));
  const [second] = await store.deliveries.claim(all, 10, 60_000);

  const what = ({ fixed, preferences, version, attempts }: Claimed) => ({ fixed, preferences, version, attempts });
  expect(what(second!)).toEqual({
    fixed: { paperKeys: [3, 1, 2], composedAt },
    preferences: preferences(),
    version: first!.version,
    attempts: 2,
  });
});

test("a lost answer is tried once more; when that claim lapses too it is never sent a third time", async () => {
  await readers(1);
  const [first] = await store.deliveries.claim(all, 10, 60_000);
  const lost: Outcome = {
    ...accepted,
    state: "retry",
    reason: "answer-lost",
    nextTryAt: at("2026-04-15T07:01Z"),
    isUncertain: true,
  };
  await store.deliveries.record([{ delivery: first!, outcome: lost }]);
  await store.clock.set(at("2026-04-15T07:01Z"));
  const [second] = await store.deliveries.claim(all, 10, 0);
  expect(second!.wasUncertain).toBe(true);
  await store.deliveries.returnLapsed(100);
  expect(await store.deliveries.claim(all, 10, 60_000)).toEqual([]);
  expect(await states()).toEqual([{ state: "uncertain", reason: "claim-lapsed" }]);
});

test("C1: deliveries whose doorbell never rang are found again as ranges", async () => {
  await readers(3);
  expect(await store.deliveries.overdue(20_000, 300, 100)).toEqual([]);
  await store.clock.set(at("2026-04-15T07:01Z"));
  const ranges = await store.deliveries.overdue(20_000, 1_000_000, 100);
  const ids = await store.sql<{ first: string; last: string }>(
    "SELECT min(id) AS first, max(id) AS last FROM deliveries",
  );
  expect(ranges).toEqual([{ localDay: "2026-04-15", fromId: BigInt(ids[0]!.first), toId: BigInt(ids[0]!.last) }]);
});
