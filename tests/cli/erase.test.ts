import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { App } from "../../src/app.ts";
import { erase } from "../../src/cli/commands/erase.ts";
import type { Terminal } from "../../src/cli/terminal.ts";
import type { Address } from "../../src/core/email-address.ts";
import { Invalid } from "../../src/errors.ts";
import type { JournalEntry } from "../../src/store/journal.ts";
import { aStore, type TestStore } from "../support/store.ts";

let store: TestStore;
let printed: string[];
const journal: JournalEntry[] = [];
beforeAll(async () => {
  store = await aStore();
});
afterAll(() => store.close());
beforeEach(() => {
  printed = [];
});

const terminal: Terminal = {
  print: (text) => void printed.push(text),
  complain: (text) => void printed.push(text),
  // Of the application the command needs what erases, the journal, the keys and the time.
  withApp: (work) =>
    work({
      ...{ ...store, now: store.clock.now, addressKey: ({ key }: Address) => `key of ${key}` },
      journal: { append: async (entry: JournalEntry) => void journal.push(entry) },
    } as unknown as App),
};
const run = (...args: string[]) => erase(terminal).parseAsync(args, { from: "user" });

test("a reader is erased by any spelling of the address, and the operator is told what stays", async () => {
  const id = await store.aReader();
  await run("Reader1@EXAMPLE.org", "--yes");
  expect((await store.subscriptions.findById(id))!.email).toBeNull();
  expect(printed[0]).toMatch(/^Erased: the subscription, and 1 request\.\nThe key of the address stays/);
  expect(journal).toMatchObject([{ what: "erased", addressKey: "key of reader1@example.org" }]);
  await run("reader1@example.org", "--yes");
  expect(printed[1]).toBe("Nothing is kept under this address.");
});

test("programs get one JSON object", async () => {
  await store.aReader();
  await run("reader2@example.org", "--yes", "--json");
  await run("reader2@example.org", "--yes", "--json");
  expect(printed.map((line) => JSON.parse(line))).toEqual([
    { subscriptions: 1, requests: 1 },
    { subscriptions: 0, requests: 0 },
  ]);
});

test("without --yes and without anybody to ask, nothing is erased; nor for what is no address", async () => {
  const id = await store.aReader();
  await expect(run("reader3@example.org")).rejects.toThrow(Invalid);
  await expect(run("reader3", "--yes")).rejects.toThrow(Invalid);
  expect((await store.subscriptions.findById(id))!.email).toBe("reader3@example.org");
});
