import { expect, test } from "vitest";
import type { Watch } from "../../src/core/filter.ts";
import { indexEdition } from "../../src/core/match.ts";
import { wider } from "../../src/core/wider.ts";
import { aFilter } from "../support/builders.ts";
import { anEdition } from "../support/ranked-papers.ts";

const papers = [
  { title: "Speculative decoding", abstract: "A draft model proposes tokens.", topics: ["efficiency"], upvotes: 4 },
  { title: "Robots that fold", abstract: "Laundry.", topics: ["robotics"], codeUrl: "https://github.com/a/b" },
];
const editions = [indexEdition(anEdition(papers))];
const change = (...watches: Partial<Watch>[]) => {
  const found = wider(aFilter(...watches), editions);
  return found && [found.watch, found.widening, found.papersPerDay];
};

test("the least is let go of that finds something again", () => {
  expect(change({ include: ["title:draft model"] })).toEqual([0, "title", 1]);
  expect(change({ include: ['"draft models"'] })).toEqual([0, "quotes", 1]);
  expect(change({ include: ["draft model"], minUpvotes: 50, exclude: ["laundry"] })).toEqual([0, "minUpvotes", 1]);
  expect(change({ include: ["draft model"], onlyWithCode: true })).toEqual([0, "onlyWithCode", 1]);
  expect(change({ include: ["draft model"], exclude: ["tokens"] })).toEqual([0, "exclude", 1]);
  expect(change({ include: ["draft model"], categories: ["stat.ML"] })).toEqual([0, "categories", 1]);
  expect(change({ include: ["draft model"], topics: ["robotics"] })).toEqual([0, "topics", 1]);
  expect(change({ include: ["draft model + laundry"] })).toEqual([0, "together", 2]);
});

test("of several watches the one that would bring most is named, and the wider filter is the whole of it", () => {
  const filter = aFilter({ include: ["quantum gravity"] }, { topics: ["robotics"], minUpvotes: 99 });
  expect(wider(filter, editions)).toEqual({
    ...{ watch: 1, widening: "minUpvotes", papersPerDay: 1 },
    filter: aFilter({ include: ["quantum gravity"] }, { topics: ["robotics"] }),
  });
});

test("where only other words would help, or nothing is asked for, there is no advice", () => {
  expect(change({ include: ["quantum gravity"] })).toBeNull();
  expect(change({ onlyWithCode: true, minUpvotes: 999 })).toBeNull();
  expect(wider(aFilter(), editions)).toBeNull();
  expect(wider(aFilter({ include: ["draft model"], minUpvotes: 50 }), [])).toBeNull();
});
