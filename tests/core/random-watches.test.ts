import fc from "fast-check";
import { expect, test } from "vitest";
import { indexEdition } from "../../src/core/match.ts";
import { costsOf, largeEdition, randomWatch } from "../support/random-watches.ts";

test("1,000 random watches on an edition of 1,500 papers never throw and are matched soon", () => {
  const index = indexEdition(largeEdition(1_500));
  const watches = fc.sample(randomWatch(), { numRuns: 1_000, seed: 20_260_415 });
  // 5 ms for 10,000 on 6,000 papers by `npm run test:long`; here other files share the processor.
  expect(costsOf(watches, index, 5).at(-1)).toBeLessThanOrEqual(20);
});
