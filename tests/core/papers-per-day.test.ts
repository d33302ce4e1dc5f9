import { expect, test } from "vitest";
import { everything } from "../../src/core/filter.ts";
import { indexEdition } from "../../src/core/match.ts";
import { EDITIONS_OF_MEAN, papersPerDay, papersPerDayByWatch } from "../../src/core/papers-per-day.ts";
import { aFilter } from "../support/builders.ts";
import { anEdition } from "../support/ranked-papers.ts";

const index = (...papers: Parameters<typeof anEdition>[0]) => indexEdition(anEdition(papers));

test("only papers that are new in an edition count, and only those the filter takes", () => {
  const editions = [
    index({ topics: ["agents"] }, { topics: ["video"] }, { topics: ["agents"], isNew: false }),
    index({ topics: ["agents"] }, { topics: ["agents"] }),
  ];
  expect([papersPerDay(editions, everything), papersPerDay(editions, aFilter({ topics: ["agents"] }))]).toEqual([
    2, 1.5,
  ]);
});

test("a paper only arXiv knows counts for who follows its words, and not as trending", () => {
  const editions = [index({ lane: "followed", title: "Speculative decoding" }, {})];
  expect([
    papersPerDay(editions, everything),
    papersPerDay(editions, aFilter({ include: ["speculative decoding"] })),
  ]).toEqual([1, 1]);
});

test("each watch is counted by itself, and what two take for both", () => {
  const editions = [index({ topics: ["agents", "code"] }, { topics: ["agents"] }), index({ topics: ["code"] })];
  const filter = aFilter({ topics: ["agents"] }, { topics: ["code"] });
  expect([
    papersPerDayByWatch(editions, filter),
    papersPerDay(editions, filter),
    papersPerDayByWatch([], filter),
  ]).toEqual([[1, 1], 1.5, [0, 0]]);
});

test("the mean is over the last thirty, and nought without any", () => {
  const old = Array.from({ length: 10 }, () => index({}, {}, {}));
  const recent = Array.from({ length: EDITIONS_OF_MEAN }, () => index({}));
  expect([papersPerDay([...recent, ...old], everything), papersPerDay([], everything)]).toEqual([1, 0]);
});
