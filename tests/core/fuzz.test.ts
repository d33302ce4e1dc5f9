import { expect, test } from "vitest";
import { FUZZ } from "../support/fuzz-readers.ts";
import { percentile } from "../support/fuzz-reports.ts";

test.each(Object.keys(FUZZ))("a thousand hostile inputs to the reader of %s are read or refused, each soon", (name) => {
  const costs = FUZZ[name]!(1_000);
  // 50 ms by `npm run test:long`; here other files share the processor.
  expect(percentile(costs, 0.999)).toBeLessThan(200);
});
