/** How a count went from day to day, and the line that shows it. */
import { addDays, daysBetween } from "./day.ts";
import type { Day } from "./paper.ts";

/** The last that a source said of a count on a day, and the last day on which it said the same. */
export interface Told {
  readonly day: Day;
  readonly count: number;
  readonly until: Day;
}

export interface DayCount {
  readonly day: Day;
  readonly count: number;
}

/** A paper is voted on for a week or two; what is looked up again much later shows its newest two months. */
const MOST_DAYS = 60;

/** The count at the end of each of the newest days; one that nobody said anything of has that of the day before. */
export function countsByDay(told: readonly Told[]): DayCount[] {
  const sorted = [...told].sort((a, b) => a.day.localeCompare(b.day));
  const [first] = sorted;
  if (first === undefined) return [];
  const last = sorted.map(({ day, until }) => (until > day ? until : day)).reduce((a, b) => (a > b ? a : b));
  const from = [first.day, addDays(last, 1 - MOST_DAYS)].reduce((a, b) => (a > b ? a : b));
  const counts: DayCount[] = [];
  for (let day = from, next = 0, count = 0; day <= last; day = addDays(day, 1)) {
    while (next < sorted.length && sorted[next]!.day <= day) count = sorted[next++]!.count;
    counts.push({ day, count });
  }
  return counts;
}

/** A curve in a field of `width` by `height`, the origin at the upper left as SVG has it. */
export interface Curve {
  /** `x,y x,y …` for a polyline. */
  readonly points: string;
  /** What the upper edge of the field stands for; the lower one is 0. */
  readonly top: number;
}

/** Days evenly from edge to edge, counts from 0 up to a round number, so that a rise of 2 in 500 looks like one. */
export function curveOf(
  counts: readonly DayCount[],
  field: { readonly width: number; readonly height: number },
): Curve {
  const top = roundUp(Math.max(...counts.map(({ count }) => count)));
  const days = Math.max(1, daysBetween(counts[0]!.day, counts.at(-1)!.day));
  const points = counts.map(({ day, count }) => {
    const x = (field.width * daysBetween(counts[0]!.day, day)) / days;
    const y = field.height * (1 - count / top);
    return `${Math.round(x * 10) / 10},${Math.round(y * 10) / 10}`;
  });
  return { points: points.join(" "), top };
}

/** To the next 1, 2, 4 or 6 and noughts, 2 at least: half of it, which has a line too, is then a whole number. */
function roundUp(count: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(count, 1)));
  const step = [1, 2, 4, 6, 10].find((each) => each * power >= count) ?? 10;
  return Math.max(2, step * power);
}
