import { describe, expect, test } from "vitest";
import { ARRIVALS, playCurves, RANKINGS } from "../support/vote-curves.ts";

/** `npm run bench -- score` plays half a year, five times; docs/score.md has its table. */
const SHORT = { weeks: 6, seed: 7 };

describe.each(Object.keys(ARRIVALS))("on made-up days whose votes come in %s", (arrival) => {
  const play = (ranking: string) => playCurves(arrival, RANKINGS[ranking]!, SHORT);
  const ours = play("Paperboy");

  test("the week's best papers are sent, most of them on their first morning", () => {
    expect(ours.bestSent).toBeGreaterThanOrEqual(0.94);
    expect(ours.daysLate).toBeLessThan(0.5);
  });

  test("votes that were bought take a place among the first three ten times less often than by plain votes", () => {
    const plain = play("plain votes");
    expect(plain.boughtOnTop).toBeGreaterThan(40);
    expect(ours.boughtOnTop).toBeLessThan(plain.boughtOnTop / 10);
  });
});
