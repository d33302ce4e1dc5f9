/** The score beside plain votes, Hacker News and Reddit, on made-up vote curves. Prints a table, then one JSON line. */
import { ARRIVALS, playCurves, RANKINGS } from "../support/vote-curves.ts";

const WEEKS = 26;
const SEEDS = [1, 2, 3, 4, 5];

const rows = Object.keys(ARRIVALS).flatMap((arrival) =>
  Object.entries(RANKINGS).map(([ranking, rank]) => {
    const played = SEEDS.map((seed) => playCurves(arrival, rank, { weeks: WEEKS, seed }));
    const mean = (of: "bestSent" | "daysLate" | "boughtOnTop", digits: number) =>
      Number((played.reduce((sum, outcome) => sum + outcome[of], 0) / played.length).toFixed(digits));
    return {
      ...{ "votes come": arrival, ranking, "week's best sent": mean("bestSent", 3) },
      ...{ "days late": mean("daysLate", 2), "bought in first three, per 100 editions": mean("boughtOnTop", 1) },
    };
  }),
);
console.table(rows);
console.log(JSON.stringify({ bench: "score", weeks: WEEKS, seeds: SEEDS.length, rows }));
