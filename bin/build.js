// Compiles the tree into dist/ and puts beside it what it reads. `npm ci` does this; after an edit nothing has to.
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, rmSync, writeFileSync } from "node:fs";
import { COMPILED, ROOT, STAMP } from "./load.js";

const compiler = `${ROOT}node_modules/typescript/bin/tsc`;
const settings = `${ROOT}tsconfig.build.json`;
const READ_AT_RUN_TIME = ["package.json", "templates", "sample", "prisma/migrations", "src/mail/mjml-process.js"];

/** Where there is no compiler or nothing to compile, what there is stays; when compiling fails, the tree runs as it stands. */
export function build() {
  if (!existsSync(compiler) || !existsSync(settings)) return;
  rmSync(COMPILED, { recursive: true, force: true });
  const made = spawnSync(process.execPath, [compiler, "-p", settings], { cwd: ROOT, encoding: "utf8" });
  if (made.status !== 0) {
    process.stderr.write(`The tree was not compiled, and will start more slowly.\n${made.stdout}${made.stderr}\n`);
    return;
  }
  for (const path of READ_AT_RUN_TIME) cpSync(`${ROOT}${path}`, `${COMPILED}/${path}`, { recursive: true });
  writeFileSync(STAMP, "");
}
