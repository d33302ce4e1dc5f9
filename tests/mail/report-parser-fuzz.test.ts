import { expect, test } from "vitest";
import { fuzzReports, percentile } from "../support/fuzz-reports.ts";

test("B1: 1,000 bent, cut and spliced reports are read without a crash, and what is read keeps its promises", async () => {
  const costs = await fuzzReports(1_000);
  expect(costs.length).toBeGreaterThanOrEqual(1_000);
  // The bound itself is measured over 100,000 (tests/long); CPU time of a busy machine has outliers.
  expect(percentile(costs, 0.95)).toBeLessThan(100);
}, 120_000);
