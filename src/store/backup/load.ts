/** Puts a backup into a database: all of it, with what follows from it, or nothing. */
import { pipeline } from "node:stream/promises";
import { PrismaPg } from "@prisma/adapter-pg";
import pg from "pg";
import { from as copyFrom } from "pg-copy-streams";
import { PrismaClient } from "../../../prisma/client/client.ts";
import { type BackupManifest, backupRows } from "../../core/backup.ts";
import { Invalid, Temporary } from "../../errors.ts";
import { asFault } from "../faults.ts";
import type { Mark } from "../high-water.ts";
import type { JournalPart } from "../journal.ts";
import { PRESENCE_LOCK } from "../locks.ts";
import { openEngine } from "../migrate/engine.ts";
import { MIGRATIONS, readMigrations } from "../migrate/history.ts";
import { present } from "../presence.ts";
import { SESSION } from "../session.ts";
import { assertUsable } from "../usable.ts";
import type { ArchiveEntry } from "./archive.ts";
import { type Asked, hasTable, identityOf, migrationsOf, sequencesOf, tablesOf } from "./catalog.ts";
import { keepLeavings, keptLeavings } from "./leavings.ts";

/** What is in a database before a backup is put into it. */
export type Occupant =
  | { readonly is: "nothing" }
  /** Tables, and none of them ours. */
  | { readonly is: "foreign"; readonly tables: readonly string[] }
  | {
      readonly is: "ours";
      readonly databaseId: string | null;
      /** Addresses it holds. */
      readonly readers: number;
      readonly tables: readonly string[];
      /** What it has given out and been through, which a restored copy must not give out again. */
      readonly past: Pick<Mark, "lastIds" | "restorations">;
    };

export interface Loaded<T> {
  readonly settled: T;
  /** Tables of the backup that are none of ours: their rows were left out. */
  readonly leftOut: readonly string[];
  /** Migrations that came after those of the backup. */
  readonly applied: readonly string[];
}

/** The database in the transaction that loads it. */
export interface LoadedDatabase {
  readonly prisma: PrismaClient;
  /** As PostgreSQL's clock runs; `now()` stands still in a transaction. */
  now(): Promise<Date>;
  /** Who had left the database that was replaced, if it was the same one; null: nothing or another one was. */
  readonly leavings: (() => AsyncGenerator<JournalPart>) | null;
}

export interface LoadOptions<T> {
  readonly databaseUrl: string;
  readonly manifest: BackupManifest;
  /** The archive once more, from its beginning. */
  readonly entries: () => AsyncIterable<ArchiveEntry>;
  /** Looks at who is there, and throws when that must stay. */
  readonly permit: (occupant: Occupant) => void | Promise<void>;
  /** What follows from a restoration, on the loaded database and in the same transaction. */
  readonly settle: (loaded: LoadedDatabase, occupant: Occupant) => Promise<T>;
  /** The last thing before all of it counts. */
  readonly beforeCommit?: () => Promise<void>;
  readonly tell?: (rows: number) => void;
  readonly migrationsDir?: string;
}

/** Names of the migrations this release has, oldest first. */
export async function knownMigrations(migrationsDir = MIGRATIONS): Promise<string[]> {
  return (await readMigrations(migrationsDir)).map(({ name }) => name);
}

/** @throws {Temporary} when the database cannot be reached */
export async function occupantOf(databaseUrl: string): Promise<Occupant> {
  const pool = oneSession(databaseUrl);
  try {
    return await examine(pool);
  } catch (error) {
    throw asFault(error);
  } finally {
    await pool.end();
  }
}

/**
 * In one transaction: everything in the schema goes, but for who had left the same database, the migrations of the backup
 * come, its rows, what it counts by, the migrations since. Foreign keys are checked when all rows are there, so that the order
 * of tables and rows does not matter; triggers of ours do not run, for what they would do is in the backup.
 *
 * @throws {Invalid} while a process runs on the database, and when rows are not as many as the backup says
 * @throws {Temporary} when the database cannot be reached
 * @throws {Permanent} when it is of an old server, or not in UTF-8
 */
export async function load<T>(options: LoadOptions<T>): Promise<Loaded<T>> {
  const { databaseUrl, manifest, permit, settle, beforeCommit = async () => {}, migrationsDir = MIGRATIONS } = options;
  const pool = oneSession(databaseUrl);
  const prisma = new PrismaClient({ adapter: new PrismaPg(pool) });
  try {
    await assertUsable(pool, databaseUrl);
    const { rows } = await pool.query<{ alone: boolean }>("SELECT pg_try_advisory_lock($1) AS alone", [PRESENCE_LOCK]);
    if (!rows[0]!.alone) throw new Invalid(inUse(await present(pool)));
    await pool.query("BEGIN");
    const occupant = await examine(pool);
    await permit(occupant);
    await pool.query("SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0");
    // Of another database the numbers would name other readers.
    const isSame =
      occupant.is === "ours" && occupant.databaseId !== null && occupant.databaseId === manifest.databaseId;
    if (isSame) await keepLeavings(pool);
    await empty(pool);
    const known = await readMigrations(migrationsDir);
    const engine = async () => openEngine(pool);
    await (await engine()).apply(known.filter(({ name }) => manifest.migrations.includes(name)));
    const leftOut = await fill(pool, options);
    const since = known.filter(({ name }) => !manifest.migrations.includes(name));
    if (since.length > 0) await (await engine()).apply(known);
    const now = async () => (await pool.query<{ now: Date }>("SELECT clock_timestamp() AS now")).rows[0]!.now;
    const settled = await settle({ prisma, now, leavings: isSame ? () => keptLeavings(pool) : null }, occupant);
    await beforeCommit();
    await pool.query("COMMIT");
    // Until it has looked for itself the server would plan as if the tables were empty.
    await pool.query("ANALYZE").catch(() => {});
    return { settled, leftOut, applied: since.map(({ name }) => name) };
  } catch (error) {
    await pool.query("ROLLBACK").catch(() => {});
    throw asFault(error);
  } finally {
    await prisma.$disconnect();
    await pool.end();
  }
}

/**
 * Locks, transaction and Prisma's statements share it. Once it is lost there is no other: the pool would open one by itself,
 * and what is left of the transaction would run there without it.
 */
function oneSession(databaseUrl: string): pg.Pool {
  let wasOpened = false;
  const pool = new pg.Pool({
    ...{ connectionString: databaseUrl, max: 1, idleTimeoutMillis: 0, application_name: "paperboy restore" },
    onConnect: async (client) => {
      if (wasOpened)
        throw new Temporary("The connection to the database broke off. Nothing was changed; restore again.");
      wasOpened = true;
      await client.query(SESSION);
    },
  });
  pool.setMaxListeners(0); // Prisma's adapter adds one each time it connects
  pool.on("error", () => {}); // a connection that breaks while idle; the next statement says so
  return pool;
}

function inUse(names: readonly string[]): string {
  const who = names.length === 0 ? "Another restoration" : names.join(", ");
  return `${who} is running on this database. Stop every web and worker process, and restore then.`;
}

async function examine(db: Asked): Promise<Occupant> {
  const { rows: found } = await db.query<{ name: string; isLasting: boolean }>(`
    SELECT relname::text AS name, relpersistence = 'p' AS "isLasting" FROM pg_class c WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm')
      AND NOT relispartition AND ${NOT_OF_AN_EXTENSION("pg_class", "c")} ORDER BY 1`);
  const tables = found.filter(({ isLasting }) => isLasting).map(({ name }) => name);
  if (found.length === 0) return { is: "nothing" };
  if ((await migrationsOf(db)) === null || !(await hasTable(db, "subscriptions"))) return { is: "foreign", tables };
  const { rows } = await db.query<{ readers: number }>(`
    SELECT ((SELECT count(*) FROM public.subscriptions WHERE email IS NOT NULL)
      + (SELECT count(*) FROM public.requests WHERE email IS NOT NULL AND state IN ('waiting', 'answered')))::int AS readers`);
  const lastIds = Object.fromEntries(
    (await sequencesOf(db)).map(({ name, last }) => [name.replace(/_id_seq$/u, ""), last]),
  );
  const restorations = (await hasTable(db, "restorations"))
    ? (await db.query<{ n: number }>("SELECT coalesce(max(number), 0)::int AS n FROM public.restorations")).rows[0]!.n
    : 0;
  const { readers } = rows[0]!;
  return { is: "ours", databaseId: await identityOf(db), readers, tables, past: { lastIds, restorations } };
}

const NOT_OF_AN_EXTENSION = (catalog: string, alias: string) =>
  `NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = '${catalog}'::regclass AND d.objid = ${alias}.oid AND d.deptype = 'e')`;

/** The schema stays, with whoever may use it; so does what an extension brought into it. */
async function empty(db: Asked): Promise<void> {
  const { rows } = await db.query<{ statement: string }>(`
    SELECT format('DROP %s IF EXISTS %s CASCADE', CASE relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW'
      WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, oid::regclass) AS statement
    FROM pg_class c WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'S')
      AND NOT relispartition AND ${NOT_OF_AN_EXTENSION("pg_class", "c")}
    UNION ALL
    SELECT format('DROP ROUTINE IF EXISTS %s CASCADE', oid::regprocedure) FROM pg_proc p
    WHERE pronamespace = 'public'::regnamespace AND ${NOT_OF_AN_EXTENSION("pg_proc", "p")}`);
  for (const { statement } of rows) await db.query(statement);
}

/** @returns names of the tables that were left out */
async function fill<T>(pool: pg.Pool, { manifest, entries, tell = () => {} }: LoadOptions<T>): Promise<string[]> {
  const made = new Map((await tablesOf(pool)).map((table) => [table.name, table]));
  const ours = manifest.tables.filter(({ name }) => made.has(name));
  for (const { name, columns } of ours) {
    const foreign = columns.find((column) => !made.get(name)!.columns.includes(column));
    if (foreign !== undefined)
      throw new Invalid(
        `The backup has a column ${foreign} of ${name} that its own migrations do not make. It was altered, or its tables were.`,
      );
  }
  const names = ours.map(({ name }) => table(name));
  if (manifest.deliveryDays)
    await pool.query("SELECT make_delivery_partitions($1::date, $2::date)", [
      ...[manifest.deliveryDays.since, manifest.deliveryDays.until],
    ]);
  await pool.query(`TRUNCATE ${names.join(", ")}`);
  for (const name of names) await pool.query(`ALTER TABLE ${name} DISABLE TRIGGER USER`);
  const { rows: keys } = await pool.query<{ drop: string; add: string }>(`
    SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname) AS drop,
      format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) AS add
    FROM pg_constraint WHERE contype = 'f' AND connamespace = 'public'::regnamespace AND conparentid = 0`);
  for (const { drop } of keys) await pool.query(drop);

  const said = await copyAll(pool, new Map(ours.map(({ name, columns }) => [name, columns])), entries(), tell);
  const short = ours.find(({ name }) => said.counted[name] !== said.written[name]);
  if (short)
    throw new Invalid(
      `The backup holds ${said.counted[short.name]} rows of ${short.name} and says ${said.written[short.name]}.`,
    );

  for (const { add } of keys) await pool.query(add);
  for (const name of names) await pool.query(`ALTER TABLE ${name} ENABLE TRIGGER USER`);
  const there = new Set((await sequencesOf(pool)).map(({ name }) => name));
  for (const { name, last, isUsed } of manifest.sequences)
    if (there.has(name)) await pool.query("SELECT setval($1::regclass, $2, $3)", [table(name), last, isUsed]);
  return manifest.tables.filter(({ name }) => !made.has(name)).map(({ name }) => name);
}

/** One COPY a table: its pieces stand together. */
async function copyAll(
  pool: pg.Pool,
  columnsOf: ReadonlyMap<string, readonly string[]>,
  entries: AsyncIterable<ArchiveEntry>,
  tell: (rows: number) => void,
) {
  const counted = Object.fromEntries([...columnsOf.keys()].map((name) => [name, 0]));
  let written: Readonly<Record<string, number>> = {};
  let all = 0;
  const iterator = entries[Symbol.asyncIterator]();
  let next = await iterator.next();
  async function* piecesOf(of: string) {
    for (; !next.done && tableOf(next.value) === of; next = await iterator.next()) yield next.value.bytes;
  }
  while (!next.done) {
    const of = tableOf(next.value);
    const columns = of === null ? undefined : columnsOf.get(of);
    if (of !== null && columns !== undefined) {
      counted[of]! += await copy(pool, of, columns, piecesOf(of));
      all = Object.values(counted).reduce((sum, rows) => sum + rows, 0);
      tell(all);
      continue;
    }
    if (next.value.name === "rows.json") written = backupRows.parse(JSON.parse(next.value.bytes.toString()));
    next = await iterator.next();
  }
  return { counted, written };
}

function tableOf({ name }: ArchiveEntry): string | null {
  return /^tables\/([^/]+)\/\d+$/u.exec(name)?.[1] ?? null;
}

/** @returns how many rows there were */
async function copy(pool: pg.Pool, name: string, columns: readonly string[], pieces: AsyncIterable<Buffer>) {
  const client = await pool.connect();
  try {
    const list = columns.map((column) => pg.escapeIdentifier(column)).join(", ");
    const into = client.query(copyFrom(`COPY ${table(name)} (${list}) FROM STDIN`));
    await pipeline(pieces, into);
    return into.rowCount;
  } finally {
    client.release();
  }
}

function table(name: string): string {
  return `public.${pg.escapeIdentifier(name)}`;
}
