import { createHash, randomUUID } from "node:crypto";
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { Permanent } from "../../errors.ts";
import type { RunAs } from "./binaries.ts";

/** Where a data directory's server lives: its cluster, password, log, lock; and whom it runs as. */
export type Home = { dir: string; runAs: RunAs; copiesDir: string };

/** How the server is kept when we are root, whom PostgreSQL refuses to serve. */
export type AsRoot = { base: string; uid: number; gid: number };

/**
 * For an ordinary user the data directory itself.
 *
 * For root a folder of its own below `/var/lib/paperboy`, with the server running as `nobody`, because that user must be
 * able to walk to the data and a checkout may stand in a closed folder (`/root`, `mktemp -d`). The file `root-home` in the
 * data directory says which folder, so a data directory that was moved keeps its database, and one that was deleted and
 * made anew starts empty.
 *
 * @param dataDir is made, closed to others, when it is missing
 * @param options.isScratch nothing in it is worth keeping: where another would be refused, it begins with an empty one
 * @throws {Permanent} when it holds a database of another user, or when the folder it points to is gone, or belongs to the
 *   data directory this one was copied from
 */
export function homeOf(dataDir: string, asRoot: AsRoot | null, { isScratch = false } = {}): Home {
  makeDir(dataDir);
  const real = realpathSync(dataDir);
  if (!asRoot) return { dir: real, runAs: {}, copiesDir: real };

  if (!isScratch) refuseOthers(real);
  makeDir(asRoot.base);
  chmodSync(asRoot.base, 0o755);
  const receipt = join(real, "root-home");
  if (isScratch && isNotOurs(receipt, real)) rmSync(receipt);
  const dir = readOrNull(receipt) ?? claimFolder(asRoot.base, real, receipt);
  if (!existsSync(dir)) {
    throw new Permanent(
      `The database of ${real} was kept in ${dir}, which is gone. Bring it back, or delete ${receipt} to begin with an empty database`,
    );
  }
  refuseCopies(dir, real, receipt);
  return { dir, runAs: { uid: asRoot.uid, gid: asRoot.gid }, copiesDir: asRoot.base };
}

/** We are root: `nobody`, below /var/lib/paperboy. Otherwise, and where the platform has no such numbers: null. */
export function rootDefaults(): AsRoot | null {
  if (process.getuid?.() !== 0) return null;
  const nobody = /^nobody:[^:]*:(\d+):(\d+):/m.exec(readOrNull("/etc/passwd") ?? "");
  // 65534 is the overflow uid that Linux systems give to nobody.
  return { base: "/var/lib/paperboy", uid: Number(nobody?.[1] ?? 65534), gid: Number(nobody?.[2] ?? 65534) };
}

/** A user's own cluster stands in the data directory itself; ours beside it would be empty, and a backup of it worth nothing. */
function refuseOthers(real: string): void {
  const cluster = join(real, "data");
  const owner = statSync(cluster, { throwIfNoEntry: false })?.uid ?? 0;
  if (owner !== 0)
    throw new Permanent(
      `The database in ${cluster} belongs to the user ${owner}. Give this command as that user, not as root (beside systemd's unit: deploy/paperboy COMMAND)`,
    );
}

/** Names a folder after the data directory's path, or the next free name: what an older directory left is not ours to delete. */
function claimFolder(base: string, real: string, receipt: string): string {
  const name = createHash("sha256").update(real).digest("hex").slice(0, 16);
  for (let n = 1; ; n++) {
    const dir = join(base, n === 1 ? name : `${name}-${n}`);
    try {
      mkdirSync(dir, { mode: 0o711 });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EEXIST") continue;
      throw error;
    }
    chmodSync(dir, 0o711); // whatever the umask: the server's user walks through, and sees nothing
    if (writeOnce(receipt, dir)) return dir;
    rmSync(dir, { recursive: true }); // another process was starting at the same time and was first
    return readFileSync(receipt, "utf8");
  }
}

/** Whether a receipt names a folder that is gone, or belongs to another data directory. */
function isNotOurs(receipt: string, real: string): boolean {
  const dir = readOrNull(receipt);
  return dir !== null && (!existsSync(dir) || (readOrNull(join(dir, "belongs-to")) ?? real) !== real);
}

/** A data directory copied with its `root-home` would share the original's database without either knowing. */
function refuseCopies(dir: string, real: string, receipt: string): void {
  const mark = join(dir, "belongs-to");
  const owner = readOrNull(mark);
  if (owner === real) return;
  if (owner && readOrNull(join(owner, "root-home")) === dir && !isSameFile(join(owner, "root-home"), receipt)) {
    throw new Permanent(
      `${real} is a copy of ${owner}, and their database in ${dir} was not copied with it. ` +
        `Delete ${receipt} to begin with an empty database, then restore a backup into it`,
    );
  }
  writeFileSync(mark, real, { mode: 0o600 });
}

function makeDir(dir: string): void {
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new Permanent(`The data directory ${dir} cannot be made: ${(cause as Error).message}`, { cause });
  }
}

/** Writes the whole file or, when somebody else wrote it first, nothing. */
function writeOnce(path: string, content: string): boolean {
  const draft = `${path}.${randomUUID()}`;
  writeFileSync(draft, content, { mode: 0o600 });
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}

function isSameFile(a: string, b: string): boolean {
  const [one, two] = [statSync(a), statSync(b)];
  return one.dev === two.dev && one.ino === two.ino;
}
