import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { App } from "../../src/app.ts";
import { collect } from "../../src/cli/commands/collect.ts";
import { type PlayedApp, replay, type Stage } from "../../src/cli/commands/replay.ts";
import { Invalid, Temporary } from "../../src/errors.ts";
import { readRecording } from "../../src/sources/read-recording.ts";
import { openRecording } from "../../src/sources/recording.ts";
import type { Source } from "../../src/sources/source.ts";
import { openShelf } from "../../src/store/shelf.ts";
import { aPress, type Press } from "../actions/press.ts";
import { aSighting } from "../support/builders.ts";
import { at } from "../support/time.ts";

let press: Press;
let folder: string;
let printed: string[];
let shown: string[];
beforeAll(async () => {
  press = await aPress({ start: at("2026-04-15T00:30Z") });
});
afterAll(() => press.end());
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "paperboy-replay-"));
  printed = [];
  shown = [];
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const print = (text: string) => void printed.push(text);
const stage: Stage = {
  ...{ print, complain: print, readRecording, show: (line) => void shown.push(line) },
  async onStage(work) {
    await press.clear();
    const { store, needs } = press;
    const app = { ...needs, shelf: openShelf(store.editions), setClock: store.clock.set };
    return work(app as unknown as PlayedApp);
  },
};
const play = (...args: string[]) => replay(stage).parseAsync([folder, ...args], { from: "user" });

const paper = (id: string, upvotes: number, more = {}) => ({ id, title: `Paper ${id}`, upvotes, ...more });
/** Two working days, and the weekend after. */
async function twoDays(): Promise<void> {
  const thursday = [paper("2604.00001", 9), paper("2604.00002", 5, { abstract: "Speculative decoding." })];
  await writeFile(join(folder, "2026-04-09.json"), JSON.stringify(thursday));
  await writeFile(join(folder, "2026-04-10.json"), JSON.stringify([paper("2604.00003", 1)]));
  for (const day of ["2026-04-11", "2026-04-12"]) await writeFile(join(folder, `${day}.json`), "[]");
}

const readers = async (kinds: unknown) => {
  const path = join(folder, ".readers.json"); // hidden, so it is no file of the recording
  await writeFile(path, typeof kinds === "string" ? kinds : JSON.stringify(kinds));
  return path;
};

describe("paperboy replay", () => {
  test("prints a line for each kind of reader, and what it plays while a person looks on", async () => {
    await twoDays();
    const words = { watches: [{ include: ["speculative decoding"] }] };
    await play("--readers", await readers([{ name: "all" }, { name: "words", filter: words, cadence: "weekdays" }]));
    expect(printed).toHaveLength(1);
    const lines = printed[0]!.split("\n");
    expect(lines[0]).toMatch(/^2026-04-10 00:00 to 2026-04-14 01:00, played in \d+ s\. Editions: 2 closed, 2 quiet\.$/);
    expect(lines.slice(2).map((line) => line.split(/ {2,}/))).toEqual([
      [
        "kind",
        "due",
        "digests",
        "papers",
        "a digest",
        "nothing new",
        "no edition",
        "weeks without",
        "repeats",
        "one topic",
        "followed",
      ],
      ["all", "4", "2", "3", "1.5", "0", "2", "1", "0", "–", "0"],
      ["words", "2", "1", "1", "1.0", "1", "0", "1", "0", "–", "0"],
    ]);
    expect([shown[0], shown[1], shown.at(-1)]).toEqual([`reading ${folder}`, "playing 2026-04-10, 0 %", ""]);
    expect(shown.length).toBe(new Set(shown).size);
  });

  test("gives programs everything, with the papers of each digest", async () => {
    await twoDays();
    await play("--json", "--readers", await readers([{ name: "all", hour: 9, maxPapers: 1 }]));
    const told = JSON.parse(printed[0]!);
    expect(told).toMatchObject({
      ...{ from: "2026-04-10T00:00:00.000Z", until: "2026-04-14T01:00:00.000Z" },
      editions: ["closed", "closed", "quiet", "quiet"].map((state, n) => ({
        date: `2026-04-${["09", 10, 11, 12][n]}`,
        state,
      })),
    });
    expect(told.kinds).toMatchObject([
      {
        ...{ name: "all", due: 4, digests: 2, papers: 2, repeats: 0, nothingFor: [], preferences: { hour: 9 } },
        sent: [
          { localDay: "2026-04-10", editionDate: "2026-04-09", papers: ["2604.00001"] },
          { localDay: "2026-04-11", editionDate: "2026-04-10", papers: ["2604.00002"] },
        ],
      },
    ]);
  });

  test("says how many papers of plain files were refused", async () => {
    await writeFile(join(folder, "2026-04-09.json"), JSON.stringify([paper("2604.00001", 9), {}]));
    await play("--readers", await readers([{ name: "all" }]));
    expect(printed[0]).toBe("Refused papers in plain files: 1. `paperboy import` says why.");
  });

  test("refuses readers that are no kinds of readers, and a folder with nothing in it", async () => {
    await twoDays();
    await expect(play("--readers", join(folder, "none.json"))).rejects.toThrow(/none\.json: ENOENT.*Write a JSON list/);
    await expect(play("--readers", await readers("[{"))).rejects.toThrow(/Write a JSON list of kinds of readers/);
    await expect(play("--readers", await readers([{ name: "a", hour: 25 }]))).rejects.toThrow(Invalid);
    folder = await mkdtemp(join(folder, "empty-"));
    await expect(play()).rejects.toThrow(/there is no file in it/);
    expect(printed).toEqual([]);
  });
});

describe("paperboy collect --record", () => {
  const asked: string[] = [];
  const shown: string[] = [];
  let problem: string | null = null;
  const source: Source = {
    ...{ name: "hub", trending: true },
    async fetch({ day }) {
      asked.push(day);
      if (problem !== null) throw new Temporary(problem);
      return { sightings: [aSighting({ source: "hub", listedOn: day })], refusals: [] };
    },
  };
  const terminal = {
    ...{ print, complain: print, input: () => process.stdin, output: process.stdout },
    progress: { ...{ show: (line: string) => void shown.push(line), bar() {} }, done: () => void shown.push("") },
    withApp: async <T>(work: (app: App) => Promise<T>) => {
      await press.clear();
      const open = (where: string) => openRecording(where, press.log);
      return work({ ...press.needs, sources: [source], openRecording: open } as unknown as App);
    },
  };
  const run = (...args: string[]) => collect(terminal).parseAsync(args, { from: "user" });
  beforeEach(() => {
    asked.splice(0);
    shown.splice(0);
    problem = null;
  });

  test("writes a file for each answer and says how many; without it nothing is written", async () => {
    await run("--record", folder);
    await run("--record", folder, "--json");
    await run();
    expect(printed).toEqual([
      "8 read, 8 of them new, 0 refused, 0 requests failed; 8 answers recorded",
      '{"read":8,"added":8,"refused":0,"failed":0,"problems":{},"recorded":8}',
      "8 read, 8 of them new, 0 refused, 0 requests failed",
    ]);
    expect([(await readdir(folder)).length, asked.length]).toEqual([16, 24]);
  });

  test("whoever looks on sees which source is asked for which day, and nothing of it stays", async () => {
    await run();
    expect(shown).toEqual([...asked.map((day) => `reading hub, ${day}`), ""]);
    expect(asked.length).toBe(8);
  });

  test("says itself why a source did not answer", async () => {
    problem = "https://hub.example answered 503. Try again later.";
    await run();
    expect([printed, process.exitCode]).toEqual([
      [
        "0 read, 0 of them new, 0 refused, 2 requests failed",
        "hub: https://hub.example answered 503. Try again later.",
        "No source answered. `paperboy import FILE` takes papers from a file meanwhile.",
      ],
      1,
    ]);
    process.exitCode = undefined;
  });

  test("asks nobody when nothing can be recorded", async () => {
    await writeFile(join(folder, "file"), "");
    await expect(run("--record", join(folder, "file"))).rejects.toThrow(/^Nothing can be recorded in /);
    expect(asked).toEqual([]);
  });
});
