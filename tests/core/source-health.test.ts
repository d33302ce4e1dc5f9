import { expect, test } from "vitest";
import { judgeSource, type SourceRecord, type SourceRhythm } from "../../src/core/source-health.ts";
import { at } from "../support/time.ts";

const NOW = at("2026-04-15T12:00Z");
const hoursAgo = (hours: number) => new Date(NOW.getTime() - hours * 3_600_000);
const record = (given: Partial<SourceRecord> = {}): SourceRecord => ({
  ...{ source: "hub", firstPullAt: hoursAgo(500), lastPullAt: hoursAgo(0.5), lastGoodAt: hoursAgo(0.5) },
  ...{ newest: { day: "2026-04-14", papers: 40 }, usualPapers: 30, failures: 0, lastProblem: null },
  ...given,
});
const TRENDING = { trending: true };
const DAILY = { trending: false };
const COUNTING = { trending: false, everyRound: true };

test.each<[string, Partial<SourceRecord> | null, SourceRhythm, string]>([
  ["answered half an hour ago", {}, TRENDING, "well"],
  ["was never asked", null, TRENDING, "unread"],
  ["has failed for three hours", { lastGoodAt: hoursAgo(3) }, TRENDING, "well"],
  ["has failed for longer", { lastGoodAt: hoursAgo(3.1) }, TRENDING, "late"],
  ["has failed for a day", { lastGoodAt: hoursAgo(24) }, TRENDING, "late"],
  ["has failed for longer than a day", { lastGoodAt: hoursAgo(24.1) }, TRENDING, "silent"],
  ["has never answered, for two days", { firstPullAt: hoursAgo(48), lastGoodAt: null }, TRENDING, "silent"],
  ["failed at its first pull", { firstPullAt: hoursAgo(0), lastGoodAt: null, failures: 1 }, TRENDING, "unanswered"],
  [
    "failed at its first pull, daily",
    { firstPullAt: hoursAgo(20), lastGoodAt: null, failures: 1 },
    DAILY,
    "unanswered",
  ],
  ["failed once since it answered", { failures: 1 }, TRENDING, "well"],
  ["has never answered, for four hours", { firstPullAt: hoursAgo(4), lastGoodAt: null, failures: 4 }, TRENDING, "late"],
  ["was asked by nobody for four hours", { lastPullAt: hoursAgo(4), lastGoodAt: hoursAgo(4) }, TRENDING, "unasked"],
  ["was asked by nobody for two days", { lastPullAt: hoursAgo(48), lastGoodAt: hoursAgo(48) }, TRENDING, "silent"],
  ["was read for yesterday", { lastPullAt: hoursAgo(12), lastGoodAt: hoursAgo(12) }, DAILY, "well"],
  ["missed a day", { lastGoodAt: hoursAgo(28) }, DAILY, "late"],
  ["missed a week", { lastGoodAt: hoursAgo(200) }, DAILY, "late"],
  ["was not asked for a day", { lastPullAt: hoursAgo(28), lastGoodAt: hoursAgo(28) }, DAILY, "unasked"],
  ["counts, and failed for four hours", { lastGoodAt: hoursAgo(4) }, COUNTING, "late"],
  ["counts, a few in this round", { newest: { day: "2026-04-14", papers: 2 } }, COUNTING, "well"],
  ["gave a third of the usual", { newest: { day: "2026-04-14", papers: 10 } }, TRENDING, "well"],
  ["gave less than a third", { newest: { day: "2026-04-14", papers: 9 } }, TRENDING, "small"],
  ["gave nothing on a holiday", { newest: { day: "2026-11-26", papers: 0 } }, TRENDING, "well"],
  ["gives little anyway", { newest: { day: "2026-04-14", papers: 0 }, usualPapers: 8 }, DAILY, "well"],
  ["is too young to be usual", { newest: { day: "2026-04-14", papers: 0 }, usualPapers: null }, TRENDING, "well"],
])("a source that %s", (_, given, rhythm, state) => {
  expect(judgeSource(given && record(given), rhythm, NOW)).toBe(state);
});
