import { describe, expect, test } from "vitest";
import { cutAtWord, inertLine, inertText, webAddress } from "../../src/core/inert.ts";

describe("inert text", () => {
  const stories: [string, string, string][] = [
    ["line breaks are spaces", "a\r\nBcc: evil@example.com", "a Bcc: evil@example.com"],
    ["overrides of direction are gone", "\u202Egnp.exe\u202C \u2067x\u2069\u200F", "gnp.exe x"],
    ["controls and nulls are gone", "a\u0000b\u0007c\u009B", "abc"],
    ["what only hides is gone", "pay\u200Bpal\uFEFF\u00AD\u{E0041}", "paypal"],
    ["private letters, which we mark places with, are gone", "\uE000number\uE001", "number"],
    ["half a surrogate pair is gone", "a\uD83Db", "ab"],
    ["joiners stay: Persian and emoji are spelt with them", "می\u200Cخواهم 👩\u200D🔬", "می\u200Cخواهم 👩\u200D🔬"],
    ["markup stays text", "<b>{{x}}</b>", "<b>{{x}}</b>"],
  ];
  test.each(stories)("%s", (_, text, inert) => {
    expect(inertText(text)).toBe(inert);
  });
});

test("a long line is cut at a word", () => {
  expect(inertLine("one two three four", 12)).toBe("one two…");
  expect(inertLine("one two", 12)).toBe("one two");
});

test("a word without end is cut inside, and never inside a letter", () => {
  expect(cutAtWord("a".repeat(100), 10)).toBe(`${"a".repeat(9)}…`);
  expect(cutAtWord("😀".repeat(10), 6)).toBe("😀😀…");
});

test("only web addresses pass, written as a browser would", () => {
  const addresses = [
    "https://arxiv.org/abs/2604.1",
    "http://例え.jp/ä b",
    "javascript:alert(1)",
    "data:text/html,x",
    "https://user:secret@example.com/",
    `https://example.com/${"a".repeat(3_000)}`,
    "not an address",
    "",
  ];
  expect([...addresses.map(webAddress), webAddress(null)]).toEqual([
    "https://arxiv.org/abs/2604.1",
    "http://xn--r8jz45g.jp/%C3%A4%20b",
    null,
    null,
    null,
    null,
    null,
    null,
    null,
  ]);
});
