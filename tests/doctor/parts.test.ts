import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { judgeRoom, lookAtFolder } from "../../src/doctor/folder.ts";
import { judgeBackups, judgeClock, judgeDatabase, judgeDatabaseClock, judgeRedis } from "../../src/doctor/parts.ts";
import { judgeKeys, judgePostalAddress, judgeSettings } from "../../src/doctor/settings.ts";
import { examineRedis } from "../../src/queue/examine-redis.ts";
import { type DatabaseFacts, examineDatabase } from "../../src/store/examine-database.ts";
import { aDatabase } from "../support/database.ts";
import { freePort } from "../support/free-port.ts";
import { needs } from "../support/needs.ts";
import { hasRedis, startRedis } from "../support/redis.ts";
import { aStore } from "../support/store.ts";
import { at } from "../support/time.ts";

const inShort = ({ level, found }: { level: string; found: string }) => `${level}: ${found}`;
const ours = { isEmbedded: false };

describe("a database", () => {
  test("with all migrations is green, and its clock agrees", async () => {
    const database = await aDatabase();
    const facts = await examineDatabase(database.url);
    expect(inShort(judgeDatabase(facts, ours))).toMatch(
      /^green: PostgreSQL \d+\.\d+ answers, with all \d+ migrations\.$/,
    );
    expect(inShort(judgeDatabaseClock(facts))).toBe("green: The clock of the database agrees with ours.");
    await database.drop();
  });

  test("behind our migrations is red and told what to run; the embedded one is brought up by the next start", async () => {
    const database = await aDatabase({ template: null });
    const facts = await examineDatabase(database.url);
    expect(judgeDatabase(facts, ours)).toMatchObject({ level: "red", advice: "Run: npm run paperboy -- migrate" });
    expect(judgeDatabase(facts, { isEmbedded: true })).toMatchObject({
      level: "amber",
      advice: "The next start applies them.",
    });
    expect(facts).toMatchObject({
      isReached: true,
      migrations: { applied: 0, pending: { 0: "20261122000000_the_spine" } },
    });
    await database.drop();
  });

  test("ahead of us, or with a migration that nobody finished, is red", async () => {
    const migrationsDir = await mkdtemp(join(tmpdir(), "paperboy-migrations-"));
    const database = await aDatabase();
    const facts = await examineDatabase(database.url, { migrationsDir });
    expect(inShort(judgeDatabase(facts, ours))).toMatch(
      /^red: PostgreSQL \S+ has another history than this program\.$/,
    );
    await database.drop();
    await rm(migrationsDir, { recursive: true });
  });

  test("that is not there, refuses us, or has no such name is red, each with its own remedy", async () => {
    const database = await aDatabase();
    const adviceFor = async (change: (url: URL) => void) => {
      const url = new URL(database.url);
      change(url);
      const { level, advice } = judgeDatabase(await examineDatabase(url.href), ours);
      return [level, advice];
    };
    const port = String(await freePort());
    expect([
      await adviceFor((url) => Object.assign(url, { port })),
      await adviceFor((url) => Object.assign(url, { pathname: "/nothing" })),
      await adviceFor((url) => Object.assign(url, { username: "stranger" })),
      judgeDatabase({ isReached: false, code: "42501", words: "permission denied for table x" }, ours).advice,
    ]).toEqual([
      ["red", "Start it, or correct host and port in DATABASE_URL."],
      ["red", "Make it (CREATE DATABASE), then run: npm run paperboy -- migrate"],
      ["red", "Correct user and password in DATABASE_URL, or let this machine in (pg_hba.conf)."],
      "Name the owner of its tables in DATABASE_URL, who ran the migrations.",
    ]);
    await database.drop();
  });

  test("older than 15, or not in UTF-8, is red", () => {
    const facts: DatabaseFacts = {
      ...{ isReached: true, version: 150018, encoding: "UTF8", now: at("2026-04-15T07:00Z") },
      ...{ askedAt: at("2026-04-15T07:00Z"), migrations: { applied: 5, pending: [] } },
      ...{ broken: null, sources: null, backedUpAt: null },
    };
    const said = (change: object) => inShort(judgeDatabase({ ...facts, ...change } as DatabaseFacts, ours));
    expect([said({}), said({ version: 140023 }), said({ encoding: "SQL_ASCII" })]).toEqual([
      "green: PostgreSQL 15.18 answers, with all 5 migrations.",
      "red: PostgreSQL 14.23 is older than 15.",
      "red: The database is encoded in SQL_ASCII, which has no room for every name and title.",
    ]);
  });
});

test("backups that were never made, broke off, or are a week old are amber where somebody else is served", async () => {
  const store = await aStore(at("2026-04-15T07:00Z"));
  const said = async (isPublic = true) => {
    const facts = await examineDatabase(store.url);
    return inShort(judgeBackups({ ...facts, now: store.clock.now() } as DatabaseFacts, isPublic));
  };
  const never = "amber: `paperboy backup` has not been used on this database.";
  expect(await said()).toBe(never);
  const id = await store.audit.note({ by: "cli", what: "backup", about: null, details: {} });
  expect(await said()).toBe(never);
  await store.audit.outcome(id, { readers: 3 });
  expect(await said()).toBe("green: The last backup is of 2026-04-15.");
  await store.clock.set(at("2026-04-22T07:01Z"));
  expect(await said()).toBe("amber: The last use of `paperboy backup` was on 2026-04-15.");
  expect(await said(false)).toBe("green: The last use of `paperboy backup` was on 2026-04-15.");
  await store.close();
});

test.each([
  [0, "green: The clock of X agrees with ours."],
  [-9, "green: The clock of X agrees with ours."],
  [10, "amber: The clock of X is 10 s ahead of ours."],
  [-299, "amber: The clock of X is 299 s behind ours."],
  [3_600, "red: The clock of X is 3600 s ahead of ours."],
])("a clock that is %i seconds from ours is judged", (seconds, said) => {
  const now = at("2026-04-15T07:00Z");
  expect(inShort(judgeClock("X", new Date(now.getTime() + seconds * 1000), now, "Set it."))).toBe(said);
});

describe("a queue in Redis", () => {
  const needsRedis = needs(hasRedis, "there is no redis-server");

  needsRedis("that writes jobs down is green, one that keeps them in memory alone amber", async () => {
    for (const [isDurable, said] of [
      [true, /^green: Redis \S+ answers, evicts nothing and writes jobs down as they come\.$/],
      [false, /^amber: Redis \S+ keeps jobs in memory alone/],
    ] as const) {
      const redis = await startRedis({ isDurable });
      expect(inShort(judgeRedis(await examineRedis(redis.url)))).toMatch(said);
      await redis.close();
    }
  });

  const facts = { isReached: true, version: "7.2.4", maxmemoryPolicy: "noeviction", persistence: "aof" } as const;
  test.each([
    [
      { ...facts, maxmemoryPolicy: "allkeys-lru" },
      "red: Redis 7.2.4 throws jobs away when its memory is full (maxmemory-policy allkeys-lru).",
    ],
    [{ ...facts, version: "5.0.14" }, "red: Redis 5.0.14 is older than 6.2.0."],
    [{ ...facts, version: "6.10.0" }, "green: Redis 6.10.0 answers, evicts nothing and writes jobs down as they come."],
    [
      { ...facts, persistence: "snapshots" as const },
      "green: Redis 7.2.4 answers, evicts nothing and takes snapshots.",
    ],
  ])("%j is judged", (found, said) => {
    expect(inShort(judgeRedis(found))).toBe(said);
  });

  test("that is not there is red", async () => {
    const facts = await examineRedis(`redis://127.0.0.1:${await freePort()}`);
    expect(inShort(judgeRedis(facts))).toMatch(/^red: Redis does not answer: .*ECONNREFUSED/);
  });
});

describe("DATA_DIR", () => {
  let dir: string;
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), "paperboy-doctor-"));
  });
  afterAll(() => rm(dir, { recursive: true }));

  test("is red where others can read the secrets, with the command that closes them", async () => {
    const folder = join(dir, "open");
    await mkdir(folder);
    await writeFile(join(folder, "secrets.json"), "{}");
    await chmod(join(folder, "secrets.json"), 0o644);
    const secrets = join(folder, "secrets.json");
    expect((await lookAtFolder(folder)).filter(({ level }) => level === "red")).toEqual([
      {
        level: "red",
        found: `Others on this machine can read ${secrets} (mode 0644).`,
        advice: `Run: chmod 600 ${secrets}`,
      },
    ]);
    await chmod(secrets, 0o600);
    expect((await lookAtFolder(folder)).filter(({ level }) => level === "red")).toEqual([]);
  });

  test("that is not there yet is made by the first start", async () => {
    const folder = join(dir, "not", "there");
    expect(inShort((await lookAtFolder(folder))[0]!)).toMatch(/the first start makes it|GB left/);
  });

  test.each([
    [5e10, "green: The disk of /data has 50 GB left."],
    [1.5e9, "amber: The disk of /data has 1.5 GB left."],
    [1e8, "red: The disk of /data has 0.1 GB left."],
  ])("with %d bytes left is judged", (bytes, said) => {
    expect(inShort(judgeRoom("/data", bytes))).toBe(said);
  });
});

describe("the settings", () => {
  test("that are wrong are each red, with what to write instead", () => {
    const problems = [{ field: "PORT", message: 'PORT is not a whole number from 0 to 65535: "x". Write 3000' }];
    expect(judgeSettings(problems, 39)).toEqual([
      { level: "red", found: 'PORT is not a whole number from 0 to 65535: "x".', advice: "Write 3000" },
    ]);
    expect(judgeSettings([], 39)).toMatchObject([{ level: "green" }]);
  });

  test("say which key signs, and whether it is short", () => {
    const key = { id: "2", secret: "s".repeat(32), retired: false };
    const old = { id: "1", secret: "s".repeat(16), retired: true };
    expect(inShort(judgeKeys([key, old], true))).toBe("green: SECRET_KEYS: key 2 signs links; 1 older open links.");
    expect(inShort(judgeKeys([{ ...old, retired: false }], true))).toBe(
      "amber: SECRET_KEYS: the secret of key 1 is short.",
    );
    expect([judgeKeys(null, false).level, judgeKeys(null, true).level]).toEqual(["green", "amber"]);
  });

  test("want a postal address as soon as mail leaves this machine", () => {
    expect([judgePostalAddress(null, true).level, judgePostalAddress(null, false).level]).toEqual(["red", "green"]);
  });
});
