import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { App } from "../../src/app.ts";
import { edition } from "../../src/cli/commands/edition.ts";
import { importFiles } from "../../src/cli/commands/import.ts";
import { runProgram } from "../../src/cli/program.ts";
import { defaultCatalogue } from "../../src/core/topics.ts";
import { openLog } from "../../src/log.ts";
import { aStore, type TestStore } from "../support/store.ts";
import { at } from "../support/time.ts";

let store: TestStore;
let said: string[] = [];
beforeAll(async () => {
  store = await aStore(at("2026-04-16T09:00Z"));
});
afterAll(() => store.close());
afterEach(() => {
  said = [];
  process.exitCode = undefined;
});

const say = (text: string) => void said.push(text.trim());
const terminal = {
  ...{ print: say, complain: say },
  withApp: <T>(work: (app: App) => Promise<T>) =>
    work({
      ...{ ...store, now: store.clock.now, databaseNow: async () => store.clock.now() },
      ...{ sources: [{ name: "hub", trending: true }], catalogue: defaultCatalogue, closesAt: "01:00" },
      ...{ retentionDays: 90, log: openLog({ level: "silent", pretty: false }) },
    } as unknown as App),
};
async function run(command: typeof edition | typeof importFiles, ...args: string[]) {
  const code = await runProgram(command(terminal).exitOverride().configureOutput({ writeErr: say }), args, say);
  return [process.exitCode ?? code, said];
}

test("a day that is not over has no edition to close, and none is begun", async () => {
  for (const date of ["2026-04-16", "2099-01-01"]) {
    said = [];
    expect(await run(edition, "--date", date, "--close")).toEqual([
      2,
      [`The day ${date} is not over (UTC), so no edition is made of it. Write --date with an earlier one.`],
    ]);
  }
  expect(await store.sql("SELECT date FROM editions")).toEqual([]);
});

test("a day that is in no calendar is misuse", async () => {
  expect((await run(edition, "--date", "2026-02-30"))[0]).toBe(2);
  expect(said.join()).toContain("Write a day as 2026-04-30.");
});

test("an edition that turns out broken is said to be, with what to do; and the second time, that it was decided", async () => {
  const broken =
    "It is broken: no source gave this day's papers, and no mail is made from it. The next edition has the papers that come\nlater. `paperboy doctor` says what is wrong with the sources.";
  const shown = ["Edition 2026-04-15, broken, 0 papers", ""];
  expect(await run(edition, "--close")).toEqual([1, [broken, ...shown]]);
  said = [];
  process.exitCode = undefined;
  expect(await run(edition, "--close")).toEqual([
    1,
    [
      "It was decided already, and stays as it is. /admin opens one again of which no digest is planned.",
      ...[broken, ...shown],
    ],
  ]);
  said = [];
  process.exitCode = undefined;
  expect(await run(edition)).toEqual([0, [broken, ...shown]]);
});

test("nothing is listed on a day to come", async () => {
  expect(await run(importFiles, "papers.json", "--listed-on", "2026-04-17")).toEqual([
    2,
    ["--listed-on 2026-04-17 is still to come (UTC): nothing was listed on it. Write an earlier day."],
  ]);
});
