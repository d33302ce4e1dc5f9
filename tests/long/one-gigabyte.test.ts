/**
 * The whole product in a gigabyte: `npm start` (npm, web and worker, MJML, the embedded PostgreSQL with the queue in it) with
 * two thousand readers of different filters due in the same hour, and pages read meanwhile. Memory is what Linux shares out to
 * each process (PSS), of all of them, every 100 ms. `PAPERBOY_GIGABYTE_READERS` changes how many readers.
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { afterAll, beforeAll, expect } from "vitest";
import { closeEdition } from "../../src/actions/close-edition.ts";
import { openApp } from "../../src/app.ts";
import { readConfig } from "../../src/config.ts";
import { addDays, utcDayOf } from "../../src/core/day.ts";
import { FROM_FILE } from "../../src/core/edition-close.ts";
import type { Sighting } from "../../src/core/paper.ts";
import { openLog } from "../../src/log.ts";
import { type Embedded, openEmbedded } from "../../src/store/embedded.ts";
import { migrate } from "../../src/store/migrate.ts";
import { type FarEnd, startSink } from "../bench/deliver/far-end.ts";
import { aFilterOf, anEditionOf } from "../bench/scale/papers.ts";
import { signalTo } from "../support/child.ts";
import { freePort } from "../support/free-port.ts";
import { type Held, memoryOf } from "../support/memory.ts";
import { needs } from "../support/needs.ts";
import { familyOf } from "../support/processes.ts";
import { seeded } from "../support/random.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const READERS = Number(process.env.PAPERBOY_GIGABYTE_READERS ?? 2_000);
/** A week of April 2026: what Hugging Face listed, and what arXiv had in our four categories. */
const [TRENDING, FOLLOWED] = [170, 2_800];
const EVERY_MS = 100;
const PAGES_AFTER_MS = 5_000;
/** What a machine of 1 GB (1,024 MB) has left beside its kernel and the rest of a bare Debian. */
const ROOM_MB = 800;

let folder: string;
let embedded: Embedded;
let pool: pg.Pool;
let sink: FarEnd;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "paperboy-gigabyte-"));
  await chmod(folder, 0o755);
  [embedded, sink] = await Promise.all([openEmbedded({ dataDir: folder, isScratch: true }), startSink()]);
  pool = new pg.Pool({ connectionString: embedded.url, max: 1 });
  pool.on("error", () => {}); // told by the query
  await aMorningOf(READERS);
}, 300_000);

afterAll(async () => {
  await pool?.end();
  await Promise.all([embedded?.close(), sink?.close()]);
  // What root's server kept outside of it.
  const outside = await readFile(join(folder, "root-home"), "utf8").catch(() => null);
  for (const path of [outside, folder]) if (path) await rm(path, { recursive: true, force: true });
});

const onLinux = needs(process.platform === "linux", "memory is read from /proc/*/smaps_rollup");
onLinux(`${READERS} readers are served in the same hour, and pages beside them, in ${ROOM_MB} MB`, async () => {
  const { rows } = await pool.query("SELECT split_part(pg_read_file('postmaster.pid'), E'\\n', 1)::int AS pid");
  const port = await freePort();
  const npm = spawn("npm", ["start", "--silent"], {
    ...{ cwd: root, stdio: "ignore" as const },
    env: {
      ...{ PATH: process.env.PATH, HOME: folder, DATA_DIR: folder, PORT: String(port), LOG_LEVEL: "warn" },
      ...{ SMTP_URL: `smtp://127.0.0.1:${sink.port}`, MALLOC_ARENA_MAX: "2" },
      ...{ SOURCES: "hugging-face", HUGGING_FACE_URL: "http://127.0.0.1:9" },
    },
  });
  const end = () => {
    const all = familyOf(npm.pid!);
    for (const pid of all) signalTo(pid, "SIGTERM");
    return all;
  };
  process.once("exit", end);
  let peak: Held[] = [];
  const before = await pool.query("SELECT pg_current_wal_lsn() AS lsn");
  const looking = setInterval(() => {
    const now = memoryOf([npm.pid!, rows[0].pid], nameOf);
    if (sum(now) > sum(peak)) peak = now;
  }, EVERY_MS);
  try {
    const reading = readPages(`http://127.0.0.1:${port}`);
    while ((await count("state = 'accepted'")) === 0) await sleep(EVERY_MS);
    const began = performance.now();
    while ((await count("state IN ('planned', 'claimed', 'retry')")) > 0) await sleep(EVERY_MS);
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    const { rows: written } = await pool.query(
      "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), $1)::float8 / $2 / 1000 AS kb",
      [before.rows[0].lsn, READERS],
    );
    await sleep(PAGES_AFTER_MS);
    const pages = await reading.stop();
    const idle = memoryOf([npm.pid!, rows[0].pid], nameOf);
    clearInterval(looking);
    const mails = await count("state = 'accepted'");
    show(
      peak,
      idle,
      `${mails} mails in ${seconds} s, ${written[0].kb.toFixed(1)} kB of WAL a reader, ${pages} pages read meanwhile`,
    );
    expect(await count("state NOT IN ('accepted', 'empty')")).toBe(0);
    expect(mails).toBeGreaterThan(READERS / 2);
    expect(pages).toBeGreaterThan(20);
    expect(sum(peak)).toBeLessThan(ROOM_MB);
  } finally {
    clearInterval(looking);
    process.off("exit", end);
    const ending = end();
    while (ending.some(isRunning)) await sleep(EVERY_MS);
  }
});

async function count(what: string): Promise<number> {
  const { rows } = await pool.query(`SELECT count(*)::int AS count FROM deliveries WHERE ${what}`);
  return rows[0].count;
}

/** Asks for one page after the other, each as a reader's first, two at a time. */
function readPages(url: string) {
  const filter = { watches: [{ topics: ["agents"], include: ["world model"] }] };
  const ask = [
    () => fetch(`${url}/`),
    () => fetch(`${url}/editions/latest?topics=agents`),
    () => fetch(`${url}/api/v1/editions/latest`),
    () => fetch(`${url}/feed.xml`),
    () =>
      fetch(`${url}/api/v1/preview`, {
        ...{ method: "POST", headers: { "content-type": "application/json" } },
        body: JSON.stringify({ filter }),
      }),
  ];
  let [isOver, answered, turn] = [false, 0, 0];
  const reader = async () => {
    while (!isOver) {
      const answer = await ask[turn++ % ask.length]!().catch(() => null); // not listening yet
      if (answer) await answer.arrayBuffer();
      if (answer?.ok) answered += 1;
      await sleep(EVERY_MS);
    }
  };
  const readers = [reader(), reader()];
  return {
    async stop(): Promise<number> {
      isOver = true;
      await Promise.all(readers);
      return answered;
    },
  };
}

/** Papers, the edition of yesterday, and readers whose hour has come. */
async function aMorningOf(readers: number): Promise<void> {
  await migrate({ databaseUrl: embedded.url });
  const config = readConfig({ DATABASE_URL: embedded.url, DATA_DIR: folder, SMTP_URL: "smtp://127.0.0.1:9" });
  const log = openLog({ level: "warn", pretty: true });
  const app = await openApp(config, { log, publicUrl: "http://localhost:3000", offline: true });
  const now = new Date();
  // Before one o'clock the edition of the day before is still the newest that is due.
  const days = [addDays(utcDayOf(now), -2), addDays(utcDayOf(now), -1)];
  const { papers } = anEditionOf(TRENDING, FOLLOWED);
  const sightings = papers.map((paper, i): Sighting => {
    const { title, abstract, keywords, categories, upvotes } = paper;
    const on = addDays(days[1]!, -(i % 7));
    const of = { arxivId: paper.id, title, abstract, keywords, categories, authors: [`Ada Author${i}`, "Alan Turing"] };
    return paper.lane === "trending"
      ? { ...of, source: "hugging-face", listedOn: on, position: i, signals: { upvotes } }
      : { ...of, source: "arxiv", publishedAt: new Date(on), signals: {} };
  });
  await app.papers.add(sightings, now, FROM_FILE);
  for (const day of days) await closeEdition(app, day, now, { force: true });
  expect((await app.editions.bounds()).newestDecided).toBe(days[1]);
  await app.close();

  const random = seeded(20_261_126);
  const filters = Array.from({ length: readers }, () => JSON.stringify(aFilterOf(random)));
  await pool.query(
    `WITH due AS (INSERT INTO delivery_groups (cadence, weekday, zone, hour) VALUES ('daily', 0, 'UTC', $1) RETURNING id),
       who AS (INSERT INTO subscriptions (address_key, email, state, filter, cadence, hour, zone, max_papers, language, format, confirmed_at)
         SELECT 'key of ' || n, 'reader' || n || '@example.org', 'active', filter, 'daily', $1, 'UTC', 10, 'en', 'html', now()
         FROM unnest($2::jsonb[]) WITH ORDINALITY AS f(filter, n) RETURNING id)
     INSERT INTO subscription_clocks (subscription_id, group_id, joined_at)
     SELECT who.id, due.id, now() - interval '30 days' FROM who, due`,
    [now.getUTCHours(), filters],
  );
  await pool.query("VACUUM ANALYZE");
}

function isRunning(pid: number): boolean {
  return existsSync(`/proc/${pid}/exe`);
}

function nameOf(command: string): string {
  if (command.startsWith("npm") || command.startsWith("sh ")) return "npm and its shell";
  if (command.includes("mjml-process")) return "MJML";
  if (command.includes("esbuild")) return "esbuild, for a tree that is not compiled";
  if (/postgres: paperboy/.test(command)) return "PostgreSQL, connections";
  if (/postgres/.test(command)) return "PostgreSQL, itself";
  return "web and worker";
}

function sum(of: readonly Held[]): number {
  return of.reduce((all, { megabytes }) => all + megabytes, 0);
}

function show(peak: readonly Held[], idle: readonly Held[], title: string): void {
  const kinds = [...new Set(peak.map(({ what }) => what))];
  const row = (of: readonly Held[], kind: string | null) => {
    const all = of.filter(({ what }) => kind === null || what === kind);
    return `${Math.round(sum(all))} in ${all.length}`;
  };
  console.log(title);
  const table = [...kinds, null].map((kind) => [kind ?? "all", { peak: row(peak, kind), after: row(idle, kind) }]);
  console.table(Object.fromEntries(table));
}
