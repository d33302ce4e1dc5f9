/** Processes a benchmark starts, and what they cost. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createConnection } from "node:net";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** Postfix keeps its test programs where only root looks. */
const FOLDERS = [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin", "/usr/local/sbin"];

/** The whole path of a program; null where this machine does not have it. */
export function program(name: string): string | null {
  return FOLDERS.map((folder) => join(folder, name)).find((path) => existsSync(path)) ?? null;
}

export interface Running {
  readonly pid: number;
  readonly child: ChildProcess;
  close(): Promise<void>;
}

/** Starts a program that ends with us. `PAPERBOY_BENCH_LOG` shows what it prints. */
export function start(command: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env): Running {
  const shown = process.env.PAPERBOY_BENCH_LOG ? "inherit" : "ignore";
  const child = spawn(command, args, { env, stdio: ["ignore", shown, shown] });
  const killWithUs = () => child.kill("SIGKILL");
  process.once("exit", killWithUs);
  return {
    pid: child.pid!,
    child,
    async close() {
      process.off("exit", killWithUs);
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, "exit");
      child.kill("SIGTERM");
      await gone;
    },
  };
}

export async function listening(port: number): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const socket = createConnection(port, "127.0.0.1");
    const isOpen = await once(socket, "connect").then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (isOpen) return;
    await sleep(25);
  }
  throw new Error(`nothing listens on ${port}`);
}

/** Linux counts a process's time in hundredths of a second (proc(5), `stat`; sysconf _SC_CLK_TCK). */
const TICK_MS = 10;

/** CPU milliseconds a process has used so far, its threads included. */
function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

/** Most memory a process ever had resident, in MB. */
export function peakMb(pid: number): number {
  const [, kb = "0"] = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return Math.round(Number(kb) / 1024);
}

/** A process and all below it; one that ends while we look is left out. */
export function familyOf(pid: number): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync("/proc").filter((entry) => /^\d+$/.test(entry))) {
    try {
      const stat = readFileSync(`/proc/${name}/stat`, "utf8");
      parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]));
    } catch {}
  }
  const family = [pid];
  for (const one of family) for (const [child, parent] of parents) if (parent === one) family.push(child);
  return family;
}

export const cpuOfAll = (pids: readonly number[]): number =>
  pids.reduce((sum, pid) => sum + (existsSync(`/proc/${pid}/stat`) ? cpuMs(pid) : 0), 0);
