import { afterAll, beforeAll, expect, test } from "vitest";
import { dayCounts } from "../../src/store/day-counts.ts";
import { aStore, type TestStore } from "../support/store.ts";
import { at } from "../support/time.ts";

let store: TestStore;
beforeAll(async () => {
  store = await aStore(at("2026-04-15T23:30Z"));
});
afterAll(() => store.close());

const report = (when: string, kind: string) =>
  store.sql(
    `INSERT INTO verdicts (subscription_id, at, mail_at, class, names_no_user, text, via, verdict, because)
     VALUES (1, $1, $1, $2, true, '', 'raw', 'count', '')`,
    [at(when), kind],
  );

test("who came and left, and what came back, by UTC day; a day that is over is counted once", async () => {
  const counts = dayCounts(store.prisma);
  const ids = [await store.aReader(), await store.aReader()];
  await store.subscriptions.end(ids[0]!, "reader", "test");
  await store.subscriptions.undo(ids[0]!, "test");
  await store.subscriptions.pause(ids[1]!, null, "test");
  for (const kind of ["hard", "soft", "domain", "complaint", "ours"]) await report("2026-04-15T23:59:59Z", kind);
  const none = { joined: 0, left: 0, bounces: 0, complaints: 0 };
  const today = { day: "2026-04-15", joined: 3, left: 1, bounces: 3, complaints: 1 };
  expect(await counts.days("2026-04-14", "2026-04-15")).toEqual([{ day: "2026-04-14", ...none }, today]);
  await report("2026-04-15T10:00Z", "complaint");
  const grown = { ...today, complaints: 2 };
  expect(await counts.days("2026-04-15", "2026-04-15")).toEqual([grown]);

  await store.clock.set(at("2026-04-16T01:01Z"));
  expect(await counts.days("2026-04-15", "2026-04-16")).toEqual([grown, { day: "2026-04-16", ...none }]);
  await report("2026-04-15T10:00Z", "complaint");
  await report("2026-04-16T00:00Z", "complaint");
  expect(await counts.days("2026-04-15", "2026-04-16")).toEqual([grown, { day: "2026-04-16", ...none, complaints: 1 }]);
});

test("readers are counted anew after a thousand times as long as counting took", async () => {
  let now = 0;
  const counts = dayCounts(store.prisma, {
    clock: () => {
      now += 50;
      return now;
    },
  });
  const first = await counts.readers();
  await store.aReader();
  expect(await counts.readers()).toEqual(first);
  now += 150_000;
  expect(await counts.readers()).toEqual({ ...first, active: first.active + 1 });
});
