import fc from "fast-check";
import { expect, test } from "vitest";
import { indexEdition } from "../../src/core/match.ts";
import { percentile } from "../support/fuzz-reports.ts";
import { costsOf, largeEdition, randomWatch } from "../support/random-watches.ts";

test("10,000 random watches on an edition of 6,000 papers never throw and take at most 5 ms each", () => {
  const index = indexEdition(largeEdition(6_000));
  const costs = costsOf(fc.sample(randomWatch(), { numRuns: 10_000 }), index, 5);
  const [half, most, worst] = [percentile(costs, 0.5), percentile(costs, 0.999), costs.at(-1)!];
  console.info(`median ${half.toFixed(2)} ms, 999 of 1,000 within ${most.toFixed(2)} ms, worst ${worst.toFixed(2)} ms`);
  expect(worst).toBeLessThanOrEqual(5);
}, 300_000);
