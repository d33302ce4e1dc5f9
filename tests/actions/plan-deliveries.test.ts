import { describe, expect, test } from "vitest";
import { planDeliveries } from "../../src/actions/plan-deliveries.ts";
import { planning } from "../../src/store/planning.ts";
import { preferences } from "../support/builders.ts";
import { at } from "../support/time.ts";
import { aPlanner, daysFrom } from "./planner.ts";

const { press, editions, plan, everyHour, planned, decided, reader } = aPlanner();
const closeAt = (day: string, closed: string) =>
  press().store.sql("UPDATE editions SET state = 'closed', closed_at = $2 WHERE date = $1", [day, closed]);

describe("an edition that is late", () => {
  test("is waited for by those whose hour came, and by nobody whose hour it was not due for", async () => {
    await reader({ hour: 7 });
    await reader({ hour: 0 });
    await editions(daysFrom("2026-04-12", 3), { "2026-04-14": null });
    await plan("2026-04-15T07:00Z");
    expect(await decided()).toEqual([
      { day: "2026-04-15", outcome: "waiting", because: "edition-open", planned: 0 },
      { day: "2026-04-15", outcome: "planned", because: null, planned: 1 },
    ]);
    await closeAt("2026-04-14", "2026-04-15T10:30Z");
    await plan("2026-04-15T10:31Z");
    expect(await planned()).toEqual([
      "2026-04-15 2026-04-14 2026-04-15T07:00Z",
      "2026-04-15 2026-04-13 2026-04-15T00:00Z",
    ]);
    expect((await decided())[0]).toEqual({ day: "2026-04-15", outcome: "planned", because: null, planned: 1 });
  });

  test("for more than twenty hours: the wait ends with its reason, and the next day begins anew", async () => {
    await reader({ hour: 7 });
    await editions(daysFrom("2026-04-12", 4), { "2026-04-14": null, "2026-04-15": null });
    await plan("2026-04-15T07:00Z");
    await plan("2026-04-16T03:00Z");
    expect((await decided()).at(-1)).toMatchObject({ day: "2026-04-15", outcome: "waiting" });
    await plan("2026-04-16T03:00:01Z");
    expect((await decided()).at(-1)).toEqual({ day: "2026-04-15", outcome: "missed", because: "late", planned: 0 });

    await closeAt("2026-04-14", "2026-04-16T03:30Z");
    await closeAt("2026-04-15", "2026-04-16T03:30Z");
    await plan("2026-04-16T07:00Z");
    expect(await planned()).toEqual(["2026-04-16 2026-04-15 2026-04-16T07:00Z"]);
  });

  test("a reader who turned to this hour while it was waited for gets it with the others, once", async () => {
    await reader({ hour: 7 });
    const other = await reader({ hour: 9 });
    await editions(daysFrom("2026-04-12", 3), { "2026-04-14": null });
    await plan("2026-04-15T07:00Z");
    await press().store.clock.set(at("2026-04-15T08:00Z"));
    await press().store.subscriptions.change(other, preferences({ hour: 7 }), "test");
    await closeAt("2026-04-14", "2026-04-15T10:30Z");
    await plan("2026-04-15T10:31Z");
    await plan("2026-04-15T10:32Z");
    expect(await planned()).toEqual(Array(2).fill("2026-04-15 2026-04-14 2026-04-15T07:00Z"));
    expect((await decided())[0]).toEqual({ day: "2026-04-15", outcome: "planned", because: null, planned: 2 });
  });
});

describe("who comes back", () => {
  test("after their hour, by themselves: they wait for the next; alone in their group or not", async () => {
    const [alone, together] = [await reader({ hour: 7, zone: "Europe/Berlin" }), await reader({ hour: 7 })];
    await reader({ hour: 7 });
    await editions(daysFrom("2026-04-12", 4));
    for (const id of [alone, together]) await press().store.subscriptions.pause(id, null, "test");
    await plan("2026-04-15T07:00Z");
    for (const id of [alone, together]) await press().store.subscriptions.resume(id, "test");
    await plan("2026-04-15T08:00Z");
    expect(await planned()).toEqual(["2026-04-15 2026-04-14 2026-04-15T07:00Z"]);
    await everyHour("2026-04-16T00:00Z", "2026-04-16T08:00Z");
    expect(await planned()).toHaveLength(4);
  });

  test("whose pause ended before their hour gets today's digest, though it was noticed after it", async () => {
    const id = await reader({ hour: 0 });
    await reader({ hour: 0 });
    await editions(daysFrom("2026-04-12", 3));
    await press().store.subscriptions.pause(id, at("2026-04-15T00:00Z"), "test");
    // The group is planned a moment before the pause is looked at.
    await plan("2026-04-15T00:00Z");
    await press().store.clock.set(at("2026-04-15T00:00:30Z"));
    await press().sweep();
    await plan("2026-04-15T00:01Z");
    expect(await planned()).toEqual(Array(2).fill("2026-04-15 2026-04-13 2026-04-15T00:00Z"));
  });

  test("a weekly reader whose pause ended at the hour of their day does not wait another week", async () => {
    const id = await reader({ cadence: "weekly", weekday: 3, hour: 0 });
    await editions(daysFrom("2026-04-10", 5));
    await press().store.subscriptions.pause(id, at("2026-04-15T00:00Z"), "test");
    await press().store.clock.set(at("2026-04-15T00:00:30Z"));
    await press().sweep();
    await plan("2026-04-15T00:01Z");
    expect(await planned()).toEqual(["2026-04-15 2026-04-13 2026-04-15T00:00Z"]);
  });

  test("who left before their hour and took it back after it has today's digest; who had it already has no second", async () => {
    const [before, after] = [await reader({ hour: 7 }), await reader({ hour: 7 })];
    await editions(daysFrom("2026-04-12", 3));
    await press().store.subscriptions.end(before, "reader", "test");
    await plan("2026-04-15T07:00Z");
    await press().store.subscriptions.end(after, "reader", "test");
    await press().store.clock.set(at("2026-04-15T07:10Z"));
    for (const id of [before, after]) await press().store.subscriptions.undo(id, "test");
    await plan("2026-04-15T07:11Z");
    expect(await planned()).toEqual(Array(2).fill("2026-04-15 2026-04-14 2026-04-15T07:00Z"));
  });
});

test("a large group is rung for in ranges of three hundred, and nothing is rung for when nothing was planned", async () => {
  await press().many(650);
  await editions(["2026-04-14"]);
  expect(await plan("2026-04-15T07:00Z")).toBe(650);
  const [first] = await press().store.sql<{ id: string }>("SELECT min(id) AS id FROM deliveries");
  const from = BigInt(first!.id);
  const range = (since: bigint, until: bigint) => ({
    name: "deliver-batch",
    payload: { localDay: "2026-04-15", fromId: String(from + since), toId: String(from + until) },
  });
  expect(press().queue.rung()).toEqual([range(0n, 299n), range(300n, 599n), range(600n, 649n)]);
  expect([await plan("2026-04-15T07:01Z"), press().queue.rung()]).toEqual([0, []]);
});

test("P1: a page is rung for before the next one is planned", async () => {
  await press().many(25);
  await editions(["2026-04-14"]);
  await press().store.clock.set(at("2026-04-15T07:00Z"));
  const plannedAtRing: number[] = [];
  const ring = async () => {
    const [row] = await press().store.sql<{ count: number }>("SELECT count(*)::int AS count FROM deliveries");
    plannedAtRing.push(row!.count);
  };
  const inPages = planning(press().store.prisma, { pageSize: 10 });
  await planDeliveries({ ...press().needs, planning: inPages, queue: { ring } }, at("2026-04-15T07:00Z"));
  expect(plannedAtRing).toEqual([10, 20, 25]);
});

test("a planner that looked before another one planned does not take its decision back", async () => {
  await reader({ hour: 7 });
  await editions(daysFrom("2026-04-12", 3));
  await press().store.clock.set(at("2026-04-15T07:00Z"));
  const blind = {
    ...press().needs,
    editions: {
      ...press().store.editions,
      since: async () => {
        await press().plan();
        return [{ date: "2026-04-14", state: "open" as const, closedAt: null }];
      },
    },
  };
  await planDeliveries(blind, at("2026-04-15T07:00Z"));
  expect(await decided()).toEqual([{ day: "2026-04-15", outcome: "planned", because: null, planned: 1 }]);
});

test("before the first edition nobody is planned for, and nothing is noted", async () => {
  await reader({ hour: 7 });
  expect(await plan("2026-04-15T07:00Z")).toBe(0);
  expect(await decided()).toEqual([]);
});
