/**
 * A list of many readers: how long it takes, in how much memory, what a kill in the middle leaves, and two at once. 100,000
 * lines; `READERS=1000000` asks for more.
 */
import { createWriteStream, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startChild } from "../support/child.ts";
import { aStore, type TestStore } from "../support/store.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const READERS = Number(process.env.READERS ?? 100_000);
const FEWER = Math.floor(READERS / 5);
/** One line in a thousand is of no use. */
const badOf = (lines: number) => Math.floor(lines / 1_000);
const BAD = badOf(READERS);
/** Measured: 216 MB. A tree that was edited since it was compiled has the compiler in its process: 40 MB more. */
const MOST_MB = 290;
/** How much more a list five times as long may take: what the process does not give back of a moment in which it had more. */
const ROUGHLY_MB = 25;
let folder: string;
let list: string;
let shorter: string;
let store: TestStore;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "paperboy-million-"));
  list = join(folder, "readers.csv");
  shorter = join(folder, "fewer-readers.csv");
  await pipeline(Readable.from(lines(READERS)), createWriteStream(list));
  await pipeline(Readable.from(lines(FEWER)), createWriteStream(shorter));
  store = await aStore();
});
afterAll(async () => {
  await store.close();
  rmSync(folder, { recursive: true });
});

function* lines(count: number): Generator<string> {
  const zones = ["Europe/Berlin", "America/New_York", "Asia/Kathmandu", "UTC"];
  const topics = ["agents", '"reasoning, code"', "robotics", ""];
  yield "email,consent,hour,zone,topics\n";
  for (let n = 1; n <= count; n++)
    yield n % 1_000 === 0
      ? `nobody,2025-01-01,7,UTC,\n`
      : `reader.${n}@host${n % 977}.example.org,"2025-0${1 + (n % 9)}-11T07:00:00Z, form ${n % 7}",${n % 24},${zones[n % 4]},${topics[n % 4]}\n`;
}

interface Ran {
  readonly code: number | NodeJS.Signals;
  readonly out: string;
  readonly seconds: number;
  readonly peakMb: number;
}

/** @param killFrom ends it the hard way once so many readers are in */
async function paperboy(args: readonly string[], killFrom?: number): Promise<Ran> {
  const began = performance.now();
  const env = { PATH: process.env.PATH, HOME: folder, DATA_DIR: folder, DATABASE_URL: store.url, CATCHER_PORT: "0" };
  const child = startChild(process.execPath, ["--max-semi-space-size=4", "bin/paperboy.js", ...args], {
    cwd: root,
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  let [out, peakMb] = ["", 0];
  child.process.stdout!.on("data", (chunk: Buffer) => {
    out += String(chunk);
  });
  const watch = setInterval(() => {
    peakMb = Math.max(peakMb, peakOf(child.pid));
    if (killFrom !== undefined)
      void store.sql("SELECT FROM subscriptions OFFSET $1 LIMIT 1", [killFrom]).then((rows) => {
        if (rows.length > 0) child.signal("SIGKILL");
      });
  }, 200);
  const code = await child.gone;
  clearInterval(watch);
  return { code, out, seconds: Math.round((performance.now() - began) / 100) / 10, peakMb };
}

/** VmHWM: the most the process ever had resident. */
function peakOf(pid: number): number {
  try {
    return Math.round(Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) / 1024);
  } catch {
    return 0; // it has just ended
  }
}

async function count(): Promise<Record<string, number>> {
  const [row] = await store.sql<Record<string, number>>(`SELECT
    (SELECT count(*)::int FROM subscriptions WHERE state = 'active') AS readers,
    (SELECT count(*)::int FROM subscription_clocks WHERE group_id IS NOT NULL) AS clocks,
    (SELECT count(*)::int FROM subscription_changes WHERE via = 'import') AS changes,
    (SELECT count(*)::int FROM requests WHERE consent LIKE '2025-0%form%') AS proofs`);
  return row!;
}

test("a run that is killed leaves whole readers, and the next one does the rest", async () => {
  const killed = await paperboy(["subscribers", "import", list, "--json"], READERS / 10);
  const half = await count();
  expect(killed.code).toBe("SIGKILL");
  expect(half).toEqual({ readers: half.readers, clocks: half.readers, changes: half.readers, proofs: half.readers });
  expect(half.readers).toBeGreaterThan(0);
  expect(half.readers).toBeLessThan(READERS - BAD);
  const whole = await paperboy(["subscribers", "import", list, "--json", "--report", join(folder, "report.csv")]);
  const done = READERS - BAD;
  expect(JSON.parse(whole.out)).toMatchObject({
    lines: READERS,
    added: done - half.readers!,
    already: half.readers,
    refused: BAD,
  });
  expect(await count()).toEqual({ readers: done, clocks: done, changes: done, proofs: done });
  expect(readFileSync(join(folder, "report.csv"), "utf8").split("\r\n").length).toBe(BAD + 2);
});

async function anew(): Promise<void> {
  await store.close();
  store = await aStore();
}

/** In, in once more, and out again. */
async function roundTrip(path: string, readers: number): Promise<readonly Ran[]> {
  const into = await paperboy(["subscribers", "import", path, "--json"]);
  expect(JSON.parse(into.out)).toMatchObject({ added: readers, already: 0 });
  const again = await paperboy(["subscribers", "import", path, "--json"]);
  expect(JSON.parse(again.out)).toMatchObject({ added: 0, already: readers });
  const file = join(folder, "out.csv");
  const out = await paperboy(["subscribers", "export", file, "--json"]);
  expect(JSON.parse(out.out)).toEqual({ path: file, readers });
  return [into, again, out];
}

test("five times as many lines go in, and out again, in the same memory", async () => {
  await anew();
  const fewer = await roundTrip(shorter, FEWER - badOf(FEWER));
  await anew();
  const all = await roundTrip(list, READERS - BAD);
  const mb = (path: string) => Math.round(statSync(path).size / 1_000_000);
  const told = (ran: readonly Ran[]) => ran.map(({ seconds, peakMb }) => `${seconds} s, ${peakMb} MB`).join("; ");
  console.log(
    `in; once more; out: ${FEWER} lines (${mb(shorter)} MB): ${told(fewer)}. ${READERS} lines (${mb(list)} MB): ${told(all)}`,
  );
  all.forEach(({ peakMb }, n) => {
    expect(peakMb).toBeLessThan(fewer[n]!.peakMb + ROUGHLY_MB);
    expect(peakMb).toBeLessThan(MOST_MB);
  });
});

test("two runs with the same list at once: each reader comes in by one of them", async () => {
  await anew();
  const both = await Promise.all([1, 2].map(() => paperboy(["subscribers", "import", shorter, "--json"])));
  const told = both.map(({ out }) => JSON.parse(out) as Record<string, number>);
  const done = FEWER - badOf(FEWER);
  expect(told.map(({ added, already }) => added! + already!)).toEqual([done, done]);
  expect(told[0]!.added! + told[1]!.added!).toBe(done);
  expect(await count()).toEqual({ readers: done, clocks: done, changes: done, proofs: done });
});
