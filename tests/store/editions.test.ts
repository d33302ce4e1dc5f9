import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { RankedPaper } from "../../src/core/edition.ts";
import { aSighting } from "../support/builders.ts";
import { aRankedPaper } from "../support/ranked-papers.ts";
import { aStore, type TestStore } from "../support/store.ts";
import { at } from "../support/time.ts";

let store: TestStore;
beforeAll(async () => {
  store = await aStore(at("2026-04-15T01:00Z"));
});
afterAll(() => store.close());
beforeEach(async () => {
  await store.clock.set(at("2026-04-15T01:00Z"));
  await store.sql("TRUNCATE edition_papers, editions, listings, sightings, paper_aliases, papers CASCADE");
});

const noon = at("2026-04-14T12:00Z");
/** Stores papers by their arXiv ids. @returns their keys */
async function papers(...ids: string[]): Promise<number[]> {
  await store.papers.add(
    ids.map((arxivId) => aSighting({ arxivId, title: `Paper ${arxivId}` })),
    noon,
  );
  const rows = await store.sql<{ id: number }>("SELECT id FROM papers WHERE public_id = ANY ($1) ORDER BY public_id", [
    ids,
  ]);
  return rows.map(({ id }) => id);
}
async function decide(date: string, ranked: readonly RankedPaper[], state: "closed" | "quiet" | "broken" = "closed") {
  await store.editions.open(date);
  return store.editions.decide(date, { state, because: "a test", rankedBy: "trend", papers: ranked });
}

test("a ranking is found as it was frozen, whatever became of its papers since", async () => {
  const [key] = await papers("2604.00001");
  const ranked = aRankedPaper({
    ...{
      key: key!,
      id: "2604.00001",
      title: "Paper 2604.00001",
      topics: ["agents", "code"],
      stars: 12,
      starsGained: 3,
    },
    ...{ score: 5.25, scoreParts: { votes: 6, comments: 1, stars: 0.25, age: -2 }, isNew: false, lane: "followed" },
  });
  expect(await decide("2026-04-14", [ranked])).toBe(true);
  await store.papers.add([aSighting({ arxivId: "2604.00001", title: "A new title", source: "arxiv" })], noon);
  const found = (await store.editions.find("2026-04-14"))!;
  expect({ ...found, papers: [] }).toEqual({
    ...{ date: "2026-04-14", state: "closed", closedAt: at("2026-04-15T01:00Z"), revision: 1, rankedBy: "trend" },
    ...{ historySince: "2026-04-14", papers: [] },
  });
  expect(found.papers).toEqual([ranked]);
});

test("a paper that was withdrawn since is gone, and its place stays empty", async () => {
  const keys = await papers("2604.00001", "2604.00002");
  const ids = ["2604.00001", "2604.00002"];
  await decide(
    "2026-04-14",
    ids.map((id, n) => aRankedPaper({ key: keys[n]!, id, rank: n + 1 })),
  );
  await store.papers.add([aSighting({ arxivId: ids[0]!, title: ids[0]!, source: "arxiv", withdrawn: true })], noon);
  const found = (await store.editions.find("2026-04-14"))!;
  expect(found.papers.map(({ id, rank }) => [id, rank])).toEqual([["2604.00002", 2]]);
});

test("medians are of closed editions ranked by trend, by a paper's age in them", async () => {
  const keys = await papers("2604.00001", "2604.00002", "2604.00003");
  const ranked = (upvotes: readonly number[], listedOn: string) =>
    upvotes.map((votes, n) =>
      aRankedPaper({ key: keys[n]!, id: `2604.0000${n + 1}`, rank: n + 1, upvotes: votes, comments: n, listedOn }),
    );
  await decide("2026-04-13", ranked([5, 9, 40], "2026-04-13"));
  await decide("2026-04-14", ranked([7, 11, 60], "2026-04-13"));
  await decide("2026-04-15", ranked([1_000, 1_000, 1_000], "2026-04-13"));
  await store.sql("UPDATE editions SET ranked_by = 'listing' WHERE date = '2026-04-12'");
  expect(await store.editions.medians("2026-04-15")).toEqual({
    editions: 2,
    byAge: [
      { age: 0, papers: 3, upvotes: 9, comments: 1 },
      { age: 1, papers: 3, upvotes: 11, comments: 1 },
    ],
  });
  expect(await store.editions.medians("2026-04-12")).toEqual({ editions: 0, byAge: [] });
});

test("it is decided once, and a second ranking leaves no trace", async () => {
  const [a, b] = await papers("2604.00001", "2604.00002");
  const decisions = await Promise.all([
    decide("2026-04-14", [aRankedPaper({ key: a!, rank: 1 })]),
    decide("2026-04-14", [aRankedPaper({ key: b!, rank: 1 })]),
  ]);
  expect(decisions.sort()).toEqual([false, true]);
  expect(await decide("2026-04-14", [], "broken")).toBe(false);
  expect((await store.editions.find("2026-04-14"))!.papers).toHaveLength(1);
});

test("a decision that cannot be stored whole is not stored at all", async () => {
  await expect(decide("2026-04-14", [aRankedPaper({ key: 999_999 })])).rejects.toThrow();
  expect(await store.editions.find("2026-04-14")).toMatchObject({ state: "open", papers: [] });
});

test("counts beyond what a column holds are kept at its end", async () => {
  const [key] = await papers("2604.00001");
  await decide("2026-04-14", [aRankedPaper({ key: key!, upvotes: 2 ** 40, stars: Number.MAX_SAFE_INTEGER })]);
  const [paper] = (await store.editions.find("2026-04-14"))!.papers;
  expect([paper!.upvotes, paper!.stars]).toEqual([2 ** 31 - 1, 2 ** 31 - 1]);
});

test("an edition nobody opened is none", async () => {
  expect(await store.editions.find("2026-04-14")).toBeNull();
  expect(await store.editions.bounds()).toEqual({ first: null, newestDecided: null });
  expect(await store.editions.newest()).toBeNull();
});

test("the newest is the newest closed one with papers; the list has them all; what is open is undecided", async () => {
  const [key] = await papers("2604.00001");
  await decide("2026-04-10", [aRankedPaper({ key: key! })]);
  await decide("2026-04-11", [], "quiet");
  await decide("2026-04-13", []);
  await store.editions.open("2026-04-14");
  await store.editions.open("2026-04-12");

  expect(await store.editions.newest()).toMatchObject({ date: "2026-04-10", state: "closed", papers: 1 });
  expect(await store.editions.bounds()).toEqual({ first: "2026-04-10", newestDecided: "2026-04-13" });
  expect(await store.editions.undecided()).toEqual(["2026-04-12", "2026-04-14"]);
  const list = await store.editions.list(3, "2026-04-14");
  expect(list.map(({ date, state, papers: count }) => [date, state, count])).toEqual([
    ["2026-04-13", "closed", 0],
    ["2026-04-12", "open", 0],
    ["2026-04-11", "quiet", 0],
  ]);
  expect((await store.editions.since("2026-04-13")).map(({ date }) => date).sort()).toEqual([
    "2026-04-13",
    "2026-04-14",
  ]);
});

test("D6: a paper merged after the edition closed stands in it once, at its best place, with its former keys", async () => {
  const title = "One work under two names";
  await store.papers.add([aSighting({ arxivId: undefined as never, title })], noon);
  await store.papers.add([aSighting({ arxivId: "2604.00009", title: "Its first title" })], noon);
  const [former, known] = (await store.sql<{ id: number }>("SELECT id FROM papers ORDER BY id")).map(({ id }) => id);
  await decide("2026-04-14", [
    aRankedPaper({ key: former!, id: "first", rank: 1 }),
    aRankedPaper({ key: known!, id: "second", rank: 2 }),
  ]);
  await store.papers.add([aSighting({ arxivId: "2604.00009", title })], noon);
  const merged = (await store.editions.find("2026-04-14"))!.papers;
  const keys = [merged[0]!.key, ...merged[0]!.formerKeys].sort();
  expect([merged.map(({ id, rank }) => [id, rank]), keys]).toEqual([[["first", 1]], [former, known].sort()]);
});

test("D6: how far back its papers can have been sent is said for every key they ever had, whichever of them was frozen", async () => {
  const title = "One work under two names";
  await store.papers.add([aSighting({ arxivId: "2604.00009", title: "Its first title" })], noon);
  await store.papers.add([aSighting({ arxivId: undefined as never, title })], noon);
  const [old, fresh] = (await store.sql<{ id: number }>("SELECT id FROM papers ORDER BY id")).map(({ id }) => id);
  await decide("2026-04-08", [aRankedPaper({ key: old! })]);
  await decide("2026-04-14", [aRankedPaper({ key: fresh! })]);
  expect((await store.editions.find("2026-04-14"))!.historySince).toBe("2026-04-14");
  await store.papers.add([aSighting({ arxivId: "2604.00009", title })], noon);
  for (const date of ["2026-04-08", "2026-04-14"])
    expect([date, (await store.editions.find(date))!.historySince]).toEqual([date, "2026-04-08"]);
});

test("what was decided while the clock stood ahead is open again, with nothing in it; what is over stays", async () => {
  const [key] = await papers("2604.00001");
  await decide("2026-04-14", [aRankedPaper({ key: key! })]);
  await decide("2026-04-15", [aRankedPaper({ key: key! })]);
  await decide("2026-05-01", [], "broken");
  expect([await store.editions.reopenFuture(), await store.editions.reopenFuture()]).toEqual([2, 0]);
  const states = await store.sql("SELECT date::text, state, because, revision, closed_at FROM editions ORDER BY date");
  expect(states).toEqual([
    { date: "2026-04-14", state: "closed", because: "a test", revision: 1, closed_at: at("2026-04-15T01:00Z") },
    { date: "2026-04-15", state: "open", because: null, revision: 2, closed_at: null },
    { date: "2026-05-01", state: "open", because: null, revision: 2, closed_at: null },
  ]);
  expect(await decide("2026-04-15", [aRankedPaper({ key: key! })])).toBe(true);
});

test("nor does anything stay of one that another process decides while the first is opened again", async () => {
  const [key] = await papers("2604.00001");
  await decide("2026-04-20", [aRankedPaper({ key: key! })]);
  const holder = await store.pool.connect();
  await holder.query("BEGIN");
  await holder.query("SELECT FROM edition_papers WHERE edition_date = '2026-04-20' FOR UPDATE");
  const reopening = store.editions.reopenFuture();
  const isWaiting = async () =>
    (
      await store.sql(
        "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%edition_papers%'",
      )
    ).length > 0;
  while (!(await isWaiting())) await new Promise((resolve) => setTimeout(resolve, 10));
  await decide("2026-04-21", [aRankedPaper({ key: key! })]);
  await holder.query("COMMIT");
  holder.release();
  await reopening;
  await store.editions.reopenFuture();
  expect(await store.sql("SELECT edition_date::text FROM edition_papers")).toEqual([]);
  expect(await decide("2026-04-21", [aRankedPaper({ key: key! })])).toBe(true);
});
