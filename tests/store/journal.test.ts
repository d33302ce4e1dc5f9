import { appendFile, mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type JournalEntry, openJournal } from "../../src/store/journal.ts";

let dir: string;
let path: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "paperboy-journal-"));
  path = join(dir, "data", "journal.jsonl");
});
afterEach(() => rm(dir, { recursive: true }));

const left = (n: number): JournalEntry => ({
  what: "ended",
  subscriptionId: String(n),
  because: "reader",
  at: "2026-04-15T07:00:00.000Z",
});
const lines = async () => (await readFile(path, "utf8")).split("\n");

test("a line is in the file when its leaving is answered, and its owner alone may read it", async () => {
  const journal = await openJournal(path);
  await journal.append(left(1));
  expect(await lines()).toEqual([JSON.stringify(left(1)), ""]);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  await journal.close();
});

test("a hundred at once are a hundred whole lines in their order, and the next process adds to them", async () => {
  const all = Array.from({ length: 100 }, (_, n) => left(n));
  for (const part of [all.slice(0, 60), all.slice(60)]) {
    const journal = await openJournal(path);
    await Promise.all(part.map((entry) => journal.append(entry)));
    await journal.close();
  }
  expect(await lines()).toEqual([...all.map((entry) => JSON.stringify(entry)), ""]);
});

test("what was appended before closing is written", async () => {
  const journal = await openJournal(path);
  const appended = journal.append(left(1));
  await journal.close();
  await appended;
  expect(await lines()).toEqual([JSON.stringify(left(1)), ""]);
});

test("nobody is told that a line is on the disk when it is not: all that shared the failed write hear of it", async () => {
  const journal = await openJournal(path);
  await journal.close();
  const told = await Promise.allSettled([1, 2, 3].map((n) => journal.append(left(n))));
  expect(told.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
  expect(await lines()).toEqual([""]);
});

test("a line that a crash tore does not swallow the one after it", async () => {
  const before = await openJournal(path);
  await before.append(left(1));
  await before.close();
  await appendFile(path, '{"what":"ended","subscr');

  const after = await openJournal(path);
  await after.append(left(2));
  await after.append(left(3));
  await after.close();
  expect(await lines()).toEqual([
    JSON.stringify(left(1)),
    '{"what":"ended","subscr',
    JSON.stringify(left(2)),
    JSON.stringify(left(3)),
    "",
  ]);
});
