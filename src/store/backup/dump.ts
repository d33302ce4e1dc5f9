/** A database's rows as the entries of an archive, all as they were at one instant. */
import { Socket } from "node:net";
import pg from "pg";
import { to as copyTo } from "pg-copy-streams";
import { BACKUP_FORMAT, type BackupManifest } from "../../core/backup.ts";
import { Invalid } from "../../errors.ts";
import { asFault } from "../faults.ts";
import { READING_LOCK } from "../locks.ts";
import { SESSION } from "../session.ts";
import type { ArchiveEntry } from "./archive.ts";
import { type Asked, identityOf, migrationsOf, sequencesOf, type Table, tablesOf } from "./catalog.ts";

/** What the file says of what is not in the database. */
export type About = Pick<BackupManifest, "version" | "hasKeys" | "keys">;

export interface DumpOptions {
  readonly databaseUrl: string;
  readonly about: About;
  /** Files that go along, such as `secrets.json`. */
  readonly files: readonly ArchiveEntry[];
  /** How far it has come: rows of about so many. */
  readonly tell?: (done: number, all: number) => void;
}

/** What was written. */
export interface Dumped {
  readonly manifest: BackupManifest;
  readonly rows: Readonly<Record<string, number>>;
}

const NAMED = { application_name: "paperboy backup" };

/** Rows come in such pieces: of a million readers no more than this is in memory. */
const PART_BYTES = 1024 * 1024;

/**
 * Everything in one transaction that sees one instant and changes nothing, while others go on reading and writing. Partitions
 * are read one by one, not through their table: a new one can be made beside it, which wants the table for itself.
 *
 * @throws {Invalid} for a database that holds nothing of ours
 * @throws {Temporary} when it cannot be reached
 */
export async function* dump(options: DumpOptions): AsyncGenerator<ArchiveEntry, Dumped> {
  const socket = new Socket();
  const client = new pg.Client({ ...{ connectionString: options.databaseUrl, stream: () => socket }, ...NAMED });
  client.on("error", () => {}); // the statement under way says so
  try {
    await client.connect();
    await client.query(SESSION); // its text is read by another server
    await client.query("SELECT pg_advisory_lock_shared($1)", [READING_LOCK]);
    await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    // Whatever the server is set to: a backup takes its time.
    await client.query("SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0");
    const dumped = yield* entriesOf(client, options);
    await client.end();
    return dumped;
  } catch (error) {
    throw asFault(error);
  } finally {
    socket.destroy(); // who gave up in the middle of a table would wait for its end otherwise
  }
}

async function* entriesOf(client: pg.Client, options: DumpOptions): AsyncGenerator<ArchiveEntry, Dumped> {
  const { about, files, tell = () => {} } = options;
  const migrations = await migrationsOf(client);
  if (migrations === null || migrations.length === 0)
    throw new Invalid("There is nothing to back up: the database holds no tables of Paperboy's.");
  const tables = await tablesOf(client);
  const { rows: clock } = await client.query<{ at: Date }>("SELECT public.paperboy_now() AS at");
  const manifest: BackupManifest = {
    format: BACKUP_FORMAT,
    version: about.version,
    takenAt: clock[0]!.at.toISOString(),
    databaseId: await identityOf(client),
    migrations,
    tables: tables.map(({ name, columns }) => ({ name, columns: [...columns] })),
    sequences: await sequencesOf(client),
    deliveryDays: await deliveryDays(client, tables),
    hasKeys: about.hasKeys,
    keys: about.keys,
  };
  yield json("backup.json", manifest);
  yield* files;

  const expected = tables.reduce((sum, table) => sum + table.rows, 0);
  const rows: Record<string, number> = {};
  let done = 0;
  for (const table of tables) {
    let part = 0;
    rows[table.name] = 0;
    for (const name of table.parts) {
      const columns = table.columns.map((column) => pg.escapeIdentifier(column)).join(", ");
      const copy = client.query(copyTo(`COPY (SELECT ${columns} FROM public.${pg.escapeIdentifier(name)}) TO STDOUT`));
      for await (const bytes of inParts(copy)) {
        part += 1;
        yield { name: `tables/${table.name}/${String(part).padStart(6, "0")}`, bytes };
        done += linesIn(bytes);
        tell(done, Math.max(done, expected));
      }
      await client.query("SELECT"); // its own word on how many rows it was comes behind the last of them
      rows[table.name]! += copy.rowCount;
    }
  }
  yield json("rows.json", rows);
  return { manifest, rows };
}

async function deliveryDays(client: Asked, tables: readonly Table[]): Promise<BackupManifest["deliveryDays"]> {
  const parts = tables.find(({ name }) => name === "deliveries")?.parts ?? [];
  if (parts.length === 0) return null;
  const each = parts.map(
    (part) => `SELECT min(local_day) AS a, max(local_day) AS b FROM public.${pg.escapeIdentifier(part)}`,
  );
  const { rows } = await client.query<{ since: string | null; until: string | null }>(
    `SELECT min(a)::text AS since, max(b)::text AS until FROM (${each.join(" UNION ALL ")}) days`,
  );
  const { since, until } = rows[0]!;
  return since === null || until === null ? null : { since, until };
}

function json(name: string, value: unknown): ArchiveEntry {
  return { name, bytes: Buffer.from(`${JSON.stringify(value, null, 2)}\n`) };
}

async function* inParts(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let gathered: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    gathered.push(chunk);
    bytes += chunk.length;
    if (bytes < PART_BYTES) continue;
    yield Buffer.concat(gathered);
    gathered = [];
    bytes = 0;
  }
  if (bytes > 0) yield Buffer.concat(gathered);
}

function linesIn(bytes: Buffer): number {
  let lines = 0;
  for (let at = bytes.indexOf(0x0a); at >= 0; at = bytes.indexOf(0x0a, at + 1)) lines += 1;
  return lines;
}
