import pg from "pg";

/**
 * Makes an empty database, or a copy of `template`, on the server of `url`. Nobody may be connected to the template.
 *
 * @param url of any database of that server
 * @returns the new database's URL
 */
export async function createDatabase(
  url: string,
  name: string,
  { template }: { template?: string } = {},
): Promise<string> {
  const copy = template ? ` TEMPLATE ${pg.escapeIdentifier(template)}` : "";
  await onServer(url, `CREATE DATABASE ${pg.escapeIdentifier(name)}${copy}`);
  return inDatabase(url, name);
}

/** Removes a database and ends the sessions in it. Nothing happens when there is none of that name. */
export async function dropDatabase(url: string, name: string): Promise<void> {
  await onServer(url, `DROP DATABASE IF EXISTS ${pg.escapeIdentifier(name)} WITH (FORCE)`);
}

/** Through `postgres`, the database every server has: the one in the URL may not exist (yet, or any more). */
async function onServer(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: inDatabase(url, "postgres") });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

function inDatabase(url: string, name: string): string {
  const changed = new URL(url);
  changed.pathname = `/${encodeURIComponent(name)}`;
  return changed.href;
}
