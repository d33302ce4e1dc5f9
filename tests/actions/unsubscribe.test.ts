import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { confirm } from "../../src/actions/confirm.ts";
import { undoUnsubscribe } from "../../src/actions/undo-unsubscribe.ts";
import { unsubscribe } from "../../src/actions/unsubscribe.ts";
import type { JournalEntry } from "../../src/store/journal.ts";
import { aFilter, preferences } from "../support/builders.ts";
import { aStore, type TestStore } from "../support/store.ts";
import { at } from "../support/time.ts";
import { aQueue } from "./press.ts";

let store: TestStore;
let written: JournalEntry[];
beforeAll(async () => {
  store = await aStore();
});
afterAll(() => store.close());
beforeEach(() => {
  written = [];
});

const NOW = at("2026-04-15T07:00Z");
const needs = () => ({ ...store, journal: { append: async (entry: JournalEntry) => void written.push(entry) } });
const leave = (id: bigint) => unsubscribe(needs(), id, "one-click", NOW);
const undo = (id: bigint) => undoUnsubscribe(needs(), id, NOW);
const state = async (id: bigint) => (await store.subscriptions.findById(id))?.state;
const line = (what: "ended" | "undone", id: bigint) => ({
  ...{ what, subscriptionId: String(id), at: NOW.toISOString() },
  ...(what === "ended" && { because: "reader" }),
});

test("a reader leaves once, in the database and in the journal; pressing again is told apart and writes nothing", async () => {
  const id = await store.aReader();
  expect([await leave(id), await leave(id)]).toEqual(["ended", "already-ended"]);
  expect(await state(id)).toBe("ended");
  expect(written).toEqual([line("ended", id)]);
  const [last] = await store.sql(
    "SELECT what, via FROM subscription_changes WHERE subscription_id = $1 ORDER BY version DESC",
    [id],
  );
  expect(last).toEqual({ what: "ended", via: "one-click" });
});

test.each(["paused", "suspended"])("a %s reader leaves like any other", async (from) => {
  const id = await store.aReader();
  await store.sql("UPDATE subscriptions SET state = $2 WHERE id = $1", [id, from]);
  expect([await leave(id), await state(id)]).toEqual(["ended", "ended"]);
});

test("a link of a subscription that never was ends nothing and writes nothing", async () => {
  expect([await leave(999_999n), written]).toEqual(["already-ended", []]);
});

test("two presses at once: one of them ended it", async () => {
  const id = await store.aReader();
  const outcomes = await Promise.all([leave(id), leave(id), leave(id)]);
  expect(outcomes.filter((outcome) => outcome === "ended")).toHaveLength(1);
});

test("a leaving that the journal could not keep is not answered, and the next press finds it still to do", async () => {
  const id = await store.aReader();
  const full = { ...needs(), journal: { append: () => Promise.reject(new Error("the disk is full")) } };
  await expect(unsubscribe(full, id, "one-click", NOW)).rejects.toThrow("the disk is full");
  expect([await state(id), await leave(id), written]).toEqual(["active", "ended", [line("ended", id)]]);
});

test("undo brings a reader back with everything as it was, and both are in the journal, in their order", async () => {
  const wanted = preferences({ filter: aFilter({ include: ["agents"] }), cadence: "weekly", weekday: 5, hour: 21 });
  const id = await store.aReader(wanted);
  await leave(id);
  expect([await undo(id), await undo(id)]).toEqual(["undone", "nothing-to-undo"]);
  expect(await store.subscriptions.findById(id)).toEqual({
    ...{ id, state: "active", preferences: wanted, version: 3, pausedUntil: null, endedAt: null, elsewhere: null },
    email: expect.stringMatching(/^reader\d+@example\.org$/),
  });
  expect(written).toEqual([line("ended", id), line("undone", id)]);
});

test("undo does not bring back whom we may not write to, nor whose address is gone", async () => {
  const [suppressed, erased] = [await store.aReader(), await store.aReader()];
  for (const id of [suppressed, erased]) await leave(id);
  await store.sql(
    "INSERT INTO suppressions (address_key, because) SELECT address_key, 'complaint' FROM subscriptions WHERE id = $1",
    [suppressed],
  );
  await store.sql("UPDATE subscriptions SET email = NULL WHERE id = $1", [erased]);
  expect([await undo(suppressed), await undo(erased)]).toEqual(["nothing-to-undo", "nothing-to-undo"]);
});

/** Its reader asks for the digest at another address, whose owner confirms. @returns what it goes on as */
async function move(id: bigint, email: string): Promise<bigint> {
  const wanted = preferences();
  const to = {
    email,
    addressKey: `key of ${email}`,
    wanted,
    askedBy: "form",
    kind: "move",
    subscriptionId: id,
  } as const;
  const asked = await store.requests.add(to);
  const moved = await confirm({ ...needs(), queue: aQueue() }, asked, NOW);
  if (moved.outcome !== "confirmed") throw new Error(moved.outcome);
  written = [];
  return moved.id;
}
async function subscribe(email: string): Promise<bigint> {
  const asked = { email, addressKey: `key of ${email}`, wanted: preferences(), askedBy: "form" } as const;
  const id = await store.requests.add(asked);
  const confirmed = await confirm({ ...needs(), queue: aQueue() }, id, NOW);
  if (confirmed.outcome !== "confirmed") throw new Error(confirmed.outcome);
  return confirmed.id;
}
const keyOf = async (id: bigint) =>
  (await store.sql<{ key: string }>("SELECT address_key AS key FROM subscriptions WHERE id = $1", [id]))[0]!.key;
const goesOnAs = async (id: bigint) =>
  (await store.sql<{ as: string | null }>("SELECT goes_on_as AS as FROM subscriptions WHERE id = $1", [id]))[0]!.as;

test("a link that went to an address before it was changed ends what goes on under the new one, once; undo takes that back", async () => {
  const old = await store.aReader();
  const now = await move(old, "new@example.org");
  expect([await leave(old), await state(now), await leave(old), await leave(now)]).toEqual([
    ...["ended", "ended", "already-ended", "already-ended"],
  ]);
  expect(written).toEqual([line("ended", now)]);
  expect([await undo(old), await state(now), await undo(old)]).toEqual(["undone", "active", "nothing-to-undo"]);
  expect(written).toEqual([line("ended", now), line("undone", now)]);
  expect([await store.subscriptions.findById(old)]).toMatchObject([{ email: null, state: "ended" }]);
});

test("so it does however often they moved, and after they moved back", async () => {
  const first = await subscribe("first@example.org");
  const second = await move(first, "second@example.org");
  const third = await move(second, "third@example.org");
  expect([await leave(first), await state(third)]).toEqual(["ended", "ended"]);
  expect(await undo(first)).toBe("undone");

  expect(await move(third, "first@example.org")).toBe(first);
  for (const link of [second, third, first]) {
    expect([await leave(link), await state(first)]).toEqual(["ended", "ended"]);
    expect(await undo(link)).toBe("undone");
  }
});

test("an address that is subscribed anew is its own again: its links end it, and not what went on elsewhere", async () => {
  const first = await subscribe("shared@example.org");
  const second = await move(first, "own@example.org");
  const third = await move(second, "last@example.org");
  expect(await subscribe("shared@example.org")).toBe(first);
  expect([await leave(first), await state(first), await state(third), await leave(first)]).toEqual([
    ...["ended", "ended", "active", "already-ended"],
  ]);
  expect([await leave(second), await state(third)]).toEqual(["ended", "ended"]);
});

test("once the new address is erased nothing ties the old one to it, and its link ends nobody who comes there later", async () => {
  const old = await store.aReader();
  const now = await move(old, "forgotten@example.org");
  expect(await goesOnAs(old)).toBe(String(now));
  await store.erasure.erase(await keyOf(now), "account-link");
  expect([await goesOnAs(old), await leave(old)]).toEqual([null, "already-ended"]);
  expect([await subscribe("forgotten@example.org"), await leave(old), await state(now)]).toEqual([
    ...[now, "already-ended", "active"],
  ]);
});

test("who leaves by a link while they move has left, under the new address", async () => {
  const old = await store.aReader();
  const moving: { to?: bigint } = {};
  const subscriptions: TestStore["subscriptions"] = {
    ...store.subscriptions,
    async end(...of) {
      moving.to ??= await move(old, "meanwhile@example.org");
      return store.subscriptions.end(...of);
    },
  };
  expect(await unsubscribe({ ...needs(), subscriptions }, old, "one-click", NOW)).toBe("ended");
  expect(await state(moving.to!)).toBe("ended");
});
