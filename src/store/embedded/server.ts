import { spawn } from "node:child_process";
import { closeSync, openSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Permanent, Temporary } from "../../errors.ts";
import type { Log } from "../../log.ts";
import type { Binaries } from "./binaries.ts";
import type { Home } from "./home.ts";
import { commandLine } from "./process.ts";

/** One cluster on disk and what serves it. `data` is PostgreSQL's own directory. */
export type Cluster = Home & {
  data: string;
  binaries: Binaries;
  settings: Readonly<Record<string, string>>;
  log: Log | undefined;
};

export type Server = { pid: number; port: number };

/** Recovery after a crash replays the log since the last checkpoint: seconds here, minutes on a slow disk. */
const READY_WITHIN_MS = 300_000;
/** A fast shutdown writes one checkpoint. */
const STOPS_WITHIN_MS = 60_000;

/**
 * The server of this cluster: the one that runs, whoever started it, else a new one. Ready for connections.
 * Call it under the cluster's lock.
 *
 * One that a killed process left running in another network (a namespace of its own) cannot be reached from this one: it
 * is ended and started here, unless somebody uses it.
 *
 * @throws {Permanent} when others use it in a network that is not ours
 */
export async function adoptOrStart(cluster: Cluster, { isInUse }: { isInUse: boolean }): Promise<Server> {
  for (let attempt = 1; ; attempt++) {
    const running = await settled(cluster);
    if (running && (await answers(running.port))) return running;
    if (running && isInUse)
      throw new Permanent(
        `PostgreSQL (process ${running.pid}, data in ${cluster.data}) is in use in another network namespace or container. Stop what uses it, or set another DATA_DIR`,
      );
    if (running) await stopServer(cluster);
    const failure = await start(cluster);
    if (typeof failure === "object") return failure;
    // Each of these passes: a process of a killed server is finishing its query, somebody took the port between our
    // asking and the server's binding, or the server that a killed parent had begun to start was faster than ours.
    const passes = /is still in use|could not bind|could not create any TCP\/IP sockets/.test(failure) || find(cluster);
    if (!passes || attempt === 40) {
      throw new Permanent(`PostgreSQL does not start in ${cluster.data}:\n${failure}`);
    }
    await sleep(250);
  }
}

/** Whether anything listens there. One that runs in our network refuses nobody on loopback. */
function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1", timeout: 5_000 });
    const settle = (isThere: boolean) => {
      socket.destroy();
      resolve(isThere);
    };
    socket.once("connect", () => settle(true));
    socket.once("timeout", () => settle(false));
    socket.once("error", () => settle(false));
  });
}

/** Ends the server, if one runs, and waits until it is gone. Everything committed is on disk either way. */
export async function stopServer(cluster: Cluster): Promise<void> {
  const pid = signalStop(cluster);
  if (pid === null) return;
  const startedAt = performance.now();
  let immediate = false;
  while (isServer(pid, cluster.data)) {
    const waitedMs = performance.now() - startedAt;
    if (waitedMs > STOPS_WITHIN_MS && !immediate) {
      immediate = true;
      kill(pid, "SIGQUIT"); // without the checkpoint: the next start replays the log instead
    }
    if (waitedMs > STOPS_WITHIN_MS + 10_000) throw new Temporary(`PostgreSQL (process ${pid}) does not stop`);
    await sleep(10);
  }
}

/** Asks the server to end and does not wait. @returns its pid, or null when none runs */
export function signalStop({ data }: Pick<Cluster, "data">): number | null {
  const server = readPidFile(data);
  if (!server || !isServer(server.pid, data)) return null;
  kill(server.pid, "SIGINT"); // "fast": ends sessions, writes a checkpoint, exits
  return server.pid;
}

/** What PostgreSQL's own `postmaster.pid` says; null when there is no (whole) such file. */
export function readPidFile(data: string): (Server & { status: string }) | null {
  try {
    // src/include/utils/pidfile.h: pid, data directory, start time, port, socket directory, address, shared memory, status
    const lines = readFileSync(join(data, "postmaster.pid"), "utf8").split("\n");
    const [pid, port] = [Number(lines[0]), Number(lines[3])];
    return pid > 0 ? { pid, port, status: (lines[7] ?? "").trim() } : null;
  } catch {
    return null;
  }
}

/** Whether a server of this cluster runs, in whatever state. */
export function isRunning(cluster: Cluster): boolean {
  return find(cluster) !== null;
}

function find({ data }: Cluster): ReturnType<typeof readPidFile> {
  const server = readPidFile(data);
  return server && isServer(server.pid, data) ? server : null;
}

/** The pid file outlives a killed server, and its number may be another program's by now. */
function isServer(pid: number, data: string): boolean {
  const command = commandLine(pid);
  return command.includes("postgres") && command.includes(data);
}

/** The running server once it is neither starting nor stopping; null when there is none (any more). */
async function settled(cluster: Cluster): Promise<Server | null> {
  const startedAt = performance.now();
  let told = false;
  for (let server = find(cluster); server; server = find(cluster)) {
    if (server.status === "ready") return { pid: server.pid, port: server.port };
    const waitedMs = performance.now() - startedAt;
    if (waitedMs > READY_WITHIN_MS) {
      throw new Temporary(
        `PostgreSQL (process ${server.pid}, data in ${cluster.data}) is ${server.status} and does not get ready`,
      );
    }
    if (waitedMs > 2_000 && !told) {
      told = true;
      cluster.log?.info(`PostgreSQL is ${server.status}; waiting for it`);
    }
    await sleep(10);
  }
  return null;
}

/** @returns the server, or what PostgreSQL wrote before it gave up */
async function start(cluster: Cluster): Promise<Server | string> {
  disownPid(cluster.data);
  const logFile = join(cluster.dir, "server.log");
  // Kept between runs for whoever looks for a reason, but not for ever.
  const out = openSync(logFile, sizeOf(logFile) > 5_000_000 ? "w" : "a", 0o600);
  const from = sizeOf(logFile);
  // That of one that was killed, which its pid file keeps: whoever used it finds the new one there.
  const port = await freePort(readPidFile(cluster.data)?.port);
  const settings = { ...SETTINGS, ...cluster.settings, port: String(port) };
  const child = spawn(
    cluster.binaries.postgres,
    ["-D", cluster.data, ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`])],
    {
      ...cluster.runAs,
      cwd: cluster.dir,
      env: { LC_ALL: "C", TZ: "UTC", PATH: process.env.PATH },
      // A session of its own: Ctrl-C in the terminal goes to everything in ours, and we want to finish our mail first.
      detached: true,
      stdio: ["ignore", out, out],
    },
  );
  closeSync(out);
  child.unref();
  let failure: string | undefined;
  const failed = (reason: string) => {
    failure = reason;
  };
  child.once("error", (error) => failed(error.message));
  child.once("exit", () => failed("")); // why stands in its log
  for (;;) {
    const server = await settled(cluster);
    if (server && server.pid === child.pid) return server;
    if (failure !== undefined)
      return failure || readFileSync(logFile).subarray(from).toString().trim() || "It gave no reason.";
    await sleep(10); // until it has written its pid file
  }
}

/**
 * `fsync` and `synchronous_commit` keep their default, on: a request we answered must survive a power cut.
 * The rest suits a few hundred thousand readers on a small machine; a bigger one has a PostgreSQL of its own.
 */
const SETTINGS = {
  listen_addresses: "127.0.0.1",
  unix_socket_directories: "",
  max_connections: "100",
  shared_buffers: "128MB",
  max_wal_size: "512MB",
  timezone: "UTC",
  log_timezone: "UTC",
  log_checkpoints: "off",
};

/**
 * PostgreSQL takes a pid file for a living server's as soon as *some* process has that number, and does not start. Where
 * we know better, put in a number no process can have; all else that it checks (shared memory still in use) stays.
 */
function disownPid(data: string): void {
  const server = readPidFile(data);
  if (!server || isServer(server.pid, data)) return;
  const path = join(data, "postmaster.pid");
  writeFileSync(path, readFileSync(path, "utf8").replace(/^\d+/, "2147483646"));
}

/** @param wanted if nobody has it; else any */
async function freePort(wanted = 0): Promise<number> {
  const probe = createServer();
  const isThere = await new Promise<boolean>((resolve, reject) => {
    probe.once("error", (error) => (wanted === 0 ? reject(error) : resolve(false)));
    probe.listen(wanted, "127.0.0.1", () => resolve(true));
  });
  if (!isThere) return freePort();
  const { port } = probe.address() as { port: number };
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error; // it has ended by itself
  }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
