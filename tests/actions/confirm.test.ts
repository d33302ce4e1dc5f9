import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { confirm } from "../../src/actions/confirm.ts";
import { aFilter, preferences } from "../support/builders.ts";
import { at } from "../support/time.ts";
import { aPress, type Press } from "./press.ts";

let press: Press;
beforeAll(async () => {
  press = await aPress();
});
afterAll(() => press.end());
beforeEach(() => press.clear());

async function request(wanted = preferences(), email = "ada@example.org"): Promise<bigint> {
  return press.store.requests.add({ email, addressKey: `key of ${email}`, wanted, askedBy: "form" });
}
const confirming = (id: bigint) => confirm(press.needs, id, press.store.clock.now());
async function subscribed(wanted = preferences(), email?: string): Promise<bigint> {
  const result = await confirming(await request(wanted, email));
  if (result.outcome !== "confirmed") throw new Error(result.outcome);
  return result.id;
}
/** Wednesday morning, with the edition of Tuesday. */
async function wednesday(papers = [{ title: "Agents that plan" }, { title: "Speech for all" }]): Promise<void> {
  await press.list("2026-04-14", papers);
  await press.store.clock.set(at("2026-04-15T06:00Z"));
  await press.close();
}
const welcomes = () => press.store.sql("SELECT local_day::text AS day, is_welcome FROM deliveries ORDER BY id");

test("on confirming the newest edition goes out at once, and is rung for", async () => {
  await wednesday();
  const result = await confirming(await request());
  const [{ id }] = (await press.store.sql<{ id: string }>("SELECT id FROM deliveries")) as [{ id: string }];
  expect(result).toMatchObject({ outcome: "confirmed", delivery: { localDay: "2026-04-15", id: BigInt(id) } });
  expect(press.queue.rung()).toEqual([
    { name: "deliver-batch", payload: { localDay: "2026-04-15", fromId: id, toId: id } },
  ]);
  expect(await press.deliver()).toBe(1);
});

test("it counts as that local day's digest: at their hour there is no second, and on the next day no paper of it", async () => {
  await wednesday();
  await subscribed();
  await press.tick("2026-04-15T06:01Z");
  await press.tick("2026-04-15T07:00Z");
  expect(await welcomes()).toEqual([{ day: "2026-04-15", is_welcome: true }]);

  await press.list("2026-04-15", [{ title: "Robots" }]);
  await press.tick("2026-04-16T07:00Z");
  const titles = ["Agents that plan", "Speech for all", "Robots"];
  expect(press.smtp.taken.map(({ raw }) => titles.filter((title) => raw.includes(title)))).toEqual([
    ["Agents that plan", "Speech for all"],
    ["Robots"],
  ]);
});

test("the local day is the reader's: 06:00 UTC is still Tuesday in Honolulu", async () => {
  await wednesday();
  await subscribed(preferences({ zone: "Pacific/Honolulu" }));
  expect(await welcomes()).toEqual([{ day: "2026-04-14", is_welcome: true }]);
});

test("leaving and coming back on the same day brings no second digest, and the first goes out if it was on its way", async () => {
  await wednesday();
  const id = await subscribed();
  await press.store.subscriptions.end(id, "reader", "test");
  expect(await subscribed()).toBe(id);
  expect(await press.deliver()).toBe(1);
  await press.store.subscriptions.end(id, "reader", "test");
  expect(await subscribed()).toBe(id);
  expect([await press.deliver(), (await welcomes()).length]).toEqual([0, 1]);
});

test("who comes back another day gets what they had not had", async () => {
  await wednesday();
  const id = await subscribed(preferences({ maxPapers: 1 }));
  await press.deliver();
  await press.store.subscriptions.end(id, "reader", "test");
  await press.store.clock.set(at("2026-04-16T00:30Z"));
  expect(await subscribed()).toBe(id);
  await press.deliver();
  expect(await welcomes()).toEqual([
    { day: "2026-04-15", is_welcome: true },
    { day: "2026-04-16", is_welcome: true },
  ]);
  expect(press.smtp.taken[1]!.raw).not.toContain("Agents that plan");
  expect(press.smtp.taken[1]!.raw).toContain("Speech for all");
});

test("before the first edition there is none; it comes at the reader's next hour", async () => {
  const result = await confirming(await request(preferences({ hour: 8 })));
  expect(result).toMatchObject({ outcome: "confirmed", delivery: null });
  expect(press.queue.rung()).toEqual([]);
  await wednesday();
  await press.tick("2026-04-15T08:00Z");
  expect(await press.fates()).toEqual([{ day: "2026-04-15", edition: "2026-04-14", state: "accepted", reason: null }]);
});

test("an edition without papers is passed over for the newest that has some", async () => {
  await wednesday();
  await press.store.sql(
    "INSERT INTO editions (date, state, closed_at) VALUES ('2026-04-15', 'closed', '2026-04-16T01:00Z')",
  );
  await press.store.clock.set(at("2026-04-16T06:00Z"));
  await subscribed();
  expect(await press.fates()).toMatchObject([{ day: "2026-04-16", edition: "2026-04-14", state: "planned" }]);
});

test("a welcome without a matching paper is no mail, and says why: nothing matched, or nothing is new", async () => {
  await wednesday();
  await subscribed(preferences({ filter: aFilter({ include: ["quantum gravity"] }) }));
  const had = await subscribed(preferences(), "bob@example.org");
  await press.deliver();
  await press.store.subscriptions.end(had, "reader", "test");
  await press.store.clock.set(at("2026-04-16T00:30Z"));
  await subscribed(preferences(), "bob@example.org");
  expect(await press.deliver()).toBe(0);
  expect((await press.fates()).map(({ state, reason }) => [state, reason])).toEqual([
    ["empty", "nothing-matched"],
    ["accepted", null],
    ["empty", "nothing-new"],
  ]);
});

test("a welcome that is not sent for twenty hours is not sent at all", async () => {
  await wednesday();
  await subscribed();
  await press.store.clock.set(at("2026-04-16T02:00:01Z"));
  expect(await press.deliver()).toBe(0);
  expect(await press.fates()).toEqual([{ day: "2026-04-15", edition: "2026-04-14", state: "expired", reason: "late" }]);
});

test("the same link at two replicas at once: one subscription, one welcome", async () => {
  await wednesday();
  const id = await request();
  const results = await Promise.all([confirming(id), confirming(id), confirming(id)]);
  expect(results.map(({ outcome }) => outcome).sort()).toEqual(["already", "already", "confirmed"]);
  expect(await welcomes()).toHaveLength(1);
});

test("a link that is over, or that never was, confirms nothing", async () => {
  const id = await request();
  await press.store.clock.set(at("2026-04-22T06:00:01Z"));
  expect([await confirming(id), await confirming(999_999n)]).toEqual([{ outcome: "unknown" }, { outcome: "unknown" }]);
  expect(await press.store.sql("SELECT id FROM subscriptions")).toEqual([]);
});
