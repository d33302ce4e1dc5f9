/** What PostgreSQL itself says of the tables that are backed up. */
import type pg from "pg";

/** Anything with `query`: a pool of one connection, or a connection. */
export type Asked = Pick<pg.ClientBase, "query">;

export interface Table {
  readonly name: string;
  readonly columns: readonly string[];
  /** Where its rows are: itself, or its partitions. */
  readonly parts: readonly string[];
  /** About how many. */
  readonly rows: number;
}

/**
 * The tables of the product's schema. Without those that are unlogged, which are there to be lost, and without the notes on
 * migrations, which restoring writes itself.
 */
export async function tablesOf(db: Asked): Promise<Table[]> {
  const { rows } = await db.query<Table>(`
    SELECT c.relname::text AS name,
      (SELECT array_agg(a.attname::text ORDER BY a.attnum) FROM pg_attribute a
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '') AS columns,
      coalesce(leaves.names, ARRAY[]::text[]) AS parts, coalesce(leaves.rows, 0)::float AS rows
    FROM pg_class c CROSS JOIN LATERAL (
      SELECT array_agg(l.relname::text ORDER BY l.relname) AS names, sum(greatest(l.reltuples, 0)) AS rows
      FROM pg_class l WHERE l.relkind = 'r' AND (l.oid = c.oid OR l.oid IN (SELECT inhrelid FROM pg_inherits WHERE inhparent = c.oid))
    ) leaves
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
      AND c.relpersistence = 'p' AND c.relname <> '_prisma_migrations'
    ORDER BY name`);
  return rows;
}

export interface Sequence {
  readonly name: string;
  readonly last: string;
  readonly isUsed: boolean;
}

/** Numbers are given out outside of transactions: asked after a snapshot was taken, they are above all that is in it. */
export async function sequencesOf(db: Asked): Promise<Sequence[]> {
  const { rows } = await db.query<{ name: string; sql: string }>(`
    SELECT relname::text AS name, format('SELECT last_value::text AS last, is_called AS "isUsed" FROM %s', oid::regclass) AS sql
    FROM pg_class WHERE relkind = 'S' AND relnamespace = 'public'::regnamespace ORDER BY 1`);
  const sequences: Sequence[] = [];
  for (const { name, sql } of rows) {
    const [row] = (await db.query<Omit<Sequence, "name">>(sql)).rows;
    sequences.push({ name, ...row! });
  }
  return sequences;
}

/** Which database it is; null for one that no process has opened yet, or of before there were names. */
export async function identityOf(db: Asked): Promise<string | null> {
  if (!(await hasTable(db, "database_identity"))) return null;
  const { rows } = await db.query<{ id: string }>("SELECT id::text AS id FROM public.database_identity");
  return rows[0]?.id ?? null;
}

/** Asked first: a statement that fails ends the transaction around it. */
export async function hasTable(db: Asked, name: string): Promise<boolean> {
  return (await db.query("SELECT FROM pg_class WHERE oid = to_regclass($1)", [`public.${name}`])).rows.length > 0;
}

/** Names of the migrations the database has had, oldest first; null when nobody noted any. */
export async function migrationsOf(db: Asked): Promise<string[] | null> {
  if (!(await hasTable(db, "_prisma_migrations"))) return null;
  const { rows } = await db.query<{ name: string }>(`
    SELECT migration_name AS name FROM public._prisma_migrations
    WHERE rolled_back_at IS NULL AND finished_at IS NOT NULL ORDER BY started_at, migration_name`);
  return rows.map(({ name }) => name);
}
