import type { Command } from "commander";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { App } from "../../src/app.ts";
import { edition } from "../../src/cli/commands/edition.ts";
import { erase } from "../../src/cli/commands/erase.ts";
import { importFiles } from "../../src/cli/commands/import.ts";
import { pause } from "../../src/cli/commands/pause.ts";
import { resume } from "../../src/cli/commands/resume.ts";
import { suppress } from "../../src/cli/commands/suppress.ts";
import type { Terminal } from "../../src/cli/terminal.ts";
import type { Address } from "../../src/core/email-address.ts";
import { defaultCatalogue } from "../../src/core/topics.ts";
import { openLog } from "../../src/log.ts";
import { aQueue } from "../actions/press.ts";
import { aSighting } from "../support/builders.ts";
import { aStore, type TestStore } from "../support/store.ts";
import { at } from "../support/time.ts";

let store: TestStore;
beforeAll(async () => {
  store = await aStore(at("2026-04-16T09:00Z"));
});
afterAll(() => store.close());
beforeEach(() => store.sql("TRUNCATE audit_lines"));

const terminal: Terminal = {
  print: () => {},
  complain: () => {},
  withApp: (work) =>
    work({
      ...{ ...store, queue: aQueue(), now: store.clock.now, databaseNow: async () => store.clock.now() },
      ...{ addressKey: ({ key }: Address) => `key of ${key}`, journal: { append: async () => {} } },
      ...{ sources: [], catalogue: defaultCatalogue, closesAt: "01:00", retentionDays: 90 },
      log: openLog({ level: "silent", pretty: false }),
      async *readPapersFile() {
        yield aSighting({ source: "file", title: "Agents", listedOn: "2026-04-15" });
        yield { where: "line 2", reason: "it has no title" };
      },
    } as unknown as App),
};

const at16 = (what: string, about: string | null, details: object) => ({ by: "cli", what, about, details });

test.each([
  ["pause", () => [pause], ["--because", "a move"], at16("pause", null, { isNew: true })],
  ["resume", () => [resume], [], at16("resume", null, { lifted: 1 })],
  [
    ...(["suppress add", () => [suppress], ["add", "a@example.org", "--note", "asked"]] as const),
    at16("suppress", "key key of a@example.org", { hasNote: true, outcome: "suppressed" }),
  ],
  [
    ...(["suppress lift", () => [suppress], ["lift", "a@example.org", "--note", "a mistake"]] as const),
    at16("lift", "key key of a@example.org", { lifted: true, because: "operator" }),
  ],
  [
    ...(["erase", () => [erase], ["a@example.org", "--yes"]] as const),
    at16("erase", "key key of a@example.org", { subscriptions: 0, requests: 0 }),
  ],
  [
    ...(["import", () => [importFiles], ["papers.json"]] as const),
    at16("import", null, { files: 1, listedOn: "2026-04-15", added: 1, merged: 0, refused: 1 }),
  ],
  [
    ...(["edition --close", () => [edition], ["--date", "2026-04-15", "--close"]] as const),
    at16("close-edition", "edition 2026-04-15", { outcome: "closed" }),
  ],
])("`paperboy %s` leaves an audit line without an address", async (_, commands, args, line) => {
  const [command] = commands() as [(terminal: Terminal) => Command];
  await command(terminal).parseAsync([...args], { from: "user" });
  expect(await store.sql("SELECT by, what, about, details FROM audit_lines")).toEqual([line]);
});

test("what only looks leaves none", async () => {
  await edition(terminal).parseAsync(["--date", "2026-04-15"], { from: "user" });
  await suppress(terminal).parseAsync(["list"], { from: "user" });
  expect(await store.sql("SELECT FROM audit_lines")).toEqual([]);
});
