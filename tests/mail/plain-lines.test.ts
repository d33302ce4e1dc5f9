import fc from "fast-check";
import { expect, test } from "vitest";
import { flowLines, wrapLines } from "../../src/mail/plain-lines.ts";

/** What a program that knows format=flowed makes of it (RFC 3676 4). */
function unflowed(text: string): string {
  return text
    .split("\n")
    .map((line) => line.replace(/^ /u, ""))
    .reduce((all, line) => all + line + (line.endsWith(" ") && line !== "-- " ? "" : "\n"), "")
    .slice(0, -1);
}

const LONG = "Rewards each token by how much it sways what follows, so that answers grow longer and better.";

test("a line that goes on ends in a space, one that is whole does not", () => {
  expect(flowLines(`Short\n\n${LONG}\nhttps://example.org/${"x".repeat(100)}`).split("\n")).toEqual([
    "Short",
    "",
    "Rewards each token by how much it sways what follows, so that answers ",
    "grow longer and better.",
    `https://example.org/${"x".repeat(100)}`,
  ]);
});

test("what could be taken for a quote, for the head of a mailbox or for a signature is not", () => {
  const words = (count: number) => "word ".repeat(count).trim();
  const long = `${words(14)} >quoted From here ${words(14)} From there ${words(14)} -- ${"x".repeat(70)}`;
  const lines = flowLines(`> quoted\nFrom here\n indented\n${long}`).split("\n");
  expect(lines.slice(0, 3)).toEqual([" > quoted", " From here", "  indented"]);
  expect(lines.filter((line) => /^(?:>|From )/u.test(line) || line === "-- ")).toEqual([]);
});

test("any text reads as it was, in lines of at most 74 letters where a word is not longer", () => {
  const word = fc.oneof(fc.constantFrom(">", "From", "a"), fc.stringMatching(/^[!-~]{1,40}$/u));
  const line = fc.array(word, { maxLength: 40 }).map((words) => words.join(" "));
  fc.assert(
    fc.property(fc.array(line, { maxLength: 6 }), (lines) => {
      const text = lines.join("\n");
      // Two dashes alone at the end of a line stay a break: a signature is worse.
      fc.pre(!/(?:^| )--(?: |$)/mu.test(text));
      const flowed = flowLines(text);
      expect(unflowed(flowed)).toBe(text);
      expect(Math.max(...flowed.split("\n").map(({ length }) => length))).toBeLessThanOrEqual(74);
    }),
  );
});

test("a terminal gets the same lines without the spaces", () => {
  expect(wrapLines(LONG)).toBe(
    "Rewards each token by how much it sways what follows, so that answers\ngrow longer and better.",
  );
});
