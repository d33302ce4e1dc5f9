import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { leadSentences } from "../../src/core/sentences.ts";

const lead = (text: string, max = 1): string => leadSentences(text, { max, maxLetters: 400 });

test("the first three sentences stand whole", () => {
  const text = "We study agents. They fail often! Why? Because they forget.";
  expect(lead(text, 3)).toBe("We study agents. They fail often! Why?");
});

describe("a sentence does not end", () => {
  const sentences = [
    "We compare models, e.g. Llama and Qwen.",
    "It runs on phones (i.e. ARM) well.",
    "This follows Vaswani et al. (2017) closely.",
    "As Smith et al. They are many, show it works.",
    "See Fig. 3 and Sec. 2 for details.",
    "We test SGD vs. Adam on text.",
    "It gains 3.5 points over GPT-4.1 on average.",
    "J. Smith proposed it first.",
    "We use Node.js and v1.2.3 here.",
    "The loss (see App. B. It is long.) goes down.",
    "Let $x. Y$ be a token and go on.",
    "Wait... there is more to it.",
    "Grids of approx. 12 cells suffice.",
  ];
  test.each(sentences)("inside “%s”", (sentence) => {
    expect(lead(`${sentence} Then another begins.`)).toBe(sentence);
  });
});

describe("a sentence does end", () => {
  const stories: [string, string][] = [
    ["It uses memory, etc. We extend it.", "It uses memory, etc."],
    ["It costs $5. We pay $6 less.", "It costs $5."],
    ['They call it "thinking." We do not.', 'They call it "thinking."'],
    ["It works (mostly). It is fast.", "It works (mostly)."],
    ["We add vitamin C. The rest stays.", "We add vitamin C."],
    ["我们提出一种方法。它很快。", "我们提出一种方法。"],
    ["One. 3D worlds follow.", "One."],
    ["No full stop at all", "No full stop at all"],
    ["An unclosed (bracket is forgotten after a while", "An unclosed (bracket is forgotten after a while"],
  ];
  test.each(stories)("in “%s”", (text, first) => {
    expect(lead(text)).toBe(first);
  });
});

test("a sentence that does not fit is left out whole", () => {
  const text = `Short one. ${"Long ".repeat(100)}end. Short two.`;
  expect(leadSentences(text, { max: 3, maxLetters: 60 })).toBe("Short one.");
});

test("a second sentence is worth more room than a third", () => {
  const text = `${"a".repeat(50)}. ${"B".repeat(50)}. ${"C".repeat(20)}.`;
  const options = { max: 3, maxLetters: 60, hardLetters: 120 };
  expect(leadSentences(text, { ...options, min: 2 })).toBe(`${"a".repeat(50)}. ${"B".repeat(50)}.`);
  expect(leadSentences(text, options)).toBe(`${"a".repeat(50)}.`);
});

test("a single sentence beyond all bounds is cut at a word and says so", () => {
  const cut = leadSentences("word ".repeat(1_000), { max: 3, maxLetters: 40, hardLetters: 50 });
  expect(cut).toBe(`${"word ".repeat(10).trim()}…`);
});

test("whatever comes in, what comes out is a beginning of it and within the bound", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: "grapheme", maxLength: 400 }),
      fc.integer({ min: 20, max: 200 }),
      (text, maxLetters) => {
        const found = leadSentences(text.replace(/\s+/gu, " ").trim(), { max: 3, maxLetters, hardLetters: maxLetters });
        expect(found.length).toBeLessThanOrEqual(maxLetters);
        expect(text.replace(/\s+/gu, "").startsWith(found.replace(/…$/u, "").replace(/\s+/gu, ""))).toBe(true);
      },
    ),
  );
});
