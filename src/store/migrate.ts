import pg from "pg";
import { Permanent, Temporary } from "../errors.ts";
import type { Log } from "../log.ts";
import { asFault } from "./faults.ts";
import { type Migration, openEngine } from "./migrate/engine.ts";
import { MIGRATIONS, pendingMigrations, readMigrations } from "./migrate/history.ts";
import { SESSION } from "./session.ts";
import { assertUsable } from "./usable.ts";

/** Any number but 72707369: that one the engine takes itself, and it waits 10 s for it and no longer. */
const OUR_LOCK = 7_270_737;

/**
 * Brings the database to the newest migration, with Prisma's own engine and in its own table. Each migration is applied
 * whole or not at all, also when we are killed in the middle; a second process waits for the first, however long it takes.
 *
 * A migration runs inside a transaction, so it must not contain `COMMIT` or `CREATE INDEX CONCURRENTLY`.
 *
 * @param migrationsDir a folder in Prisma's format; default: the project's
 * @returns the names of those applied now, oldest first; usually none
 * @throws {Temporary} when the database cannot be reached
 * @throws {Permanent} when the server is too old or the database not in UTF-8, when a migration fails (its name and PostgreSQL's words are in the
 *   message), or when the database's history is not the beginning of ours
 */
export async function migrate({
  databaseUrl,
  migrationsDir = MIGRATIONS,
  log,
}: {
  databaseUrl: string;
  migrationsDir?: string;
  log?: Log;
}): Promise<{ applied: string[] }> {
  const migrations = await readMigrations(migrationsDir);
  // One session: the lock belongs to it, and so does the transaction around the engine's statements.
  const pool = new pg.Pool({
    ...{ connectionString: databaseUrl, max: 1, idleTimeoutMillis: 0 },
    onConnect: async (client) => {
      await client.query(SESSION);
    },
  });
  pool.setMaxListeners(0); // Prisma's adapter adds one each time it connects, which is once a migration
  pool.on("error", () => {}); // a connection that breaks while idle; the next statement says so
  try {
    await assertUsable(pool, databaseUrl);
    if ((await pendingMigrations(pool, migrations)).length === 0) return { applied: [] };
    await waitForLock(pool, log);
    const pending = await pendingMigrations(pool, migrations); // somebody may have been faster
    for (const migration of pending) {
      await applyOne(pool, migrations.slice(0, migrations.indexOf(migration) + 1), migration);
      log?.info(`Applied the migration ${migration.name}`);
    }
    return { applied: pending.map(({ name }) => name) };
  } catch (error) {
    throw asFault(error);
  } finally {
    await pool.end();
  }
}

/**
 * The engine notes "begun", runs the script, notes "finished", each by itself. Inside one transaction the three are one:
 * a failure or a kill leaves no trace, and the next start tries again instead of asking somebody to repair the notes.
 */
async function applyOne(pool: pg.Pool, upToThis: Migration[], { name }: Migration): Promise<void> {
  const engine = await openEngine(pool);
  await pool.query("BEGIN");
  try {
    await engine.apply(upToThis);
    await pool.query("COMMIT");
  } catch (error) {
    await pool.query("ROLLBACK").catch(() => {}); // the failed statement has usually ended the session already
    const Fault = asFault(error) instanceof Temporary ? Temporary : Permanent;
    throw new Fault(`The migration ${name} failed, and nothing of it was kept: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

async function waitForLock(pool: pg.Pool, log: Log | undefined): Promise<void> {
  const patience = setTimeout(() => log?.info("Another process is migrating the database; waiting for it"), 1_000);
  try {
    await pool.query("SELECT pg_advisory_lock($1)", [OUR_LOCK]);
  } finally {
    clearTimeout(patience);
  }
}
