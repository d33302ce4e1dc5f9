import { expect, test } from "vitest";
import { fittingCount } from "../../src/mail/fit.ts";

test("papers are taken from the first until one does not fit", () => {
  expect(fittingCount(10, [30, 30, 30], 100)).toBe(3);
  expect(fittingCount(10, [30, 30, 31], 100)).toBe(2);
  expect(fittingCount(10, [30, 90, 1], 100)).toBe(1);
  expect(fittingCount(10, [91], 100)).toBe(0);
  expect(fittingCount(10, [], 100)).toBe(0);
});
