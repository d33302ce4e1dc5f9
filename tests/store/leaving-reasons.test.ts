import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { aStore, type TestStore } from "../support/store.ts";
import { at } from "../support/time.ts";

let store: TestStore;
beforeAll(async () => {
  store = await aStore();
});
afterAll(() => store.close());
beforeEach(() => store.sql("TRUNCATE leaving_reasons"));

/** Somebody who left then. */
async function left(when: string): Promise<bigint> {
  await store.clock.set(at(when));
  const id = await store.aReader();
  await store.subscriptions.end(id, "reader", "one-click");
  return id;
}
const keep = (id: bigint, reason: "tooMany" | "other", words: string | null = null) =>
  store.leavingReasons.keep(id, { reason, words });
const rows = () => store.sql("SELECT subscription_id, left_at, reason, words FROM leaving_reasons");
const keyOf = async (id: bigint) =>
  (await store.sql<{ key: string }>("SELECT address_key AS key FROM subscriptions WHERE id = $1", [id]))[0]!.key;

test("a reason is kept once a leaving, and the last word counts; who has not left gives none", async () => {
  const id = await left("2026-04-30T23:00Z");
  expect([await keep(id, "tooMany"), await keep(id, "other", "I retire")]).toEqual([true, true]);
  expect([await keep(await store.aReader(), "tooMany"), await keep(999_999n, "tooMany")]).toEqual([false, false]);
  expect(await store.leavingReasons.reasons(12)).toEqual([{ month: "2026-04", reason: "other", count: 1 }]);
  expect(await store.leavingReasons.lines(10)).toEqual([{ month: "2026-04", reason: "other", words: "I retire" }]);
});

test("totals are of the last months that have any, the most frequent reason first", async () => {
  for (const [when, reason] of [
    ["2026-02-10T09:00Z", "other"],
    ["2026-04-01T00:00Z", "other"],
    ["2026-04-02T00:00Z", "tooMany"],
    ["2026-04-30T23:59Z", "tooMany"],
    ["2026-03-31T23:59Z", "other"],
  ] as const)
    await keep(await left(when), reason);
  expect(await store.leavingReasons.reasons(2)).toEqual([
    { month: "2026-04", reason: "tooMany", count: 2 },
    { month: "2026-04", reason: "other", count: 1 },
    { month: "2026-03", reason: "other", count: 1 },
  ]);
});

test("who takes the leaving back has given no reason; one of an earlier leaving stays", async () => {
  const id = await left("2026-03-10T09:00Z");
  await keep(id, "other");
  await store.sql("UPDATE subscriptions SET state = 'active', ended_at = NULL WHERE id = $1", [id]);
  await store.clock.set(at("2026-04-10T09:00Z"));
  await store.subscriptions.end(id, "reader", "one-click");
  await keep(id, "tooMany");
  await store.subscriptions.undo(id, "undo-link");
  expect(await store.leavingReasons.reasons(12)).toEqual([{ month: "2026-03", reason: "other", count: 1 }]);
});

test("erasure leaves the reason in the total of its month, and nothing that leads to anybody", async () => {
  const [id, other] = [await left("2026-04-15T06:07:08Z"), await left("2026-04-16T09:00Z")];
  await keep(id, "tooMany", "I am Ada");
  await keep(other, "other");
  await store.erasure.erase(await keyOf(id), "account-link");
  expect(await rows()).toEqual([
    { subscription_id: String(other), left_at: at("2026-04-16T09:00Z"), reason: "other", words: null },
    { subscription_id: null, left_at: at("2026-04-01T00:00Z"), reason: "tooMany", words: null },
  ]);
  expect(await store.leavingReasons.reasons(1)).toEqual([
    { month: "2026-04", reason: "other", count: 1 },
    { month: "2026-04", reason: "tooMany", count: 1 },
  ]);
  expect(await keep(id, "other", "again")).toBe(false);
});
