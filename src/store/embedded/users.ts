import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { identify, isAlive, type ProcessIdentity } from "./process.ts";

/**
 * Notes that this process uses the server, so that nobody stops it meanwhile. Call it under the cluster's lock.
 * @returns how to take the note away
 */
export function enter(home: string): () => void {
  const folder = join(home, "users");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const note = join(folder, `${process.pid}-${randomUUID()}`);
  writeFileSync(note, JSON.stringify(identify(process.pid)), { mode: 0o600 });
  return () => rmSync(note, { force: true });
}

/** Whether a living process still uses the server. Notes of dead ones are thrown away. Call it under the cluster's lock. */
export function isInUse(home: string): boolean {
  const folder = join(home, "users");
  if (!existsSync(folder)) return false;
  const living = readdirSync(folder).filter((name) => {
    const user = readNote(join(folder, name));
    if (user && isAlive(user)) return true;
    rmSync(join(folder, name), { force: true });
    return false;
  });
  return living.length > 0;
}

function readNote(path: string): ProcessIdentity | null {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as ProcessIdentity | null;
  } catch {
    return null; // cut short: its writer was killed while writing, or the disk was full
  }
}
