/**
 * The demo as a stranger runs it: with only loopback up, as root and as an ordinary user, in closed folders, twice, and
 * after a kill in the middle. The checkout's own node_modules stand in for `npm ci`.
 */
import { execFileSync, spawn } from "node:child_process";
import { cpSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect } from "vitest";
import { needs } from "../support/needs.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const isRoot = userInfo().uid === 0;
const canUnshare = isRoot && succeeds("unshare", ["-n", "true"]);
const LINKED = ["node_modules"];
const COPIED = ["src", "workers", "templates", "prisma", "sample", "package.json", "tsconfig.json", "bin"];

/** As `nobody`, whom every Linux has; as ourselves when we are not root. */
const USERS = isRoot ? ["root", "nobody"] : ["self"];

describe.each(USERS)("as %s", (user) => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "paperboy-bare-"));
    for (const name of COPIED) cpSync(join(root, name), join(folder, name), { recursive: true });
    for (const name of LINKED) symlinkSync(join(root, name), join(folder, name));
    if (user === "nobody") execFileSync("chown", ["-R", "nobody", folder]);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** @returns the last line of output, as JSON, and the exit code */
  const demo = (...more: string[]) => {
    const [command, ...args] = commandFor(user, more);
    const output = execFileSync(command!, args, { cwd: folder, env: environment(), encoding: "utf8", timeout: 60_000 });
    return JSON.parse(output.trimEnd().split("\n").at(-1)!) as Record<string, unknown>;
  };

  const story = needs(
    process.platform === "linux" && (!isRoot || canUnshare),
    "this machine makes no network namespace",
  );
  story("with no network but loopback the digest comes from the sample, twice in a row", () => {
    for (let run = 0; run < 2; run += 1)
      expect(demo()).toMatchObject({ confirmed: 1, accepted: 1, read: 69, papers: 10 });
  });

  story("after a kill -9 at any moment the next one works", async () => {
    for (const ms of [300, 1_200, 2_500, 4_000, 6_000]) {
      const [command, ...args] = commandFor(user, []);
      const child = spawn(command!, args, { cwd: folder, env: environment(), stdio: "ignore", detached: true });
      await sleep(ms);
      try {
        process.kill(-child.pid!, "SIGKILL");
      } catch {
        // it had finished already
      }
      expect(demo()).toMatchObject({ accepted: 1, papers: 10 });
    }
  });
});

function commandFor(user: string, more: readonly string[]): string[] {
  const demo = [process.execPath, "bin/run.js", "src/demo.ts", "--once", ...more];
  const quoted = demo.map((word) => `'${word}'`).join(" ");
  const alone = isRoot ? ["unshare", "-n", "sh", "-c"] : ["sh", "-c"];
  const as = user === "nobody" ? `setpriv --reuid=nobody --regid=nogroup --clear-groups ${quoted}` : quoted;
  return [...alone, isRoot ? `ip link set lo up; exec ${as}` : `exec ${as}`];
}

function environment(): NodeJS.ProcessEnv {
  return {
    PATH: process.env.PATH,
    HOME: "/nonexistent",
    PORT: "0",
    CATCHER_PORT: "0",
    HUGGING_FACE_URL: "http://127.0.0.1:9",
  };
}

function succeeds(command: string, args: string[]): boolean {
  try {
    execFileSync(command, args, { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
