import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { canonicalZone, instantOf, isZone, localDayOf, localTimeOf } from "../../src/core/zone.ts";
import { Invalid } from "../../src/errors.ts";

const at = (text: string) => new Date(text);
/** What a clock on the wall shows, by the runtime's own formatter: a second opinion. */
const wallClock = (zone: string, instant: Date) => {
  const format = new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short", timeStyle: "short" });
  return format.format(instant);
};

test("what clocks show, whatever the minutes of the zone", () => {
  expect(
    ["UTC", "Asia/Kathmandu", "America/St_Johns", "Pacific/Kiritimati"].map((zone) =>
      localTimeOf(zone, at("2026-07-01T01:00Z")),
    ),
  ).toEqual(["01:00", "06:45", "22:30", "15:00"]);
});

describe("the instant of a local hour", () => {
  test.each([
    ["Asia/Kathmandu", "2026-03-02", 7, "2026-03-02T01:15Z"],
    ["Pacific/Kiritimati", "2026-03-02", 7, "2026-03-01T17:00Z"],
    ["Pacific/Honolulu", "2026-03-02", 23, "2026-03-03T09:00Z"],
    ["America/St_Johns", "2026-01-15", 7, "2026-01-15T10:30Z"],
    ["America/St_Johns", "2026-07-15", 7, "2026-07-15T09:30Z"],
    ["UTC", "2028-02-29", 0, "2028-02-29T00:00Z"],
  ])("in %s on %s at %i o'clock", (zone, day, hour, expected) => {
    expect(instantOf(zone, day, hour)).toEqual(at(expected));
  });

  test.each([
    // zone, day, hour that no clock showed, first instant after the gap, the next hour
    ["America/New_York", "2026-03-08", 2, "2026-03-08T07:00Z", "2026-03-08T07:00Z"],
    ["Europe/Berlin", "2026-03-29", 2, "2026-03-29T01:00Z", "2026-03-29T01:00Z"],
    ["Europe/London", "2026-03-29", 1, "2026-03-29T01:00Z", "2026-03-29T01:00Z"],
    ["Australia/Lord_Howe", "2026-10-04", 2, "2026-10-03T15:30Z", "2026-10-03T16:00Z"],
    ["Africa/Casablanca", "2026-03-22", 2, "2026-03-22T02:00Z", "2026-03-22T02:00Z"],
    ["Asia/Beirut", "2026-03-29", 0, "2026-03-28T22:00Z", "2026-03-28T22:00Z"],
    // Two hours at once: one and two o'clock both come at three.
    ["Antarctica/Troll", "2026-03-29", 1, "2026-03-29T01:00Z", "2026-03-29T01:00Z"],
  ])("%s skips on %s hour %i: it comes right after the gap", (zone, day, hour, afterGap, nextHour) => {
    expect([instantOf(zone, day, hour), instantOf(zone, day, hour + 1)]).toEqual([at(afterGap), at(nextHour)]);
  });

  test.each([
    ["America/New_York", "2026-11-01", 1, "2026-11-01T05:00Z"],
    ["Europe/Berlin", "2026-10-25", 2, "2026-10-25T00:00Z"],
    ["Europe/London", "2026-10-25", 1, "2026-10-25T00:00Z"],
    ["Australia/Lord_Howe", "2026-04-05", 2, "2026-04-04T15:30Z"],
    ["Africa/Casablanca", "2026-02-15", 2, "2026-02-15T01:00Z"],
  ])("%s repeats on %s hour %i: the first one counts", (zone, day, hour, expected) => {
    expect(instantOf(zone, day, hour)).toEqual(at(expected));
  });

  test("Samoa had no 30 December 2011, and had the days around it", () => {
    const days = ["2011-12-29", "2011-12-30", "2011-12-31"].map((day) => instantOf("Pacific/Apia", day, 7));
    expect(days).toEqual([at("2011-12-29T17:00Z"), null, at("2011-12-30T17:00Z")]);
  });

  test("a zone that nobody knows is refused with its name", () => {
    expect(() => instantOf("Mars/Olympus", "2026-03-02", 7)).toThrow(Invalid);
    expect(() => localDayOf("Mars/Olympus", at("2026-03-02T00:00Z"))).toThrow('"Mars/Olympus" is not a time zone');
  });

  test("agrees with the wall clock in every zone, save in a gap", () => {
    const zones = Intl.supportedValuesOf("timeZone");
    const days = fc
      .integer({ min: 0, max: 4000 })
      .map((n) => new Date(Date.UTC(2020, 0, 1 + n)).toISOString().slice(0, 10));
    fc.assert(
      fc.property(fc.constantFrom(...zones), days, fc.integer({ min: 0, max: 23 }), (zone, day, hour) => {
        const found = instantOf(zone, day, hour);
        const shown = `${day} ${String(hour).padStart(2, "0")}:00`;
        if (found === null || wallClock(zone, found) === shown) return;
        // In a gap: it shows later than asked, and a minute earlier it showed before.
        expect(wallClock(zone, found) > shown && wallClock(zone, new Date(found.getTime() - 60_000)) < shown).toBe(
          true,
        );
      }),
      { numRuns: 500 },
    );
  });
});

test("the local day is the date on the wall", () => {
  const instant = at("2026-03-02T10:30Z");
  const days = ["Pacific/Kiritimati", "Asia/Kathmandu", "UTC", "Pacific/Pago_Pago"].map((zone) =>
    localDayOf(zone, instant),
  );
  expect(days).toEqual(["2026-03-03", "2026-03-02", "2026-03-02", "2026-03-01"]);
});

describe("zone names", () => {
  test.each([
    ["Europe/Berlin", "Europe/Berlin"],
    ["europe/berlin", "Europe/Berlin"],
    ["AMERICA/PORT-AU-PRINCE", "America/Port-au-Prince"],
    ["asia/ho_chi_minh", "Asia/Ho_Chi_Minh"],
    ["utc", "UTC"],
    ["Etc/GMT+5", "Etc/GMT+5"],
    ["Asia/Calcutta", "Asia/Calcutta"],
  ])("%s is known as %s", (typed, canonical) => {
    expect([isZone(typed), canonicalZone(typed)]).toEqual([true, canonical]);
  });

  test.each([
    "+05:00",
    "-0530",
    "Z",
    "",
    " UTC",
    "Europe/Berlin ",
    "Europe",
    "Mars/Olympus",
    "UTC\n",
    "../etc",
    "Europe/Berlin[u-ca=x]",
  ])("%j is none", (typed) => {
    expect([isZone(typed), canonicalZone(typed)]).toEqual([false, null]);
  });
});
