import fc from "fast-check";
import { expect, test } from "vitest";
import { z } from "zod";
import { everything, FILTER_LIMITS, type Filter, filterKey, filterSchema, parseFilter } from "../../src/core/filter.ts";
import { defaultCatalogue } from "../../src/core/topics.ts";
import { Invalid, type Problem } from "../../src/errors.ts";
import { aFilter } from "../support/builders.ts";

const parse = (input: unknown) => parseFilter(input, defaultCatalogue);

function problemsIn(input: unknown): readonly Problem[] {
  try {
    parse(input);
  } catch (fault) {
    if (fault instanceof Invalid) return fault.problems;
    throw fault;
  }
  return [];
}

test("what is absent is filled in", () => {
  expect(parse({})).toEqual(everything);
  expect(parse({ grammar: 1, watches: [{ topics: ["agents"] }] })).toEqual(aFilter({ topics: ["agents"] }));
});

test("entries are tidied and said once, in their first spelling", () => {
  const watch = {
    name: "  My\n\u202Ewatch\u202C\u0007 ",
    topics: [" Agents", "agents"],
    categories: ["CS.cl", "physics.AO-PH", "hep-th", "cs"],
    include: ["World  model", "world model ", "C++", "c\u200B++"],
    authors: ["Li,  Yuan", "LI, YUAN"],
  };
  expect(parse({ watches: [watch] })).toEqual(
    aFilter({
      name: "My watch",
      topics: ["agents"],
      categories: ["cs.CL", "physics.ao-ph", "hep-th", "cs"],
      include: ["World model", "C++"],
      authors: ["Li, Yuan"],
    }),
  );
});

test("a lone watch that asks for nothing is no watch; beside another it takes everything", () => {
  expect(parse({ watches: [{}] })).toEqual(everything);
  expect(parse({ watches: [{ name: "all" }] })).toEqual(aFilter({ name: "all" }));
  expect(parse({ watches: [{}, { topics: ["code"] }] })).toEqual(aFilter({}, { topics: ["code"] }));
});

test("each field at fault is named, with what to write instead", () => {
  const problems = problemsIn({
    watches: [
      { topics: ["agents", "wizards"], include: ["fine", "half + "], topcis: [] },
      {
        categories: ["computing"],
        authors: ["!!"],
        exclude: ["x".repeat(101)],
        minUpvotes: -1,
        onlyWithCode: "yes",
        name: 7,
      },
      "agents",
    ],
    colour: "red",
  });
  const ids = defaultCatalogue.topics.map((topic) => topic.id).join(", ");
  expect(problems).toEqual([
    { field: "watches.0.topics.1", message: `There is no topic "wizards". Write one of: ${ids}.` },
    {
      field: "watches.0.include.1",
      message: "Nothing stands on one side of a plus in “half +”. Write half, or a phrase on both sides.",
    },
    { field: "watches.0.topcis", message: 'There is no field "topcis" here. Check its spelling or leave it out.' },
    { field: "watches.1.name", message: "Write text." },
    { field: "watches.1.authors.0", message: 'There is no name in "!!". Write a full name, like Ada Lovelace.' },
    { field: "watches.1.exclude.0", message: "An entry has at most 100 letters. Write a shorter one." },
    { field: "watches.1.minUpvotes", message: "Write a whole number, 0 or more." },
    { field: "watches.1.onlyWithCode", message: "Write true or false." },
    { field: "watches.2", message: 'This is not a watch. Write one like {"topics": ["agents"]}.' },
    { field: "colour", message: 'There is no field "colour" here. Check its spelling or leave it out.' },
  ]);
});

test.each([
  [null, "", 'This is not a filter. Write one like {"watches": […]}.'],
  ["agents", "", 'This is not a filter. Write one like {"watches": […]}.'],
  [{ watches: {} }, "watches", "Write a list of watches: [{…}]."],
  [{ watches: Array(6).fill({}) }, "watches", "A filter has at most 5 watches. Put some together."],
  [{ grammar: 2 }, "grammar", "The grammar of filters has the version 1. Leave it out."],
  [{ watches: [{ include: [""] }] }, "watches.0.include.0", "This entry is empty. Write something or leave it out."],
  [{ watches: [{ include: "agents" }] }, "watches.0.include", 'Write a list of texts: ["…"].'],
  [{ watches: [{ minUpvotes: 1.5 }] }, "watches.0.minUpvotes", "Write a whole number, 0 or more."],
  [
    { watches: [{ exclude: Array.from({ length: 51 }, (_, i) => `word ${i}`) }] },
    "watches.0.exclude",
    "A field has at most 50 entries. Leave some out, or use another watch.",
  ],
  [
    { watches: [{ categories: ["cs.cl.ai"] }] },
    "watches.0.categories.0",
    '"cs.cl.ai" is not an arXiv category. Write one like cs.CL or stat.ML, or a whole archive like cs.',
  ],
])("%j is refused", (input, field, message) => {
  expect(problemsIn(input)).toEqual([{ field, message }]);
});

test("the schema can be published", () => {
  const published = z.toJSONSchema(filterSchema(defaultCatalogue), { io: "input" }) as {
    properties: Record<string, { maxItems?: number }>;
  };
  expect(Object.keys(published.properties)).toEqual(["grammar", "watches"]);
  expect(published.properties.watches?.maxItems).toBe(FILTER_LIMITS.watches);
});

const word = fc.constantFrom("world model", "C++", "title:video", '"agents"', "diffusion + video", "rag", "β-VAE");
const list = (entry: fc.Arbitrary<string>) => fc.uniqueArray(entry, { maxLength: 5 });
const anyWatch = fc.record({
  name: fc.constantFrom("", "mine", "work"),
  topics: list(fc.constantFrom(...defaultCatalogue.topics.map((topic) => topic.id))),
  categories: list(fc.constantFrom("cs.CL", "cs.CV", "hep-th")),
  include: list(word),
  authors: list(fc.constantFrom("Ada Lovelace", "Li, Yuan", "Y. LeCun")),
  exclude: list(word),
  minUpvotes: fc.nat(50),
  onlyWithCode: fc.boolean(),
});
const anyFilter: fc.Arbitrary<Filter> = fc
  .array(anyWatch, { maxLength: 5 })
  .map((watches) => ({ grammar: 1, watches }));

test("a parsed filter parses to itself", () => {
  fc.assert(
    fc.property(anyFilter, (filter) => {
      const once = parse(filter);
      expect(parse(once)).toEqual(once);
    }),
  );
});

test("the key ignores the order of entries and of watches", () => {
  fc.assert(
    fc.property(anyFilter, (filter) => {
      const backwards: Filter = {
        grammar: 1,
        watches: filter.watches
          .map((watch) => ({
            ...watch,
            topics: [...watch.topics].reverse(),
            include: [...watch.include].reverse(),
            exclude: [...watch.exclude].reverse(),
          }))
          .reverse(),
      };
      expect(filterKey(backwards)).toBe(filterKey(filter));
    }),
  );
});

test("the key tells filters apart that take other papers or say it otherwise", () => {
  const filters = [
    everything,
    aFilter({ name: "a" }),
    aFilter({ include: ["a"] }),
    aFilter({ include: ["A"] }),
    aFilter({ exclude: ["a"] }),
    aFilter({ authors: ["a"] }),
    aFilter({ include: ["a", "b"] }),
    aFilter({ include: ["a"] }, { include: ["b"] }),
    aFilter({ minUpvotes: 1 }),
    aFilter({ onlyWithCode: true }),
  ];
  expect(new Set(filters.map(filterKey)).size).toBe(filters.length);
  expect(filterKey(everything)).toMatch(/^[0-9a-f]{64}$/);
});

test("nothing that is sent in makes parsing fail otherwise than by saying what is wrong", () => {
  const anything = fc.anything({ withBigInt: true, withDate: true, withNullPrototype: true, withMap: true });
  const nearly = fc.record({
    watches: fc.array(
      fc.oneof(
        anything,
        fc.record({
          include: fc.array(fc.string({ unit: "binary" })),
          authors: anything,
          name: fc.string({ unit: "binary" }),
        }),
      ),
    ),
  });
  fc.assert(
    fc.property(fc.oneof(anything, nearly), (input) => {
      for (const { field, message } of problemsIn(input)) {
        expect(typeof field).toBe("string");
        expect(message).not.toBe("");
      }
    }),
  );
});
