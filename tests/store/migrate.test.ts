import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { openApp } from "../../src/app.ts";
import { readConfig } from "../../src/config.ts";
import { Permanent, Temporary } from "../../src/errors.ts";
import { openLog } from "../../src/log.ts";
import { openDatabase } from "../../src/store/database.ts";
import { editions } from "../../src/store/editions.ts";
import { compareHistory } from "../../src/store/migrate/history.ts";
import { migrate } from "../../src/store/migrate.ts";
import { tallies } from "../../src/store/tallies.ts";
import { aDatabase, type TestDatabase } from "../support/database.ts";

const PARTITIONS = `
CREATE TABLE days (day date NOT NULL, n int) PARTITION BY RANGE (day);
CREATE FUNCTION make_day(d date) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('CREATE TABLE %I PARTITION OF days FOR VALUES FROM (%L) TO (%L)', 'days_' || d, d, d + 1);
END;
$$;
DO $do$ BEGIN PERFORM make_day('2026-04-01'); PERFORM make_day('2026-04-02'); END $do$;
INSERT INTO days VALUES ('2026-04-01', 1); -- a ; in a comment; and 'one; in a' text
INSERT INTO days VALUES ('2026-04-02', length('a;b'));
`;

let database: TestDatabase;
let dir: string;

beforeEach(async () => {
  database = await aDatabase({ template: null });
  dir = mkdtempSync(join(tmpdir(), "paperboy-migrations-"));
});

afterEach(async () => {
  await database.drop();
  rmSync(dir, { recursive: true });
});

test("migrations are applied once, in order, with functions, partitions and DO blocks", async () => {
  write("1_partitions", PARTITIONS);
  write("2_more", "ALTER TABLE days ADD COLUMN note text DEFAULT 'x;y';");
  expect(await run()).toEqual({ applied: ["1_partitions", "2_more"] });
  expect(await query("SELECT day::text, n, note FROM days ORDER BY day")).toEqual([
    { day: "2026-04-01", n: 1, note: "x;y" },
    { day: "2026-04-02", n: 3, note: "x;y" },
  ]);
  expect(await run()).toEqual({ applied: [] });
});

test("a release that a database is newer than can tell, and so can one whose migrations it lacks", async () => {
  write("1_a", "CREATE TABLE a (n int)");
  write("2_b", "CREATE TABLE b (n int)");
  await run();
  rmSync(join(dir, "1_a"), { recursive: true });
  write("3_c", "CREATE TABLE c (n int)");
  const pool = new pg.Pool({ connectionString: database.url, max: 1 });
  expect(await compareHistory(pool, dir).finally(() => pool.end())).toEqual({ missing: ["3_c"], unknown: ["1_a"] });
});

test("the application does not start on a database that lacks migrations, and says what to do; on a newer one it goes on", {
  timeout: 60_000,
}, async () => {
  const settings = { DATABASE_URL: database.url, DATA_DIR: dir, SMTP_URL: "smtp://127.0.0.1:9" };
  const lines: { level: number; msg: string; migrations?: string[] }[] = [];
  const log = openLog({ level: "warn", pretty: false, write: (line) => void lines.push(JSON.parse(line)) });
  const open = () => openApp(readConfig(settings), { log, publicUrl: "http://localhost:3000", offline: true });
  await expect(open()).rejects.toThrow(
    /^The database lacks \d+ migrations of this release, from 20261122000000_the_spine on\. Run: npm run paperboy -- migrate$/,
  );
  await migrate({ databaseUrl: database.url });
  await query(`INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at, applied_steps_count)
    VALUES ('later', 'x', '29990101000000_later', now(), 1)`);
  const app = await open();
  await app.close();
  expect(lines.filter(({ migrations }) => migrations)).toMatchObject([
    {
      level: 40,
      migrations: ["29990101000000_later"],
      msg: expect.stringMatching(/^the database is newer than this program/),
    },
  ]);
});

test("the project's own migrations apply, and a second time there is nothing to do, quickly", async () => {
  const { applied } = await migrate({ databaseUrl: database.url });
  expect(applied.length).toBeGreaterThan(0);
  const startedAt = performance.now();
  expect(await migrate({ databaseUrl: database.url })).toEqual({ applied: [] });
  expect(performance.now() - startedAt).toBeLessThan(500); // 15 ms on an idle machine: the engine is not even loaded
});

test("a database of the first release keeps its editions, its readers' clocks and their deliveries", async () => {
  const own = fileURLToPath(new URL("../../prisma/migrations", import.meta.url));
  cpSync(join(own, "20261122000000_the_spine"), join(dir, "20261122000000_the_spine"), { recursive: true });
  await run();
  await query(`INSERT INTO papers (public_id, title, abstract, authors, categories, keywords, url, code_url, told_by)
    VALUES ('2604.00001', 'Agents that plan', 'They do.', '{Ada Lovelace}', '{cs.AI}', '{}', 'https://arxiv.org/abs/2604.00001', NULL, 'file')`);
  await query("INSERT INTO editions (date, state, closed_at) VALUES ('2026-04-14', 'closed', '2026-04-15T01:00Z')");
  await query(`INSERT INTO edition_papers VALUES ('2026-04-14', 1, 1, 'trending', '2026-04-14', 7, 0, NULL, 0, 1,
    '{"votes":1,"comments":0,"stars":0,"age":0}', '{agents}', true)`);
  await query(`INSERT INTO subscriptions (address_key, email, state, filter, cadence, hour, zone, max_papers, language, format)
    VALUES ('key', 'reader@example.org', 'active', '{"grammar":1,"watches":[]}', 'daily', 7, 'UTC', 10, 'en', 'text')`);
  await query("INSERT INTO subscription_clocks (subscription_id, last_local_day) VALUES (1, '2026-04-15')");
  await query("SELECT make_delivery_partitions('2026-04-15', '2026-04-15')");
  await query(`INSERT INTO deliveries (local_day, subscription_id, edition_date, cadence, due_at, send_by, next_try_at)
    VALUES ('2026-04-15', 1, '2026-04-14', 'daily', now(), now(), now())`);

  await migrate({ databaseUrl: database.url });
  const { prisma, close } = await openDatabase({ url: database.url });
  const edition = await editions(prisma).find("2026-04-14");
  const { planned } = await tallies(prisma).byEdition("2026-04-14");
  await close();
  expect(planned).toBe(1);
  expect(
    edition?.papers.map(({ id, title, abstract, authors, categories, codeUrl, topics }) => ({
      id,
      title,
      abstract,
      authors,
      categories,
      codeUrl,
      topics,
    })),
  ).toEqual([
    {
      id: "2604.00001",
      title: "Agents that plan",
      abstract: "They do.",
      authors: ["Ada Lovelace"],
      categories: ["cs.AI"],
      codeUrl: null,
      topics: ["agents"],
    },
  ]);
  expect(
    await query("SELECT last_delivery::int AS last, (SELECT id::int FROM deliveries) AS id FROM subscription_clocks"),
  ).toEqual([{ last: 1, id: 1 }]);
});

test("the notes are Prisma's own, so that its command line agrees", async () => {
  write("1_a", "CREATE TABLE a (n int);");
  await run();
  expect(
    await query(
      "SELECT migration_name, applied_steps_count, finished_at IS NOT NULL AS finished, rolled_back_at, logs FROM _prisma_migrations",
    ),
  ).toEqual([{ migration_name: "1_a", applied_steps_count: 1, finished: true, rolled_back_at: null, logs: null }]);
});

test("two processes at the same time apply each migration once", async () => {
  write("1_a", "CREATE TABLE a (n int);");
  write("2_b", "SELECT pg_sleep(0.3); CREATE TABLE b (n int);");
  const results = await Promise.all([run(), run(), run()]);
  expect(results.flatMap(({ applied }) => applied)).toEqual(["1_a", "2_b"]);
});

test("whoever comes second waits longer than the engine's ten seconds, and says so", async () => {
  write("1_slow", "SELECT pg_sleep(11); CREATE TABLE a (n int);");
  const said: string[] = [];
  const log = openLog({ pretty: false, write: (line) => said.push(JSON.parse(line).msg) });
  const first = run();
  await vi.waitFor(
    async () => expect(await query("SELECT FROM pg_locks WHERE locktype = 'advisory'")).not.toEqual([]),
    5_000,
  );
  const second = migrate({ databaseUrl: database.url, migrationsDir: dir, log });
  expect(await Promise.all([first, second])).toEqual([{ applied: ["1_slow"] }, { applied: [] }]);
  expect(said).toEqual(["Another process is migrating the database; waiting for it"]);
}, 30_000);

test("a failing migration is named with PostgreSQL's words and leaves nothing, and is tried again when it was put right", async () => {
  write("1_a", "CREATE TABLE a (n int);");
  write("2_b", "CREATE TABLE b (n int);\nINSERT INTO b VALUES (1);\nINSERT INTO nowhere VALUES (1);");
  const failure = await run().catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(Permanent);
  expect((failure as Error).message).toBe(
    'The migration 2_b failed, and nothing of it was kept: relation "nowhere" does not exist (line 3)',
  );
  expect(await tables()).toEqual(["_prisma_migrations", "a"]);
  expect(await query("SELECT migration_name FROM _prisma_migrations")).toEqual([{ migration_name: "1_a" }]);

  write("2_b", "CREATE TABLE b (n int);");
  expect(await run()).toEqual({ applied: ["2_b"] });
});

test("a process that is killed in the middle of a migration leaves nothing, and the next one applies it", async () => {
  write("1_slow", "CREATE TABLE a (n int); SELECT pg_sleep(20);");
  const cut = run().catch((error: unknown) => error);
  await vi.waitFor(async () => {
    // As a kill does: the session ends in the middle of the script.
    const ended = await query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(20)%' AND pid <> pg_backend_pid() AND datname = current_database()",
    );
    expect(ended).toHaveLength(1);
  }, 10_000);
  expect(await cut).toBeInstanceOf(Error);
  expect(await tables()).toEqual([]);
  write("1_slow", "CREATE TABLE a (n int);");
  expect(await run()).toEqual({ applied: ["1_slow"] });
});

test("a migration that another tool left half-way stops the start and says what to do", async () => {
  write("1_a", "CREATE TABLE a (n int);");
  await run();
  await query("UPDATE _prisma_migrations SET finished_at = NULL");
  await expect(run()).rejects.toThrow(/1_a was begun by another tool and not finished.*SET rolled_back_at = now\(\)/);
  await query("DROP TABLE a");
  await query("UPDATE _prisma_migrations SET rolled_back_at = now() WHERE migration_name = '1_a'");
  expect(await run()).toEqual({ applied: ["1_a"] });
});

test("a database that is newer than the program is not touched", async () => {
  write("1_a", "CREATE TABLE a (n int);");
  write("2_b", "CREATE TABLE b (n int);");
  await run();
  rmSync(join(dir, "2_b"), { recursive: true });
  write("3_c", "CREATE TABLE c (n int);");
  await expect(run()).rejects.toThrow("The database is newer than this program: it has the migration 2_b");
  expect(await tables()).toEqual(["_prisma_migrations", "a", "b"]);
});

test("a migration that was changed afterwards is found out", async () => {
  write("1_a", "CREATE TABLE a (n int);");
  await run();
  write("1_a", "CREATE TABLE a (n bigint);");
  await expect(run()).rejects.toThrow("The migration 1_a was changed after this database had it");
});

test("a database that does not exist is named", async () => {
  const missing = database.url.replace(/[^/]+$/, "not_there");
  await expect(migrate({ databaseUrl: missing })).rejects.toThrow(
    'The database "not_there" of DATABASE_URL does not exist',
  );
});

test("a server that cannot be reached is a temporary fault", async () => {
  await expect(migrate({ databaseUrl: "postgresql://a:b@127.0.0.1:1/c" })).rejects.toBeInstanceOf(Temporary);
});

function write(name: string, script: string): void {
  mkdirSync(join(dir, name), { recursive: true });
  writeFileSync(join(dir, name, "migration.sql"), script);
}

function run(): Promise<{ applied: string[] }> {
  return migrate({ databaseUrl: database.url, migrationsDir: dir });
}

async function tables(): Promise<string[]> {
  const rows = await query(
    "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace ORDER BY 1",
  );
  return rows.map((row) => (row as { relname: string }).relname);
}

async function query(sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  return (await client.query(sql).finally(() => client.end())).rows;
}
