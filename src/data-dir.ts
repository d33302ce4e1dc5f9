/** The data directory, made where it is missing. */
import { access, constants, mkdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { Invalid } from "./errors.ts";

/** What every process keeps there, whatever else it rests on. */
const OURS = ["secrets.json", "journal.jsonl", "data"];

/**
 * @throws {Invalid} when nothing can be kept there, or we are root and another user's Paperboy lives there: root would get an
 *   embedded database of its own, an empty one, and leave files behind that the other cannot write to
 */
export async function openDataDir(dataDir: string, uid = process.getuid?.()): Promise<void> {
  try {
    await mkdir(dataDir, { recursive: true });
    await access(dataDir, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (cause) {
    const { code = "unknown", path = dataDir } = cause as NodeJS.ErrnoException;
    throw new Invalid(
      `DATA_DIR: nothing can be kept in ${dataDir} (${code}${path === dataDir ? "" : ` at ${path}`}). ${ADVICE[code] ?? OTHERWISE}`,
      [],
      { cause },
    );
  }
  if (uid !== 0) return;
  for (const name of OURS) {
    const owner = (await stat(join(dataDir, name)).catch(() => null))?.uid ?? 0;
    if (owner !== 0)
      throw new Invalid(
        `DATA_DIR: ${dataDir} belongs to the user ${owner}, whose Paperboy lives there. Give this command as that user, not as root (beside systemd's unit: deploy/paperboy COMMAND)`,
      );
  }
}

const OTHERWISE = "Write the name of a folder that this user may write to";
const ADVICE: Readonly<Record<string, string>> = {
  EACCES: `Start Paperboy as the owner of it, or run: chown -R ${process.getuid?.() ?? "USER"} FOLDER`,
  EEXIST: "It is a file. Write the name of a folder",
  ENOTDIR: "A file stands on the way to it. Write the name of a folder",
  ENOSPC: "The disk is full: make room",
  EROFS: "The disk is read-only: mount it for writing, or write the name of a folder elsewhere",
};
