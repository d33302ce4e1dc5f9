import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { importPapers } from "../../src/actions/import-papers.ts";
import type { Sighting } from "../../src/core/paper.ts";
import { Invalid } from "../../src/errors.ts";
import { readPapersFile } from "../../src/sources/paper-files.ts";
import type { Refusal } from "../../src/sources/source.ts";
import { aSighting } from "../support/builders.ts";
import { aStore, type TestStore } from "../support/store.ts";
import { at } from "../support/time.ts";

let store: TestStore;
let dir: string;
beforeAll(async () => {
  [store, dir] = await Promise.all([aStore(), mkdtemp(join(tmpdir(), "paperboy-import-"))]);
});
afterAll(async () => {
  await store.close();
  await rm(dir, { recursive: true });
});
beforeEach(() => store.sql("TRUNCATE listings, sightings, paper_aliases, papers CASCADE"));

const when = { listedOn: "2026-04-14", seenAt: at("2026-04-15T07:00Z") };
const line = (title: string, more: object = {}) => JSON.stringify({ title, authors: ["Ada Lovelace"], ...more });
async function importing(content: string | Buffer) {
  const path = join(dir, "papers");
  await writeFile(path, content);
  return importPapers({ papers: store.papers, readPapersFile }, path, when);
}
const stored = () => store.sql("SELECT title FROM papers ORDER BY id");
const listings = () =>
  store.sql(`SELECT p.title, l.source, l.listed_on::text AS day FROM listings l JOIN papers p ON p.id = l.paper_id
    ORDER BY l.listed_on, l.position`);

test("a paper that names no day counts as listed on the day given, in the order of the file; one that does keeps it", async () => {
  const file = await importing([line("B"), line("A"), line("Dated", { listedOn: "2026-04-10" })].join("\n"));
  expect(file).toEqual({
    ...{ path: join(dir, "papers"), read: 3, added: 3, merged: 0, refusals: [], problem: null },
    newestDay: "2026-04-14",
  });
  expect(await listings()).toEqual([
    { title: "Dated", source: "file", day: "2026-04-10" },
    { title: "B", source: "file", day: "2026-04-14" },
    { title: "A", source: "file", day: "2026-04-14" },
  ]);
});

test("the same file again adds nothing, and says so", async () => {
  const content = [line("A"), line("B")].join("\n");
  await importing(content);
  expect(await importing(content)).toMatchObject({ read: 2, added: 0, merged: 2, problem: null });
  expect(await stored()).toHaveLength(2);
});

test("a bad line is refused with its place, and what stands around it is stored", async () => {
  const { read, refusals, problem } = await importing([line("A"), "{not json", line("B")].join("\n"));
  expect([read, problem, refusals.map(({ where }) => where)]).toEqual([2, null, ["line 2"]]);
  expect(await stored()).toEqual([{ title: "A" }, { title: "B" }]);
});

test.each([
  ["empty", ""],
  ["cut in the middle", '[{"title": "A"}, {"tit'],
  ["of bad bytes", Buffer.from([0x50, 0x4b, 0x03, 0x04, 0, 1, 2])],
])("a file that is %s says what is wrong and loses nothing that was stored", async (_, content) => {
  await importing(line("Before"));
  const { read, problem } = await importing(content);
  expect([read, problem?.startsWith(join(dir, "papers"))]).toEqual([0, true]);
  expect(await stored()).toEqual([{ title: "Before" }]);
});

test("what came before a break is stored, however far the file was read", async () => {
  async function* breaking(): AsyncGenerator<Sighting | Refusal> {
    for (let n = 0; n < 501; n += 1) yield aSighting({ source: "json-lines", title: `Paper ${n} of the file` });
    throw new Invalid("papers: line 502 is longer than 10 MB");
  }
  const file = await importPapers({ papers: store.papers, readPapersFile: breaking }, "papers", when);
  expect(file).toMatchObject({ read: 501, added: 501, problem: "papers: line 502 is longer than 10 MB" });
  expect(await store.sql("SELECT count(*)::int FROM papers")).toEqual([{ count: 501 }]);
});

test("a fault of ours is no problem of the file", async () => {
  async function* failing(): AsyncGenerator<Sighting | Refusal> {
    yield aSighting();
    throw new TypeError("a mistake of ours");
  }
  await expect(importPapers({ papers: store.papers, readPapersFile: failing }, "papers", when)).rejects.toThrow(
    TypeError,
  );
});
