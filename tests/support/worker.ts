/** A worker as an operator runs it: `paperboy worker`, a process of its own. */
import { fileURLToPath } from "node:url";
import { type Child, startChild } from "./child.ts";

export interface WorkerProcess {
  readonly pid: number;
  readonly gone: Child["gone"];
  isRunning(): boolean;
  /** kill -9. */
  kill(): Promise<void>;
  freeze(): void;
  thaw(): void;
  /** SIGTERM, as a deployment ends it. @returns the exit code, or the signal that was quicker */
  end(): Promise<number | NodeJS.Signals>;
  /** The last lines it wrote. */
  said(): string;
}

const checkout = fileURLToPath(new URL("../..", import.meta.url));
const KEPT_LETTERS = 20_000;

/** @param env all settings it gets, besides PATH and HOME: nothing of our own surroundings leaks into it */
export function startWorker(env: Readonly<Record<string, string>>): WorkerProcess {
  const { PATH, HOME } = process.env;
  const child = startChild(process.execPath, ["bin/paperboy.js", "worker"], {
    cwd: checkout,
    env: { ...(PATH ? { PATH } : {}), ...(HOME ? { HOME } : {}), ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  const hear = (text: string) => {
    said = (said + text).slice(-KEPT_LETTERS);
  };
  for (const stream of [child.process.stdout!, child.process.stderr!]) stream.setEncoding("utf8").on("data", hear);
  return {
    ...{ pid: child.pid, gone: child.gone, isRunning: child.isRunning, kill: child.kill },
    freeze: () => child.signal("SIGSTOP"),
    thaw: () => child.signal("SIGCONT"),
    end() {
      child.signal("SIGTERM");
      return child.gone;
    },
    said: () => said,
  };
}
