/** Processes of our own: frozen, killed, and ended by their number whatever becomes of us. */
import { type ChildProcess, execFileSync, type SpawnOptions, spawn } from "node:child_process";

export interface Child {
  readonly pid: number;
  readonly process: ChildProcess;
  /** Resolves when it is gone: its exit code, or the signal that ended it. */
  readonly gone: Promise<number | NodeJS.Signals>;
  isRunning(): boolean;
  /** To this process alone. Nothing happens when it is gone. */
  signal(name: NodeJS.Signals): void;
  /** SIGKILL, which a frozen process hears too. */
  kill(): Promise<void>;
}

/** What still runs is killed when we exit. One listener, however many there are. */
const running = new Set<Child>();
let isWatching = false;

/** @throws {Error} when there is no such program */
export function startChild(command: string, args: readonly string[], options: SpawnOptions): Child {
  if (!isWatching) process.on("exit", () => [...running].forEach((child) => void child.signal("SIGKILL")));
  isWatching = true;
  const spawned = spawn(command, args, options);
  const { pid } = spawned;
  spawned.once("error", () => {}); // no pid, no program: thrown below
  if (pid === undefined) throw new Error(`${command} could not be started`);
  const gone = new Promise<number | NodeJS.Signals>((resolve) => {
    spawned.once("exit", (code, signal) => {
      running.delete(child);
      resolve(code ?? signal!);
    });
  });
  const isRunning = () => spawned.exitCode === null && spawned.signalCode === null;
  const signal = (name: NodeJS.Signals) => {
    if (isRunning()) spawned.kill(name);
  };
  const kill = async () => {
    signal("SIGKILL");
    await gone;
  };
  const child: Child = { pid, process: spawned, gone, isRunning, signal, kill };
  running.add(child);
  return child;
}

/** Pids of a process's children, as they are this moment. */
export function childrenOf(pid: number): number[] {
  const table = execFileSync("ps", ["-A", "-o", "pid=,ppid="], { encoding: "utf8" }).trim().split("\n");
  const pairs = table.map((line) => line.trim().split(/\s+/).map(Number));
  return pairs.filter(([, parent]) => parent === pid).map(([child]) => child!);
}

/** Sends a signal to a process that is not our own child. Nothing happens when it is gone. */
export function signalTo(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
