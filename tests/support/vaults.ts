/** Backups as `paperboy backup` and `paperboy restore` make them, between databases of the test's. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach } from "vitest";
import { readConfig } from "../../src/config.ts";
import { type BackupManifest, backupManifest } from "../../src/core/backup.ts";
import { openLog } from "../../src/log.ts";
import { type ArchiveEntry, readArchive, writeArchive } from "../../src/store/backup/archive.ts";
import { type DumpOptions, dump } from "../../src/store/backup/dump.ts";
import { type LoadOptions, load } from "../../src/store/backup/load.ts";
import { SESSION } from "../../src/store/session.ts";
import { openVault, type Vault } from "../../src/vault.ts";
import { aPress, type Press } from "../actions/press.ts";
import { aDatabase, type TestDatabase } from "./database.ts";

/** What tests of backups work with. */
export interface BackupBench {
  /** The product, on the database that is backed up. */
  readonly press: Press;
  /** A folder of the test's own, and a file in it that is not there yet. */
  readonly folder: string;
  readonly file: string;
  /** A database that is gone after the test: empty, or migrated. */
  another(kind?: "empty" | "migrated"): Promise<TestDatabase>;
  /** Closed after the test, the last one first. */
  readonly closers: (() => Promise<unknown>)[];
}

/**
 * Sets it up before the tests of a file, and each test's own before each.
 *
 * @param prepare what is in the database that is backed up
 */
export function backupBench(prepare: (press: Press) => Promise<void> = async () => {}): BackupBench {
  const databases: TestDatabase[] = [];
  const bench = {
    ...({} as { press: Press; folder: string; file: string }),
    async another(kind = "empty") {
      const database = await aDatabase(kind === "empty" ? { template: null } : {});
      databases.push(database);
      return database;
    },
    closers: [] as (() => Promise<unknown>)[],
  } satisfies BackupBench;
  beforeAll(async () => {
    bench.press = await aPress();
    await prepare(bench.press);
  }, 60_000);
  afterAll(() => bench.press.end());
  beforeEach(async () => {
    bench.folder = await mkdtemp(join(tmpdir(), "paperboy-backup-"));
    bench.file = join(bench.folder, "one.backup");
  });
  afterEach(async () => {
    for (const close of bench.closers.splice(0).reverse()) await close();
    for (const database of databases.splice(0)) await database.drop();
    await rm(bench.folder, { recursive: true });
  });
  return bench;
}

export const ABOUT = { version: "0.0.0-test", hasKeys: false, keys: null };

/** @param env on top of where database and DATA_DIR are */
export function aVault(
  databaseUrl: string,
  dataDir: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Vault> {
  const config = readConfig({ DATABASE_URL: databaseUrl, DATA_DIR: dataDir, ...env });
  return openVault(config, openLog({ level: "silent" }));
}

export async function writeBackup(
  path: string,
  databaseUrl: string,
  options: Partial<DumpOptions> = {},
): Promise<void> {
  await writeArchive(path, dump({ databaseUrl, about: ABOUT, files: [], ...options }));
}

export async function entriesIn(path: string): Promise<ArchiveEntry[]> {
  const entries: ArchiveEntry[] = [];
  for await (const entry of readArchive(path)) entries.push(entry);
  return entries;
}

/** Every table with its rows in an order of their own, and every sequence: equal for databases that hold the same. */
export async function contentsOf(path: string): Promise<Record<string, unknown>> {
  const texts = new Map<string, string>();
  let sequences: unknown;
  for (const { name, bytes } of await entriesIn(path)) {
    const [, table] = /^tables\/([^/]+)\//.exec(name) ?? [];
    if (table) texts.set(table, (texts.get(table) ?? "") + bytes.toString());
    if (name === "backup.json") sequences = JSON.parse(bytes.toString()).sequences;
  }
  const rows = [...texts].map(([table, text]) => [table, text.split("\n").sort()] as const);
  return { sequences, ...Object.fromEntries(rows) };
}

export async function manifestOf(path: string): Promise<BackupManifest> {
  return backupManifest.parse(JSON.parse((await entriesIn(path))[0]!.bytes.toString()));
}

/** As `paperboy restore` does, without what follows from it. */
export async function loadInto(url: string, path: string, options: Partial<LoadOptions<null>> = {}) {
  return load<null>({
    ...{ databaseUrl: url, manifest: await manifestOf(path), entries: () => readArchive(path) },
    ...{ permit: () => {}, settle: async () => null, ...options },
  });
}

/** In a session of its own, like those of the product. */
export async function query<T extends object>(url: string, sql: string): Promise<T[]> {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => {}); // what is awaited rejects
  await client.connect();
  try {
    await client.query(SESSION);
    return (await client.query<T>(sql)).rows;
  } finally {
    await client.end();
  }
}

/** Its tables with columns, constraints, indexes and functions, a line each. */
export async function shapeOf(url: string): Promise<string[]> {
  return (await query<{ is: string }>(url, SHAPE)).map(({ is }) => is);
}

const SHAPE = `
  SELECT 'constraint ' || conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid) AS is FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace
  UNION ALL SELECT 'index ' || indexname || ' ' || indexdef FROM pg_indexes WHERE schemaname = 'public'
  UNION ALL SELECT 'column ' || table_name || ' ' || column_name || ' ' || data_type || coalesce(column_default, '') || is_nullable
    FROM information_schema.columns WHERE table_schema = 'public'
  UNION ALL SELECT 'function ' || oid::regprocedure FROM pg_proc WHERE pronamespace = 'public'::regnamespace
  UNION ALL SELECT 'table ' || relname || relpersistence::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
  ORDER BY 1`;
