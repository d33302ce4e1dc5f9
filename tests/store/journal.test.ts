import { appendFile, mkdir, mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type JournalEntry, openJournal } from "../../src/store/journal.ts";

let dir: string;
let path: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "paperboy-journal-"));
  path = join(dir, "data", "journal.jsonl");
});
afterEach(() => rm(dir, { recursive: true }));

const OURS = "11111111-1111-4111-8111-111111111111";
const left = (n: number): JournalEntry => ({
  what: "ended",
  subscriptionId: String(n),
  because: "reader",
  at: "2026-04-15T07:00:00.000Z",
});
/** As it stands in the file. */
const line = (entry: JournalEntry, database = OURS) => JSON.stringify({ ...entry, database });
const lines = async () => (await readFile(path, "utf8")).split("\n");

test("a line is in the file when its leaving is answered, and its owner alone may read it", async () => {
  const journal = await openJournal(path, OURS);
  await journal.append(left(1));
  expect(await lines()).toEqual([line(left(1)), ""]);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  await journal.close();
});

test("a hundred at once are a hundred whole lines in their order, and the next process adds to them", async () => {
  const all = Array.from({ length: 100 }, (_, n) => left(n));
  for (const part of [all.slice(0, 60), all.slice(60)]) {
    const journal = await openJournal(path, OURS);
    await Promise.all(part.map((entry) => journal.append(entry)));
    await journal.close();
  }
  expect(await lines()).toEqual([...all.map((entry) => line(entry)), ""]);
});

test("what was appended before closing is written", async () => {
  const journal = await openJournal(path, OURS);
  const appended = journal.append(left(1));
  await journal.close();
  await appended;
  expect(await lines()).toEqual([line(left(1)), ""]);
});

test("nobody is told that a line is on the disk when it is not: all that shared the failed write hear of it", async () => {
  const journal = await openJournal(path, OURS);
  await journal.close();
  const told = await Promise.allSettled([1, 2, 3].map((n) => journal.append(left(n))));
  expect(told.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
  expect(await lines()).toEqual([""]);
});

test("a line that a crash tore does not swallow the one after it", async () => {
  const before = await openJournal(path, OURS);
  await before.append(left(1));
  await before.close();
  await appendFile(path, '{"what":"ended","subscr');

  const after = await openJournal(path, OURS);
  await after.append(left(2));
  await after.append(left(3));
  await after.close();
  expect(await lines()).toEqual([line(left(1)), '{"what":"ended","subscr', line(left(2)), line(left(3)), ""]);
});

describe("read again", () => {
  const suppressed: JournalEntry = {
    what: "suppressed",
    addressKey: "k",
    because: "never",
    at: "2026-04-15T08:00:00.000Z",
  };
  const lifted: JournalEntry = { what: "lifted", addressKey: "k", at: "2026-04-15T09:00:00.000Z" };
  const undone: JournalEntry = { what: "undone", subscriptionId: "1", at: "2026-04-15T07:05:00.000Z" };

  /** What a journal of these lines says, part after part. */
  async function said(...text: string[]) {
    await mkdir(dirname(path), { recursive: true });
    await appendFile(path, text.join("\n"));
    const journal = await openJournal(path, OURS);
    const parts = [];
    for await (const part of journal.read()) parts.push(part);
    await journal.close();
    return parts;
  }

  test("it says what was appended, in its order, with what is being appended this moment", async () => {
    const journal = await openJournal(path, OURS);
    const all = [left(1), undone, suppressed, lifted];
    const appending = all.map((entry) => journal.append(entry));
    for await (const { entries, unreadable } of journal.read())
      expect([entries.map((entry) => line(entry)), unreadable]).toEqual([all.map((entry) => line(entry)), 0]);
    await Promise.all(appending);
    await journal.close();
  });

  test("an empty one says nothing", async () => {
    expect(await said("")).toEqual([{ entries: [], unreadable: 0 }]);
  });

  test("lines that a crash tore, a newer release wrote or a disk garbled are counted and stop nothing", async () => {
    const garbled = "\u0000".repeat(200_000);
    const erased = JSON.stringify({ what: "erased", subscriptionId: "3", at: suppressed.at, database: OURS });
    const [part, ...more] = await said(
      ...['{"what":"ended","subscr', line(left(1)), garbled, erased, "", line(suppressed), '{"what":"undone","at":'],
    );
    expect([part!.entries.map(({ what }) => what), part!.unreadable, more]).toEqual([["ended", "suppressed"], 4, []]);
  });

  test("numbers of another database mean other readers: its lines are passed over", async () => {
    const theirs = line(left(1), "22222222-2222-4222-8222-222222222222");
    const [part] = await said(theirs, line(left(2)), theirs);
    expect([part!.entries.map((entry) => line(entry)), part!.unreadable]).toEqual([[line(left(2))], 0]);
  });

  test("a long one comes in parts, whole lines across every boundary", async () => {
    const many = Array.from({ length: 2_500 }, (_, n) => left(n));
    const parts = await said(...many.map((entry) => line(entry)));
    expect(parts.map(({ entries }) => entries.length)).toEqual([1_000, 1_000, 500]);
    expect(parts.flatMap(({ entries }) => entries.map((entry) => line(entry)))).toEqual(
      many.map((entry) => line(entry)),
    );
  });
});
