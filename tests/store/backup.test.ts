import { cpSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { chmod, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync, gzipSync } from "node:zlib";
import pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { backupManifest, objectionTo } from "../../src/core/backup.ts";
import { Invalid, Temporary } from "../../src/errors.ts";
import { openLog } from "../../src/log.ts";
import { type ArchiveEntry, readArchive, writeArchive } from "../../src/store/backup/archive.ts";
import { dump } from "../../src/store/backup/dump.ts";
import { knownMigrations, type LoadOptions, load, occupantOf } from "../../src/store/backup/load.ts";
import { migrate } from "../../src/store/migrate.ts";
import { openPresence } from "../../src/store/presence.ts";
import { aPress, type Press } from "../actions/press.ts";
import { preferences } from "../support/builders.ts";
import { aDatabase, type TestDatabase } from "../support/database.ts";
import { ABOUT, contentsOf, entriesIn, writeBackup } from "../support/vaults.ts";

const OWN = fileURLToPath(new URL("../../prisma/migrations", import.meta.url));
const log = openLog({ level: "silent" });

let press: Press;
let folder: string;
let file: string;
const databases: TestDatabase[] = [];
const closers: (() => Promise<unknown>)[] = [];

/** A few days of the product: editions, readers, mails, letters, and rows with every kind of letter in them. */
beforeAll(async () => {
  press = await aPress();
  const { store } = press;
  await press.list("2026-04-14", [{ title: 'A "title"\nwith\ttabs, \\N and \\\\ in it' }, { title: "Größe 𝔘nd ∑" }]);
  for (const hour of [7, 7, 20]) await store.aReader(preferences({ hour }));
  await store.aReader(preferences({ cadence: "weekly", weekday: 3, zone: "Asia/Kathmandu" }));
  await press.tick("2026-04-15T01:00Z");
  await press.tick("2026-04-15T07:00Z");
  await press.list("2026-04-22", [{ title: "a week later" }]);
  await press.tick("2026-04-23T01:00Z");
  await press.tick("2026-04-23T07:00Z");
  await store.sql(
    "UPDATE papers SET merged_into = (SELECT min(id) FROM papers) WHERE id = (SELECT max(id) FROM papers)",
  );
  await store.sql("INSERT INTO reports (via, raw, cut) VALUES ('raw', $1, 3)", [
    Buffer.from([0, 1, 9, 10, 13, 92, 255]),
  ]);
  await store.sql("INSERT INTO suppressions (address_key, because, note) VALUES ('k', 'operator', E'a\\nnote\\\\.')");
  await store.sql("INSERT INTO door_counts VALUES ('a key', 1, now())");
}, 60_000);
afterAll(() => press.end());
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "paperboy-backup-"));
  file = join(folder, "one.backup");
});
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
  for (const database of databases.splice(0)) await database.drop();
  await rm(folder, { recursive: true });
});

async function another(template: string | null = null): Promise<TestDatabase> {
  const database = await aDatabase(template === null ? { template } : {});
  databases.push(database);
  return database;
}
async function query<T extends object>(url: string, sql: string): Promise<T[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<T>(sql)).rows;
  } finally {
    await client.end();
  }
}
async function manifestOf(path: string) {
  return backupManifest.parse(JSON.parse((await entriesIn(path))[0]!.bytes.toString()));
}
async function loadInto(url: string, path: string, options: Partial<LoadOptions<null>> = {}) {
  return load<null>({
    ...{ databaseUrl: url, manifest: await manifestOf(path), entries: () => readArchive(path) },
    ...{ permit: () => {}, settle: async () => null, ...options },
  });
}
const SHAPE = `
  SELECT 'constraint ' || conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid) AS is FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace
  UNION ALL SELECT 'index ' || indexname || ' ' || indexdef FROM pg_indexes WHERE schemaname = 'public'
  UNION ALL SELECT 'column ' || table_name || ' ' || column_name || ' ' || data_type || coalesce(column_default, '') || is_nullable
    FROM information_schema.columns WHERE table_schema = 'public'
  UNION ALL SELECT 'function ' || oid::regprocedure FROM pg_proc WHERE pronamespace = 'public'::regnamespace
  UNION ALL SELECT 'table ' || relname || relpersistence::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
  ORDER BY 1`;

test("table by table a restored database is what was backed up: rows, partitions, numbers, shape", async () => {
  await writeBackup(file, press.store.url);
  const target = await another();
  const { leftOut, applied } = await loadInto(target.url, file);
  // The clock of this test is a table of its own.
  expect({ leftOut, applied }).toEqual({ leftOut: ["test_clock"], applied: [] });

  await writeBackup(join(folder, "again"), target.url);
  const [{ test_clock: _, ...before }, after] = await Promise.all([
    contentsOf(file),
    contentsOf(join(folder, "again")),
  ]);
  expect(after).toEqual(before);
  expect(Object.keys(after)).toEqual(expect.arrayContaining(["deliveries", "papers", "reports", "subscriptions"]));
  const shape = (url: string) => query<{ is: string }>(url, SHAPE).then((rows) => rows.map(({ is }) => is));
  expect(await shape(target.url)).toEqual((await shape(press.store.url)).filter((is) => !is.includes("test_clock")));

  const next = "SELECT nextval('subscriptions_id_seq')::int AS n";
  expect(await query(target.url, next)).toEqual(await query(press.store.url, next));
  // Unlogged tables are there to be lost.
  expect(await query(target.url, "SELECT * FROM door_counts")).toEqual([]);
  expect(
    await query(
      target.url,
      "SELECT count(*)::int AS kinds FROM pg_class WHERE relname ~ '^deliveries_2026' AND relkind = 'r'",
    ),
  ).toEqual([{ kinds: 2 }]);
});

test("the file is for its owner alone, replaces another once it is whole, and other tools can read it", async () => {
  await writeFile(file, "what was there");
  await chmod(file, 0o644);
  const half = (async function* (): AsyncGenerator<ArchiveEntry> {
    yield { name: "a", bytes: Buffer.from("1") };
    throw new Error("the database went away");
  })();
  await expect(writeArchive(file, half)).rejects.toThrow("the database went away");
  expect([await readFile(file, "utf8"), await readdir(folder)]).toEqual(["what was there", ["one.backup"]]);

  await writeBackup(file, press.store.url);
  expect([(await stat(file)).mode & 0o777, await readdir(folder)]).toEqual([0o600, ["one.backup"]]);
  const { execFileSync } = await import("node:child_process");
  const listed = execFileSync("tar", ["tzf", file], { encoding: "utf8" }).trim().split("\n");
  expect([listed[0], listed.at(-2), listed.at(-1)]).toEqual(["backup.json", "rows.json", "sha256"]);
  await expect(writeBackup(join(folder, "no", "such", "folder"), press.store.url)).rejects.toThrow(Invalid);
  await expect(writeBackup(folder, press.store.url)).rejects.toThrow("is a folder");
});

test("a link that somebody laid where the draft will be leads nowhere", async () => {
  const trap = join(folder, "trap");
  const draft = `${file}.${process.pid}.part`;
  async function* entries() {
    await symlink(trap, draft).catch(() => {}); // the draft is being opened, or is there by now
    yield { name: "backup.json", bytes: Buffer.from("{}") };
  }
  await symlink(trap, draft);
  await writeArchive(file, entries()).catch((error: Invalid) => expect(error.message).toContain("cannot be written"));
  expect(await readdir(folder)).not.toContain("trap");
});

test("cut off anywhere, altered anywhere, or of another kind, it is refused", async () => {
  await writeBackup(file, press.store.url);
  const whole = await readFile(file);
  const entries = JSON.stringify(await entriesIn(file));
  const broken = join(folder, "broken");
  const read = async (bytes: Buffer) => {
    await writeFile(broken, bytes);
    return entriesIn(broken).then(
      (found) => (JSON.stringify(found) === entries ? "the same" : "something else"),
      (error) => (error instanceof Invalid ? "refused" : String(error)),
    );
  };
  const places = Array.from({ length: 60 }, (_, n) => Math.floor((whole.length * n) / 60));
  expect(new Set(await inTurn(places, (length) => read(whole.subarray(0, length))))).toEqual(new Set(["refused"]));
  const flips = await inTurn([...places.filter((place) => place > 10), whole.length - 1], (place) => {
    const bytes = Buffer.from(whole);
    bytes[place]! ^= 0x20;
    return read(bytes);
  });
  // In deflate some bits mean nothing: with those turned over, what is read is what was written.
  expect(flips.filter((read) => read !== "the same" && read !== "refused")).toEqual([]);
  expect(flips.filter((read) => read === "refused").length).toBeGreaterThan(flips.length * 0.9);

  // Whoever alters it and packs it anew does not make the checksum anew.
  const tar = gunzipSync(whole);
  const inside = tar.indexOf("reader1@example.org");
  tar.write("Reader1", inside);
  expect(await read(gzipSync(tar))).toBe("refused");
  tar.write("reader1", inside);
  expect(await read(gzipSync(tar))).toBe("the same");
  expect(
    await inTurn(["", "no gzip", gzipSync("no tar"), gzipSync(Buffer.alloc(2048))], (other) =>
      read(Buffer.from(other)),
    ),
  ).toEqual(Array(4).fill("refused"));
});

async function inTurn<T, U>(all: readonly T[], each: (one: T) => Promise<U>): Promise<U[]> {
  const done: U[] = [];
  for (const one of all) done.push(await each(one));
  return done;
}

test("taken while others write, it shows one instant", async () => {
  const source = await another("a template");
  await query(source.url, "CREATE TABLE left_side (n int); CREATE TABLE right_side (n int)");
  let isOver = false;
  const writer = new pg.Client({ connectionString: source.url });
  await writer.connect();
  closers.push(() => writer.end());
  const writing = (async () => {
    for (let n = 1; !isOver; n += 1)
      await writer.query(`BEGIN; INSERT INTO right_side VALUES (${n}); INSERT INTO left_side VALUES (${n}); COMMIT`);
  })();
  closers.push(() => {
    isOver = true;
    return writing;
  });
  await vi.waitUntil(async () => (await query(source.url, "SELECT FROM left_side")).length > 5, {
    ...{ timeout: 20_000, interval: 20 },
  });
  const slowly = async function* () {
    for await (const entry of dump({ databaseUrl: source.url, about: ABOUT, files: [] })) {
      if (entry.name.includes("left_side")) await new Promise((resolve) => setTimeout(resolve, 400));
      yield entry;
    }
  };
  await writeArchive(file, slowly());
  const during = (await query(source.url, "SELECT FROM left_side")).length;
  const { left_side: left, right_side: right } = (await contentsOf(file)) as Record<string, string[]>;
  expect(left).toEqual(right);
  expect(left!.length).toBeLessThan(during);
});

test("a new week of deliveries can be made while a backup reads the old ones, and none is dropped", async () => {
  const { planning } = press.store;
  for await (const { name } of dump({ databaseUrl: press.store.url, about: ABOUT, files: [] })) {
    if (!name.startsWith("tables/deliveries/")) continue;
    await planning.makePartitions("2031-01-06", "2031-01-07");
    expect(await planning.dropPartitions("2031-01-13")).toBe(0);
  }
  await press.store.sql("DROP TABLE deliveries_20310106");
});

test("a backup of an earlier migration is restored and brought forward; its columns are its own", async () => {
  const names = readdirSync(OWN).filter((name) => /^\d/.test(name));
  const early = join(folder, "migrations");
  mkdirSync(early);
  for (const name of names.slice(0, 2)) cpSync(join(OWN, name), join(early, name), { recursive: true });
  const source = await another();
  await migrate({ databaseUrl: source.url, migrationsDir: early });
  await query(
    source.url,
    `INSERT INTO subscriptions (address_key, email, state, filter, cadence, hour, zone, max_papers, language, format)
    VALUES ('key', 'reader@example.org', 'active', '{"grammar":1,"watches":[]}', 'daily', 7, 'UTC', 10, 'en', 'text')`,
  );
  await query(source.url, "SELECT make_delivery_partitions('2026-04-15', '2026-04-15')");
  await query(
    source.url,
    `INSERT INTO deliveries (local_day, subscription_id, edition_date, cadence, due_at, send_by, next_try_at)
    VALUES ('2026-04-15', 1, '2026-04-14', 'daily', now(), now(), now())`,
  );
  await writeBackup(file, source.url);
  const target = await another();
  const { applied } = await loadInto(target.url, file);
  expect(applied).toEqual(names.slice(2));
  expect(await query(target.url, "SELECT email, told_quiet_at FROM subscriptions")).toEqual([
    { email: "reader@example.org", told_quiet_at: null },
  ]);
  expect(await query(target.url, "SELECT local_day::text, state FROM deliveries")).toEqual([
    { local_day: "2026-04-15", state: "planned" },
  ]);
  expect(await migrate({ databaseUrl: target.url })).toEqual({ applied: [] });
  // What this release makes anew is as it would have been.
  const fresh = await another("a template");
  const shape = (url: string) =>
    query<{ is: string }>(url, SHAPE).then((rows) =>
      rows.map(({ is }) => is).filter((is) => !/deliveries_2026/.test(is)),
    );
  expect(await shape(target.url)).toEqual(await shape(fresh.url));
});

test("what our triggers count is in the backup, and is not counted again", async () => {
  const dir = join(folder, "migrations");
  cpSync(OWN, dir, { recursive: true });
  mkdirSync(join(dir, "29990101000000_tallies"));
  writeFileSync(
    join(dir, "29990101000000_tallies", "migration.sql"),
    `CREATE TABLE tallies (state text PRIMARY KEY, n int NOT NULL);
     CREATE FUNCTION tally() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
       INSERT INTO tallies SELECT state, count(*) FROM added GROUP BY 1 ON CONFLICT (state) DO UPDATE SET n = tallies.n + EXCLUDED.n;
       RETURN NULL; END $$;
     CREATE FUNCTION tally_one() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE tallies SET n = n + 1; RETURN NEW; END $$;
     CREATE TRIGGER tallied AFTER INSERT ON deliveries REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION tally();
     CREATE TRIGGER tallied_one AFTER INSERT ON deliveries FOR EACH ROW EXECUTE FUNCTION tally_one();`,
  );
  const source = await another();
  await migrate({ databaseUrl: source.url, migrationsDir: dir });
  await query(source.url, "SELECT make_delivery_partitions('2026-04-15', '2026-04-29')");
  const add = `INSERT INTO deliveries (local_day, subscription_id, edition_date, cadence, due_at, send_by, next_try_at)
    SELECT '2026-04-15'::date + n * 7, 1, '2026-04-14', 'daily', now(), now(), now() FROM generate_series(0, 2) n`;
  await query(source.url, add);
  await writeBackup(file, source.url);
  const target = await another();
  await loadInto(target.url, file, { migrationsDir: dir });
  const tallies = (url: string) => query<{ n: number }>(url, "SELECT n FROM tallies");
  const before = (await tallies(source.url))[0]!.n;
  expect(await tallies(target.url)).toEqual([{ n: before }]);
  // And they count on afterwards, on partitions old and new.
  for (const url of [source.url, target.url]) await query(url, add);
  expect(await tallies(target.url)).toEqual(await tallies(source.url));
  expect((await tallies(target.url))[0]!.n).toBeGreaterThan(before);
});

test("whatever fails on the way, the database is as it was", async () => {
  await writeBackup(file, press.store.url);
  const target = await another("a template");
  await query(target.url, `INSERT INTO suppressions (address_key, because) VALUES ('one of before', 'operator')`);
  const as = () => query(target.url, "SELECT address_key, because FROM suppressions");
  const manifest = await manifestOf(file);
  const fails = (options: Partial<LoadOptions<null>>) => expect(loadInto(target.url, file, options)).rejects;
  const altered = (change: (entry: ArchiveEntry) => ArchiveEntry) =>
    async function* () {
      for await (const entry of readArchive(file)) yield change(entry);
    };
  await fails({ permit: () => Promise.reject(new Invalid("not here")) }).toThrow("not here");
  await fails({ settle: () => Promise.reject(new Error("in the end")) }).toThrow("in the end");
  await fails({ beforeCommit: () => Promise.reject(new Error("at the very end")) }).toThrow("at the very end");
  await fails({
    entries: altered((entry) =>
      entry.name === "rows.json" ? { ...entry, bytes: Buffer.from('{"papers":7}') } : entry,
    ),
  }).toThrow(/holds \d+ rows of .+ and says/);
  await fails({
    entries: altered((entry) =>
      entry.name.startsWith("tables/papers/") ? { ...entry, bytes: Buffer.from("no row\n") } : entry,
    ),
  }).toThrow("invalid input syntax");
  await fails({
    manifest: { ...manifest, tables: [{ name: "papers", columns: ['id"; DROP TABLE papers; --'] }] },
  }).toThrow(Invalid);
  expect(await as()).toEqual([{ address_key: "one of before", because: "operator" }]);
  expect((await occupantOf(target.url)).is).toBe("ours");
});

test("a session that breaks between two statements is not gone on without: the rest would run outside the transaction", async () => {
  await writeBackup(file, press.store.url);
  const target = await another("a template");
  await query(target.url, `INSERT INTO suppressions (address_key, because) VALUES ('one of before', 'operator')`);
  const before = await query(target.url, SHAPE);
  const session = "FROM pg_stat_activity WHERE application_name = 'paperboy restore' AND datname = current_database()";
  const isOver = () =>
    vi.waitFor(async () => expect(await query(target.url, `SELECT pid ${session}`)).toEqual([]), 10_000);
  const cut = async () => {
    await query(target.url, `SELECT pg_terminate_backend(pid) ${session}`);
    await isOver();
    await new Promise((resolve) => setTimeout(resolve, 50)); // until the pool has heard of it
  };
  const cutBefore = (name: RegExp) =>
    async function* () {
      for await (const entry of readArchive(file)) {
        if (name.test(entry.name)) await cut();
        yield entry;
      }
    };
  const broken: Partial<LoadOptions<null>>[] = [
    { permit: cut },
    { entries: cutBefore(/^backup\.json/) },
    { entries: cutBefore(/^rows\.json/) },
    { settle: async () => cut().then(() => null) },
    { beforeCommit: cut },
  ];
  for (const options of broken) {
    await expect(loadInto(target.url, file, options)).rejects.toThrow(Temporary);
    await isOver();
  }
  expect(await query(target.url, SHAPE)).toEqual(before);
  expect(await query(target.url, "SELECT address_key FROM suppressions")).toEqual([{ address_key: "one of before" }]);
});

test("while a process stays on the database nothing is restored, and a process that starts meanwhile waits", async () => {
  await writeBackup(file, press.store.url);
  const target = await another("a template");
  const presence = await openPresence({ url: target.url, name: "paperboy worker", log });
  closers.push(presence.close);
  await expect(loadInto(target.url, file)).rejects.toThrow(
    /^paperboy worker \(127\.0\.0\.1\) is running on this database/,
  );
  await presence.close();

  let isThere = false;
  let starting: Promise<void> = Promise.resolve();
  await loadInto(target.url, file, {
    settle: async () => {
      starting = openPresence({ url: target.url, name: "paperboy web", log }).then((opened) => {
        isThere = true;
        closers.push(opened.close);
      });
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect(isThere).toBe(false);
      return null;
    },
  });
  await starting;
  expect(isThere).toBe(true);
});

test("a process whose session is cut off is there again by itself", async () => {
  const target = await another("a template");
  const presence = await openPresence({ url: target.url, name: "paperboy web", log });
  closers.push(presence.close);
  const who = () =>
    query<{ pid: number }>(
      target.url,
      "SELECT pid FROM pg_stat_activity WHERE application_name = 'paperboy web' AND datname = current_database()",
    );
  const [{ pid }] = (await who()) as [{ pid: number }];
  await query(target.url, `SELECT pg_terminate_backend(${pid})`);
  await vi.waitUntil(async () => (await who()).some((one) => one.pid !== pid), { timeout: 10_000, interval: 200 });
});

test("what is there before: nothing, tables of somebody else's, readers of ours", async () => {
  const target = await another();
  expect(await occupantOf(target.url)).toEqual({ is: "nothing" });
  await query(target.url, "CREATE TABLE theirs (n int)");
  expect(await occupantOf(target.url)).toEqual({ is: "foreign", tables: ["theirs"] });
  expect(await occupantOf(press.store.url)).toMatchObject({ is: "ours", readers: 4 });
});

test("of what a newer release wrote this one says so", async () => {
  await writeBackup(file, press.store.url);
  const manifest = await manifestOf(file);
  const known = await knownMigrations();
  expect(objectionTo(manifest, known)).toBeNull();
  expect(objectionTo({ ...manifest, version: "9.1.0", format: 2 }, known)).toBe(
    "The backup has format 2, and this release reads up to 1. Restore it with release 9.1.0 or a later one",
  );
  expect(objectionTo({ ...manifest, version: "9.1.0", migrations: [...known, "29990101000000_later"] }, known)).toBe(
    "The backup is newer than this program: its database had the migration 29990101000000_later, which this release does not know. Restore it with release 9.1.0 or a later one",
  );
});

test("an empty database holds nothing to back up", async () => {
  const empty = await another();
  await expect(writeBackup(file, empty.url)).rejects.toThrow("There is nothing to back up");
  expect(await readdir(folder)).toEqual([]);
});
