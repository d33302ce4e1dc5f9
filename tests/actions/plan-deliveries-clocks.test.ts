import { describe, expect, test } from "vitest";
import { localTimeOf } from "../../src/core/zone.ts";
import { preferences } from "../support/builders.ts";
import { at } from "../support/time.ts";
import { aPlanner, daysFrom } from "./planner.ts";

const { press, editions, plan, everyHour, planned, decided, reader } = aPlanner();

describe("C18: the clocks change", () => {
  test("forward: 02:30 does not exist in Berlin on 29 March, so the reader at 2 is due at 3, once", async () => {
    await reader({ zone: "Europe/Berlin", hour: 2 });
    await editions(daysFrom("2026-03-26", 5), { "2026-03-28": "2026-03-29T00:30Z" });
    await everyHour("2026-03-28T01:00Z", "2026-03-30T12:00Z");
    expect(await planned()).toEqual([
      "2026-03-28 2026-03-27 2026-03-28T01:00Z",
      "2026-03-29 2026-03-28 2026-03-29T01:00Z",
    ]);
    // At 02:00 on the 30th it is midnight UTC: the edition of the 29th is not due for another hour, that of the 28th was had.
    expect(await decided()).toEqual([
      { day: "2026-03-28", outcome: "planned", because: null, planned: 1 },
      { day: "2026-03-29", outcome: "planned", because: null, planned: 1 },
      { day: "2026-03-30", outcome: "planned", because: null, planned: 0 },
    ]);
  });

  test("back: New York shows 01:00 twice on 1 November, and the reader at 1 is due the first time only", async () => {
    await reader({ zone: "America/New_York", hour: 1 });
    await editions(daysFrom("2026-10-29", 5));
    await everyHour("2026-10-31T03:00Z", "2026-11-02T12:00Z");
    expect(await planned()).toEqual([
      "2026-10-31 2026-10-30 2026-10-31T05:00Z",
      "2026-11-01 2026-10-31 2026-11-01T05:00Z",
      "2026-11-02 2026-11-01 2026-11-02T06:00Z",
    ]);
  });
});

describe("C18: readers who move", () => {
  test.each([
    [23, 0],
    [0, 23],
  ])("the hour changed from %i to %i: one digest a local day at most, no edition twice", async (before, after) => {
    await press().store.clock.set(at("2026-04-13T23:30Z"));
    const id = await reader({ hour: before });
    await editions(daysFrom("2026-04-12", 7));
    await everyHour("2026-04-14T00:00Z", "2026-04-18T23:00Z", (time) =>
      time === "2026-04-15T23:00"
        ? press()
            .plan()
            .then(() => press().store.subscriptions.change(id, preferences({ hour: after }), "test"))
        : null,
    );
    const got = (await planned()).map((row) => row.split(" "));
    expect([new Set(got.map(([day]) => day)).size, new Set(got.map(([, edition]) => edition)).size]).toEqual([
      got.length,
      got.length,
    ]);
    const expected =
      after === 0
        ? [
            ...["2026-04-14 2026-04-13 2026-04-14T23:00Z", "2026-04-15 2026-04-14 2026-04-15T23:00Z"],
            // At 00:00 on the 16th the newest closed edition is the one they had an hour ago.
            ...["2026-04-17 2026-04-15 2026-04-17T00:00Z", "2026-04-18 2026-04-16 2026-04-18T00:00Z"],
          ]
        : [
            ...["2026-04-14 2026-04-12 2026-04-14T00:00Z", "2026-04-15 2026-04-13 2026-04-15T00:00Z"],
            ...["2026-04-16 2026-04-15 2026-04-16T23:00Z", "2026-04-17 2026-04-16 2026-04-17T23:00Z"],
            "2026-04-18 2026-04-17 2026-04-18T23:00Z",
          ];
    expect(await planned()).toEqual(expected);
  });

  test("to an hour that has passed today: today's digest still comes; to one later in a day that had its digest: tomorrow", async () => {
    await press().store.clock.set(at("2026-04-15T05:00Z"));
    const [early, late] = [await reader({ hour: 20 }), await reader({ hour: 6 })];
    await editions(daysFrom("2026-04-13", 3));
    await everyHour("2026-04-15T06:00Z", "2026-04-15T09:00Z");
    await press().store.subscriptions.change(early, preferences({ hour: 6 }), "test");
    await press().store.subscriptions.change(late, preferences({ hour: 20 }), "test");
    await everyHour("2026-04-15T10:00Z", "2026-04-16T05:00Z");
    expect(await planned()).toEqual([
      "2026-04-15 2026-04-14 2026-04-15T06:00Z",
      "2026-04-15 2026-04-14 2026-04-15T06:00Z",
    ]);
  });

  test.each([
    ["Pacific/Kiritimati", "2026-04-17T22:00Z"],
    ["Pacific/Honolulu", "2026-04-17T22:00Z"],
    ["America/New_York", "2026-04-18T02:00Z"],
  ])(
    "to %s for two days and home again: its hour meanwhile, one digest a local day, no edition twice",
    async (zone, until) => {
      const id = await reader({ zone: "Europe/Berlin", hour: 7 });
      await editions(daysFrom("2026-04-12", 9));
      const { subscriptions } = press().store;
      await everyHour("2026-04-14T00:00Z", "2026-04-20T12:00Z", async (time) => {
        if (time === "2026-04-15T22:00") await subscriptions.goElsewhere(id, zone, at(until), "test");
        // As the sweep does, and as late as it may be.
        if (time.endsWith("03:00"))
          for (const over of await subscriptions.staysOver(10))
            await subscriptions.comeHome(over.id, "clock", over.until);
      });
      const got = (await planned()).map((row) => row.split(" "));
      expect(new Set(got.map(([day]) => day)).size).toBe(got.length);
      expect(new Set(got.map(([, edition]) => edition)).size).toBe(got.length);
      const hours = (days: readonly string[]) =>
        got.filter(([day]) => days.includes(day!)).map(([, , due]) => localTimeOf(zone, at(due!)));
      expect(hours(["2026-04-17"])).toEqual(["07:00"]);
      const home = got
        .filter(([day]) => day! >= "2026-04-19")
        .map(([, , due]) => localTimeOf("Europe/Berlin", at(due!)));
      expect(home).toEqual(["07:00", "07:00"]);
      expect(await subscriptions.findById(id)).toMatchObject({
        preferences: { zone: "Europe/Berlin" },
        elsewhere: null,
      });
    },
  );

  test("round the world within a day: no local day and no edition twice", async () => {
    const id = await reader({ zone: "Pacific/Kiritimati", hour: 7 });
    await editions(daysFrom("2026-04-10", 10));
    const zones = ["Pacific/Honolulu", "Asia/Tokyo", "Pacific/Kiritimati", "Europe/Berlin", "America/New_York"];
    let move = 0;
    await everyHour("2026-04-13T00:00Z", "2026-04-19T00:00Z", async (time) => {
      if (Number(time.slice(11, 13)) % 5 === 0)
        await press().store.subscriptions.change(
          id,
          preferences({ zone: zones[move++ % zones.length]!, hour: (move * 7) % 24 }),
          "test",
        );
    });
    const got = (await planned()).map((row) => row.split(" "));
    expect(got.length).toBeGreaterThan(3);
    expect(new Set(got.map(([day]) => day)).size).toBe(got.length);
    expect(new Set(got.map(([, edition]) => edition)).size).toBe(got.length);
  });

  test("daily, weekly, daily again on one day: one digest that day, and the weekly day waits for the next", async () => {
    const id = await reader({ hour: 7 });
    await editions(daysFrom("2026-04-10", 6));
    await everyHour("2026-04-15T07:00Z", "2026-04-15T09:00Z");
    await press().store.subscriptions.change(id, preferences({ cadence: "weekly", weekday: 3, hour: 7 }), "test");
    await everyHour("2026-04-15T10:00Z", "2026-04-15T12:00Z");
    await press().store.subscriptions.change(id, preferences({ hour: 7 }), "test");
    await everyHour("2026-04-15T13:00Z", "2026-04-16T07:00Z");
    expect(await planned()).toEqual([
      "2026-04-15 2026-04-14 2026-04-15T07:00Z",
      "2026-04-16 2026-04-15 2026-04-16T07:00Z",
    ]);
  });
});

describe("C18: thirty hours down", () => {
  test("each local day has its digest, or the reason why not", async () => {
    await reader({ hour: 7 });
    await editions(daysFrom("2026-04-12", 3));
    await plan("2026-04-14T07:00Z");
    await press().store.sql("UPDATE deliveries SET state = 'accepted', next_try_at = NULL");
    await editions(["2026-04-15"]);
    await plan("2026-04-16T12:00Z");
    expect(await planned()).toEqual([
      "2026-04-14 2026-04-13 2026-04-14T07:00Z",
      "2026-04-16 2026-04-15 2026-04-16T07:00Z",
    ]);
    expect(await decided()).toEqual([
      { day: "2026-04-14", outcome: "planned", because: null, planned: 1 },
      { day: "2026-04-15", outcome: "missed", because: "late", planned: 0 },
      { day: "2026-04-16", outcome: "planned", because: null, planned: 1 },
    ]);
  });

  test("back too late for today's digest as well: both days have their reason, and nothing goes out", async () => {
    await reader({ hour: 7 });
    await editions(daysFrom("2026-04-12", 5));
    await plan("2026-04-14T07:00Z");
    await press().store.sql("UPDATE deliveries SET state = 'accepted', next_try_at = NULL");
    await plan("2026-04-16T03:00:01Z");
    expect((await decided()).slice(1)).toEqual([{ day: "2026-04-15", outcome: "missed", because: "late", planned: 0 }]);
    await plan("2026-04-17T06:59Z");
    expect((await decided()).slice(2)).toEqual([{ day: "2026-04-16", outcome: "missed", because: "late", planned: 0 }]);
    expect(await planned()).toHaveLength(1);
  });

  test("a year away leaves a fortnight of reasons, not three hundred", async () => {
    await reader({ hour: 7 });
    await editions(["2025-01-01"]);
    await press().store.sql("UPDATE subscription_clocks SET joined_at = '2025-01-01'");
    await plan("2025-01-02T07:00Z");
    await plan("2026-01-02T08:00Z");
    const days = await decided();
    expect([days.length, days[0]!.day, days[1]!.day, days.at(-1)!.day]).toEqual([
      ...[16, "2025-01-02", "2025-12-19", "2026-01-02"],
    ]);
  });
});
