/** Keys nobody set are made once and kept in the data directory, for its owner's eyes only. */
import { randomBytes } from "node:crypto";
import { link, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { Invalid } from "./errors.ts";

export interface Secrets {
  /** As SECRET_KEYS writes them. */
  readonly secretKeys: string;
  readonly suppressionKey: string;
}

const stored = z.object({ secretKeys: z.string().min(1), suppressionKey: z.string().min(16) });

/**
 * The secrets in `<dataDir>/secrets.json`, made (mode 0600) by whoever comes first.
 *
 * @throws {Invalid} for a file that is there and cannot be used: making new keys over it would break every link out there
 */
export async function openSecrets(dataDir: string): Promise<Secrets> {
  const path = join(dataDir, "secrets.json");
  await mkdir(dataDir, { recursive: true });
  const fresh: Secrets = {
    secretKeys: `1:${randomBytes(32).toString("hex")}`,
    suppressionKey: randomBytes(32).toString("hex"),
  };
  // Whole or not at all: a kill in the middle, or a second process that reads, must not find half a file.
  const draft = `${path}.${process.pid}`;
  await writeFile(draft, secretsText(fresh), { mode: 0o600 });
  try {
    await link(draft, path);
    return fresh;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    await rm(draft, { force: true });
  }
  return (await readSecrets(dataDir))!;
}

/**
 * Those that are there; null when nobody has made any.
 *
 * @throws {Invalid} for a file that cannot be used
 */
export async function readSecrets(dataDir: string): Promise<Secrets | null> {
  const path = join(dataDir, "secrets.json");
  try {
    return parseSecrets(await readFile(path, "utf8"));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw new Invalid(
      `${path} does not hold the secrets it should. Put the file back from a backup; deleting it makes new ones, and every link in mails already sent stops working.`,
      [],
      { cause },
    );
  }
}

/** @throws when it is not what {@link secretsText} wrote */
export function parseSecrets(text: string): Secrets {
  return stored.parse(JSON.parse(text));
}

export function secretsText(secrets: Secrets): string {
  return `${JSON.stringify(secrets, null, 2)}\n`;
}

/**
 * Puts others in their place; those that were there are kept beside them.
 *
 * @returns `keptAs`: where they are now, null when there were none; `undo` takes it back
 */
export async function replaceSecrets(dataDir: string, secrets: Secrets, at: Date) {
  const path = join(dataDir, "secrets.json");
  await mkdir(dataDir, { recursive: true });
  const kept = `${path}.${at.toISOString().replace(/[-:]|\.\d+/gu, "")}`;
  const draft = `${path}.${process.pid}`;
  await writeFile(draft, secretsText(secrets), { mode: 0o600 });
  const keptAs = await link(path, kept).then(
    () => kept,
    (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return null;
      throw error;
    },
  );
  await rename(draft, path);
  return { keptAs, undo: () => (keptAs === null ? rm(path) : rename(keptAs, path)) };
}
