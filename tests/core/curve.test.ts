import { expect, test } from "vitest";
import { countsByDay, curveOf } from "../../src/core/curve.ts";

const told = (day: string, count: number, until = day) => ({ day, count, until });

test("a day on which nothing was said has the count of the day before, up to the last day it was said again", () => {
  expect(countsByDay([told("2026-04-17", 9, "2026-04-18"), told("2026-04-14", 3), told("2026-04-15", 5)])).toEqual([
    { day: "2026-04-14", count: 3 },
    { day: "2026-04-15", count: 5 },
    { day: "2026-04-16", count: 5 },
    { day: "2026-04-17", count: 9 },
    { day: "2026-04-18", count: 9 },
  ]);
  expect(countsByDay([])).toEqual([]);
});

test("years later the newest two months are shown, beginning with what was known then", () => {
  const counts = countsByDay([told("2024-01-01", 3), told("2026-04-18", 9)]);
  expect([counts.length, counts[0], counts.at(-1)]).toEqual([
    60,
    { day: "2026-02-18", count: 3 },
    { day: "2026-04-18", count: 9 },
  ]);
});

test("a curve goes from edge to edge, up to a round number", () => {
  const counts = [told("2026-04-14", 0), told("2026-04-15", 150), told("2026-04-16", 200)];
  expect(curveOf(counts, { width: 100, height: 50 })).toEqual({ points: "0,50 50,12.5 100,0", top: 200 });
  const topOf = (count: number) => curveOf([told("2026-04-14", count)], { width: 1, height: 1 }).top;
  expect([0, 1, 3, 7, 10, 11, 41, 999].map(topOf)).toEqual([2, 2, 4, 10, 10, 20, 60, 1_000]);
});
