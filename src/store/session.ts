/** What a session with PostgreSQL is told first: servers, databases and roles are set to all kinds of things. */
import type pg from "pg";
import { postgresqlObjection } from "../core/limits.ts";
import { Permanent } from "../errors.ts";

/**
 * Tables without a schema are ours in `public`; dates and instants come as the drivers read them, which take every timestamp
 * as UTC; a statement that waited for a lock goes on with the row as it is then.
 */
export const SESSION = `SET search_path = public; SET TIME ZONE 'UTC'; SET DateStyle = 'ISO, YMD'; SET IntervalStyle = 'postgres';
  SET bytea_output = 'hex'; SET extra_float_digits = 1; SET client_encoding = 'UTF8'; SET standard_conforming_strings = on;
  SET default_transaction_isolation = 'read committed'`;

/** @throws {Permanent} for a server that lacks what our tables ask for, or a database that cannot hold every letter */
export async function refuseUnfit(db: Pick<pg.Pool, "query">): Promise<void> {
  const { rows } = await db.query<{ version: number; encoding: string }>(
    "SELECT current_setting('server_version_num')::int AS version, current_setting('server_encoding') AS encoding",
  );
  const objection = postgresqlObjection(rows[0]!);
  if (objection !== null) throw new Permanent(`${objection.found} ${objection.advice}`);
}
