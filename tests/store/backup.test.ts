/** What goes into a backup comes out of it: rows, numbers, shape, of this release and of earlier ones. */
import { cpSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { chmod, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { expect, test, vi } from "vitest";
import { Invalid } from "../../src/errors.ts";
import { type ArchiveEntry, writeArchive } from "../../src/store/backup/archive.ts";
import { dump } from "../../src/store/backup/dump.ts";
import { migrate } from "../../src/store/migrate.ts";
import { liveIn } from "../support/lived-in.ts";
import {
  ABOUT,
  backupBench,
  contentsOf,
  loadInto,
  manifestOf,
  query,
  shapeOf,
  writeBackup,
} from "../support/vaults.ts";

const OWN = fileURLToPath(new URL("../../prisma/migrations", import.meta.url));

const bench = backupBench(liveIn);

test("table by table a restored database is what was backed up: rows, partitions, numbers, shape", async () => {
  const { press, folder, file } = bench;
  await writeBackup(file, press.store.url);
  const target = await bench.another();
  const { leftOut, applied } = await loadInto(target.url, file);
  // The clock of this test is a table of its own.
  expect({ leftOut, applied }).toEqual({ leftOut: ["test_clock"], applied: [] });

  await writeBackup(join(folder, "again"), target.url);
  const [{ test_clock: _, ...before }, after] = await Promise.all([
    contentsOf(file),
    contentsOf(join(folder, "again")),
  ]);
  expect(after).toEqual(before);
  const { tables } = await manifestOf(join(folder, "again"));
  // Every table that is backed up has rows here: a new one wants some in tests/support/lived-in.ts.
  expect(tables.map(({ name }) => name).filter((name) => !(name in after))).toEqual([]);
  expect(await shapeOf(target.url)).toEqual(
    (await shapeOf(press.store.url)).filter((is) => !is.includes("test_clock")),
  );

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
  const { press, folder, file } = bench;
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

test("taken while others write, it shows one instant", async () => {
  const { file } = bench;
  const source = await bench.another("migrated");
  await query(source.url, "CREATE TABLE left_side (n int); CREATE TABLE right_side (n int)");
  let isOver = false;
  const writer = new pg.Client({ connectionString: source.url });
  await writer.connect();
  bench.closers.push(() => writer.end());
  const writing = (async () => {
    for (let n = 1; !isOver; n += 1)
      await writer.query(`BEGIN; INSERT INTO right_side VALUES (${n}); INSERT INTO left_side VALUES (${n}); COMMIT`);
  })();
  bench.closers.push(() => {
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
  const { press } = bench;
  const { planning } = press.store;
  for await (const { name } of dump({ databaseUrl: press.store.url, about: ABOUT, files: [] })) {
    if (!name.startsWith("tables/deliveries/")) continue;
    await planning.makePartitions("2031-01-06", "2031-01-07");
    expect(await planning.dropPartitions("2031-01-13")).toBe(0);
  }
  await press.store.sql("DROP TABLE deliveries_20310106");
});

test("a backup of an earlier migration is restored and brought forward; its columns are its own", async () => {
  const { folder, file } = bench;
  const names = readdirSync(OWN).filter((name) => /^\d/.test(name));
  const early = join(folder, "migrations");
  mkdirSync(early);
  for (const name of names.slice(0, 2)) cpSync(join(OWN, name), join(early, name), { recursive: true });
  const source = await bench.another();
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
  const target = await bench.another();
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
  const fresh = await bench.another("migrated");
  const shape = async (url: string) => (await shapeOf(url)).filter((is) => !/deliveries_2026/.test(is));
  expect(await shape(target.url)).toEqual(await shape(fresh.url));
});

test("what our triggers count is in the backup, and is not counted again", async () => {
  const { folder, file } = bench;
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
  const source = await bench.another();
  await migrate({ databaseUrl: source.url, migrationsDir: dir });
  await query(source.url, "SELECT make_delivery_partitions('2026-04-15', '2026-04-29')");
  const add = `INSERT INTO deliveries (local_day, subscription_id, edition_date, cadence, due_at, send_by, next_try_at)
    SELECT '2026-04-15'::date + n * 7, 1, '2026-04-14', 'daily', now(), now(), now() FROM generate_series(0, 2) n`;
  await query(source.url, add);
  await writeBackup(file, source.url);
  const target = await bench.another();
  await loadInto(target.url, file, { migrationsDir: dir });
  const tallies = (url: string) => query<{ n: number }>(url, "SELECT n FROM tallies");
  const before = (await tallies(source.url))[0]!.n;
  expect(await tallies(target.url)).toEqual([{ n: before }]);
  // And they count on afterwards, on partitions old and new.
  for (const url of [source.url, target.url]) await query(url, add);
  expect(await tallies(target.url)).toEqual(await tallies(source.url));
  expect((await tallies(target.url))[0]!.n).toBeGreaterThan(before);
});
