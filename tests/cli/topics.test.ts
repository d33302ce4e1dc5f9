import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { App } from "../../src/app.ts";
import { topics } from "../../src/cli/commands/topics.ts";
import type { Terminal } from "../../src/cli/terminal.ts";
import { rankEdition } from "../../src/core/edition.ts";
import { parseCatalogue } from "../../src/core/topics.ts";
import { Invalid } from "../../src/errors.ts";
import { readPapersFile } from "../../src/sources/paper-files.ts";
import { paperRecords } from "../../src/store/paper-records.ts";
import { openShelf } from "../../src/store/shelf.ts";
import { aSighting } from "../support/builders.ts";
import { aStore, type TestStore } from "../support/store.ts";

const catalogue = parseCatalogue({
  families: [{ id: "all", name: "All" }],
  topics: [
    { id: "ghosts", name: "Ghosts", description: "Who is there?", phrases: [{ weight: 4, any: ["ghost"] }] },
    { id: "houses", name: "Houses", description: "Where?", phrases: [{ weight: 3, any: ["house", "haunted"] }] },
    { id: "cellars", name: "Cellars", description: "Below.", phrases: [{ weight: 4, any: ["cellar"] }] },
  ].map((topic) => ({ ...topic, family: "all" })),
});

let store: TestStore;
let folder: string;
let printed: string[];
beforeAll(async () => {
  store = await aStore();
  folder = await mkdtemp(join(tmpdir(), "topics-"));
});
afterAll(async () => {
  await store.close();
  await rm(folder, { recursive: true });
});
beforeEach(() => {
  printed = [];
});
afterEach(() => {
  process.exitCode = undefined;
});

const terminal: Terminal = {
  print: (text) => void printed.push(text),
  complain: (text) => void printed.push(text),
  withApp: (work) =>
    work({
      ...{ catalogue, readPapersFile, paperRecords: paperRecords(store.prisma) },
      shelf: openShelf(store.editions),
    } as unknown as App),
};
const run = (...args: string[]) => topics(terminal).parseAsync(args, { from: "user" });
const aFile = async (name: string, lines: readonly object[]) => {
  const path = join(folder, name);
  await writeFile(path, lines.map((line) => JSON.stringify(line)).join("\n"));
  return path;
};

test("without options the topics are listed, with papers a day once there is an edition", async () => {
  await run();
  expect(printed).toEqual([
    [
      "topic             a day",
      "ghosts   Ghosts   –      Who is there?",
      "houses   Houses   –      Where?",
      "cellars  Cellars  –      Below.",
    ].join("\n"),
    "Papers a day are known once an edition is closed: `paperboy edition --close`.",
  ]);
  const date = "2026-04-14";
  await store.papers.add([aSighting({ listedOn: date }), aSighting({ listedOn: date })], store.clock.now());
  const { candidates, previous } = await store.candidates.of(date, "2026-01-01");
  const withTopics = candidates.map((each) => ({ ...each, topics: ["houses"] }));
  await store.editions.open(date);
  const ranked = rankEdition({ date, previous, candidates: withTopics });
  await store.editions.decide(date, { state: "closed", because: "complete", ...ranked });
  printed = [];
  await run("--json");
  expect(JSON.parse(printed[0]!)).toEqual({
    editions: 1,
    topics: [
      { id: "ghosts", name: "Ghosts", description: "Who is there?", papersPerDay: 0 },
      { id: "houses", name: "Houses", description: "Where?", papersPerDay: 2 },
      { id: "cellars", name: "Cellars", description: "Below.", papersPerDay: 0 },
    ],
  });
});

test("a stored paper is explained by each of its names: what it has and why, what it narrowly missed", async () => {
  await store.papers.add(
    [
      aSighting({
        arxivId: "2604.99001",
        title: "Ghosts",
        abstract: "A ghost in a house.",
        keywords: ["cellar"],
      }),
    ],
    store.clock.now(),
  );
  await run("--explain", "https://arxiv.org/abs/2604.99001v2");
  expect(printed).toEqual([
    "2604.99001  Ghosts",
    "ghosts  2.75  ghost 11",
    "Narrowly missed: a topic needs 1.10 beside the strongest of this paper, and four are most.",
    "cellars  0.75  cellar 3\nhouses   0.56  house 2.25",
  ]);
});

test("an edition keeps what it was closed with, and says so beside what is found today", async () => {
  const [paper] = await store.sql<{ public_id: string; title: string }>(
    "SELECT public_id, title FROM papers JOIN edition_papers ON paper_id = papers.id ORDER BY rank LIMIT 1",
  );
  await run("--explain", paper!.public_id);
  expect(printed).toEqual([
    `${paper!.public_id}  ${paper!.title}`,
    "No topic comes near.",
    "The edition of 2026-04-14 was closed with: houses",
  ]);
});

test("programs get all of the evidence", async () => {
  await store.papers.add([aSighting({ arxivId: "2604.99002", title: "In a cellar", abstract: "" })], store.clock.now());
  await run("--explain", "2604.99002", "--json");
  expect(JSON.parse(printed[0]!)).toEqual({
    id: "2604.99002",
    title: "In a cellar",
    bar: 1,
    topics: [{ id: "cellars", score: 2, given: true, evidence: [{ phrase: "cellar", points: 8 }] }],
  });
});

test("a file is measured and not stored; what stands in it twice counts once", async () => {
  const path = await aFile("papers.jsonl", [
    { title: "A ghost in the cellar", abstract: "A tale." },
    { title: "A ghost in the cellar", abstract: "A tale." },
    { title: "The ghost", abstract: "Of a haunted house." },
    { title: "Nothing at all", abstract: "Nothing." },
    { abstract: "No title." },
  ]);
  await run("--explain", path);
  expect(printed).toEqual([
    `${path}: 3 papers, 66.7 % with a topic, median 2 topics a paper; 1 refused, the first at line 5: no title`,
    "ghosts   2  66.7 %\nhouses   1  33.3 %\ncellars  1  33.3 %",
  ]);
  printed = [];
  await run("--explain", path, "--json");
  expect(JSON.parse(printed[0]!)).toEqual({
    ...{ path, refused: 1, papers: 3, withTopic: 2 / 3, median: 2 },
    topics: [
      { id: "ghosts", papers: 2, share: 2 / 3 },
      { id: "houses", papers: 1, share: 1 / 3 },
      { id: "cellars", papers: 1, share: 1 / 3 },
    ],
  });
  expect(await store.sql("SELECT FROM papers WHERE title = 'The ghost'")).toEqual([]);
});

test("what is neither a stored paper nor a file says so, and what to do", async () => {
  await expect(run("--explain", "2604.99999")).rejects.toThrow(
    new Invalid(
      "There is no paper 2604.99999 in the database. `paperboy collect` and `paperboy import` store papers; `--explain FILE` explains those of a file.",
    ),
  );
  await expect(run("--explain", "import:0123456789abcdef")).rejects.toThrow(
    "There is no paper import:0123456789abcdef",
  );
  const missing = join(folder, "missing.json");
  await expect(run("--explain", missing)).rejects.toThrow(
    `${missing}: there is no such file. Name a file with papers. Or write the id of a stored paper: 2604.11784, import:…`,
  );
});

test("a file without a paper fails", async () => {
  const path = await aFile("none.jsonl", [{ abstract: "No title." }]);
  await run("--explain", path);
  expect(printed).toEqual([`${path}: no paper; 1 refused, the first at line 1: no title`]);
  expect(process.exitCode).toBe(1);
});
