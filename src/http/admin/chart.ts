/** Charts of the operator's first page: a few counts over the same days, as lines, in words and as a table. */
import { curveOf, type DayCount } from "../../core/curve.ts";
import { dateOf, type Say } from "../../core/text.ts";
import type { View } from "../pages.ts";

/** One line of a chart; `name` is one that `page.admin.series` knows. */
export interface Series {
  readonly name: string;
  readonly counts: readonly DayCount[];
}

/** Units of the drawing; it is stretched to the width there is. */
const FIELD = { width: 600, height: 160 } as const;

/** @param series at least one, all over the same days, oldest first */
export function chartView(what: string, series: readonly Series[], say: Say): View {
  const highest = Math.max(...series.flatMap(({ counts }) => counts.map(({ count }) => count)));
  const days = series[0]!.counts.map(({ day }) => day);
  const sumOf = ({ counts }: Series) => counts.reduce((sum, { count }) => sum + count, 0);
  // All lines in one field: what is highest anywhere sets the scale of each.
  const { top } = curveOf([{ day: days[0]!, count: highest }], FIELD);
  const pointsOf = ({ counts }: Series) =>
    counts
      .map(({ count }, at) => {
        const x = (FIELD.width * at) / Math.max(1, counts.length - 1);
        return `${round(x)},${round(FIELD.height * (1 - count / top))}`;
      })
      .join(" ");
  const range = { since: dateOf(days[0]!), until: dateOf(days.at(-1)!) };
  return {
    ...{ what, top, half: top / 2, ...FIELD, middle: FIELD.height / 2, ...range },
    heading: say("page.admin.chart", { what }),
    said: say("page.admin.chartSaid", {
      ...range,
      sums: say.list(series.map((one) => say("page.admin.sum", { series: one.name, count: sumOf(one) }))),
    }),
    series: series.map((one, at) => ({
      ...{ name: say("page.admin.series", { series: one.name }), place: at + 1, points: pointsOf(one) },
    })),
    days: days.map((day, at) => ({ day, counts: series.map(({ counts }) => counts[at]!.count) })),
  };
}

const round = (value: number) => Math.round(value * 10) / 10;
