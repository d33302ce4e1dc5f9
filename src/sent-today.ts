/** Which papers `paperboy today --to` has sent to whom: a small file in the data directory, for its owner's eyes only. */
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { Invalid } from "./errors.ts";

/** What one mail had in it. */
const entry = z.object({
  /** Key of the address (core/address-key.ts). */
  to: z.string(),
  at: z.iso.datetime(),
  /** Every id that each paper went by. */
  papers: z.array(z.string()),
});

export interface SentToday {
  /** The ids of all papers this address had. */
  to(addressKey: string): Promise<Set<string>>;
  add(addressKey: string, papers: readonly string[], at: Date): Promise<void>;
}

/** An edition holds papers of seven days; listed anew after a season, one may come again. */
const KEPT_MS = 90 * 24 * 60 * 60 * 1000;

/** @param dataDir made when there is something to keep */
export function openSentToday(dataDir: string): SentToday {
  const path = join(dataDir, "today.jsonl");
  const read = async () => {
    let text: string;
    try {
      text = await readFile(path, "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
      throw error;
    }
    try {
      const lines = text.split("\n").filter((line) => line !== "");
      return lines.map((line) => entry.parse(JSON.parse(line)));
    } catch (cause) {
      throw new Invalid(`${path} cannot be read. Remove it, and papers sent before may come once more.`, [], { cause });
    }
  };
  return {
    to: async (addressKey) => new Set((await read()).flatMap(({ to, papers }) => (to === addressKey ? papers : []))),
    async add(addressKey, papers, at) {
      const kept = (await read()).filter((one) => at.getTime() - Date.parse(one.at) < KEPT_MS);
      const lines = [...kept, { to: addressKey, at: at.toISOString(), papers }].map(
        (one) => `${JSON.stringify(one)}\n`,
      );
      await mkdir(dataDir, { recursive: true });
      // Whole or not at all: a kill in the middle must not make half a file of it.
      const draft = `${path}.${process.pid}`;
      await writeFile(draft, lines.join(""), { mode: 0o600 });
      await rename(draft, path);
    },
  };
}
