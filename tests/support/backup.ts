/** A backup of a test's database, and putting it back under whoever has it open: what `pg_restore --clean` comes to. */
import type pg from "pg";

/** The clock is the test's. Jobs are outside the product's own tables. */
const KEPT = ["test_clock", "_prisma_migrations"];

export async function backUp(pool: pg.Pool): Promise<{ putBack(): Promise<void> }> {
  const names = async (of: string) => (await pool.query<{ name: string }>(of)).rows.map(({ name }) => name);
  // Partitions are copied with the table they belong to.
  const tables = await names(
    `SELECT relname AS name FROM pg_class c WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
       AND NOT relispartition AND relname <> ALL ('{${KEPT}}')`,
  );
  const sequences = await names("SELECT sequencename AS name FROM pg_sequences WHERE schemaname = 'public'");
  await pool.query(
    `DROP SCHEMA IF EXISTS backup CASCADE; CREATE SCHEMA backup; CREATE TABLE backup.sequences (name text, value bigint);`,
  );
  for (const table of tables) await pool.query(`CREATE TABLE backup.${table} AS TABLE public.${table}`);
  for (const name of sequences)
    await pool.query(`INSERT INTO backup.sequences SELECT '${name}', last_value FROM ${name}`);

  return {
    async putBack() {
      const client = await pool.connect();
      try {
        await client.query("BEGIN; SET LOCAL session_replication_role = 'replica'"); // foreign keys in any order
        await client.query(`TRUNCATE ${tables.map((table) => `public.${table}`).join(", ")} CASCADE`);
        for (const table of tables) await client.query(`INSERT INTO public.${table} SELECT * FROM backup.${table}`);
        await client.query("SELECT setval(name, value) FROM backup.sequences");
        await client.query("COMMIT");
      } finally {
        client.release();
      }
    },
  };
}
