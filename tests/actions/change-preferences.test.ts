import { afterAll, beforeAll, expect, test } from "vitest";
import { changePreferences } from "../../src/actions/change-preferences.ts";
import { aFilter, preferences } from "../support/builders.ts";
import { aStore, type TestStore } from "../support/store.ts";
import { at } from "../support/time.ts";

let store: TestStore;
beforeAll(async () => {
  store = await aStore();
});
afterAll(() => store.close());

const other = preferences({
  filter: aFilter({ include: ["robots"] }),
  hour: 21,
  zone: "Europe/Berlin",
  format: "text",
});
const history = (id: bigint) =>
  store.sql(
    "SELECT version, what, via, preferences->>'hour' AS hour FROM subscription_changes WHERE subscription_id = $1 ORDER BY version",
    [id],
  );
const outline = async (id: bigint, change: Parameters<typeof changePreferences>[2]) => {
  const changed = await changePreferences(store, id, change);
  return changed && [changed.state, changed.version, changed.preferences.hour, changed.pausedUntil];
};

test("what a reader changes is what they have from then on, and each step is kept with what was chosen", async () => {
  const id = await store.aReader();
  expect(await changePreferences(store, id, { preferences: other })).toMatchObject({ version: 2, preferences: other });
  expect((await store.subscriptions.findById(id))!.preferences).toEqual(other);
  expect(await history(id)).toEqual([
    { version: 1, what: "confirmed", via: "confirmation-link", hour: "7" },
    { version: 2, what: "changed", via: "preferences-link", hour: "21" },
  ]);
});

test("pausing, for good or until a day, changing in the pause, and coming back", async () => {
  const id = await store.aReader();
  const until = at("2026-05-01T00:00Z");
  expect(await outline(id, { pause: { paused: true, until: null } })).toEqual(["paused", 2, 7, null]);
  expect(await outline(id, { pause: { paused: true, until } })).toEqual(["paused", 3, 7, until]);
  expect(await outline(id, { preferences: other })).toEqual(["paused", 4, 21, until]);
  expect(await outline(id, { preferences: preferences(), pause: { paused: false } })).toEqual(["active", 6, 7, null]);
});

test("who is here cannot come back, and who is suspended cannot pause: nothing is changed by it", async () => {
  const id = await store.aReader();
  expect(await outline(id, { pause: { paused: false } })).toBeNull();
  await store.sql("UPDATE subscriptions SET state = 'suspended' WHERE id = $1", [id]);
  expect(await outline(id, { preferences: other, pause: { paused: true, until: null } })).toEqual([
    "suspended",
    2,
    21,
    null,
  ]);
});

test("who has left changes nothing", async () => {
  const id = await store.aReader();
  await store.subscriptions.end(id, "reader", "test");
  expect(await outline(id, { preferences: other, pause: { paused: true, until: null } })).toBeNull();
  expect((await store.subscriptions.findById(id))!.preferences).toEqual(preferences());
});

test("two changes at once are two steps, one after the other", async () => {
  const id = await store.aReader();
  await Promise.all([8, 9, 10].map((hour) => changePreferences(store, id, { preferences: preferences({ hour }) })));
  const steps = (await history(id)) as { version: number; hour: string }[];
  expect(steps.map(({ version }) => version)).toEqual([1, 2, 3, 4]);
  expect(String((await store.subscriptions.findById(id))!.preferences.hour)).toBe(steps.at(-1)!.hour);
  expect(
    await store.sql(
      "SELECT g.hour FROM subscription_clocks c JOIN delivery_groups g ON g.id = c.group_id WHERE subscription_id = $1",
      [id],
    ),
  ).toEqual([{ hour: Number(steps.at(-1)!.hour) }]);
});
