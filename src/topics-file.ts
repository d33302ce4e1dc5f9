/** The topic catalogue: ours, or the operator's file in its place, read once. */
import { readFile } from "node:fs/promises";
import { type Catalogue, defaultCatalogue, parseCatalogue } from "./core/topics.ts";
import { Invalid } from "./errors.ts";

/** @throws {Invalid} for a file that cannot be read, or is no catalogue: each problem with its place */
export async function readTopicsFile(path: string | null): Promise<Catalogue> {
  if (path === null) return defaultCatalogue;
  try {
    return parseCatalogue(JSON.parse(await readFile(path, "utf8")));
  } catch (cause) {
    const problems = cause instanceof Invalid ? cause.problems : [];
    throw new Invalid(`TOPICS_FILE, ${path}: ${(cause as Error).message}`, problems, { cause });
  }
}
