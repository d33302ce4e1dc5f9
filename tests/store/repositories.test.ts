import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { repositories } from "../../src/store/repositories.ts";
import { aSighting } from "../support/builders.ts";
import { aStore, type TestStore } from "../support/store.ts";
import { at } from "../support/time.ts";

let store: TestStore;
beforeAll(async () => {
  store = await aStore();
});
afterAll(() => store.close());
beforeEach(() => store.sql("TRUNCATE edition_papers, editions, listings, sightings, paper_aliases, papers CASCADE"));

const DAY = "2026-04-14";
const withCode = (arxivId: string, upvotes: number, given = {}) =>
  aSighting({
    ...{ arxivId, title: `Paper ${arxivId}`, listedOn: DAY, signals: { upvotes } },
    codeUrl: `https://github.com/lab/${arxivId}`,
    ...given,
  });
const counted = (arxivId: string, stars?: number) =>
  aSighting({
    ...{
      source: "github",
      arxivId,
      title: `Paper ${arxivId}`,
      authors: [],
      signals: stars === undefined ? {} : { stars },
    },
  });
const uncounted = async () =>
  (await repositories(store.prisma).uncounted(DAY)).map(({ arxivId, title }) => arxivId ?? title);

describe("papers whose stars are to be counted", () => {
  test("are those of the seven days with code at GitHub, most votes first; one known by its title is named by it", async () => {
    const { arxivId: _, ...byTitle } = withCode("2604.00009", 50, { source: "file", title: "Known by its title" });
    const papers = [
      withCode("2604.00001", 5),
      withCode("2604.00002", 500, { listedOn: "2026-04-08" }),
      withCode("2604.00003", 900, { listedOn: "2026-04-07" }),
      withCode("2604.00004", 900, { codeUrl: "https://gitlab.com/lab/code" }),
      withCode("2604.00005", 900, { codeUrl: undefined }),
      withCode("2604.00006", 900, { withdrawn: true }),
    ];
    await store.papers.add([...papers, byTitle], at("2026-04-15T00:05Z"));
    expect(await repositories(store.prisma).uncounted(DAY)).toEqual([
      { arxivId: "2604.00002", title: "Paper 2604.00002", codeUrl: "https://github.com/lab/2604.00002" },
      { title: "Known by its title", codeUrl: "https://github.com/lab/2604.00009" },
      { arxivId: "2604.00001", title: "Paper 2604.00001", codeUrl: "https://github.com/lab/2604.00001" },
    ]);
  });

  test("are not those counted since the day ended, gone ones among them; among equals the longest unasked come first", async () => {
    await store.papers.add(
      [1, 2, 3, 4, 5].map((n) => withCode(`2604.0000${n}`, 5)),
      at("2026-04-14T00:05Z"),
    );
    await store.papers.add([counted("2604.00001", 7)], at("2026-04-14T10:00Z"));
    await store.papers.add([counted("2604.00002", 7)], at("2026-04-14T09:00Z"));
    expect(await uncounted()).toEqual(["2604.00005", "2604.00004", "2604.00003", "2604.00002", "2604.00001"]);
    await store.papers.add([counted("2604.00001", 7), counted("2604.00005")], at("2026-04-15T00:00Z"));
    expect(await uncounted()).toEqual(["2604.00004", "2604.00003", "2604.00002"]);
  });
});

test("a count of stars says nothing else of a paper, whoever told of it", async () => {
  const { arxivId: _, ...byTitle } = aSighting({ source: "json-lines", title: "From a file", abstract: "Its words." });
  await store.papers.add([byTitle], at("2026-04-15T00:05Z"));
  const facts = () => store.sql("SELECT title, abstract, authors, told_by FROM papers WHERE title = 'From a file'");
  const before = await facts();
  const { arxivId: __, ...count } = counted("x", 7);
  expect(await store.papers.add([{ ...count, title: "From a file" }], at("2026-04-15T00:10Z"))).toEqual({
    added: 0,
    merged: 1,
  });
  expect([before.length, await facts()]).toEqual([1, before]);
});

test("GitHub's own count stands before what others pass on later, for two days; votes are not its business", async () => {
  const hub = (time: string, upvotes: number, stars: number) =>
    store.papers.add([withCode("2604.00001", upvotes, { signals: { upvotes, stars } })], at(time));
  const signals = async () => (await store.candidates.of(DAY, "2026-01-01")).candidates[0]!.signals;
  await hub("2026-04-14T23:00Z", 1, 100);
  expect(await signals()).toEqual({ upvotes: 1, stars: 100 });
  await store.papers.add([counted("2604.00001", 140)], at("2026-04-15T00:05Z"));
  await hub("2026-04-15T01:00Z", 9, 101);
  expect(await signals()).toEqual({ upvotes: 9, stars: 140 });
  await hub("2026-04-17T00:06Z", 9, 150);
  expect(await signals()).toEqual({ upvotes: 9, stars: 150 });
});

test("stars gained are those between two counts of GitHub's, whatever others pass on in between", async () => {
  await store.papers.add(
    [withCode("2604.00001", 1, { listedOn: "2026-04-13", signals: { stars: 90 } })],
    at("2026-04-13T12:00Z"),
  );
  await store.papers.add([counted("2604.00001", 140)], at("2026-04-14T00:05Z"));
  await store.clock.set(at("2026-04-14T01:00Z"));
  await store.editions.open("2026-04-13");
  await store.editions.decide("2026-04-13", { state: "closed", because: null, rankedBy: "trend", papers: [] });
  await store.papers.add(
    [withCode("2604.00001", 1, { listedOn: "2026-04-13", signals: { stars: 91 } })],
    at("2026-04-14T12:00Z"),
  );
  await store.papers.add([counted("2604.00001", 152)], at("2026-04-15T00:05Z"));
  const { candidates, previous } = await store.candidates.of(DAY, "2026-01-01");
  expect([candidates[0]!.signals.stars, [...previous.signals.values()].map(({ stars }) => stars)]).toEqual([
    152,
    [140],
  ]);
});
