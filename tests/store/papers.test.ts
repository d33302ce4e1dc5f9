import { afterAll, beforeAll, expect, test } from "vitest";
import { importId } from "../../src/core/paper.ts";
import { aSighting } from "../support/builders.ts";
import { aStore, type TestStore } from "../support/store.ts";
import { at } from "../support/time.ts";

let store: TestStore;
beforeAll(async () => {
  store = await aStore();
});
afterAll(() => store.close());

const noon = at("2026-04-15T12:00Z");

function rowsOf(...ids: string[]) {
  return store.sql<{ public_id: string; title: string; authors: string[]; summary: string; abstract: string }>(
    `SELECT DISTINCT p.public_id, p.title, p.authors, p.summary, p.abstract FROM papers p JOIN paper_aliases a ON a.paper_id = p.id
     WHERE a.alias = ANY ($1) ORDER BY p.public_id`,
    [ids],
  );
}

test("D6: the same paper from two sources is one paper with the best of both", async () => {
  const paper = { arxivId: "2604.90001", title: "Twice told" };
  await store.papers.add([aSighting({ ...paper, abstract: "From the hub.", summary: "Short." })], noon);
  const again = await store.papers.add(
    [aSighting({ ...paper, source: "arxiv", abstract: "From arXiv.", authors: ["Ada King"] })],
    noon,
  );

  expect(again).toEqual({ added: 0, merged: 1 });
  expect(await rowsOf("2604.90001")).toEqual([
    { public_id: "2604.90001", title: "Twice told", authors: ["Ada King"], summary: "Short.", abstract: "From arXiv." },
  ]);
});

test("D6: a paper found by title first becomes the arXiv paper, and keeps its first name", async () => {
  const title = "Found by its title";
  const { arxivId: _, ...byTitle } = aSighting({ source: "page-text", title });
  await store.papers.add([byTitle], noon);
  const [before] = await store.sql<{ id: number }>("SELECT id FROM papers WHERE title = $1", [title]);
  await store.papers.add([aSighting({ arxivId: "2604.90002", title: "Found by its  Title" })], noon);

  const after = await store.sql("SELECT id, public_id FROM papers WHERE title ILIKE $1", ["Found by its title"]);
  expect(after).toEqual([{ id: before!.id, public_id: "2604.90002" }]);
  expect(await store.papers.resolve(importId(title))).toBe("2604.90002");
});

test("D6: two papers that turn out to be one are merged, with what was listed and counted of both", async () => {
  const { arxivId: _, ...byTitle } = aSighting({
    source: "file",
    title: "Its later title",
    signals: { upvotes: 3 },
    listedOn: "2026-04-10",
    position: 1,
  });
  await store.papers.add([byTitle, aSighting({ arxivId: "2604.90003", title: "Its first title" })], noon);
  await store.papers.add([aSighting({ arxivId: "2604.90003", title: "Its later title" })], noon);

  expect(await rowsOf("2604.90003", importId("Its later title"), importId("Its first title"))).toHaveLength(1);
  const listings = await store.sql(
    `SELECT l.listed_on::text, p.public_id FROM listings l JOIN papers p ON p.id = l.paper_id WHERE l.listed_on = '2026-04-10'`,
  );
  expect(listings).toEqual([{ listed_on: "2026-04-10", public_id: "2604.90003" }]);
});

test("two arXiv papers of one title stay two", async () => {
  const both = ["2604.90004", "2604.90005"].map((arxivId) => aSighting({ arxivId, title: "Technical Report" }));
  expect(await store.papers.add(both, noon)).toEqual({ added: 2, merged: 0 });
  expect(await rowsOf("2604.90004", "2604.90005")).toHaveLength(2);
});

test("a pull that counts the same as the last adds no sighting; one that counts more does", async () => {
  const seen = (upvotes: number) =>
    aSighting({ arxivId: "2604.90006", title: "Counted", signals: { upvotes, stars: 7 } });
  for (const [hour, upvotes] of [10, 10, 12].entries())
    await store.papers.add([seen(upvotes)], at(`2026-04-15T0${hour}:00Z`));

  const rows = await store.sql(
    `SELECT s.signals, s.seen_at, s.last_seen_at FROM sightings s JOIN papers p ON p.id = s.paper_id
     WHERE p.public_id = '2604.90006' ORDER BY s.seen_at`,
  );
  expect(rows).toEqual([
    { signals: { upvotes: 10, stars: 7 }, seen_at: at("2026-04-15T00:00Z"), last_seen_at: at("2026-04-15T01:00Z") },
    { signals: { upvotes: 12, stars: 7 }, seen_at: at("2026-04-15T02:00Z"), last_seen_at: at("2026-04-15T02:00Z") },
  ]);
});

test("the same batch from two workers at once makes each paper once", async () => {
  const batch = Array.from({ length: 40 }, (_, n) =>
    aSighting({ arxivId: `2604.8${String(n).padStart(4, "0")}`, title: `Raced ${n}` }),
  );
  const added = await Promise.all([store.papers.add(batch, noon), store.papers.add(batch, noon)]);
  expect(added.map((one) => one.added).sort((a, b) => a - b)).toEqual([0, 40]);
});
