import fc from "fast-check";
import { expect, test } from "vitest";
import { everything, type Filter, parseFilter } from "../../src/core/filter.ts";
import { filterFromQuery, filterToQuery } from "../../src/core/filter-query.ts";
import { defaultCatalogue } from "../../src/core/topics.ts";
import { Invalid } from "../../src/errors.ts";
import { aFilter } from "../support/builders.ts";

const read = (query: string, others: string[] = []) =>
  filterFromQuery(new URLSearchParams(query), defaultCatalogue, others);

function problemsIn(query: string) {
  try {
    read(query);
  } catch (fault) {
    if (fault instanceof Invalid) return fault.problems;
    throw fault;
  }
  return [];
}

test("one watch is spelled out in the address", () => {
  const query =
    "topics=agents,code&include=C%2B%2B&include=a+%2B+b&authors=Li,+Yuan&exclude=crypto&categories=cs.CL,stat.ML&minUpvotes=5&onlyWithCode=on&name=Mine";
  expect(read(query)).toEqual(
    aFilter({
      name: "Mine",
      topics: ["agents", "code"],
      categories: ["cs.CL", "stat.ML"],
      include: ["C++", "a + b"],
      authors: ["Li, Yuan"],
      exclude: ["crypto"],
      minUpvotes: 5,
      onlyWithCode: true,
    }),
  );
});

test("repeated lists, empty fields of a form and a parsed query object are understood", () => {
  expect(read("topics=agents&topics=code,&include=&minUpvotes=")).toEqual(aFilter({ topics: ["agents", "code"] }));
  expect(read("")).toEqual(everything);
  expect(filterFromQuery({ include: ["x", "y"], topics: "agents", name: undefined }, defaultCatalogue)).toEqual(
    aFilter({ topics: ["agents"], include: ["x", "y"] }),
  );
});

test("several watches travel as base64url JSON", () => {
  const filter = aFilter({ topics: ["agents"] }, { include: ["β-VAE"] });
  const query = filterToQuery(filter);
  expect(query).toMatch(/^filter=[\w-]+$/);
  expect(read(query)).toEqual(filter);
});

test("a parameter at fault is named as it stands in the address", () => {
  expect(problemsIn("include=x&include=y+%2B+&topics=code").map(({ field }) => field)).toEqual(["include.1"]);
  expect(problemsIn("minUpvotes=many").map(({ field }) => field)).toEqual(["minUpvotes"]);
  expect(problemsIn("onlyWithCode=perhaps").map(({ field }) => field)).toEqual(["onlyWithCode"]);
  expect(problemsIn("minUpvotes=1&minUpvotes=2").map(({ field }) => field)).toEqual(["minUpvotes"]);
  expect(problemsIn("topcis=code").map(({ field }) => field)).toEqual(["topcis"]);
  expect(problemsIn("filter=e30&topics=code").map(({ field }) => field)).toEqual(["filter"]);
  expect(problemsIn("filter=***").map(({ field }) => field)).toEqual(["filter"]);
  expect(problemsIn("filter=abcd").map(({ field }) => field)).toEqual(["filter"]);
  const bad = Buffer.from('{"watches":[{"topics":["wizards"]}]}').toString("base64url");
  expect(problemsIn(`filter=${bad}`).map(({ field }) => field)).toEqual(["filter.watches.0.topics.0"]);
  const list = Buffer.from("[]").toString("base64url");
  expect(problemsIn(`filter=${list}`).map(({ field }) => field)).toEqual(["filter"]);
});

test("parameters of others are let through by name only", () => {
  expect(read("page=2&topics=code", ["page"])).toEqual(aFilter({ topics: ["code"] }));
  expect(problemsIn("page=2").map(({ field }) => field)).toEqual(["page"]);
});

const texts = (entry: fc.Arbitrary<string>) => fc.array(entry, { maxLength: 4 });
const phrase = fc.constantFrom("C++", "a + b", "title:video", '"x&y=z"', "语言模型", "100% #1", "comma, inside");
const anyFilter: fc.Arbitrary<Filter> = fc
  .array(
    fc.record({
      name: fc.constantFrom("", "My & mine", "ümlaut"),
      topics: texts(fc.constantFrom("agents", "code", "3d")),
      categories: texts(fc.constantFrom("cs.CL", "hep-th")),
      include: texts(phrase),
      authors: texts(fc.constantFrom("Li, Yuan", "José Ñandú")),
      exclude: texts(phrase),
      minUpvotes: fc.nat(1000),
      onlyWithCode: fc.boolean(),
    }),
    { maxLength: 5 },
  )
  .map((watches) => parseFilter({ watches }, defaultCatalogue));

test("what is written into an address is read back", () => {
  fc.assert(
    fc.property(anyFilter, (filter) => {
      expect(read(filterToQuery(filter))).toEqual(filter);
    }),
  );
});
