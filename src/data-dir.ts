/** The data directory, made where it is missing. */
import { access, constants, mkdir } from "node:fs/promises";
import { Invalid } from "./errors.ts";

/** @throws {Invalid} when nothing can be kept there */
export async function openDataDir(dataDir: string): Promise<void> {
  try {
    await mkdir(dataDir, { recursive: true });
    await access(dataDir, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (cause) {
    const { code = "unknown", path = dataDir } = cause as NodeJS.ErrnoException;
    throw new Invalid(
      `DATA_DIR: nothing can be kept in ${dataDir} (${code}${path === dataDir ? "" : ` at ${path}`}). ${ADVICE[code] ?? OTHERWISE}`,
      [],
      {
        cause,
      },
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
