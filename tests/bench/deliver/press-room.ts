/** A database with an edition, readers with a history, and digests planned for them: what a worker finds in the morning. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { closeEdition } from "../../../src/actions/close-edition.ts";
import { importPapers } from "../../../src/actions/import-papers.ts";
import { type App, openApp } from "../../../src/app.ts";
import { readConfig } from "../../../src/config.ts";
import { addDays, utcDayOf } from "../../../src/core/day.ts";
import { blankWatch } from "../../../src/core/filter.ts";
import { defaultCatalogue } from "../../../src/core/topics.ts";
import { openLog } from "../../../src/log.ts";
import { openEmbedded } from "../../../src/store/embedded.ts";
import { migrate } from "../../../src/store/migrate.ts";

export interface PressRoom {
  readonly databaseUrl: string;
  readonly pool: pg.Pool;
  readonly dataDir: string;
  readonly app: App;
  readonly editionDate: string;
  /** Pid of PostgreSQL's first process. */
  readonly postgres: number;
  /** Forgets every delivery, and plans one for each of the first `count` readers. @returns ids of the first and the last */
  plan(count: number): Promise<{ localDay: string; fromId: bigint; toId: bigint }>;
  /** Deliveries that still have a try ahead, or are being tried. */
  open(): Promise<number>;
  /** Deliveries whose first try was not answered yet. */
  untried(): Promise<number>;
  close(): Promise<void>;
}

const PAPERS = 200;
/** So many of these make a mail of 30 kB. */
export const MAX_PAPERS = 7;
/** Digests each reader had before, of ten papers: their history has to be read. */
const DAYS_BEFORE = 3;
const random = seeded(20_261_122);

export async function aPressRoom({ readers, filters }: { readers: number; filters: number }): Promise<PressRoom> {
  const dataDir = await mkdtemp(join(tmpdir(), "paperboy-bench-"));
  const log = openLog({ level: "warn", pretty: true });
  const embedded = await openEmbedded({ dataDir, log, isScratch: true });
  await migrate({ databaseUrl: embedded.url, log });
  const pool = new pg.Pool({ connectionString: embedded.url, max: 4 });
  const config = readConfig({ DATABASE_URL: embedded.url, DATA_DIR: dataDir, SMTP_URL: "smtp://127.0.0.1:9" });
  const app = await openApp(config, { log, publicUrl: "http://localhost:3000", offline: true });

  const today = utcDayOf(new Date());
  const editionDate = addDays(today, -1);
  const file = join(dataDir, "papers.jsonl");
  await writeFile(file, Array.from({ length: PAPERS }, (_, i) => JSON.stringify(aPaper(i, editionDate))).join("\n"));
  await importPapers(app, file, { listedOn: editionDate, seenAt: new Date() });
  await closeEdition(app, editionDate, new Date(), { force: true });
  const { rows: keys } = await pool.query<{ paper_id: number }>("SELECT paper_id FROM edition_papers ORDER BY rank");
  await addReaders(pool, readers, filters);
  const { rows: head } = await pool.query<{ pid: string }>(
    "SELECT split_part(pg_read_file('postmaster.pid'), E'\\n', 1) AS pid",
  );

  return {
    ...{ databaseUrl: embedded.url, pool, dataDir, app, editionDate, postgres: Number(head[0]!.pid) },
    async plan(count) {
      await pool.query("SELECT make_delivery_partitions($1::date - 30, $1::date + 7)", [today]);
      await pool.query("TRUNCATE deliveries");
      const plan = `INSERT INTO deliveries (local_day, subscription_id, edition_date, cadence, due_at, send_by, state, next_try_at, paper_ids, version, composed_at, ended_at)`;
      await pool.query(
        `${plan} SELECT $1::date - d, id, $2::date - d, 'daily', now(), now() + interval '1 day', 'accepted', NULL,
           (SELECT array_agg(($3::int[])[1 + (id * 7 + d * 31 + k * 13) % ${PAPERS}]) FROM generate_series(1, 10) k), 1, now(), now()
         FROM generate_series(1, ${DAYS_BEFORE}) d, subscriptions WHERE id <= $4 ORDER BY d, id`,
        [today, editionDate, keys.map((row) => row.paper_id), count],
      );
      const { rows } = await pool.query<{ from_id: string; to_id: string }>(
        `WITH planned AS (${plan} SELECT $1::date, id, $2::date, 'daily', now(), now() + interval '1 day', 'planned', now(), NULL, NULL, NULL, NULL
           FROM subscriptions WHERE id <= $3 ORDER BY id RETURNING id)
         SELECT min(id) AS from_id, max(id) AS to_id FROM planned`,
        [today, editionDate, count],
      );
      await pool.query("VACUUM (ANALYZE) deliveries");
      await pool.query("CHECKPOINT");
      return { localDay: today, fromId: BigInt(rows[0]!.from_id), toId: BigInt(rows[0]!.to_id) };
    },
    async open() {
      const { rows } = await pool.query<{ open: string }>(
        `SELECT (SELECT count(*) FROM deliveries WHERE next_try_at IS NOT NULL)
           + (SELECT count(*) FROM deliveries WHERE claim_until IS NOT NULL) AS open`,
      );
      return Number(rows[0]!.open);
    },
    async untried() {
      const { rows } = await pool.query<{ untried: string }>(
        "SELECT count(*) AS untried FROM deliveries WHERE state = 'planned' OR (state = 'claimed' AND attempts = 1)",
      );
      return Number(rows[0]!.untried);
    },
    async close() {
      await app.close();
      await pool.end();
      await embedded.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

async function addReaders(pool: pg.Pool, readers: number, filters: number): Promise<void> {
  const wanted = Array.from({ length: filters }, () => JSON.stringify(aFilter()));
  await pool.query(
    `INSERT INTO subscriptions (address_key, email, state, filter, cadence, hour, zone, max_papers, language, format, confirmed_at)
     SELECT md5(i::text), 'reader' || i || '@example.com', 'active', ($1::text[])[1 + i % $2::int]::jsonb, 'daily', 7, 'Etc/UTC', ${MAX_PAPERS}, 'en', 'html', now()
     FROM generate_series(1, $3::int) i`,
    [wanted, filters, readers],
  );
  await pool.query("INSERT INTO subscription_clocks (subscription_id) SELECT id FROM subscriptions");
  await pool.query("VACUUM (ANALYZE) subscriptions");
}

const TOPICS = defaultCatalogue.topics.map(({ id }) => id);
const PHRASES = defaultCatalogue.topics.flatMap((topic) =>
  topic.phrases.map(({ phrase }) => phrase.replace(/title:|"/g, "").trim()).filter((phrase) => !phrase.includes("+")),
);

/** What readers ask for: some topics, at times a phrase left out. */
export function aFilter() {
  const watch = { ...blankWatch, topics: some(TOPICS, 8), exclude: random() < 0.3 ? some(PHRASES, 1) : [] };
  return { grammar: 1, watches: [watch] };
}

function aPaper(i: number, listedOn: string) {
  return {
    id: `2611.${String(10_000 + i)}`,
    title: words(9),
    authors: Array.from({ length: 6 }, () => `Given Surname${Math.floor(random() * 900)}`),
    abstract: Array.from({ length: 8 }, () => `${words(20)}.`).join(" "),
    upvotes: Math.floor(200 * random() ** 3),
    listedOn,
    codeUrl: random() < 0.65 ? "https://github.com/example/code" : undefined,
  };
}

function words(count: number): string {
  const said: string[] = [];
  while (said.length < count) said.push(...PHRASES[Math.floor(random() * PHRASES.length)]!.split(" "));
  return said.slice(0, count).join(" ");
}

function some<T>(of: readonly T[], count: number): T[] {
  return Array.from({ length: count }, () => of[Math.floor(random() * of.length)]!);
}

/** The same numbers on every run (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
