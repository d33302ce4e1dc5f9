import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { App } from "../../src/app.ts";
import { pause } from "../../src/cli/commands/pause.ts";
import { resume } from "../../src/cli/commands/resume.ts";
import type { Terminal } from "../../src/cli/terminal.ts";
import { aQueue } from "../actions/press.ts";
import { aStore, type TestStore } from "../support/store.ts";
import { at } from "../support/time.ts";

let store: TestStore;
let printed: string[];
beforeAll(async () => {
  store = await aStore(at("2026-04-15T07:00Z"));
});
afterAll(() => store.close());
beforeEach(async () => {
  printed = [];
  await store.gate.resume();
});

const terminal: Terminal = {
  print: (text) => void printed.push(text),
  complain: (text) => void printed.push(text),
  // Of the application the commands need the gate, the deliveries and somebody to ring for them.
  withApp: (work) => work({ ...store, queue: aQueue() } as unknown as App),
};
const run = (command: typeof pause, ...args: string[]) => command(terminal).parseAsync(args, { from: "user" });
const range = { localDay: "2026-04-15", fromId: 1n, toId: 9n };

test("a pause says what it does and what becomes of who waits, and holds", async () => {
  await run(pause, "--because", "the mail server moves");
  expect(printed[0]).toMatch(/^Paused\. Every process stops within two seconds.*`paperboy resume` sends them/s);
  expect(await store.gate.admits(range)).toBe(false);
});

test("a second pause changes nothing and tells of the first", async () => {
  await run(pause, "--because", "the mail server moves");
  await run(pause, "--because", "another reason");
  expect(printed[1]).toBe("It was paused already, since 2026-04-15T07:00Z: the mail server moves");
});

test("a resume says what it lifted: the pause, and the brake of an edition", async () => {
  await store.gate.brake("2026-04-14", "Mail servers refused it.");
  await run(pause);
  printed = [];
  await run(resume);
  expect(printed).toEqual([
    "Edition 2026-04-14 goes on. Stopped since 2026-04-15T07:00Z: Mail servers refused it.",
    "The pause is over. Stopped since 2026-04-15T07:00Z: the operator paused it",
  ]);
  expect([await store.gate.admits(range), store.gate.mayBegin("2026-04-14")]).toEqual([true, true]);
});

test("a resume of what runs says so", async () => {
  await run(resume);
  expect(printed).toEqual(["Nothing was stopped."]);
});

test("programs get one JSON object", async () => {
  await run(pause, "--json", "--because", "test");
  await run(resume, "--json");
  await run(resume, "--json");
  const paused = { paused: true, since: "2026-04-15T07:00:00.000Z", because: "test" };
  const lifted = [{ editionDate: null, because: "test", at: "2026-04-15T07:00:00.000Z" }];
  expect(printed.map((line) => JSON.parse(line))).toEqual([paused, { lifted }, { lifted: [] }]);
});
