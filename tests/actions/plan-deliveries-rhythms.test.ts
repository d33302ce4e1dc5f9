/** What the clocks do to those who are not written to every day. */
import { describe, expect, test } from "vitest";
import { preferences } from "../support/builders.ts";
import { aPlanner } from "./planner.ts";

const { press, everyHour, planned, reader } = aPlanner();

/** An edition a day, closed at 01:00 on the next. */
async function editions(first: string, last: string): Promise<void> {
  await press().store.sql(
    `INSERT INTO editions (date, state, closed_at)
     SELECT day, 'closed', day + interval '1 day 1 hour' FROM generate_series($1::timestamp, $2::timestamp, '1 day') AS day`,
    [first, last],
  );
}
const missed = () =>
  press().store.sql(
    "SELECT local_day::text AS day, because FROM group_days WHERE outcome = 'missed' AND local_day >= '2026-04-16' ORDER BY 1",
  );

describe("C18: the clocks change on a Sunday", () => {
  test("forward: the weekly reader of Sunday at 2, an hour Berlin does not have, is due at 3, once", async () => {
    await reader({ cadence: "weekly", weekday: 7, zone: "Europe/Berlin", hour: 2 });
    await editions("2026-03-14", "2026-04-05");
    for (const [eve, day] of [
      ["2026-03-21", "2026-03-22"],
      ["2026-03-28", "2026-03-29"],
      ["2026-04-04", "2026-04-05"],
    ])
      await everyHour(`${eve}T23:00Z`, `${day}T04:00Z`);
    expect(await planned()).toEqual([
      "2026-03-22 2026-03-21 2026-03-22T01:00Z",
      "2026-03-29 2026-03-28 2026-03-29T01:00Z",
      // At midnight UTC the edition of the Saturday is an hour from closing: the Friday's is the newest there is.
      "2026-04-05 2026-04-03 2026-04-05T00:00Z",
    ]);
  });

  test("back: the weekly reader of Sunday at 1, which New York has twice, is due the first time only", async () => {
    await reader({ cadence: "weekly", weekday: 7, zone: "America/New_York", hour: 1 });
    await editions("2026-10-20", "2026-11-08");
    for (const day of ["2026-11-01", "2026-11-08"]) await everyHour(`${day}T03:00Z`, `${day}T08:00Z`);
    expect(await planned()).toEqual([
      "2026-11-01 2026-10-31 2026-11-01T05:00Z",
      "2026-11-08 2026-11-07 2026-11-08T06:00Z",
    ]);
  });

  test("weekdays: Friday by the old time, Monday by the new, nothing between", async () => {
    await reader({ cadence: "weekdays", zone: "America/New_York", hour: 7 });
    await editions("2026-10-25", "2026-11-03");
    await everyHour("2026-10-30T08:00Z", "2026-11-02T15:00Z");
    expect(await planned()).toEqual([
      "2026-10-30 2026-10-29 2026-10-30T11:00Z",
      "2026-11-02 2026-11-01 2026-11-02T12:00Z",
    ]);
  });
});

describe("C18: thirty hours down, from Friday at six to Saturday noon", () => {
  /** Ticks until Friday 06:00 and again from Saturday 12:00, to the end of the next Friday. */
  async function down(): Promise<void> {
    await editions("2026-04-08", "2026-04-25");
    await everyHour("2026-04-16T07:00Z", "2026-04-17T06:00Z");
    await everyHour("2026-04-18T12:00Z", "2026-04-18T14:00Z");
    for (const day of ["20", "21", "22", "23", "24"]) await everyHour(`2026-04-${day}T06:00Z`, `2026-04-${day}T08:00Z`);
  }

  test("weekdays: Friday's is too late and says so, Monday brings the newest, each day one", async () => {
    await reader({ cadence: "weekdays", hour: 7 });
    await down();
    expect((await planned()).map((row) => row.slice(0, 10))).toEqual([
      ...["2026-04-16", "2026-04-20", "2026-04-21", "2026-04-22", "2026-04-23", "2026-04-24"],
    ]);
    expect(await missed()).toEqual([{ day: "2026-04-17", because: "late" }]);
  });

  test("weekly: Friday's goes out on Saturday, for it is good for three days, and the next on Friday", async () => {
    await reader({ cadence: "weekly", weekday: 5, hour: 7 });
    await down();
    expect(await planned()).toEqual([
      "2026-04-17 2026-04-16 2026-04-17T07:00Z",
      "2026-04-24 2026-04-23 2026-04-24T07:00Z",
    ]);
    expect(await missed()).toEqual([]);
  });

  test("weekly, four days down: too late, with the reason", async () => {
    await reader({ cadence: "weekly", weekday: 5, hour: 7 });
    await editions("2026-04-01", "2026-04-25");
    await everyHour("2026-04-10T07:00Z", "2026-04-10T08:00Z");
    await everyHour("2026-04-20T07:00:01Z", "2026-04-20T09:00:01Z");
    await everyHour("2026-04-24T06:00Z", "2026-04-24T08:00Z");
    expect((await planned()).map((row) => row.slice(0, 10))).toEqual(["2026-04-10", "2026-04-24"]);
    expect(await missed()).toEqual([{ day: "2026-04-17", because: "late" }]);
  });
});

describe("C18: readers who move", () => {
  test("weekly, from UTC+14 to UTC-10 an hour after the mail: Wednesday comes a second time, and brings nothing", async () => {
    const here = { cadence: "weekly", weekday: 3, hour: 7 } as const;
    const id = await reader({ ...here, zone: "Pacific/Kiritimati" });
    await editions("2026-04-01", "2026-04-24");
    await everyHour("2026-04-14T16:00Z", "2026-04-14T18:00Z"); // Wednesday, 07:00 in Kiritimati is Tuesday 17:00 UTC
    await press().store.subscriptions.change(id, preferences({ ...here, zone: "Pacific/Honolulu" }), "test");
    await everyHour("2026-04-14T19:00Z", "2026-04-15T20:00Z");
    await everyHour("2026-04-22T16:00Z", "2026-04-22T20:00Z");
    expect(await planned()).toEqual([
      "2026-04-15 2026-04-13 2026-04-14T17:00Z",
      "2026-04-22 2026-04-21 2026-04-22T17:00Z",
    ]);
  });

  test("daily, from UTC+14 to UTC-10 an hour after the mail: that day is had, the next one comes", async () => {
    const id = await reader({ hour: 7, zone: "Pacific/Kiritimati" });
    await editions("2026-04-01", "2026-04-24");
    await everyHour("2026-04-14T16:00Z", "2026-04-14T18:00Z");
    await press().store.subscriptions.change(id, preferences({ hour: 7, zone: "Pacific/Honolulu" }), "test");
    await everyHour("2026-04-14T19:00Z", "2026-04-16T20:00Z");
    expect(await planned()).toEqual([
      "2026-04-15 2026-04-13 2026-04-14T17:00Z",
      "2026-04-16 2026-04-15 2026-04-16T17:00Z",
    ]);
  });

  test("weekdays, the hour changed from 23 to 0 on Friday night: nothing on Saturday, Monday at midnight", async () => {
    const id = await reader({ cadence: "weekdays", hour: 23 });
    await editions("2026-04-08", "2026-04-24");
    await everyHour("2026-04-17T20:00Z", "2026-04-17T23:00Z");
    await press().store.subscriptions.change(id, preferences({ cadence: "weekdays", hour: 0 }), "test");
    await everyHour("2026-04-18T00:00Z", "2026-04-21T01:00Z");
    expect(await planned()).toEqual([
      "2026-04-17 2026-04-16 2026-04-17T23:00Z",
      "2026-04-20 2026-04-18 2026-04-20T00:00Z",
      "2026-04-21 2026-04-19 2026-04-21T00:00Z",
    ]);
  });
});
