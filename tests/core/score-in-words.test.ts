import { expect, test } from "vitest";
import { trendingScore } from "../../src/core/score.ts";
import { scoreInWords, scoreWords } from "../../src/core/score-in-words.ts";
import { allTexts, aRankedPaper } from "../support/mails.ts";

const texts = await allTexts();
const DATE = "2026-04-15";
const explained = (
  counted: { upvotes: number; comments: number; starsGained: number; listedOn: string },
  language = "en",
) => {
  const { score, parts } = trendingScore(counted, DATE);
  const paper = aRankedPaper({ ...counted, rank: 3, score, scoreParts: parts });
  return scoreInWords(paper, DATE, texts(language));
};

test("every key these words come from is in the catalogue", () => {
  expect(() => texts.require(scoreWords, "score-in-words")).not.toThrow();
});

test("a score is told with each of its parts", () => {
  expect(explained({ upvotes: 143, comments: 8, starsGained: 3, listedOn: "2026-04-13" })).toEqual({
    total: "Why place 3: 7.8 points",
    parts: [
      "+7.2 for 143 votes",
      "+1.6 for 8 comments",
      "+1.0 for 3 stars gained since the last edition",
      "-2.0 because it was listed 2 days earlier",
    ],
  });
});

test("a part that is nothing is not told", () => {
  expect(explained({ upvotes: 1, comments: 0, starsGained: 0, listedOn: DATE }).parts).toEqual(["+1.0 for 1 vote"]);
});

test("a signal that nothing bears out says what it would be", () => {
  expect(explained({ upvotes: 1_000, comments: 0, starsGained: 0, listedOn: DATE }).parts).toEqual([
    "+5.6 for 1,000 votes (10.0 if other signals agreed)",
  ]);
});

test("the points that are shown add up", () => {
  for (let upvotes = 0; upvotes < 300; upvotes += 7) {
    const { total, parts } = explained({
      upvotes,
      comments: upvotes % 13,
      starsGained: upvotes % 5,
      listedOn: "2026-04-14",
    });
    const points = (text: string) => Math.round(10 * Number(/[-+]?\d+\.\d/.exec(text)![0]));
    expect(parts.map(points).reduce((a, b) => a + b, 0)).toBe(points(total.replace("place 3", "")));
  }
});
