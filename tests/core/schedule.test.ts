import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { addDays, weekdayOf } from "../../src/core/day.ts";
import {
  type Due,
  dueAt,
  fallingDue,
  type Group,
  groupKey,
  latestDue,
  nextDue,
  sendBy,
} from "../../src/core/schedule.ts";
import { instantOf, localDayOf } from "../../src/core/zone.ts";
import { Invalid } from "../../src/errors.ts";

const at = (text: string) => new Date(text);
const daily = (zone: string, hour: number): Group => ({ cadence: "daily", zone, hour });
const HOUR_MS = 3_600_000;

const ZONES = [
  "UTC", "America/New_York", "Europe/Berlin", "Europe/London", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia",
  "Pacific/Kiritimati", "Pacific/Honolulu", "America/St_Johns", "Africa/Casablanca", "America/Havana", "Asia/Beirut",
  "America/Nuuk", "Antarctica/Troll",
] as const; // biome-ignore format: a list
const hours = fc.integer({ min: 0, max: 23 });
const groups: fc.Arbitrary<Group> = fc.oneof(
  fc.record({
    cadence: fc.constantFrom("daily" as const, "weekdays" as const),
    zone: fc.constantFrom(...ZONES),
    hour: hours,
  }),
  fc.record({
    cadence: fc.constant("weekly" as const),
    weekday: fc.integer({ min: 1, max: 7 }),
    zone: fc.constantFrom(...ZONES),
    hour: hours,
  }),
);
const instants = fc.date({ min: at("2025-10-01T00:00Z"), max: at("2026-12-01T00:00Z"), noInvalidDate: true });

describe("falling due", () => {
  test("07:00 in Kathmandu is 01:15 UTC", () => {
    const group = daily("Asia/Kathmandu", 7);
    expect(fallingDue([group], at("2026-03-02T01:00Z"), at("2026-03-02T01:15Z"))).toEqual([
      { ...group, localDay: "2026-03-02", at: at("2026-03-02T01:15Z") },
    ]);
  });

  test("the first end is left out and the last included, so that two ticks in a row find it once", () => {
    const group = daily("UTC", 7);
    const seven = at("2026-03-02T07:00Z");
    expect(fallingDue([group], seven, at("2026-03-02T07:15Z"))).toEqual([]);
    expect(fallingDue([group], at("2026-03-02T06:45Z"), seven).map((due) => due.at)).toEqual([seven]);
    expect(fallingDue([group], seven, seven)).toEqual([]);
    expect(fallingDue([group], seven, at("2026-03-01T00:00Z"))).toEqual([]);
  });

  test("weekdays and weekly days are those of the reader's calendar", () => {
    // Saturday 00:30 in Kiritimati is Friday 10:30 UTC; Friday 23:00 in Honolulu is Saturday 09:00 UTC.
    const friday: Group = { cadence: "weekly", weekday: 5, zone: "Pacific/Honolulu", hour: 23 };
    const inKiritimati: Group = { cadence: "weekdays", zone: "Pacific/Kiritimati", hour: 0 };
    expect(fallingDue([inKiritimati, friday], at("2026-03-05T10:00Z"), at("2026-03-08T12:00Z"))).toEqual([
      { ...friday, localDay: "2026-03-06", at: at("2026-03-07T09:00Z") },
      { ...inKiritimati, localDay: "2026-03-09", at: at("2026-03-08T10:00Z") },
    ]);
  });

  test("thirty hours down: every local day that went by is there, oldest first", () => {
    const found = fallingDue(
      [daily("UTC", 7), daily("Asia/Tokyo", 7)],
      at("2026-03-02T06:00Z"),
      at("2026-03-03T12:00Z"),
    );
    expect(found.map(({ zone, localDay }) => [zone, localDay])).toEqual([
      ["UTC", "2026-03-02"],
      ["Asia/Tokyo", "2026-03-03"],
      ["UTC", "2026-03-03"],
    ]);
  });

  test("through a year of clock changes there is one digest a local day, at the hours they touch", () => {
    for (const zone of ZONES)
      for (const hour of [0, 1, 2, 3, 23]) {
        const found = fallingDue([daily(zone, hour)], at("2026-01-01T00:00Z"), at("2027-01-01T00:00Z"));
        const days = found.map((due) => due.localDay);
        expect(days, `${zone} ${hour}`).toEqual(days.map((_, i) => addDays(days[0]!, i)));
        // A zone that is nearer to UTC at one end of the year than at the other has a day more or fewer between them.
        expect([364, 365, 366], `${zone} ${hour}`).toContain(days.length);
      }
  });

  test("a day that Samoa skipped has none", () => {
    const found = fallingDue([daily("Pacific/Apia", 7)], at("2011-12-29T00:00Z"), at("2012-01-01T00:00Z"));
    expect(found.map((due) => due.localDay)).toEqual(["2011-12-29", "2011-12-31", "2012-01-01"]);
  });

  test("a zone nobody knows is refused", () => {
    expect(() => fallingDue([daily("Mars/Olympus", 7)], at("2026-03-02T01:00Z"), at("2026-03-02T02:00Z"))).toThrow(
      Invalid,
    );
  });

  test("however time is sliced, the slices find together what one look finds, and no local day twice", () => {
    const slices = fc.array(instants, { minLength: 2, maxLength: 8 }).map((dates) => dates.sort((a, b) => +a - +b));
    fc.assert(
      fc.property(fc.uniqueArray(groups, { maxLength: 4, selector: groupKey }), slices, (all, cuts) => {
        const key = (due: Due) => `${due.at.toISOString()} ${groupKey(due)} ${due.localDay}`;
        const whole = fallingDue(all, cuts[0]!, cuts.at(-1)!);
        const pieces = cuts.slice(1).flatMap((cut, i) => fallingDue(all, cuts[i]!, cut));
        expect(pieces.map(key).sort()).toEqual(whole.map(key).sort());
        const localDays = whole.map((due) => `${groupKey(due)} ${due.localDay}`);
        expect(new Set(localDays).size).toBe(localDays.length);
        expect(whole.map((due) => +due.at)).toEqual(whole.map((due) => +due.at).sort((a, b) => a - b));
      }),
      { numRuns: 60 },
    );
  });

  test("a digest is due on its own local day, or right after a gap at the end of it", () => {
    fc.assert(
      fc.property(groups, instants, (group, now) => {
        const due = nextDue(group, now);
        const shown = localDayOf(group.zone, due.at);
        if (shown !== due.localDay)
          expect([shown, due.at]).toEqual([addDays(due.localDay, 1), instantOf(group.zone, shown, 0)]);
        if (group.cadence === "weekdays") expect(weekdayOf(due.localDay)).toBeLessThan(6);
        if (group.cadence === "weekly") expect(weekdayOf(due.localDay)).toBe(group.weekday);
      }),
    );
  });
});

describe("the latest and the next", () => {
  test("each is the other's neighbour, with nothing between them", () => {
    fc.assert(
      fc.property(groups, instants, (group, now) => {
        const latest = latestDue(group, now);
        const next = nextDue(group, now);
        expect(latest.at <= now && next.at > now).toBe(true);
        expect(fallingDue([group], latest.at, next.at)).toEqual([next]);
        expect(latestDue(group, latest.at)).toEqual(latest);
        expect(nextDue(group, latest.at)).toEqual(next);
      }),
    );
  });

  test("a weekly reader whose Friday was skipped gets the Friday before", () => {
    const friday: Group = { cadence: "weekly", weekday: 5, zone: "Pacific/Apia", hour: 7 };
    expect(latestDue(friday, at("2012-01-01T00:00Z")).localDay).toBe("2011-12-23");
    expect(dueAt(friday, "2011-12-30")).toBeNull();
  });

  test("from UTC+14 to UTC−10 an hour after a mail: the same local day comes again, with the same name", () => {
    const before = latestDue(daily("Pacific/Kiritimati", 7), at("2026-03-01T18:00Z"));
    const after = nextDue(daily("Pacific/Honolulu", 7), at("2026-03-01T18:00Z"));
    expect([before.localDay, after.localDay, after.at]).toEqual(["2026-03-02", "2026-03-02", at("2026-03-02T17:00Z")]);
  });

  test("a rule that never comes round is a fault, not an endless search", () => {
    const never: Group = { cadence: "weekly", weekday: 9, zone: "UTC", hour: 7 };
    expect(() => latestDue(never, at("2026-03-02T00:00Z"))).toThrow("weekly:9|UTC|7 has no hour");
    expect(() => nextDue(never, at("2026-03-02T00:00Z"))).toThrow("weekly:9|UTC|7 has no hour");
  });
});

test("groups have the same key when they are the same, and only then", () => {
  fc.assert(
    fc.property(groups, groups, (a, b) => {
      const isSame = a.cadence === b.cadence && a.zone === b.zone && a.hour === b.hour && weekday(a) === weekday(b);
      expect(groupKey(a) === groupKey(b)).toBe(isSame);
    }),
  );
});
const weekday = (group: Group) => (group.cadence === "weekly" ? group.weekday : null);

test("a digest may go out for twenty hours, a weekly one for three days", () => {
  const seven = at("2026-03-02T07:00Z");
  const hoursAfter = (due: Date) => (+due - +seven) / HOUR_MS;
  const valid = (["daily", "weekdays", "weekly"] as const).map((cadence) => hoursAfter(sendBy({ cadence, at: seven })));
  expect(valid).toEqual([20, 20, 72]);
});
