import { expect, test } from "vitest";
import { parseReaderKinds, TWELVE_KINDS } from "../../src/core/reader-kinds.ts";
import { defaultCatalogue } from "../../src/core/topics.ts";
import { Invalid } from "../../src/errors.ts";
import { aFilter, preferences } from "../support/builders.ts";

const parse = (input: unknown) => parseReaderKinds(input, defaultCatalogue);

/** What is wrong, field by field. */
function problems(input: unknown): Record<string, string> {
  try {
    parse(input);
  } catch (error) {
    if (error instanceof Invalid)
      return Object.fromEntries(error.problems.map(({ field, message }) => [field, message]));
    throw error;
  }
  return {};
}

test("there are twelve kinds of ours, each of its own name", () => {
  expect(new Set(parse(TWELVE_KINDS).map(({ name }) => name)).size).toBe(12);
});

test("a kind is a name and what a subscription may choose, with its defaults", () => {
  const given = { name: " agents ", filter: { watches: [{ topics: ["Agents"] }] }, cadence: "weekly", weekday: 2 };
  expect(parse([{ name: "all" }, given])).toEqual([
    { name: "all", preferences: preferences() },
    {
      name: "agents",
      preferences: preferences({ filter: aFilter({ topics: ["agents"] }), cadence: "weekly", weekday: 2 }),
    },
  ]);
});

test("each mistake is told with the place where it stands", () => {
  const wrong = [{ name: "a", filter: { watches: [{ topics: ["alchemy"] }] } }, { name: "b", hour: 24 }, { hour: 7 }];
  expect(problems(wrong)).toEqual({
    "0.filter.watches.0.topics.0": expect.stringMatching(/^There is no topic "alchemy"\. Write one of: /),
    "1.hour": "Write a whole number from 0 to 23.",
    "2.name": "Give each kind a name.",
  });
  expect(problems([{ name: "a", topics: ["agents"] }])).toEqual({
    "0.topics": 'There is no field "topics" here. Check its spelling or leave it out.',
  });
  expect(problems([{ name: "a", weekday: 2 }])).toEqual({
    "0.weekday": "A daily digest has no weekday. Leave it out.",
  });
});

test("what is no list of kinds, an empty one, and one with a name twice are refused", () => {
  expect(problems({ name: "a" })).toEqual({ "": 'Write a list of kinds: [{"name": "broad"}].' });
  expect(problems(["broad"])).toEqual({ "0": expect.stringMatching(/^Write a kind as /) });
  expect(problems([])).toEqual({ "": "Name one kind of reader at least." });
  expect(problems([{ name: "a" }, { name: "a " }])).toEqual({ "1.name": 'Two kinds are called "a".' });
});
