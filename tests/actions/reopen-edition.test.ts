import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { planDeliveries } from "../../src/actions/plan-deliveries.ts";
import { reopenEdition } from "../../src/actions/reopen-edition.ts";
import { openLog } from "../../src/log.ts";
import { openShelf } from "../../src/store/shelf.ts";
import { preferences } from "../support/builders.ts";
import { aStore, type TestStore } from "../support/store.ts";
import { at } from "../support/time.ts";

const DATE = "2026-04-14";

let store: TestStore;
beforeAll(async () => {
  store = await aStore();
});
afterAll(() => store.close());
beforeEach(async () => {
  await store.clock.set(at("2026-04-15T06:00Z"));
  await store.sql("TRUNCATE deliveries, group_days, edition_papers, editions, waves CASCADE");
  await store.editions.open("2026-04-13");
  await store.editions.open(DATE);
  await close();
});

const close = (state: "closed" | "broken" = "closed") =>
  store.editions.decide(DATE, { state, because: null, rankedBy: "trend", papers: [] });
const reopen = () => reopenEdition({ ...store, shelf: openShelf(store.editions) }, DATE);
const plan = (editions = store.editions) =>
  planDeliveries(
    {
      ...{ ...store, editions, closesAt: "01:00", log: openLog({ level: "silent", pretty: false }) },
      queue: { ring: async () => {} },
    },
    store.clock.now(),
  );
const standing = () => store.editions.standing(DATE);

test("an edition is opened again under the next revision, and closed anew", async () => {
  expect([await reopen(), await standing()]).toEqual(["reopened", { state: "open", revision: 2 }]);
  expect([await close("broken"), await reopen(), await standing()]).toEqual([
    ...[true, "reopened", { state: "open", revision: 3 }],
  ]);
  expect(await reopen()).toBe("open");
  expect(await reopenEdition({ ...store, shelf: openShelf(store.editions) }, "2026-01-01")).toBe("unknown");
});

test("not once digests of it were planned", async () => {
  await store.aReader(preferences({ hour: 7, zone: "UTC" }));
  await store.clock.set(at("2026-04-15T07:01Z"));
  expect([await plan(), await reopen(), await standing()]).toEqual([1, "planned", { state: "closed", revision: 1 }]);
});

test("not once somebody had it who came late to a group that had an earlier one that day", async () => {
  await reopen();
  await close("broken");
  await store.editions.decide("2026-04-13", { state: "closed", because: null, rankedBy: "trend", papers: [] });
  const wanted = preferences({ hour: 8, zone: "UTC" });
  await store.aReader(wanted);
  const late = await store.aReader(preferences({ hour: 9, zone: "UTC" }));
  await store.clock.set(at("2026-04-15T08:01Z"));
  await plan();
  expect([await reopen(), await close()]).toEqual(["reopened", true]);
  await store.subscriptions.change(late, wanted, "preferences-link");
  await plan();
  expect(await store.sql("SELECT subscription_id FROM deliveries WHERE edition_date = $1", [DATE])).toEqual([
    { subscription_id: String(late) },
  ]);
  expect(await reopen()).toBe("planned");
});

test("not once it was somebody's welcome", async () => {
  const wanted = preferences();
  const id = await store.requests.add({ email: "w@example.org", addressKey: "key of w", wanted, askedBy: "form" });
  await store.requests.answered(id, "confirmation");
  const welcome = { localDay: "2026-04-15", editionDate: DATE, sendBy: at("2026-04-16T00:00Z") };
  const confirmed = await store.subscriptions.confirm(
    id,
    () => welcome,
    async () => {},
  );
  expect(confirmed).toMatchObject({ outcome: "confirmed", delivery: { localDay: "2026-04-15" } });
  expect(await reopen()).toBe("planned");
});

test("a planner that looked before it was opened again plans nothing of it, and the next one waits", async () => {
  await store.aReader(preferences({ hour: 7, zone: "UTC" }));
  await store.clock.set(at("2026-04-15T07:01Z"));
  const looked = {
    ...store.editions,
    since: async (day: string) => {
      const known = await store.editions.since(day);
      expect(await reopen()).toBe("reopened");
      return known;
    },
  };
  expect(await plan(looked)).toBe(0);
  expect(await store.sql("SELECT outcome FROM group_days WHERE edition_date = $1", [DATE])).toEqual([]);
  await plan();
  expect(await store.sql("SELECT outcome, because FROM group_days WHERE edition_date = $1", [DATE])).toEqual([
    { outcome: "waiting", because: "edition-open" },
  ]);
  await close();
  expect(await plan()).toBeGreaterThan(0);
});

test("who confirms while it is opened again is welcomed without it", async () => {
  const wanted = preferences();
  const id = await store.requests.add({ email: "v@example.org", addressKey: "key of v", wanted, askedBy: "form" });
  await store.requests.answered(id, "confirmation");
  await reopen();
  const welcome = { localDay: "2026-04-15", editionDate: DATE, sendBy: at("2026-04-16T00:00Z") };
  const confirmed = await store.subscriptions.confirm(
    id,
    () => welcome,
    async () => {},
  );
  expect(confirmed).toMatchObject({ outcome: "confirmed", delivery: null });
});
