import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { addDays } from "../../src/core/day.ts";
import { aSighting } from "../support/builders.ts";
import { aRankedPaper } from "../support/ranked-papers.ts";
import { aStore, type TestStore } from "../support/store.ts";
import { at } from "../support/time.ts";

let store: TestStore;
beforeAll(async () => {
  store = await aStore();
});
afterAll(() => store.close());
beforeEach(() => store.sql("TRUNCATE edition_papers, editions, listings, sightings, paper_aliases, papers CASCADE"));

const EDITION = "2026-04-14";
const listed = (arxivId: string, listedOn: string, position = 0, given = {}) =>
  aSighting({ arxivId, title: `Paper ${arxivId}`, listedOn, position, ...given });
const published = (arxivId: string, publishedAt: string, given = {}) =>
  aSighting({ source: "arxiv", arxivId, title: `Paper ${arxivId}`, publishedAt: at(publishedAt), ...given });
const add = (seenAt: string, ...sightings: ReturnType<typeof listed>[]) => store.papers.add(sightings, at(seenAt));
const found = async (date = EDITION, knownSince = "2026-01-01") => {
  const { candidates, previous } = await store.candidates.of(date, knownSince);
  return {
    candidates: candidates.map(({ id, lane, listedOn, position }) => `${id} ${lane} ${listedOn} ${position}`),
    previous,
  };
};
/** An edition these papers stood in. */
async function stood(date: string, closedAt: string, ...ids: string[]): Promise<void> {
  const rows = await store.sql<{ id: number }>("SELECT id FROM papers WHERE public_id = ANY ($1)", [ids]);
  await store.clock.set(at(closedAt));
  await store.editions.open(date);
  await store.editions.decide(date, {
    ...{ state: "closed", because: null, rankedBy: "trend" },
    papers: rows.map(({ id }, n) => aRankedPaper({ key: id, rank: n + 1 })),
  });
}
const keyOf = async (id: string) =>
  (await store.sql<{ id: number }>("SELECT id FROM papers WHERE public_id = $1", [id]))[0]!.id;

test("papers listed in the seven days up to the edition, in listing order; none before, none after", async () => {
  await add(
    "2026-04-15T00:30Z",
    ...[-7, -6, -1, 0, 1].map((days) => listed(`2604.0000${days + 8}`, addDays(EDITION, days), 8 + days)),
  );
  expect((await found()).candidates).toEqual([
    "2604.00002 trending 2026-04-08 2",
    "2604.00007 trending 2026-04-13 7",
    "2604.00008 trending 2026-04-14 8",
  ]);
});

test("a paper listed on several days stands once, as of the first day, even when that was before the seven", async () => {
  await add("2026-04-15T00:30Z", listed("2604.00001", "2026-04-10", 4), listed("2604.00001", "2026-04-14", 0));
  await add("2026-04-15T00:30Z", listed("2604.00002", "2026-03-01", 9), listed("2604.00002", "2026-04-14", 1));
  expect((await found()).candidates).toEqual(["2604.00002 trending 2026-03-01 9", "2604.00001 trending 2026-04-10 4"]);
});

test("the followed lane: published in those days and listed by nobody; a listing makes it trending", async () => {
  await add(
    "2026-04-15T00:30Z",
    published("2604.00001", "2026-04-14T23:59:59Z"),
    published("2604.00002", "2026-04-15T00:00:00Z"),
    published("2604.00003", "2026-04-07T23:59:59Z"),
    published("2604.00004", "2026-04-08T00:00:00Z"),
    published("2604.00005", "2026-04-10T12:00:00Z"),
    listed("2604.00005", "2026-04-13", 3),
  );
  expect((await found()).candidates).toEqual([
    "2604.00004 followed 2026-04-08 0",
    "2604.00005 trending 2026-04-13 3",
    "2604.00001 followed 2026-04-14 0",
  ]);
});

test("withdrawn papers stand in none", async () => {
  await add(
    "2026-04-15T00:30Z",
    listed("2604.00001", EDITION, 0, { withdrawn: true }),
    listed("2604.00002", EDITION, 1),
  );
  expect((await found()).candidates).toEqual(["2604.00002 trending 2026-04-14 1"]);
});

test("signals are the newest that any source told; those before are those of when the previous edition closed", async () => {
  await add("2026-04-13T00:30Z", listed("2604.00001", "2026-04-12", 0, { signals: { upvotes: 3, stars: 100 } }));
  await stood("2026-04-12", "2026-04-13T01:00Z", "2604.00001");
  await add("2026-04-14T12:00Z", listed("2604.00001", "2026-04-12", 0, { signals: { upvotes: 9, stars: 140 } }));
  await add("2026-04-14T13:00Z", published("2604.00001", "2026-04-11T00:00Z", { signals: { comments: 2 } }));
  await add("2026-04-15T00:30Z", listed("2604.00002", EDITION, 0, { signals: { stars: 7 } }));

  const { candidates, previous } = await store.candidates.of(EDITION, "2026-01-01");
  expect(candidates.map(({ id, signals }) => [id, signals])).toEqual([
    ["2604.00001", { upvotes: 9, stars: 140, comments: 2 }],
    ["2604.00002", { stars: 7 }],
  ]);
  const key = await keyOf("2604.00001");
  expect(previous).toEqual({ stood: new Set([key]), signals: new Map([[key, { upvotes: 3, stars: 100 }]]) });
});

test("D6: a merged paper is one candidate with its former keys, and stood wherever either of them stood", async () => {
  const title = "One work under two names";
  await add(
    "2026-04-10T12:00Z",
    aSighting({ arxivId: undefined as never, title, listedOn: "2026-04-10", position: 5 }),
  );
  await add("2026-04-10T12:00Z", listed("2604.00001", "2026-04-13", 2, { title: "Its first title" }));
  const [{ former }] = (await store.sql<{ former: number }>(
    "SELECT id AS former FROM papers WHERE public_id LIKE 'import:%'",
  )) as [{ former: number }];
  await store.clock.set(at("2026-04-11T01:00Z"));
  await store.editions.open("2026-04-10");
  await store.editions.decide("2026-04-10", {
    ...{ state: "closed", because: null, rankedBy: "trend", papers: [aRankedPaper({ key: former })] },
  });
  await add("2026-04-14T12:00Z", listed("2604.00001", "2026-04-13", 2, { title }));

  const { candidates, previous } = await store.candidates.of(EDITION, "2026-01-01");
  const [only, ...more] = candidates;
  expect([more, only!.id, only!.listedOn, only!.position]).toEqual([[], "2604.00001", "2026-04-10", 5]);
  const keys = (await store.sql<{ id: number }>("SELECT id FROM papers ORDER BY id")).map(({ id }) => id);
  expect([only!.key, ...only!.formerKeys].sort()).toEqual(keys);
  expect(previous.stood).toEqual(new Set([only!.key]));
});

test("a paper that first stood before the deliveries we still have is left out; on the day itself it is not", async () => {
  await add("2026-04-10T00:30Z", listed("2604.00001", "2026-04-10"), listed("2604.00002", "2026-04-13", 1));
  await stood("2026-04-10", "2026-04-11T01:00Z", "2604.00001");
  expect((await found(EDITION, "2026-04-11")).candidates).toEqual(["2604.00002 trending 2026-04-13 1"]);
  expect((await found(EDITION, "2026-04-10")).candidates).toHaveLength(2);
});
