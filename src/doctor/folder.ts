/** DATA_DIR: room on its disk, and who may read what is in it. */
import { access, constants, readdir, stat, statfs } from "node:fs/promises";
import { dirname, join } from "node:path";
import { judgeRoomLeft } from "../core/limits.ts";
import { amber, green, red, type Verdict } from "./finding.ts";

/** Whoever reads the first can forge links; the second names who left. */
const CLOSED = ["secrets.json", "journal.jsonl"];

export async function lookAtFolder(dataDir: string): Promise<Verdict[]> {
  const parent = await nearest(dataDir);
  if (parent !== dataDir) {
    const room = judgeRoom(dataDir, await freeBytes(parent));
    return [room.level === "green" ? green(`${dataDir} is not there yet: the first start makes it.`) : room];
  }
  try {
    await access(dataDir, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch {
    return [
      red(`${dataDir} may not be written by this user.`, `Run: chown -R ${process.getuid?.() ?? "USER"} ${dataDir}`),
    ];
  }
  return [judgeRoom(dataDir, await freeBytes(dataDir)), ...(await openFiles(dataDir))];
}

export function judgeRoom(dataDir: string, bytes: number): Verdict {
  const found = `The disk of ${dataDir} has ${bytes >= 1e10 ? Math.round(bytes / 1e9) : (bytes / 1e9).toFixed(1)} GB left.`;
  const room = judgeRoomLeft(bytes);
  if (room === "gone") return red(found, "Make room: a full disk stops the database and the journal.");
  return room === "scarce" ? amber(found, "Make room, or move DATA_DIR.") : green(found);
}

async function openFiles(dataDir: string): Promise<Verdict[]> {
  // Windows has no such bits and shows them all as set.
  if (process.platform === "win32") return [];
  const there = new Set(await readdir(dataDir));
  const verdicts: Verdict[] = [];
  for (const name of CLOSED.filter((each) => there.has(each))) {
    const path = join(dataDir, name);
    const mode = (await stat(path)).mode & 0o777;
    if ((mode & 0o077) !== 0)
      verdicts.push(
        red(`Others on this machine can read ${path} (mode 0${mode.toString(8)}).`, `Run: chmod 600 ${path}`),
      );
  }
  return verdicts;
}

/** The folder, or the nearest above it that is there. */
async function nearest(folder: string): Promise<string> {
  for (let at = folder; ; at = dirname(at)) {
    try {
      await stat(at);
      return at;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT" || at === dirname(at)) return at;
    }
  }
}

async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}
