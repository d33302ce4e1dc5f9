/** A look at the database as the doctor takes it: reads, and changes nothing. */
import pg from "pg";
import type { SourceRecord } from "../core/source-health.ts";
import { Permanent } from "../errors.ts";
import { MIGRATIONS, pendingMigrations, readMigrations } from "./migrate/history.ts";
import { SESSION } from "./session.ts";
import { sourceRecords } from "./source-records.ts";

export type DatabaseFacts =
  | {
      readonly isReached: true;
      /** `180004` is 18.4. */
      readonly version: number;
      /** `UTF8`. */
      readonly encoding: string;
      /** Its clock at about the time of `askedAt`. */
      readonly now: Date;
      readonly askedAt: Date;
      readonly migrations: { readonly applied: number; readonly pending: readonly string[] };
      /** Why the history of migrations is not the beginning of ours; null when it is. */
      readonly broken: string | null;
      /** What the record of pulls says of each source; null where the tables are not ours yet. */
      readonly sources: readonly SourceRecord[] | null;
      /** When `paperboy backup` last came to its end; null when it never did, or the tables are not ours yet. */
      readonly backedUpAt: Date | null;
    }
  | {
      readonly isReached: false /** A code of PostgreSQL or of the network. */;
      readonly code: string;
      readonly words: string;
    };

export async function examineDatabase(
  url: string,
  { migrationsDir = MIGRATIONS, timeoutMs = 6_000 } = {},
): Promise<DatabaseFacts> {
  const pool = new pg.Pool({
    connectionString: url,
    max: 1,
    connectionTimeoutMillis: timeoutMs,
    query_timeout: timeoutMs,
    onConnect: async (client) => {
      await client.query(SESSION);
    },
  });
  pool.on("error", () => {}); // the statement under way says so
  try {
    await pool.query("SELECT 1"); // connecting takes its time, and the clock is not to be asked across it
    const before = Date.now();
    const { rows } = await pool.query<{ version: number; encoding: string; now: Date }>(
      `SELECT current_setting('server_version_num')::int AS version, current_setting('server_encoding') AS encoding,
        clock_timestamp() AS now`,
    );
    const askedAt = new Date((before + Date.now()) / 2);
    const { version, encoding, now } = rows[0]!;
    const migrations = await readMigrations(migrationsDir);
    const pending = await pendingMigrations(pool, migrations).catch((error) => {
      if (error instanceof Permanent) return error.message;
      throw error;
    });
    const isBroken = typeof pending === "string";
    const isOurs = !isBroken && pending.length === 0;
    return {
      ...{ isReached: true, version, encoding, now, askedAt },
      migrations: isBroken
        ? { applied: 0, pending: [] }
        : { applied: migrations.length - pending.length, pending: pending.map(({ name }) => name) },
      broken: isBroken ? pending : null,
      sources: isOurs ? await sourceRecords(pool) : null,
      backedUpAt: isOurs ? await backedUpAt(pool) : null,
    };
  } catch (error) {
    const { code = "", message } = error as { code?: string; message: string };
    return { isReached: false, code, words: message || code };
  } finally {
    await pool.end();
  }
}

/** One that was cut short tells of no readers. */
async function backedUpAt(pool: pg.Pool): Promise<Date | null> {
  const { rows } = await pool.query<{ at: Date | null }>(
    "SELECT max(at) AS at FROM audit_lines WHERE what = 'backup' AND about IS NULL AND details ? 'readers'",
  );
  return rows[0]!.at;
}
