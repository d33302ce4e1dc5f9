/** Which backups are not taken, not read and not put into a database, and what is left as it was. */
import { readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { expect, test, vi } from "vitest";
import { objectionTo } from "../../src/core/backup.ts";
import { Invalid, Temporary } from "../../src/errors.ts";
import { openLog } from "../../src/log.ts";
import { type ArchiveEntry, readArchive, writeArchive } from "../../src/store/backup/archive.ts";
import { knownMigrations, type LoadOptions, occupantOf } from "../../src/store/backup/load.ts";
import { openPresence } from "../../src/store/presence.ts";
import { liveIn } from "../support/lived-in.ts";
import { backupBench, entriesIn, loadInto, manifestOf, query, shapeOf, writeBackup } from "../support/vaults.ts";

const log = openLog({ level: "silent" });

const bench = backupBench(liveIn);

test("a link that somebody laid where the draft will be leads nowhere", async () => {
  const { folder, file } = bench;
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
  const { press, folder, file } = bench;
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

test("whatever fails on the way, the database is as it was", async () => {
  const { press, file } = bench;
  await writeBackup(file, press.store.url);
  const target = await bench.another("migrated");
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
}, 60_000);

test("a session that breaks between two statements is not gone on without: the rest would run outside the transaction", async () => {
  const { press, file } = bench;
  await writeBackup(file, press.store.url);
  const target = await bench.another("migrated");
  await query(target.url, `INSERT INTO suppressions (address_key, because) VALUES ('one of before', 'operator')`);
  const before = await shapeOf(target.url);
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
  expect(await shapeOf(target.url)).toEqual(before);
  expect(await query(target.url, "SELECT address_key FROM suppressions")).toEqual([{ address_key: "one of before" }]);
}, 60_000);

test("while a process stays on the database nothing is restored, and a process that starts meanwhile waits", async () => {
  const { press, file } = bench;
  await writeBackup(file, press.store.url);
  const target = await bench.another("migrated");
  const presence = await openPresence({ url: target.url, name: "paperboy worker", log });
  bench.closers.push(presence.close);
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
        bench.closers.push(opened.close);
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
  const target = await bench.another("migrated");
  const presence = await openPresence({ url: target.url, name: "paperboy web", log });
  bench.closers.push(presence.close);
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
  const { press } = bench;
  const target = await bench.another();
  expect(await occupantOf(target.url)).toEqual({ is: "nothing" });
  await query(target.url, "CREATE TABLE theirs (n int)");
  expect(await occupantOf(target.url)).toEqual({ is: "foreign", tables: ["theirs"] });
  expect(await occupantOf(press.store.url)).toMatchObject({ is: "ours", readers: 5 });
});

test("of what a newer release wrote this one says so", async () => {
  const { press, file } = bench;
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

test("a backup whose deliveries would be of centuries is refused before a table is made for each week", async () => {
  const { press, file } = bench;
  await writeBackup(file, press.store.url);
  const [manifest, known] = [await manifestOf(file), await knownMigrations()];
  const of = (since: string, until: string) => objectionTo({ ...manifest, deliveryDays: { since, until } }, known);
  expect([of("2026-04-15", "2026-04-15"), of("2016-04-15", "2026-04-15")]).toEqual([null, null]);
  const words =
    "which are more weeks than there can be. It was altered, or a clock was wrong when it was made. Take another one";
  expect([of("0001-01-01", "9999-12-31"), of("2026-04-16", "2026-04-15")]).toEqual([
    `The backup says that its deliveries are of 0001-01-01 to 9999-12-31, ${words}`,
    `The backup says that its deliveries are of 2026-04-16 to 2026-04-15, ${words}`,
  ]);
});

test("an empty database holds nothing to back up", async () => {
  const { folder, file } = bench;
  const empty = await bench.another();
  await expect(writeBackup(file, empty.url)).rejects.toThrow("There is nothing to back up");
  expect(await readdir(folder)).toEqual([]);
});
