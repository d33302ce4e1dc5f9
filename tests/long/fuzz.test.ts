import { expect, test } from "vitest";
import { FUZZ } from "../support/fuzz-readers.ts";
import { percentile } from "../support/fuzz-reports.ts";

test.each(Object.keys(FUZZ))(
  "a hundred thousand hostile inputs to the reader of %s are read or refused within 50 ms",
  (name) => {
    const costs = FUZZ[name]!(100_000);
    const [half, most] = [percentile(costs, 0.5), percentile(costs, 0.999)];
    console.info(
      `${name}: median ${half.toFixed(2)} ms, 999 of 1,000 within ${most.toFixed(1)} ms, worst ${costs.at(-1)!.toFixed(1)} ms`,
    );
    expect(most).toBeLessThanOrEqual(50);
  },
);
