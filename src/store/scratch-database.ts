/** A database for one run, gone with it: the demo begins with nothing every time. */
import pg from "pg";
import { createDatabase, dropDatabase } from "./create-database.ts";

export interface ScratchDatabase {
  readonly url: string;
  close(): Promise<void>;
}

/** Named after the process, so that what a killed run left behind is known and removed by the next. */
const NAME = /^scratch_(\d+)$/;

/** @param url of any database of the server */
export async function openScratchDatabase(url: string): Promise<ScratchDatabase> {
  for (const left of await leftovers(url)) await dropDatabase(url, left);
  const name = `scratch_${process.pid}`;
  return { url: await createDatabase(url, name), close: () => dropDatabase(url, name) };
}

async function leftovers(url: string): Promise<string[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ datname: string }>(
      "SELECT datname FROM pg_database WHERE datname LIKE 'scratch\\_%'",
    );
    return rows.map((row) => row.datname).filter((name) => isLeft(Number(NAME.exec(name)?.[1])));
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
