/** A database for one run, gone with it: the demo begins with nothing every time. */
import pg from "pg";
import { createDatabase, dropDatabase } from "./create-database.ts";

export interface ScratchDatabase {
  readonly url: string;
  close(): Promise<void>;
}

/** Named after the process, so that what a killed run left behind is known and removed by the next. */
export const SCRATCH_NAME = /^scratch_(\d+)$/;

/** @param url of any database of the server */
export async function openScratchDatabase(url: string): Promise<ScratchDatabase> {
  for (const left of await leftovers(url)) await dropDatabase(url, left);
  const name = `scratch_${process.pid}`;
  const close = () => dropDatabase(url, name);
  const scratch = { url: await createDatabase(url, name), close };
  try {
    // What is gone afterwards need not be on the disk before the next statement: a replayed month takes half the time.
    await ask(scratch.url, `ALTER DATABASE ${pg.escapeIdentifier(name)} SET synchronous_commit = off`);
    return scratch;
  } catch (error) {
    await close();
    throw error;
  }
}

async function leftovers(url: string): Promise<string[]> {
  const rows = await ask<{ datname: string }>(url, "SELECT datname FROM pg_database WHERE datname LIKE 'scratch\\_%'");
  return rows.map((row) => row.datname).filter((name) => isLeft(Number(SCRATCH_NAME.exec(name)?.[1])));
}

async function ask<Row extends object>(url: string, sql: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Row>(sql)).rows;
  } finally {
    await client.end();
  }
}

function isLeft(pid: number): boolean {
  if (pid === process.pid) return true;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}
