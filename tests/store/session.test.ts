/** Servers, databases and roles that are set to something else than we are used to. */
import pg from "pg";
import { afterEach, beforeEach, expect, inject, test } from "vitest";
import { Permanent } from "../../src/errors.ts";
import { openDatabase } from "../../src/store/database.ts";
import { editions } from "../../src/store/editions.ts";
import { migrate } from "../../src/store/migrate.ts";
import { aDatabase, type TestDatabase } from "../support/database.ts";

let database: TestDatabase;
beforeEach(async () => {
  database = await aDatabase({ template: null });
});
afterEach(() => database.drop());

async function query<T extends object>(sql: string, url = database.url): Promise<T[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return (await client.query<T>(sql).finally(() => client.end())).rows;
}

test("whatever a database is set to, our tables are in public and dates are the dates they are", async () => {
  const name = pg.escapeIdentifier(new URL(database.url).pathname.slice(1));
  await query(`CREATE SCHEMA elsewhere`);
  for (const setting of [
    ...["search_path = elsewhere, pg_catalog", "DateStyle = 'SQL, DMY'", "TimeZone = 'Asia/Kathmandu'"],
    ...["IntervalStyle = 'iso_8601'", "bytea_output = 'escape'", "extra_float_digits = -15"],
    ...["standard_conforming_strings = off", "default_transaction_isolation = 'serializable'"],
  ])
    await query(`ALTER DATABASE ${name} SET ${setting}`);
  await migrate({ databaseUrl: database.url });
  expect(await query("SELECT relname FROM pg_class WHERE relnamespace = 'elsewhere'::regnamespace")).toEqual([]);

  const { prisma, pool, close } = await openDatabase({ url: database.url });
  await pool.query(
    "INSERT INTO editions (date, state, closed_at) VALUES ('2026-04-03', 'closed', '2026-04-04T01:00Z')",
  );
  expect(await editions(prisma).find("2026-04-03")).toMatchObject({
    ...{ date: "2026-04-03", closedAt: new Date("2026-04-04T01:00Z") },
  });
  const { rows } = await pool.query(
    String.raw`SELECT '2026-04-03T01:00Z'::timestamptz AS at, '\x00ff'::bytea AS bytes, 0.1::float8 + 0.2 AS sum,
      'a\\b' AS text, current_setting('transaction_isolation') AS isolation`,
  );
  expect(rows).toEqual([
    {
      ...{ at: new Date("2026-04-03T01:00Z"), bytes: Buffer.from([0, 255]), sum: 0.1 + 0.2 },
      ...{ text: String.raw`a\\b`, isolation: "read committed" },
    },
  ]);
  await close();
});

test("a database that is not in UTF-8 is refused before anything is made in it", async () => {
  const server = inject("databaseServer");
  const name = `test_${process.pid}_ascii`;
  await query(
    `CREATE DATABASE ${name} ENCODING 'SQL_ASCII' LOCALE_PROVIDER libc LOCALE 'C' TEMPLATE template0`,
    server,
  );
  const url = Object.assign(new URL(server), { pathname: `/${name}` }).href;
  const words = "The database is encoded in SQL_ASCII, which has no room for every name and title. Make one in UTF-8: ";
  for (const open of [() => migrate({ databaseUrl: url }), () => openDatabase({ url })]) {
    const error = await open().catch((refused: unknown) => refused);
    expect(error).toBeInstanceOf(Permanent);
    expect((error as Error).message).toContain(words);
  }
  expect(await query("SELECT FROM pg_class WHERE relnamespace = 'public'::regnamespace", url)).toEqual([]);
  await query(`DROP DATABASE ${name}`, server);
});
