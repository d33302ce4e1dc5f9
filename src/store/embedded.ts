import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { Permanent } from "../errors.ts";
import type { Log } from "../log.ts";
import { createDatabase } from "./create-database.ts";
import { findBinaries } from "./embedded/binaries.ts";
import { ensureCluster, NAME } from "./embedded/cluster.ts";
import { type AsRoot, homeOf, rootDefaults } from "./embedded/home.ts";
import { tryLock, withLock } from "./embedded/lock.ts";
import { adoptOrStart, type Cluster, isRunning, readPidFile, signalStop, stopServer } from "./embedded/server.ts";
import { enter, isInUse } from "./embedded/users.ts";

export type Embedded = {
  readonly url: string;
  /** Where its data lie. */
  readonly dir: string;
  close(): Promise<void>;
};

export type EmbeddedOptions = {
  /** The server's folder; everything it owns is in it, except for root (see `homeOf`). Made when missing. */
  dataDir: string;
  log?: Log;
  /** PostgreSQL settings on top of ours, as in postgresql.conf. Ignored while a server started without them runs. */
  settings?: Readonly<Record<string, string>>;
  /** How to serve root; null: as ourselves. Default: as `nobody` below /var/lib/paperboy when we are root. */
  asRoot?: AsRoot | null;
  /** Nothing in it is worth keeping: a folder that was copied from elsewhere begins anew instead of being refused. */
  isScratch?: boolean;
};

/** A look reads two small files; whoever waits for the database meanwhile is told 503. */
const LOOK_MS = 2_000;

/**
 * A real PostgreSQL from npm, on loopback, for whoever has none: about a second from nothing to the first query.
 *
 * Any number of processes may open one data directory: the first starts the server, the others use it, and whoever closes
 * last stops it; one that dies meanwhile is started again at the same port. A server whose processes were all killed goes on
 * alone until the next one opens it, and is used as it is. Only processes of one machine, or of one container, see each other.
 *
 * @throws {Permanent} a data directory of another PostgreSQL version, no rights, a full disk, an unknown platform
 * @throws {Temporary} when another process holds the start for minutes
 */
export async function openEmbedded(options: EmbeddedOptions): Promise<Embedded> {
  try {
    return await open(options);
  } catch (cause) {
    if (!isOfFileSystem(cause)) throw cause;
    const reason = (cause as Error).message;
    throw new Permanent(`The data directory ${options.dataDir} cannot be used: ${reason}`, { cause });
  }
}

async function open(options: EmbeddedOptions): Promise<Embedded> {
  const { dataDir, log, settings = {}, asRoot = rootDefaults(), isScratch = false } = options;
  const home = homeOf(dataDir, asRoot, { isScratch });
  const binaries = await findBinaries(home.runAs, home.copiesDir);
  const cluster: Cluster = { ...home, data: join(home.dir, "data"), binaries, settings, log };
  const lock = join(home.dir, "lock");
  const onWait = (pid: number) => log?.info({ pid }, "Another process is starting or stopping the database; waiting");

  const { url, leave } = await withLock(
    lock,
    async () => {
      const password = await ensureCluster(cluster);
      const isShared = isInUse(home.dir);
      const leave = enter(home.dir);
      try {
        const { port } = await adoptOrStart(cluster, { isInUse: isShared });
        const url = `postgresql://${NAME}:${password}@127.0.0.1:${port}/${NAME}`;
        await ensureDatabase(url);
        return { url, leave };
      } catch (error) {
        leave();
        if (!isInUse(home.dir)) await stopServer(cluster);
        throw error;
      }
    },
    { onWait },
  );

  let closing: Promise<void> | undefined;
  const keeper = setInterval(() => void keepRunning(), LOOK_MS);
  keeper.unref();
  let isStarting = false;
  /** A server that was killed (by whoever needed its memory, as a rule) is started again where it was. */
  const keepRunning = async () => {
    if (isStarting || closing || isRunning(cluster)) return;
    isStarting = true;
    try {
      log?.error("PostgreSQL is gone; starting it again");
      await withLock(
        lock,
        async () => {
          if (closing) return;
          const { port } = await adoptOrStart(cluster, { isInUse: true });
          if (String(port) === new URL(url).port) log?.info("PostgreSQL runs again");
          else log?.error("PostgreSQL runs again at another port, which this process does not know: restart it");
        },
        { onWait },
      );
    } catch (error) {
      log?.error({ err: error }, "PostgreSQL could not be started again");
    } finally {
      isStarting = false;
    }
  };

  const leaveAndStop = async () => {
    leave();
    if (!isInUse(home.dir)) await stopServer(cluster);
  };
  const onExit = () => leaveAtExit(cluster, lock, leave);
  process.once("exit", onExit);
  return {
    url,
    dir: home.dir,
    close() {
      clearInterval(keeper);
      closing ??= withLock(lock, leaveAndStop, { onWait })
        .catch((error) => {
          if (!isOfFileSystem(error)) throw error;
          return leaveAndStop(); // a full disk has no room for a lock either
        })
        .finally(() => process.off("exit", onExit));
      return closing;
    },
  };
}

/** Somebody called process.exit, or an error nobody caught ends us: no time to wait, enough to ask the server to end. */
function leaveAtExit(cluster: Cluster, lock: string, leave: () => void): void {
  try {
    leave();
    const release = tryLock(lock);
    if (!release) return; // whoever holds it starts or stops the server, and decides
    if (!isInUse(cluster.dir) && signalStop(cluster) !== null) waitUntilItHeard(cluster);
    release();
  } catch {
    // A full disk, a folder that is gone: the next start finds the server and takes it over.
  }
}

/** Whoever comes next must see a stopping server, not one that is about to hear of it. Milliseconds, and no event loop. */
function waitUntilItHeard({ data }: Cluster): void {
  for (let waitedMs = 0; waitedMs < 500 && readPidFile(data)?.status === "ready"; waitedMs += 5) {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
  }
}

/** Makes our database where it is missing: in a new cluster, or where the first start was killed before this. */
async function ensureDatabase(url: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const client = new pg.Client({ connectionString: url });
    client.on("error", () => {}); // reported by the promise below
    try {
      await client.connect();
      return;
    } catch (error) {
      const { code } = error as { code?: string };
      if (code === "3D000")
        await createDatabase(url, NAME); // invalid_catalog_name: there is no such database
      // cannot_connect_now: "the database system is starting up"
      else if (code === "57P03" && attempt < 100) await sleep(50);
      else throw error;
    } finally {
      await client.end().catch(() => {});
    }
  }
}

/** No rights, no room, no such folder; errors of connections have no path. */
function isOfFileSystem(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).path !== undefined;
}
