/** `paperboy backup` and `paperboy restore`: into the same place, into another, and what readers notice of it. */
import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeEach, expect, test, vi } from "vitest";
import { backUp } from "../../src/actions/back-up.ts";
import { eraseReader } from "../../src/actions/erase-reader.ts";
import { liftSuppression } from "../../src/actions/lift-suppression.ts";
import { noticeRestore } from "../../src/actions/notice-restore.ts";
import { checkBackup, restoreBackup } from "../../src/actions/restore-backup.ts";
import { suppress } from "../../src/actions/suppress.ts";
import { unsubscribe } from "../../src/actions/unsubscribe.ts";
import { openLinks, parseSecretKeys } from "../../src/core/link.ts";
import { Invalid } from "../../src/errors.ts";
import { openSecrets } from "../../src/secrets.ts";
import { openHighWater } from "../../src/store/high-water.ts";
import { openJournal } from "../../src/store/journal.ts";
import type { Vault } from "../../src/vault.ts";
import { startChild } from "../support/child.ts";
import { at } from "../support/time.ts";
import { aVault, backupBench, contentsOf, query, writeBackup } from "../support/vaults.ts";

const bench = backupBench();
beforeEach(async () => {
  await windTheClock(at("2026-04-15T06:00Z"));
  await bench.press.clear();
  await bench.press.store.sql("TRUNCATE witnesses, restorations, database_identity");
});

async function vault(
  dataDir: string,
  url = bench.press.store.url,
  env: Readonly<Record<string, string>> = {},
): Promise<Vault> {
  const opened = await aVault(url, join(bench.folder, dataDir), env);
  bench.closers.push(opened.close);
  return opened;
}
/** A process on the database, with a `DATA_DIR` of its own. */
async function aMachine(dataDir: string) {
  const highWater = await openHighWater(bench.press.store.prisma, join(bench.folder, dataDir, "high-water"));
  const journal = await openJournal(join(bench.folder, dataDir, "journal.jsonl"), highWater.databaseId);
  bench.closers.push(journal.close);
  const machine = {
    ...bench.press.delivering(),
    highWater,
    journal,
    databaseNow: async () => bench.press.store.clock.now(),
  };
  await noticeRestore(machine);
  await highWater.rise();
  return machine;
}
const restored = async (into: Vault, mayReplace = false, withKeys = true) =>
  restoreBackup(into, await checkBackup(into, bench.file, withKeys), { mayReplace });
/** The test's clock went with everything else, where the database that it is in was replaced. */
async function windTheClock(to: Date): Promise<void> {
  await bench.press.store.sql("CREATE TABLE IF NOT EXISTS test_clock (at timestamptz)");
  await bench.press.store.sql("INSERT INTO test_clock SELECT NULL WHERE NOT EXISTS (SELECT FROM test_clock)");
  await bench.press.store.sql(`CREATE OR REPLACE FUNCTION paperboy_now() RETURNS timestamptz LANGUAGE sql STABLE
    AS 'SELECT at FROM test_clock'`);
  await bench.press.store.clock.set(to);
}
const addressees = (since: number) => bench.press.smtp.seen.slice(since).map(({ to }) => to[0]!);

test("C7: restored where it ran, who left, was erased or suppressed since stays so, and nothing due before is sent", async () => {
  const { press, folder, file } = bench;
  const [staying, leaving, erased, refused] = [
    ...[
      await press.store.aReader(),
      await press.store.aReader(),
      await press.store.aReader(),
      await press.store.aReader(),
    ],
  ];
  const [{ email: stays }] = (await press.store.sql<{ email: string }>(
    `SELECT email FROM subscriptions WHERE id = ${staying}`,
  )) as [{ email: string }];
  await openSecrets(join(folder, "one"));
  const machine = await aMachine("one");
  await press.list("2026-04-14", [{ title: "Tuesday's paper" }]);
  await press.store.clock.set(at("2026-04-15T07:00Z"));
  await press.close();
  await press.plan();
  const here = await vault("one");
  await backUp(here, file, { withKeys: true });

  const now = at("2026-04-15T08:00Z");
  const keyOf = async (id: bigint) =>
    (await press.store.sql<{ key: string }>(`SELECT address_key AS key FROM subscriptions WHERE id = ${id}`))[0]!.key;
  expect(await press.deliver()).toBe(4);
  const needs = { ...machine, ...press.store };
  await unsubscribe(needs, leaving!, "one-click", now);
  await eraseReader(needs, await keyOf(erased!), "operator", now);
  const refusedKey = await keyOf(refused!);
  await suppress(needs, refusedKey, null, now);
  const sent = press.smtp.seen.length;
  const [{ last }] = (await press.store.sql<{ last: string }>("SELECT last_value AS last FROM deliveries_id_seq")) as [
    { last: string },
  ];

  await expect(restored(here)).rejects.toThrow("The database has 3 readers");
  const { settled, hasJournal, applied, keysKeptAs } = await restored(here, true);
  expect({ settled, hasJournal, applied, keysKeptAs }).toEqual({
    settled: {
      restorations: 1,
      deliveries: 4,
      requests: 0,
      left: 2,
      cameBack: 0,
      suppressed: 1,
      lifted: 0,
      erased: 2,
      unreadable: 0,
    },
    ...{ hasJournal: true, applied: [], keysKeptAs: null },
  });
  await windTheClock(new Date());
  expect(
    await press.store.sql("SELECT id::int, state, email IS NULL AS forgotten FROM subscriptions ORDER BY id"),
  ).toEqual([
    { id: Number(staying), state: "active", forgotten: false },
    { id: Number(leaving), state: "ended", forgotten: false },
    { id: Number(erased), state: "ended", forgotten: true },
    { id: Number(refused), state: "ended", forgotten: false },
  ]);
  expect(await press.store.sql("SELECT address_key FROM suppressions")).toEqual([{ address_key: refusedKey }]);

  // A process that starts finds nothing more to see to.
  const lines = press.lines.length;
  const restarted = await aMachine("one");
  expect([await restarted.highWater.standing(), press.lines.slice(lines)]).toEqual([{ is: "level" }, []]);
  await press.plan();
  await press.sweep();
  expect([await press.deliver(), addressees(sent)]).toEqual([0, []]);

  // The next hour that comes is an hour as any other, with a number that no mail had.
  const tomorrow = new Date(Date.now() + 86_400_000).toISOString().slice(0, 10);
  await press.store.clock.set(at(`${tomorrow}T00:30Z`));
  await press.list(new Date().toISOString().slice(0, 10), [{ title: "a paper of today" }]);
  await press.tick(`${tomorrow}T01:00Z`);
  expect(await press.tick(`${tomorrow}T07:00Z`)).toBe(1);
  expect(addressees(sent)).toEqual([stays]);
  const [next] = await press.store.sql<{ isNew: boolean }>(
    `SELECT bool_and(id > ${last}) AS "isNew" FROM deliveries WHERE state = 'accepted'`,
  );
  expect(next).toEqual({ isNew: true });
});

test("on a fresh machine the keys come along, links open, and what no journal tells is said", async () => {
  const { press, folder, file } = bench;
  const reader = await press.store.aReader();
  await aMachine("one");
  const secrets = await openSecrets(join(folder, "one"));
  const link = openLinks(parseSecretKeys(secrets.secretKeys)).sign(
    "unsubscribe",
    { subscriptionId: reader, deliveryId: 1n },
    at("2026-04-15T07:00Z"),
  );
  const { manifest } = await backUp(await vault("one"), file, { withKeys: true });
  expect(manifest.hasKeys).toBe(true);

  const target = await bench.another();
  // Somebody started it before they restored: it made keys of its own.
  const before = await openSecrets(join(folder, "two"));
  const { hasJournal, keysKeptAs, settled } = await restored(await vault("two", target.url));
  expect([hasJournal, settled.restorations]).toEqual([false, 1]);
  const now = await openSecrets(join(folder, "two"));
  expect(now).toEqual(secrets);
  expect(openLinks(parseSecretKeys(now.secretKeys)).open("unsubscribe", link, new Date())).toEqual({
    payload: { subscriptionId: reader, deliveryId: 1n },
  });
  expect(JSON.parse(await readFile(keysKeptAs!, "utf8"))).toEqual(before);
  expect([
    (await stat(join(folder, "two", "secrets.json"))).mode & 0o777,
    (await stat(keysKeptAs!)).mode & 0o777,
  ]).toEqual([0o600, 0o600]);
  expect(await query(target.url, "SELECT count(*)::int AS n FROM subscriptions WHERE email IS NOT NULL")).toEqual([
    { n: 1 },
  ]);
});

test("the journal of the machine it ran on, put beside it, is replayed on the new one", async () => {
  const { press, folder, file } = bench;
  const reader = await press.store.aReader();
  const machine = await aMachine("one");
  await backUp(await vault("one"), file, { withKeys: true });
  await unsubscribe({ ...machine, ...press.store }, reader, "one-click", at("2026-04-15T08:00Z"));
  const target = await bench.another();
  const there = await vault("two", target.url);
  expect((await restored(there, false, false)).hasJournal).toBe(false);
  await writeFile(join(folder, "two", "journal.jsonl"), await readFile(join(folder, "one", "journal.jsonl")));
  const { hasJournal, settled } = await restored(there, true, false);
  expect([hasJournal, settled.left]).toEqual([true, 1]);
  expect(await query(target.url, "SELECT state FROM subscriptions")).toEqual([{ state: "ended" }]);
});

test("where no journal is, who left, was suppressed or erased is known from the database that --replace lets go of", async () => {
  const { press, file } = bench;
  const readers: bigint[] = [];
  for (let n = 0; n < 4; n += 1) readers.push(await press.store.aReader());
  const [staying, leaving, erased, lifted] = readers as [bigint, bigint, bigint, bigint];
  const keyOf = async (id: bigint) =>
    (await press.store.sql<{ key: string }>(`SELECT address_key AS key FROM subscriptions WHERE id = ${id}`))[0]!.key;
  const { store } = press;
  const machine = await aMachine("one");
  const needs = { ...machine, ...store };
  const now = at("2026-04-15T08:00Z");
  await suppress(needs, await keyOf(lifted), null, now);
  await backUp(await vault("one"), file, { withKeys: true });
  await store.clock.set(now);
  await unsubscribe(needs, leaving, "one-click", now);
  await eraseReader(needs, await keyOf(erased), "operator", now);
  await suppress(needs, "key of a stranger", null, now);
  await store.clock.set(at("2026-04-15T09:00Z"));
  await liftSuppression(needs, await keyOf(lifted), "asked by phone", store.clock.now());

  const { settled, hasJournal, hasReplaced } = await restored(await vault("elsewhere"), true);
  expect({ hasJournal, hasReplaced, ...settled }).toMatchObject({
    ...{ hasJournal: false, hasReplaced: true, restorations: 1 },
    ...{ left: 2, cameBack: 0, suppressed: 1, lifted: 1, erased: 2, unreadable: 0 },
  });
  const states = () => press.store.sql("SELECT id, state, email IS NULL AS forgotten FROM subscriptions ORDER BY id");
  const expected = [
    { id: String(staying), state: "active", forgotten: false },
    { id: String(leaving), state: "ended", forgotten: false },
    { id: String(erased), state: "ended", forgotten: true },
    { id: String(lifted), state: "ended", forgotten: false },
  ];
  expect(await states()).toEqual(expected);
  expect(
    await press.store.sql(
      "SELECT address_key, lifted_at IS NULL AS stands FROM suppressions ORDER BY address_key DESC",
    ),
  ).toEqual([
    { address_key: await keyOf(lifted), stands: false },
    { address_key: "key of a stranger", stands: true },
  ]);

  // Once more there is nothing new, and a database of another name tells nothing: its numbers are other readers.
  const again = await restored(await vault("elsewhere"), true);
  expect([again.hasReplaced, await states()]).toEqual([true, expected]);
  await press.store.sql("UPDATE database_identity SET id = gen_random_uuid()");
  const other = await restored(await vault("another"), true);
  expect([other.hasReplaced, other.settled.left]).toEqual([false, 0]);
}, 240_000);

test("keys that are set and are not the backup's are refused before anything is changed, unless --without-keys says so", async () => {
  const { press, folder, file } = bench;
  await press.store.aReader();
  const { secretKeys, suppressionKey } = await openSecrets(join(folder, "one"));
  await backUp(await vault("one"), file, { withKeys: true });
  const target = await bench.another();
  const set = (SECRET_KEYS: string, SUPPRESSION_KEY: string) =>
    vault("two", target.url, { SECRET_KEYS, SUPPRESSION_KEY });
  const check = async (into: Vault, withKeys = true) => (await checkBackup(into, file, withKeys)).keysLost;
  const other = "another-suppression-key-of-tests";
  await expect(check(await set(secretKeys, other))).rejects.toThrow(
    /are known by another SUPPRESSION_KEY than the one that is set/,
  );
  await expect(check(await set("2:a-secret-of-tests-only-0123", suppressionKey))).rejects.toThrow(
    /signed by key 1 would not open: it is not in SECRET_KEYS/,
  );
  expect(await check(await set("2:a-secret-of-tests-only-0123", suppressionKey), false)).toEqual(["1"]);
  // The old one behind a new one is what a change of keys looks like.
  expect(await check(await set(`2:a-secret-of-tests-only-0123,${secretKeys}:retired`, suppressionKey))).toEqual([]);
  expect(await query(target.url, "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace")).toEqual(
    [],
  );

  await backUp(await vault("one"), file, { withKeys: false });
  expect((await readFile(file)).includes(secretKeys)).toBe(false);
  await expect(check(await vault("three", target.url))).rejects.toThrow(/put its secrets.json into DATA_DIR/);
});

test("a broken file, or one of a newer release, changes nothing", async () => {
  const { press, folder, file } = bench;
  await press.store.aReader();
  const here = await vault("one");
  await backUp(here, file, { withKeys: true });
  await writeBackup(join(folder, "before"), press.store.url);
  const whole = await readFile(file);
  const broken = async (bytes: Buffer) => {
    await writeFile(file, bytes);
    await expect(restored(here, true)).rejects.toThrow(Invalid);
  };
  await broken(whole.subarray(0, whole.length - 30));
  const altered = Buffer.from(whole);
  altered[whole.length >> 1]! ^= 1;
  await broken(altered);
  await broken(Buffer.from("nothing of ours"));
  await writeBackup(file, press.store.url, { about: { version: "9.0.0", hasKeys: false, keys: null } });
  await expect(
    checkBackup({ ...here, knownMigrations: async () => ["20261122000000_the_spine"] }, file, true),
  ).rejects.toThrow(/newer than this program.*Restore it with release 9\.0\.0 or a later one/);
  await writeBackup(join(folder, "after"), press.store.url);
  expect(await contentsOf(join(folder, "after"))).toEqual(await contentsOf(join(folder, "before")));
});

test("a restoration leaves an audit line, whose date says since when the lines before it are gone", async () => {
  const { press, file } = bench;
  const here = await vault("one");
  await aMachine("one");
  await press.store.sql("TRUNCATE audit_lines");
  const id = await here.audit.note({ by: "cli", what: "backup", about: null, details: {} });
  await here.audit.outcome(id, { readers: 0 });
  const { manifest } = await backUp(here, file, { withKeys: true });
  await press.store.sql("DELETE FROM audit_lines");
  const there = await bench.another();
  await restored(await vault("two", there.url));
  expect(await query(there.url, "SELECT by, what, about, details FROM audit_lines ORDER BY id")).toEqual([
    { by: "cli", what: "backup", about: null, details: { readers: 0 } },
    {
      ...{ by: "cli", what: "restore", about: null },
      details: { takenAt: manifest.takenAt, left: 0, cameBack: 0, suppressed: 0, lifted: 0, erased: 0 },
    },
  ]);
});

test("a database of before there were audit lines is backed up without one", async () => {
  const { press } = bench;
  const here = await vault("one");
  await press.store.sql("ALTER TABLE audit_lines RENAME TO audit_lines_of_later");
  const id = await here.audit.note({ by: "cli", what: "backup", about: null, details: {} });
  await here.audit.outcome(id, { readers: 0 });
  await press.store.sql("ALTER TABLE audit_lines_of_later RENAME TO audit_lines");
  expect(await press.store.sql("SELECT FROM audit_lines WHERE what = 'backup'")).toEqual([]);
});

test("killed in the middle of it, the database is as it was, and restoring it then works", async () => {
  const { press, folder, file } = bench;
  await press.many(20_000);
  await aMachine("one");
  const here = await vault("one");
  await backUp(here, file, { withKeys: true });
  const target = await bench.another();
  const there = await vault("two", target.url);
  // A smaller one, which is there before.
  await press.store.sql("DELETE FROM subscription_clocks WHERE subscription_id % 20 > 0");
  await press.store.sql("DELETE FROM subscriptions WHERE id % 20 > 0");
  const small = join(folder, "small.backup");
  await backUp(here, small, { withKeys: true });
  await restoreBackup(there, await checkBackup(there, small, true), { mayReplace: false });
  await writeBackup(join(folder, "before"), target.url);

  const root = fileURLToPath(new URL("../..", import.meta.url));
  const env = { PATH: process.env.PATH!, HOME: folder, DATABASE_URL: target.url, DATA_DIR: join(folder, "two") };
  const under = `SELECT query FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'paperboy restore'`;
  for (const moment of [/^COPY/, /ADD CONSTRAINT|TRIGGER|setval|COPY .*subscriptions/]) {
    const child = startChild(process.execPath, ["bin/paperboy.js", "restore", file, "--replace", "--yes", "--json"], {
      cwd: root,
      env,
      stdio: "ignore",
    });
    await vi.waitUntil(
      async () =>
        !child.isRunning() ||
        (await query<{ query: string }>(target.url, under)).some(({ query }) => moment.test(query)),
      {
        ...{ timeout: 60_000, interval: 3 },
      },
    );
    await child.kill();
    expect(await child.gone).toBe("SIGKILL");
    // The server notices a moment later.
    await vi.waitUntil(async () => (await query(target.url, under)).length === 0, { timeout: 20_000, interval: 50 });
    await writeBackup(join(folder, "after"), target.url);
    expect(await contentsOf(join(folder, "after"))).toEqual(await contentsOf(join(folder, "before")));
  }
  expect((await restored(there, true)).settled.restorations).toBe(2);
  expect(await query(target.url, "SELECT count(*)::int AS n FROM subscriptions")).toEqual([{ n: 20_000 }]);
}, 240_000);
