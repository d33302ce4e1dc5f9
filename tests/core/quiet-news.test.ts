import { expect, test } from "vitest";
import type { RankedPaper } from "../../src/core/edition.ts";
import { indexEdition } from "../../src/core/match.ts";
import { quietNews } from "../../src/core/quiet-news.ts";
import { aFilter } from "../support/builders.ts";
import { anEdition } from "../support/ranked-papers.ts";
import { at } from "../support/time.ts";

const NOON = at("2026-05-20T12:00Z");
const closed = (time: string, ...papers: Partial<RankedPaper>[]) => {
  const edition = { ...anEdition(papers), closedAt: at(time) };
  return { edition, index: indexEdition(edition) };
};
const few = { title: "Draft models", upvotes: 4 };
const filter = aFilter({ include: ["gravity"] }, { name: "Drafts", include: ["draft model"], minUpvotes: 50 });

test("counts the editions of the thirty days and says what would have brought something in them", () => {
  const recent = [
    closed("2026-05-20T01:00Z", few),
    closed("2026-05-19T01:00Z"),
    closed("2026-05-18T01:00Z", few),
    closed("2026-04-20T12:01Z"),
  ];
  expect(quietNews(filter, recent, NOON)).toEqual({
    ...{ days: 30, since: at("2026-04-20T12:00Z"), editions: 4 },
    advice: { widening: "minUpvotes", name: "Drafts", number: 2, isOnly: false, papersPerWeek: 3 },
  });
});

test("a match of longer ago is no advice, nor is what came after the letter was decided on", () => {
  const recent = [closed("2026-05-20T12:01Z", few), closed("2026-05-19T01:00Z"), closed("2026-04-20T12:00Z", few)];
  expect(quietNews(filter, recent, NOON)).toMatchObject({ editions: 1, advice: null });
});

test("less than a paper a week is told as such, and the only watch is known to be", () => {
  const recent = [closed("2026-05-19T01:00Z", few), ...Array.from({ length: 6 }, () => closed("2026-05-10T01:00Z"))];
  const { advice } = quietNews(aFilter(filter.watches[1]!), recent, NOON);
  expect(advice).toMatchObject({ number: 1, isOnly: true, papersPerWeek: 0 });
});
