/** One closed edition and as many readers as asked for, whose digests are planned for now: the work of real workers. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { closeEdition } from "../../src/actions/close-edition.ts";
import { DOORBELL_ROWS } from "../../src/actions/doorbells.ts";
import { planDeliveries } from "../../src/actions/plan-deliveries.ts";
import { type App, openApp } from "../../src/app.ts";
import { readConfig } from "../../src/config.ts";
import { addDays, utcDayOf } from "../../src/core/day.ts";
import type { DeliveryState } from "../../src/core/delivery.ts";
import type { Day } from "../../src/core/paper.ts";
import { defaultCatalogue } from "../../src/core/topics.ts";
import { openLog } from "../../src/log.ts";
import { openQueue, type Queue } from "../../src/queue/queue.ts";
import { aFilter, aSighting } from "./builders.ts";
import { seeded } from "./random.ts";

export interface CampaignOptions {
  readonly readers: number;
  /** Migrated, and empty. */
  readonly databaseUrl: string;
  /** Where doorbells ring; absent: in the database. */
  readonly redisUrl?: string | undefined;
  /** In the edition. */
  readonly papers?: number;
  /** In one digest. */
  readonly maxPapers?: number;
}

/** One row of the ledger, with whom it is for. */
export interface LedgerRow {
  readonly id: string;
  readonly email: string;
  readonly state: DeliveryState;
  readonly reason: string | null;
  readonly attempts: number;
  readonly wasUncertain: boolean;
  /** What the far end said last. */
  readonly answer: string | null;
}

export interface Campaign {
  /** What every worker is told; `SMTP_URL` and `SMTP_CONNECTIONS` are for the test to add. */
  readonly env: Readonly<Record<string, string>>;
  /** Rings for all that is planned, in doorbells of so many rows. */
  ring(rowsEach?: number): Promise<void>;
  /** Rings for the sweep, as each minute does. */
  ringSweep(): Promise<void>;
  ledger(): Promise<LedgerRow[]>;
  /** Deliveries that still have a try ahead or are being tried. Null while the database is away. */
  open(): Promise<{ waiting: number; claims: string } | null>;
  /** So many minutes pass in a moment: for claims and for the product's clock. Nobody may hold a claim and be alive. */
  pass(minutes: number): Promise<void>;
  close(): Promise<void>;
}

/** Plans them by the product's own action, and lets no doorbell ring yet. */
export async function aCampaign(options: CampaignOptions): Promise<Campaign> {
  const { readers, databaseUrl, redisUrl } = options;
  const dataDir = await mkdtemp(join(tmpdir(), "paperboy-campaign-"));
  const env = {
    ...{ DATABASE_URL: databaseUrl, ...(redisUrl ? { REDIS_URL: redisUrl } : {}), DATA_DIR: dataDir },
    ...{ PUBLIC_URL: "https://paperboy.example", MAIL_FROM: "Paperboy <digest@paperboy.example>" },
    // The same links, to the letter, whichever worker writes them.
    ...{ SECRET_KEYS: "1:a-secret-of-tests-only-0123456789abcdef", SUPPRESSION_KEY: "a-suppression-key-of-tests" },
    ...{ SOURCES: "hugging-face", HUGGING_FACE_URL: "http://127.0.0.1:9", EDITION_CLOSES_AT: "00:00" },
    LOG_LEVEL: "warn",
  };
  const log = openLog({ level: process.env.PAPERBOY_TEST_LOG ?? "silent" });
  const config = readConfig({ ...env, SMTP_URL: "smtp://127.0.0.1:9" });
  const close = () => rm(dataDir, { recursive: true, force: true });
  const app = await openApp(config, { log, publicUrl: env.PUBLIC_URL, offline: true }).catch(async (error) => {
    await close();
    throw error;
  });
  try {
    await closeAnEdition(app, options);
    await addReaders(databaseUrl, options);
    const silent = { ...app, queue: { ...app.queue, ring: async () => {} } };
    const planned = await planDeliveries(silent, await app.databaseNow());
    if (planned !== readers) throw new Error(`${planned} of ${readers} digests were planned`);
  } finally {
    await app.close();
  }

  const withQueue = async (work: (queue: Queue) => Promise<void>) => {
    const queue = await openQueue({ redisUrl, databaseUrl, log });
    await work(queue).finally(() => queue.close());
  };
  let passedMinutes = 0;
  return {
    env,
    ringSweep: () => withQueue((queue) => queue.add("sweep", {})),
    async ring(rowsEach = DOORBELL_ROWS) {
      const [range] = await query<{ day: Day; from: string; to: string }>(
        databaseUrl,
        `SELECT local_day::text AS day, min(id) AS from, max(id) AS to FROM deliveries GROUP BY 1`,
      );
      await withQueue(async (queue) => {
        for (let from = BigInt(range!.from); from <= BigInt(range!.to); from += BigInt(rowsEach)) {
          const toId = String(from + BigInt(rowsEach) - 1n);
          await queue.ring("deliver-batch", { localDay: range!.day, fromId: String(from), toId });
        }
      });
    },
    ledger: () =>
      query<LedgerRow>(
        databaseUrl,
        `SELECT d.id, s.email, d.state, d.reason, d.attempts, d.was_uncertain AS "wasUncertain", d.answer
         FROM deliveries d JOIN subscriptions s ON s.id = d.subscription_id ORDER BY d.id`,
      ),
    open: () =>
      query<{ waiting: number; claims: string }>(
        databaseUrl,
        `SELECT count(*)::int AS waiting, coalesce(md5(string_agg(id || ' ' || claim, ',' ORDER BY id) FILTER (WHERE claim IS NOT NULL)), '') AS claims
         FROM deliveries WHERE state IN ('planned', 'claimed', 'retry')`,
      ).then(
        ([row]) => row!,
        () => null, // killed, frozen or recovering: whoever asks asks again
      ),
    async pass(minutes) {
      passedMinutes += minutes;
      const each = `interval '${minutes} minutes'`;
      await query(
        databaseUrl,
        `UPDATE deliveries SET claim_until = claim_until - ${each} WHERE claim_until IS NOT NULL`,
      );
      await query(
        databaseUrl,
        `CREATE OR REPLACE FUNCTION paperboy_now() RETURNS timestamptz LANGUAGE sql STABLE
         AS 'SELECT now() + interval ''${passedMinutes} minutes'''`,
      );
    },
    close,
  };
}

/** By a connection of its own: the server may be killed between two questions. */
async function query<T extends object>(url: string, sql: string, values: unknown[] = []): Promise<T[]> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000, query_timeout: 30_000 });
  client.on("error", () => {}); // what is awaited rejects
  try {
    await client.connect();
    return (await client.query<T>(sql, values)).rows;
  } finally {
    await client.end().catch(() => {});
  }
}

const TOPICS = defaultCatalogue.topics;
const random = seeded(20_261_122);

async function closeAnEdition(app: App, { papers = 100 }: CampaignOptions): Promise<void> {
  const now = await app.databaseNow();
  const date = addDays(utcDayOf(now), -1);
  const sightings = Array.from({ length: papers }, (_, position) =>
    aSighting({
      ...{ source: "file", listedOn: date, position, signals: { upvotes: papers - position } },
      title: `${words(7)}, number ${position}`,
      abstract: Array.from({ length: 8 }, () => `${words(18)}.`).join(" "),
    }),
  );
  await app.papers.add(sightings, now, "file");
  await closeEdition(app, date, now, { force: true });
}

/** Every second reader takes everything, the others some topics. All fall due in the hour that runs. */
async function addReaders(databaseUrl: string, { readers, maxPapers = 10 }: CampaignOptions): Promise<void> {
  const filters = Array.from({ length: 50 }, (_, n) =>
    aFilter(...(n % 2 === 0 ? [] : [{ topics: TOPICS.filter(() => random() < 0.6).map(({ id }) => id) }])),
  );
  await query(
    databaseUrl,
    `WITH made AS (
       INSERT INTO subscriptions (address_key, email, state, filter, cadence, hour, zone, max_papers, language, format)
       SELECT 'key of ' || n, 'reader' || n || '@example.org', 'active', ($1::text[])[1 + n % ${filters.length}]::jsonb, 'daily',
         extract(hour FROM now() AT TIME ZONE 'UTC'), 'UTC', $2, 'en', 'html'
       FROM generate_series(1, $3::int) n RETURNING id, hour
     ), theirs AS (
       INSERT INTO delivery_groups (cadence, weekday, zone, hour) SELECT DISTINCT 'daily', 0, 'UTC', hour FROM made RETURNING id
     )
     INSERT INTO subscription_clocks (subscription_id, group_id, joined_at)
     SELECT made.id, theirs.id, now() - interval '2 days' FROM made, theirs`,
    [filters.map((filter) => JSON.stringify(filter)), maxPapers, readers],
  );
}

/** As many words of the kind that topics are found by. */
function words(count: number): string {
  const phrases = TOPICS.flatMap((topic) =>
    topic.phrases.map(({ phrase }) => phrase.replace(/title:|["+]/g, " ").trim()),
  );
  const said: string[] = [];
  while (said.length < count) said.push(...phrases[Math.floor(random() * phrases.length)]!.split(/\s+/));
  return said.slice(0, count).join(" ");
}
