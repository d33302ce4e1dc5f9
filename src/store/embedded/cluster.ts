import { execFile } from "node:child_process";
import { randomBytes, randomUUID } from "node:crypto";
import {
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { Permanent } from "../../errors.ts";
import type { Cluster } from "./server.ts";

const run = promisify(execFile);

/** The name of the cluster's owner and of our database in it. */
export const NAME = "paperboy";

/**
 * Makes the cluster when there is none. Call it under the cluster's lock.
 *
 * @returns the password of its one user
 * @throws {Permanent} when it was made by another major version, or cannot be made (disk full, no rights)
 */
export async function ensureCluster(cluster: Cluster): Promise<string> {
  const passwordFile = join(cluster.dir, "password");
  if (existsSync(cluster.data)) {
    checkVersion(cluster);
    return readPassword(passwordFile);
  }
  try {
    const password = randomBytes(24).toString("base64url");
    writeFileSync(passwordFile, password, { mode: 0o600 });
    giveTo(cluster, passwordFile); // initdb reads it
    await initialise(cluster, passwordFile);
    return password;
  } catch (cause) {
    const { stderr, message } = cause as { stderr?: string; message: string };
    throw new Permanent(`No database could be made in ${cluster.dir}: ${stderr?.trim() || message}`, { cause });
  }
}

/** In a folder of its own that gets its name at the end: a start that was killed half-way leaves nothing to trip over. */
async function initialise(cluster: Cluster, passwordFile: string): Promise<void> {
  for (const name of readdirSync(cluster.dir)) {
    // One more try at the next start, should the initdb of a killed parent still be writing.
    if (name.startsWith("making-")) rmSync(join(cluster.dir, name), { recursive: true, force: true, maxRetries: 3 });
  }
  const draft = join(cluster.dir, `making-${randomUUID()}`);
  mkdirSync(draft, { mode: 0o700 });
  giveTo(cluster, draft);
  // PostgreSQL's own C.UTF-8: the same order and case mapping on every machine, whatever locales that has. The sync is
  // the only one the new files get; without it a power cut soon after could leave a cluster that does not start.
  const options = [
    "-A",
    "scram-sha-256",
    "-E",
    "UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
  ];
  if (cluster.settings.fsync === "off") options.push("--no-sync");
  await run(cluster.binaries.initdb, ["-D", draft, "-U", NAME, `--pwfile=${passwordFile}`, ...options], {
    ...cluster.runAs,
    cwd: cluster.dir,
    env: { LC_ALL: "C", TZ: "UTC", PATH: process.env.PATH },
  });
  renameSync(draft, cluster.data);
}

function checkVersion({ data, binaries }: Cluster): void {
  let version: string;
  try {
    version = readFileSync(join(data, "PG_VERSION"), "utf8").trim();
  } catch (cause) {
    throw new Permanent(`${data} is not a readable PostgreSQL data directory: ${(cause as Error).message}`, { cause });
  }
  if (version !== binaries.major) {
    throw new Permanent(
      `The database in ${data} was made by PostgreSQL ${version}, and this program brings ${binaries.major}. ` +
        "Start the release that made it, take a backup with `paperboy backup`, and restore that into a new DATA_DIR",
    );
  }
}

function readPassword(passwordFile: string): string {
  try {
    return readFileSync(passwordFile, "utf8");
  } catch (cause) {
    throw new Permanent(`The embedded database's password cannot be read: ${(cause as Error).message}`, { cause });
  }
}

function giveTo({ runAs }: Cluster, path: string): void {
  if (runAs.uid !== undefined && runAs.gid !== undefined) chownSync(path, runAs.uid, runAs.gid);
}
