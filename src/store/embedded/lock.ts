import { randomUUID } from "node:crypto";
import { linkSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { Temporary } from "../../errors.ts";
import { identify, isAlive, type ProcessIdentity } from "./process.ts";

/** A lock file's content: whoever holds it, and a name for this one holding. */
type Holder = ProcessIdentity & { holding: string };

/**
 * Runs `work` while no other process on this machine holds the lock file `path`.
 *
 * A lock whose holder is dead (kill -9, reboot, pid reused) is taken over. Not re-entrant.
 *
 * @param onWait called once, with the holder's pid, after the first second of waiting
 * @throws {Temporary} when a living process holds it for longer than `waitMs`
 */
export async function withLock<T>(
  path: string,
  work: () => Promise<T>,
  { waitMs = 120_000, onWait }: { waitMs?: number; onWait?: (pid: number) => void } = {},
): Promise<T> {
  const startedAt = performance.now();
  let told = false;
  let release = tryLock(path);
  while (!release) {
    const waitedMs = performance.now() - startedAt;
    const pid = readHolder(path)?.pid ?? 0;
    if (waitedMs > waitMs) {
      throw new Temporary(
        `Process ${pid} has held ${path} for ${Math.round(waitedMs / 1000)} s. End it, then try again`,
      );
    }
    if (waitedMs > 1_000 && !told) {
      told = true;
      onWait?.(pid);
    }
    await sleep(25);
    release = tryLock(path);
  }
  try {
    return await work();
  } finally {
    release();
  }
}

/** One attempt, without waiting. @returns how to let go, or null when a living process holds the lock */
export function tryLock(path: string): (() => void) | null {
  const me = identify(process.pid) ?? { pid: process.pid, startedAt: "unknown" };
  const holder: Holder = { ...me, holding: randomUUID() };
  const draft = `${path}.${holder.holding}`;
  // A hard link appears with its content, all or nothing; open(O_EXCL) and write would leave a moment of an empty lock.
  writeFileSync(draft, JSON.stringify(holder), { mode: 0o600, flag: "wx" });
  try {
    for (let attempt = 0; attempt < 2; attempt++) {
      try {
        linkSync(draft, path);
        return () => rmSync(path, { force: true });
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      }
      if (!removeIfStale(path)) return null;
    }
    return null;
  } finally {
    rmSync(draft, { force: true });
  }
}

/**
 * Two processes may find the same dead holder, and the slower one must not remove the lock the faster one has just made.
 * So whoever removes a dead holding first locks that very holding: only one gets it, and looks again.
 */
function removeIfStale(path: string): boolean {
  const holder = readHolder(path);
  if (!holder) return true; // let go in the meantime
  if (isAlive(holder)) return false;
  const release = tryLock(`${path}.stale-${holder.holding}`);
  if (!release) return false;
  try {
    if (readHolder(path)?.holding === holder.holding) rmSync(path, { force: true });
    return true;
  } finally {
    release();
  }
}

function readHolder(path: string): Holder | null {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Holder;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    // Not JSON: the disk was full, or a power cut. Nobody living wrote it, for a living holder's file is whole.
    if (error instanceof SyntaxError) return { pid: 0, startedAt: "", holding: "broken" };
    throw error;
  }
}
