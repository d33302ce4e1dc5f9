import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { closeEdition } from "../../src/actions/close-edition.ts";
import type { RankedPaper } from "../../src/core/edition.ts";
import { editionAtHand, editionDayOf } from "../../src/core/edition-at-hand.ts";
import { FROM_FILE } from "../../src/core/edition-close.ts";
import type { Sighting } from "../../src/core/paper.ts";
import { importId } from "../../src/core/paper.ts";
import { defaultCatalogue } from "../../src/core/topics.ts";
import { openLog } from "../../src/log.ts";
import { readPapersFile } from "../../src/sources/paper-files.ts";
import { aSighting } from "../support/builders.ts";
import { aStore, type TestStore } from "../support/store.ts";
import { at } from "../support/time.ts";

const DAY = "2026-04-30";
let store: TestStore;
beforeAll(async () => {
  store = await aStore(at("2026-05-01T02:00Z"));
});
afterAll(() => store.close());

const atHand = (sightings: Sighting[], date = DAY) => editionAtHand(date, sightings, defaultCatalogue);
const ids = (sightings: Sighting[]) => atHand(sightings).edition.papers.map(({ id }) => id);
const listed = (given: Partial<Sighting>) => aSighting({ listedOn: DAY, ...given });

/** What an edition says of a paper, but for its key in a database and what only a past can tell. */
const told = (papers: readonly RankedPaper[]) => papers.map(({ key: _, isNew: __, formerKeys: ___, ...rest }) => rest);

test("it is the edition that the database would close of the same papers", async () => {
  const sightings: Sighting[] = [];
  for await (const entry of readPapersFile(fileURLToPath(new URL("../../sample/papers.jsonl", import.meta.url))))
    if ("signals" in entry) sightings.push(entry);
  // Told again by arXiv with more categories, known by title first, withdrawn, followed, too old, and listed twice.
  const extra: Sighting[] = [
    listed({ arxivId: "2604.90001", title: "Known by both", signals: { upvotes: 7 } }),
    { ...aSighting({ source: "arxiv", arxivId: "2604.90001", title: "Known by both: v2", categories: ["cs.CL"] }) },
    {
      ...listed({ title: "Known by its title", signals: { upvotes: 3 }, listedOn: "2026-04-28" }),
      arxivId: undefined!,
    },
    listed({ arxivId: "2604.90002", title: "Known by its title", position: 4 }),
    listed({ arxivId: "2604.90003", title: "Withdrawn", withdrawn: true }),
    aSighting({ source: "arxiv", arxivId: "2604.90004", title: "Followed", publishedAt: at("2026-04-29T12:00Z") }),
    aSighting({ source: "arxiv", arxivId: "2603.90005", title: "Too old", publishedAt: at("2026-03-29T12:00Z") }),
    listed({ arxivId: "2604.90006", title: "Listed twice", listedOn: "2026-04-29", position: 9 }),
    listed({ arxivId: "2604.90006", title: "Listed twice", signals: { upvotes: 40, comments: 2 } }),
  ].map(({ arxivId, ...rest }) => ({ ...rest, ...(arxivId ? { arxivId } : {}) }));
  const all = [...sightings, ...extra];
  await store.papers.add(all, store.clock.now(), FROM_FILE);
  const log = openLog({ level: "silent", pretty: false });
  const needs = { ...store, sources: [], catalogue: defaultCatalogue, log, closesAt: "01:00", retentionDays: 90 };
  await closeEdition(needs, DAY, store.clock.now(), { force: true });
  const closed = (await store.editions.find(DAY))!;
  const { edition } = atHand(all);
  expect(closed.papers.length).toBeGreaterThan(70);
  expect(told(edition.papers)).toEqual(told(closed.papers));
  expect(edition.rankedBy).toBe(closed.rankedBy);
});

test("what was listed before this day is not new in it", () => {
  const { edition } = atHand(
    [
      listed({ title: "Today" }),
      listed({ title: "Before", listedOn: "2026-04-29" }),
      listed({ title: "Today", listedOn: "2026-04-28" }),
    ].map((sighting) => ({ ...sighting, arxivId: sighting.title === "Today" ? "2604.1" : "2604.2" })),
  );
  expect(edition.papers.map(({ title, isNew }) => [title, isNew])).toEqual([
    ["Before", false],
    ["Today", false],
  ]);
  expect(atHand([listed({ title: "Today" })]).edition.papers.map(({ isNew }) => isNew)).toEqual([true]);
});

test("a paper is known again by any name it went by", () => {
  const { arxivId: _, ...byTitle } = listed({ title: "One work" });
  const { edition, namesOf } = atHand([byTitle, listed({ title: "One work", arxivId: "2604.90001" })]);
  expect(edition.papers.map(({ id, key }) => [id, namesOf.get(key)])).toEqual([
    ["2604.90001", [importId("One work"), "2604.90001"]],
  ]);
});

test("a day of nothing is an edition without papers", () => {
  expect(ids([])).toEqual([]);
  expect(ids([listed({ listedOn: "2026-04-23" })])).toEqual([]);
  expect(ids([listed({ listedOn: "2026-04-24", arxivId: "2604.90009" })])).toEqual(["2604.90009"]);
});

test("files of a month ago make the edition of their own last day", () => {
  expect(editionDayOf("2026-04-30", "2026-05-30")).toBe("2026-04-30");
  expect(editionDayOf("2026-05-23", "2026-05-30")).toBe("2026-05-23");
  expect(editionDayOf("2026-05-24", "2026-05-30")).toBe("2026-05-30");
});
