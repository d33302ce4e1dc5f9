import { describe, expect, test } from "vitest";
import { addDays } from "../../src/core/day.ts";
import type { EditionState } from "../../src/core/edition.ts";
import { editionDueAt, editionFor, freshnessAt, newestEditionDue } from "../../src/core/schedule.ts";

const at = (text: string) => new Date(text);
const due = (cadence: "daily" | "weekdays" | "weekly", when: string) => ({ cadence, at: at(when) });

/** Editions that closed on time at 01:00, or stand as told; the rest of March 2026 before them is closed. */
function editions(last: string, told: Record<string, EditionState | { closedAt: string }> = {}) {
  const rows = [];
  for (let date = "2026-03-01"; date <= last; date = addDays(date, 1)) {
    const state = told[date] ?? "closed";
    if (typeof state === "object") rows.push({ date, state: "closed" as const, closedAt: at(state.closedAt) });
    else rows.push({ date, state, closedAt: state === "closed" ? editionDueAt(date, "01:00") : null });
  }
  return rows;
}

// 2 March 2026 is a Monday; 7 and 8 are the weekend.
const WEEKEND = { "2026-03-07": "quiet", "2026-03-08": "quiet" } as const;

test("an edition is due at its closing time on the day after", () => {
  expect(editionDueAt("2026-02-28", "01:00")).toEqual(at("2026-03-01T01:00Z"));
  expect(newestEditionDue(at("2026-03-05T01:00Z"), "01:00")).toBe("2026-03-04");
  expect(newestEditionDue(at("2026-03-05T00:59Z"), "01:00")).toBe("2026-03-03");
  expect(newestEditionDue(at("2026-03-05T23:00Z"), "23:30")).toBe("2026-03-03");
});

describe("which edition a group gets at its hour", () => {
  test("the newest closed one", () => {
    expect(editionFor(due("daily", "2026-03-05T07:00Z"), editions("2026-03-04"), "01:00")).toEqual({
      take: "2026-03-04",
    });
  });

  test("one that was due but is open, or has no row yet, is waited for", () => {
    const open = editions("2026-03-04", { "2026-03-04": "open" });
    expect(editionFor(due("daily", "2026-03-05T07:00Z"), open, "01:00")).toEqual({ wait: "2026-03-04" });
    expect(editionFor(due("daily", "2026-03-05T07:00Z"), editions("2026-03-03"), "01:00")).toEqual({
      wait: "2026-03-04",
    });
  });

  test("one that closed late is taken by those whose hour had come before", () => {
    const late = editions("2026-03-04", { "2026-03-04": { closedAt: "2026-03-05T09:12Z" } });
    expect(editionFor(due("daily", "2026-03-05T07:00Z"), late, "01:00")).toEqual({ take: "2026-03-04" });
  });

  test("one that should close after the hour is not taken, however late we look", () => {
    expect(editionFor(due("daily", "2026-03-05T00:30Z"), editions("2026-03-04"), "01:00")).toEqual({
      take: "2026-03-03",
    });
    expect(editionFor(due("daily", "2026-03-05T01:00Z"), editions("2026-03-04"), "01:00")).toEqual({
      take: "2026-03-04",
    });
  });

  test("on a quiet Saturday nobody waits: Sunday's daily reader is offered Friday's, Monday's gets nothing", () => {
    expect(editionFor(due("daily", "2026-03-08T07:00Z"), editions("2026-03-07", WEEKEND), "01:00")).toEqual({
      take: "2026-03-06",
    });
    expect(editionFor(due("daily", "2026-03-09T07:00Z"), editions("2026-03-08", WEEKEND), "01:00")).toEqual({
      nothing: "quiet",
    });
  });

  test("thirty hours old is the limit for a daily reader, to the millisecond", () => {
    const rows = editions("2026-03-07", WEEKEND); // Friday's closed on Saturday at 01:00
    expect(editionFor(due("daily", "2026-03-08T07:00:00.000Z"), rows, "01:00")).toEqual({ take: "2026-03-06" });
    expect(editionFor(due("daily", "2026-03-08T07:00:00.001Z"), rows, "01:00")).toEqual({ nothing: "quiet" });
  });

  test("on Monday a weekdays reader gets Friday's, in Honolulu at 23:00 too", () => {
    const rows = editions("2026-03-08", WEEKEND);
    expect(editionFor(due("weekdays", "2026-03-09T07:00Z"), rows, "01:00")).toEqual({ take: "2026-03-06" });
    expect(editionFor(due("weekdays", "2026-03-10T00:59Z"), rows, "01:00")).toEqual({ take: "2026-03-06" });
    const withMonday = editions("2026-03-09", { ...WEEKEND, "2026-03-09": "broken" });
    expect(editionFor(due("weekdays", "2026-03-10T09:00Z"), withMonday, "01:00")).toEqual({ take: "2026-03-06" });
    expect(editionFor(due("weekdays", "2026-03-10T09:01Z"), withMonday, "01:00")).toEqual({ nothing: "broken" });
  });

  test("a weekly reader is offered an edition of up to seven days", () => {
    const told = Object.fromEntries(
      ["04", "05", "06", "07", "08", "09", "10"].map((day) => [`2026-03-${day}`, "broken" as const]),
    );
    const rows = editions("2026-03-10", told); // the last good one closed on 4 March at 01:00
    expect(editionFor(due("weekly", "2026-03-11T01:00Z"), rows, "01:00")).toEqual({ take: "2026-03-03" });
    expect(editionFor(due("weekly", "2026-03-11T01:01Z"), rows, "01:00")).toEqual({ nothing: "broken" });
  });

  test("behind a quiet Sunday, a Friday that is still open is waited for as long as it would be fresh", () => {
    const rows = editions("2026-03-08", { ...WEEKEND, "2026-03-06": "open" });
    expect(editionFor(due("weekdays", "2026-03-09T07:00Z"), rows, "01:00")).toEqual({ wait: "2026-03-06" });
    expect(editionFor(due("daily", "2026-03-09T07:00Z"), rows, "01:00")).toEqual({ nothing: "quiet" });
  });

  test("the order of the rows does not matter", () => {
    const rows = editions("2026-03-08", WEEKEND).reverse();
    expect(editionFor(due("weekdays", "2026-03-09T07:00Z"), rows, "01:00")).toEqual({ take: "2026-03-06" });
  });

  test("a new installation waits for its first edition, and for none before it", () => {
    const noon = due("daily", "2026-03-05T12:00Z");
    expect(editionFor(noon, [], "01:00", "2026-03-05")).toEqual({ nothing: "no-edition-in-window" });
    expect(editionFor(noon, [], "01:00", "2026-03-04")).toEqual({ wait: "2026-03-04" });
    expect(editionFor(noon, [], "01:00")).toEqual({ nothing: "no-edition-in-window" });
    const onlyToday = [{ date: "2026-03-05", state: "open" as const, closedAt: null }];
    expect(editionFor(noon, onlyToday, "01:00")).toEqual({ nothing: "no-edition-in-window" });
  });

  test("one that was closed by hand long before its time can be too old", () => {
    const early = editions("2026-03-04", { "2026-03-04": { closedAt: "2026-03-03T00:00Z" }, "2026-03-03": "quiet" });
    expect(editionFor(due("daily", "2026-03-05T07:00Z"), early, "01:00")).toEqual({ nothing: "no-edition-in-window" });
  });
});

describe("how fresh the newest edition is at an hour", () => {
  test.each([
    ["2026-04-16T05:00Z", "2026-04-16T01:00Z", 4],
    ["2026-04-16T01:00Z", "2026-04-16T01:00Z", 0],
    ["2026-04-16T00:00Z", "2026-04-15T01:00Z", 23],
  ])("at %s", (hour, closedAt, hours) => {
    expect(freshnessAt({ at: at(hour) }, "01:00")).toEqual({ closedAt: at(closedAt), ageMs: hours * 3_600_000 });
  });
});
