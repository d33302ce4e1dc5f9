/** Reads `templates/text/`: one file a language, named after it. */
import { readdir, readFile } from "node:fs/promises";
import { join, parse } from "node:path";
import { z } from "zod";
import type { Catalogue } from "../core/text.ts";
import { Invalid } from "../errors.ts";

const catalogue: z.ZodType<Catalogue> = z.lazy(() => z.record(z.string(), z.union([z.string(), catalogue])));

/**
 * @returns catalogues by language, for `openText`
 * @throws {Invalid} naming the file that is not JSON or not nested strings
 */
export async function readCatalogues(folder: string): Promise<Record<string, Catalogue>> {
  const files = (await readdir(folder)).filter((file) => file.endsWith(".json")).sort();
  const read = files.map(async (file): Promise<[string, Catalogue]> => {
    const path = join(folder, file);
    try {
      return [parse(file).name, catalogue.parse(JSON.parse(await readFile(path, "utf8")))];
    } catch (error) {
      throw new Invalid(`${path} is not a text catalogue (nested strings in JSON): ${messageOf(error)}`, [], {
        cause: error,
      });
    }
  });
  return Object.fromEntries(await Promise.all(read));
}

function messageOf(error: unknown): string {
  if (error instanceof z.ZodError) return z.prettifyError(error);
  return error instanceof Error ? error.message : String(error);
}
