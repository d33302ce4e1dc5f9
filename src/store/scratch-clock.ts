/** The clock of a scratch database, set by hand: what a replay goes by. Every other database goes by its own. */
import type pg from "pg";
import { SCRATCH_NAME } from "./scratch-database.ts";

/**
 * Sets what `paperboy_now()` says; from the first time on it stands still in between.
 *
 * @throws in any database but a scratch one
 */
export function scratchClock(pool: pg.Pool) {
  let isStanding = false;
  return {
    async set(to: Date): Promise<void> {
      if (!isStanding) await stop(pool);
      isStanding = true;
      await pool.query("UPDATE standing_clock SET at = $1", [to]);
    },
  };
}

/** The time is in a row: a new function each time would make PostgreSQL plan every query anew. */
async function stop(pool: pg.Pool): Promise<void> {
  const { rows } = await pool.query<{ name: string }>("SELECT current_database() AS name");
  const [{ name } = { name: "" }] = rows;
  if (!SCRATCH_NAME.test(name)) throw new Error(`${name} is no scratch database: its clock is not ours to set`);
  await pool.query("CREATE TABLE standing_clock (at timestamptz)");
  await pool.query("INSERT INTO standing_clock VALUES (now())");
  await pool.query(`CREATE OR REPLACE FUNCTION paperboy_now() RETURNS timestamptz LANGUAGE sql STABLE
    AS 'SELECT at FROM standing_clock'`);
}
