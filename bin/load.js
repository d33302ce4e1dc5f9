// Compiled or not: a process that runs compiled code starts in 0.4 s instead of 1.1 s and is 40 MB smaller, for the
// compiler's thread stays with it (measured on two cores). But nobody should have to think of compiling after an edit.
import { existsSync, readdirSync, statSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";

export const ROOT = fileURLToPath(new URL("..", import.meta.url));
export const COMPILED = `${ROOT}dist`;
/** Written when all of it was compiled. */
export const STAMP = `${COMPILED}/.built`;
/** What is compiled or copied; a folder's own time tells of files that are gone. */
const SOURCES = ["src", "workers", "templates", "sample", "prisma", "tsconfig.json", "tsconfig.build.json"];

/** Runs a TypeScript file of this tree: as it was compiled, or, where anything was edited since, as it stands. */
export async function load(file) {
  const isCurrent = existsSync(STAMP) && SOURCES.every((source) => isOlder(`${ROOT}${source}`, statSync(STAMP).mtimeMs));
  if (!isCurrent) await import("tsx/esm/api").then(({ register }) => register());
  const path = isCurrent ? `${COMPILED}/${file.replace(/\.ts$/, ".js")}` : `${ROOT}${file}`;
  process.argv[1] = path;
  await import(pathToFileURL(path).href);
}

function isOlder(path, thanMs) {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return true; // left out of an image, which was compiled before
  if (found.mtimeMs > thanMs) return false;
  return !found.isDirectory() || readdirSync(path).every((name) => isOlder(`${path}/${name}`, thanMs));
}
