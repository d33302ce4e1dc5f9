import { expect, test } from "vitest";
import { LONGEST_WORDS, readReason } from "../../src/core/leaving.ts";

test("a reason is one of those offered, with one harmless line or none; a line alone is something else, and nothing is nothing", () => {
  expect(readReason("tooMany", "")).toEqual({ reason: "tooMany", words: null });
  expect(readReason("notMine", "  more\r\nmaths\u202e ")).toEqual({ reason: "notMine", words: "more maths" });
  expect(readReason("", "I retire")).toEqual({ reason: "other", words: "I retire" });
  expect(readReason("constructor", "")).toBe(null);
  expect(readReason("", " \n")).toBe(null);
});

test("a line is cut where it becomes a letter", () => {
  expect(readReason("other", "why ".repeat(200))!.words!.length).toBeLessThanOrEqual(LONGEST_WORDS);
});
