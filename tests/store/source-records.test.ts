import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { addDays } from "../../src/core/day.ts";
import type { NewPull } from "../../src/store/pulls.ts";
import { aStore, type TestStore } from "../support/store.ts";
import { at } from "../support/time.ts";

let store: TestStore;
beforeAll(async () => {
  // A Wednesday.
  store = await aStore(at("2026-04-15T07:00Z"));
});
afterAll(() => store.close());
beforeEach(() => store.sql("TRUNCATE pulls"));

/** A pull of a day, ten minutes after its end unless it says so. */
async function pull(day: string, given: Partial<NewPull> = {}): Promise<void> {
  const startedAt = given.startedAt ?? at(`${addDays(day, 1)}T00:10Z`);
  const endedAt = new Date(startedAt.getTime() + 1_000);
  await store.pulls.add({
    source: "hub",
    day,
    startedAt,
    endedAt,
    outcome: "good",
    papers: 0,
    refused: 0,
    problem: null,
    ...given,
  });
}
const YESTERDAY = "2026-04-14";

test("no pull, no record", async () => expect(await store.pulls.health()).toEqual([]));

test("a source that does well: its last answer, the papers of the newest day that is over, the median of weekdays before", async () => {
  const weekdays = {
    "2026-04-06": 17,
    "2026-04-07": 37,
    "2026-04-08": 30,
    "2026-04-09": 29,
    "2026-04-10": 41,
    "2026-04-13": 29,
  };
  for (const [day, papers] of Object.entries(weekdays)) await pull(day, { papers });
  for (const day of ["2026-04-11", "2026-04-12"]) await pull(day);
  await pull(YESTERDAY, { papers: 47 });
  // Half a day, which says nothing of the whole.
  await pull("2026-04-15", { papers: 3, startedAt: at("2026-04-15T06:00Z") });
  expect(await store.pulls.health()).toEqual([
    {
      ...{ source: "hub", firstPullAt: at("2026-04-07T00:10Z"), lastPullAt: at("2026-04-15T06:00Z") },
      ...{ lastGoodAt: at("2026-04-15T06:00:01Z"), newest: { day: YESTERDAY, papers: 47 }, usualPapers: 29 },
      ...{ failures: 0, lastProblem: null },
    },
  ]);
});

test("a weekend is measured by weekends; of fewer than three days nothing is usual", async () => {
  for (const [day, papers] of [
    ["2026-04-03", 45],
    ["2026-04-04", 2],
    ["2026-04-05", 4],
    ["2026-04-11", 3],
    ["2026-04-12", 1],
  ] as const)
    await pull(day, { papers });
  const usual = async () => (await store.pulls.health())[0]!.usualPapers;
  expect(await usual()).toBe(3);
  await pull("2026-04-13", { papers: 30 });
  expect(await usual()).toBe(null);
});

test("of a day that was read often the fullest answer counts", async () => {
  for (const [hour, papers] of [
    ["00", 40],
    ["01", 47],
    ["02", 0],
  ] as const)
    await pull(YESTERDAY, { papers, startedAt: at(`2026-04-15T${hour}:10Z`) });
  expect((await store.pulls.health())[0]!.newest).toEqual({ day: YESTERDAY, papers: 47 });
});

test("failures are counted since the last answer, with the words of the newest; a repeat is an answer, though not a good one", async () => {
  await pull("2026-04-13", { papers: 30, startedAt: at("2026-04-14T00:10Z") });
  await pull(YESTERDAY, { outcome: "failed", problem: "old trouble", startedAt: at("2026-04-15T00:10Z") });
  await pull(YESTERDAY, { outcome: "repeating", startedAt: at("2026-04-15T01:10Z") });
  await pull(YESTERDAY, { outcome: "failed", problem: "429", startedAt: at("2026-04-15T02:10Z") });
  await pull("2026-04-15", { outcome: "failed", problem: "503", startedAt: at("2026-04-15T02:11Z") });
  expect(await store.pulls.health()).toMatchObject([
    {
      lastGoodAt: at("2026-04-14T00:10:01Z"),
      newest: { day: "2026-04-13", papers: 30 },
      failures: 2,
      lastProblem: "503",
    },
  ]);
});

test("a source that never answered says so, each source stands for itself, and what is six weeks old is forgotten", async () => {
  await pull(YESTERDAY, { source: "feed:a.example/rss", outcome: "failed", problem: "404" });
  await pull(YESTERDAY, { source: "arxiv", papers: 300 });
  await pull("2026-03-04", { source: "arxiv", outcome: "failed", problem: "long ago" });
  await pull("2026-03-04", { source: "gone" });
  expect(await store.pulls.health()).toMatchObject([
    { source: "arxiv", newest: { day: YESTERDAY, papers: 300 }, failures: 0, lastProblem: null },
    {
      source: "feed:a.example/rss",
      lastGoodAt: null,
      newest: null,
      usualPapers: null,
      failures: 1,
      lastProblem: "404",
    },
  ]);
});
