import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { undoUnsubscribe } from "../../src/actions/undo-unsubscribe.ts";
import { unsubscribe } from "../../src/actions/unsubscribe.ts";
import type { JournalEntry } from "../../src/store/journal.ts";
import { aFilter, preferences } from "../support/builders.ts";
import { aStore, type TestStore } from "../support/store.ts";
import { at } from "../support/time.ts";

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
    ...{ id, state: "active", preferences: wanted, version: 3, pausedUntil: null, endedAt: null },
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
