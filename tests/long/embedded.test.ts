import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { createDatabase, dropDatabase } from "../../src/store/create-database.ts";
import { type AsRoot, rootDefaults } from "../../src/store/embedded/home.ts";
import { identify, isAlive } from "../../src/store/embedded/process.ts";
import { readPidFile } from "../../src/store/embedded/server.ts";
import { type Embedded, type EmbeddedOptions, openEmbedded } from "../../src/store/embedded.ts";
import { needs } from "../support/needs.ts";

const isRoot = process.getuid?.() === 0;
/** Making a cluster is what takes the time here, and nothing but power cuts needs its sync. */
const settings = { fsync: "off" };

/** A cluster made once; a copy of it is a data directory that was used before. */
let used: { folder: string; home: string };
let folder: string;
let options: EmbeddedOptions;
const children: ChildProcess[] = [];

beforeAll(async () => {
  options = optionsIn(aFolder());
  await (await openEmbedded(options)).close();
  used = { folder, home: home() };
});

afterAll(() => rmSync(used.folder, { recursive: true, force: true }));

beforeEach(() => {
  options = optionsIn(aFolder());
});

afterEach(async () => {
  for (const child of children.splice(0)) await killed(child);
  if (existsSync(options.dataDir))
    await openEmbedded(options)
      .then((left) => left.close())
      .catch(() => {});
  rmSync(folder, { recursive: true, force: true });
});

test("from nothing to a query, and again with what was written", async () => {
  const first = await openEmbedded(options);
  await query(first.url, "CREATE TABLE kept (n int); INSERT INTO kept VALUES (42)");
  await first.close();
  expect(serverPid()).toBeNull();
  const second = await openEmbedded(options);
  expect(await query(second.url, "SELECT n FROM kept")).toEqual([{ n: 42 }]);
  await second.close();
});

test("letters are Unicode, time is UTC, and what was answered survives a power cut", async () => {
  const server = await openEmbedded({ ...options, settings: {} });
  expect(
    await query(
      server.url,
      `SELECT upper('straße ñ') AS upper, current_setting('server_encoding') AS encoding, current_setting('TimeZone') AS zone,
        current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS commit, current_setting('listen_addresses') AS at`,
    ),
  ).toEqual([{ upper: "STRAßE Ñ", encoding: "UTF8", zone: "UTC", fsync: "on", commit: "on", at: "127.0.0.1" }]);
  await server.close();
});

test("nobody gets in without the password, which only we can read", async () => {
  const server = await reopen();
  const stranger = new URL(server.url);
  stranger.password = "guess";
  await expect(query(stranger.href, "SELECT 1")).rejects.toMatchObject({ code: "28P01" });
  expect(statSync(join(home(), "password")).mode & 0o777).toBe(0o600);
  expect(statSync(join(home(), "data")).mode & 0o777).toBe(0o700);
  await server.close();
});

test("several opens share one server, and the last one to close stops it", async () => {
  const [one, two] = await Promise.all([openEmbedded(options), openEmbedded(options)]);
  expect(two.url).toBe(one.url);
  await one.close();
  await one.close(); // twice is once
  expect(await query(two.url, "SELECT 1 AS n")).toEqual([{ n: 1 }]);
  await two.close();
  expect(serverPid()).toBeNull();
});

test("processes that start at the same time share one server, whoever comes first; the last one out stops it", async () => {
  const processes = await Promise.all([anotherProcess(), anotherProcess(), anotherProcess()]);
  expect(new Set(processes.map(({ url }) => url)).size).toBe(1);
  await processes[0]!.close();
  await processes[1]!.close();
  expect(await query(processes[2]!.url, "SELECT 1 AS n")).toEqual([{ n: 1 }]);
  await processes[2]!.close();
  expect(serverPid()).toBeNull();
});

test("process.exit without a word stops the server too", async () => {
  await (await reopen()).close();
  const other = await anotherProcess();
  await other.exit();
  await vi.waitFor(() => expect(serverPid()).toBeNull(), 5_000);
});

test("after a kill -9 of its process the server is adopted, with all that was committed", async () => {
  await (await reopen()).close();
  const other = await anotherProcess();
  await query(other.url, "CREATE TABLE kept (n int); INSERT INTO kept VALUES (1)");
  const orphan = serverPid();
  await killed(other.child);
  const server = await reopen();
  expect(serverPid()).toBe(orphan);
  expect(await query(server.url, "SELECT n FROM kept")).toEqual([{ n: 1 }]);
  await server.close();
  expect(serverPid()).toBeNull(); // the dead process does not count as a user
});

test("killed at any moment of the first start, the next one comes up", async () => {
  for (const afterMs of [150, 350, 500, 650, 800, 1_000]) {
    const child = spawned();
    await sleep(afterMs);
    await killed(child);
  }
  const server = await openEmbedded(options);
  expect(await query(server.url, "SELECT 1 AS n")).toEqual([{ n: 1 }]);
  await server.close();
  expect(serverPid()).toBeNull();
  expect(readdirSync(home()).filter((name) => name.startsWith("making-"))).toEqual([]);
}, 60_000);

test("after a kill -9 of PostgreSQL itself it recovers what was committed", async () => {
  const server = await reopen();
  await query(server.url, "CREATE TABLE kept (n int); INSERT INTO kept SELECT generate_series(1, 1000)");
  process.kill(serverPid()!, "SIGKILL");
  await vi.waitFor(() => expect(serverPid()).toBeNull(), 5_000);
  const again = await openEmbedded(options);
  expect(await query(again.url, "SELECT count(*)::int AS n FROM kept")).toEqual([{ n: 1000 }]);
  await again.close();
  await server.close();
});

test("a pid file whose number belongs to another program by now (a reboot) does not stop the start", async () => {
  const server = await reopen();
  const pidFile = join(home(), "data", "postmaster.pid");
  const content = readFileSync(pidFile, "utf8");
  await server.close();
  const stranger = spawn("sleep", ["60"], isRoot ? { uid: options.asRoot!.uid, gid: options.asRoot!.gid } : {});
  children.push(stranger);
  writeFileSync(pidFile, content.replace(/^\d+/, String(stranger.pid)));
  const again = await openEmbedded(options);
  expect(await query(again.url, "SELECT 1 AS n")).toEqual([{ n: 1 }]);
  await again.close();
  expect(isAlive(identify(stranger.pid!)!)).toBe(true);
});

test("a lock and notes of processes that are gone do not stop the start", async () => {
  await (await reopen()).close();
  const gone = { pid: process.pid, startedAt: "another boot/1", holding: "x" };
  writeFileSync(join(home(), "lock"), JSON.stringify(gone));
  writeFileSync(join(home(), "users", "1-x"), JSON.stringify(gone));
  writeFileSync(join(home(), "users", "2-x"), '{"pid":');
  const server = await openEmbedded(options);
  await server.close();
  expect(serverPid()).toBeNull();
});

test("a lock file that a full disk left empty does not stop the start", async () => {
  await (await reopen()).close();
  writeFileSync(join(home(), "lock"), "");
  await (await openEmbedded(options)).close();
});

test("a database of another PostgreSQL version is named, and left alone", async () => {
  await (await reopen()).close();
  const version = join(home(), "data", "PG_VERSION");
  writeFileSync(version, "17\n");
  await expect(openEmbedded(options)).rejects.toThrow(
    /was made by PostgreSQL 17, and this program brings 18\. Start the release/,
  );
  writeFileSync(version, "18\n");
});

test("what PostgreSQL says about a broken data directory is in the error", async () => {
  await (await reopen()).close();
  const control = join(home(), "data", "global", "pg_control");
  renameSync(control, `${control}.away`);
  await expect(openEmbedded(options)).rejects.toThrow(/PostgreSQL does not start in .*:[\s\S]*pg_control/);
  renameSync(`${control}.away`, control);
});

needs(!isRoot, "root may write everywhere")("a data directory we may not write to is named", async () => {
  mkdirSync(options.dataDir);
  chmodSync(options.dataDir, 0o500);
  await expect(openEmbedded(options)).rejects.toThrow(/data.*(EACCES|permission denied)/);
  chmodSync(options.dataDir, 0o700);
});

test("a data directory that is a file is named", async () => {
  writeFileSync(options.dataDir, "");
  await expect(openEmbedded(options)).rejects.toThrow(`The data directory ${options.dataDir} cannot be made`);
  rmSync(options.dataDir);
});

test("a database is copied from a template and dropped while somebody is in it", async () => {
  const server = await reopen();
  const template = await createDatabase(server.url, "with 'odd\" name");
  await query(template, "CREATE TABLE t (n int); INSERT INTO t VALUES (7)");
  const copy = await createDatabase(server.url, "copy", { template: "with 'odd\" name" });
  const visitor = new pg.Client({ connectionString: copy });
  visitor.on("error", () => {});
  await visitor.connect();
  expect((await visitor.query("SELECT n FROM t")).rows).toEqual([{ n: 7 }]);
  await dropDatabase(server.url, "copy");
  await dropDatabase(server.url, "copy");
  await expect(query(copy, "SELECT 1")).rejects.toMatchObject({ code: "3D000" });
  await visitor.end().catch(() => {});
  await server.close();
});

describe("as root", () => {
  const it = needs(isRoot, "only root's server runs as somebody else");
  const base = () => (options.asRoot as AsRoot).base;

  it("the server runs as nobody, from a folder that a closed checkout does not hide", async () => {
    chmodSync(folder, 0o700);
    const outside = mkdtempSync(join(tmpdir(), "paperboy-root-"));
    onTestFinished(() => rmSync(outside, { recursive: true }));
    options = { ...options, asRoot: { ...options.asRoot!, base: outside } };
    const server = await openEmbedded(options);
    expect(statSync(`/proc/${serverPid()}`).uid).toBe(options.asRoot!.uid);
    expect(readFileSync(join(options.dataDir, "root-home"), "utf8")).toBe(home());
    await server.close();
  });

  it("a data directory that was moved keeps its database", async () => {
    const server = await reopen();
    await query(server.url, "CREATE TABLE kept (n int)");
    await server.close();
    const moved = join(folder, "moved");
    renameSync(options.dataDir, moved);
    options = { ...options, dataDir: moved };
    const again = await openEmbedded(options);
    expect(await query(again.url, "SELECT n FROM kept")).toEqual([]);
    await again.close();
  });

  it("a data directory that was deleted begins anew, beside what the old one left", async () => {
    const server = await reopen();
    await query(server.url, "CREATE TABLE kept (n int)");
    await server.close();
    rmSync(options.dataDir, { recursive: true });
    const again = await openEmbedded(options);
    await expect(query(again.url, "SELECT n FROM kept")).rejects.toMatchObject({ code: "42P01" });
    await again.close();
    expect(readdirSync(base())).toHaveLength(2);
  });

  it("a copy of a data directory does not share the original's database unawares", async () => {
    await (await reopen()).close();
    const copy = join(folder, "copy");
    cpSync(options.dataDir, copy, { recursive: true });
    await expect(openEmbedded({ ...options, dataDir: copy })).rejects.toThrow(`${realpathSync(copy)} is a copy of`);
    const scratch = await openEmbedded({ ...options, dataDir: copy, isScratch: true });
    await expect(query(scratch.url, "SELECT n FROM kept")).rejects.toMatchObject({ code: "42P01" });
    await scratch.close();
  });

  it("a database that is gone is missed, not silently made anew", async () => {
    await (await reopen()).close();
    rmSync(home(), { recursive: true });
    await expect(openEmbedded(options)).rejects.toThrow(/was kept in .*, which is gone\. Bring it back, or delete/);
    rmSync(options.dataDir, { recursive: true });
  });
});

function aFolder(): string {
  folder = mkdtempSync(join(tmpdir(), "paperboy-embedded-"));
  chmodSync(folder, 0o755); // root's server runs as nobody and walks through
  return folder;
}

function optionsIn(dir: string): EmbeddedOptions {
  const root = rootDefaults();
  return { dataDir: join(dir, "data"), settings, asRoot: root && { ...root, base: join(dir, "root") } };
}

/** Opens a data directory that was used before: most tests are not about making one. */
async function reopen(): Promise<Embedded> {
  if (!existsSync(options.dataDir)) {
    const to = options.asRoot ? join(options.asRoot.base, "used") : options.dataDir;
    mkdirSync(dirname(to), { recursive: true });
    execFileSync("cp", ["-a", used.home, to]); // with the owners
    if (options.asRoot) {
      mkdirSync(options.dataDir);
      writeFileSync(join(options.dataDir, "root-home"), to);
      rmSync(join(to, "belongs-to"));
    }
  }
  return openEmbedded(options);
}

/** Where this test's cluster is: the data directory itself, or for root the folder it points to. */
function home(): string {
  const receipt = join(options.dataDir, "root-home");
  return existsSync(receipt) ? readFileSync(receipt, "utf8") : realpathSync(options.dataDir);
}

/** The server that runs now; null when none does. */
function serverPid(): number | null {
  const pid = readPidFile(join(home(), "data"))?.pid;
  return pid && identify(pid) ? pid : null;
}

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => {});
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end().catch(() => {});
  }
}

type Other = { child: ChildProcess; close(): Promise<void>; exit(): Promise<void> } & Pick<Embedded, "url">;

function spawned(): ChildProcess {
  const script = fileURLToPath(new URL("../support/embedded-process.ts", import.meta.url));
  const { dataDir, ...rest } = options;
  const child = spawn(process.execPath, ["--import", "tsx", script, dataDir, JSON.stringify(rest)], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  children.push(child);
  return child;
}

async function anotherProcess(): Promise<Other> {
  const child = spawned();
  const lines = createInterface({ input: child.stdout! });
  const [line] = (await once(lines, "line")) as [string];
  const { url } = JSON.parse(line) as { url: string };
  const say = async (word: string) => {
    const gone = once(child, "exit");
    child.stdin!.end(`${word}\n`);
    await gone;
  };
  return { child, url, close: () => say("close"), exit: () => say("exit") };
}

async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill("SIGKILL");
  await gone;
}
