import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type pg from "pg";
import { Permanent } from "../../errors.ts";
import type { Migration } from "./engine.ts";

/** Our own. */
export const MIGRATIONS = fileURLToPath(new URL("../../../prisma/migrations", import.meta.url));

/** The migrations of a folder in Prisma's format, oldest first (their names begin with the time they were made). */
export async function readMigrations(dir: string): Promise<Migration[]> {
  const folders = (await readdir(dir, { withFileTypes: true })).filter((entry) => entry.isDirectory());
  const names = folders.map((folder) => folder.name).sort();
  return Promise.all(
    names.map(async (name) => ({ name, script: await readFile(join(dir, name, "migration.sql"), "utf8") })),
  );
}

/**
 * Which of `migrations` the database has not had yet.
 *
 * @throws {Permanent} when the database's history is not the beginning of ours: it is newer than this program, one was
 *   edited afterwards, or another tool left one half-way
 */
export async function pendingMigrations(db: pg.Pool, migrations: readonly Migration[]): Promise<Migration[]> {
  const records = await readRecords(db);
  const known = new Map(migrations.map((migration) => [migration.name, migration]));
  for (const { name, checksum, isFinished } of records) {
    const migration = known.get(name);
    if (!migration) {
      throw new Permanent(
        `The database is newer than this program: it has the migration ${name}, which this release does not know. ` +
          "Start the release that migrated it, or a later one; to go back, restore the backup from before the upgrade: " +
          "paperboy restore FILE --replace",
      );
    }
    // Ours leave no such record; `prisma migrate deploy` does when it fails or is killed.
    if (!isFinished) {
      throw new Permanent(
        `The migration ${name} was begun by another tool and not finished. Look at what it left in the database. When ` +
          `nothing of it is there: UPDATE _prisma_migrations SET rolled_back_at = now() WHERE migration_name = '${name}'; ` +
          `when all of it is: UPDATE _prisma_migrations SET finished_at = now() WHERE migration_name = '${name}'. Then start again`,
      );
    }
    if (checksum !== checksumOf(migration.script)) {
      throw new Permanent(
        `The migration ${name} was changed after this database had it, so nobody knows what the database looks like. ` +
          "Put the file back as it was and write a new migration for the change, or begin with an empty database",
      );
    }
  }
  const applied = new Set(records.map((record) => record.name));
  return migrations.filter((migration) => !applied.has(migration.name));
}

/**
 * How a database and this release stand to each other, for whoever goes on with a newer one: `missing` are migrations that
 * it lacks, `unknown` those that a later release made.
 */
export async function compareHistory(
  db: pg.Pool,
  migrationsDir = MIGRATIONS,
): Promise<{ missing: string[]; unknown: string[] }> {
  const [migrations, records] = [await readMigrations(migrationsDir), await readRecords(db)];
  const [ours, theirs] = [migrations.map(({ name }) => name), records.map(({ name }) => name)];
  return {
    missing: ours.filter((name) => !theirs.includes(name)),
    unknown: theirs.filter((name) => !ours.includes(name)),
  };
}

type MigrationRecord = { name: string; checksum: string; isFinished: boolean };

async function readRecords(db: pg.Pool): Promise<MigrationRecord[]> {
  // Asked first, for a failed statement would end the session, and with it the caller's lock.
  const { rows: tables } = await db.query("SELECT FROM pg_class WHERE oid = to_regclass('_prisma_migrations')");
  if (tables.length === 0) return [];
  const { rows } = await db.query<MigrationRecord>(
    `SELECT migration_name AS name, checksum, finished_at IS NOT NULL AS "isFinished"
     FROM _prisma_migrations WHERE rolled_back_at IS NULL ORDER BY started_at`,
  );
  return rows;
}

/** As Prisma computes it. */
function checksumOf(script: string): string {
  return createHash("sha256").update(script).digest("hex");
}
