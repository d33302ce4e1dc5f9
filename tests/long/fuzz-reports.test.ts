import { expect, test } from "vitest";
import { fuzzReports, percentile } from "../support/fuzz-reports.ts";

test(
  "B1: 100,000 bent, cut and spliced reports are read without a crash, 99.9 % of them within 50 ms of CPU",
  async () => {
    const costs = await fuzzReports(100_000);
    const [median, p999] = [percentile(costs, 0.5), percentile(costs, 0.999)];
    console.log(
      `report parser: median ${median.toFixed(2)} ms, p99.9 ${p999.toFixed(2)} ms, most ${costs.at(-1)?.toFixed(1)} ms`,
    );
    expect(p999).toBeLessThanOrEqual(50);
  },
  90 * 60_000,
);
