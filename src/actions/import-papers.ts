import { FROM_FILE } from "../core/edition-close.ts";
import type { Day, Sighting } from "../core/paper.ts";
import { Invalid } from "../errors.ts";
import type { Refusal } from "../sources/source.ts";
import type { Papers } from "../store/papers.ts";

export type Needs = {
  papers: Pick<Papers, "add">;
  readPapersFile: (path: string) => AsyncIterable<Sighting | Refusal>;
};

/** What became of one file. */
export interface ImportedFile {
  readonly path: string;
  readonly read: number;
  readonly added: number;
  readonly merged: number;
  readonly refusals: readonly Refusal[];
  /** Why the file could not be read to its end; what came before it is stored. */
  readonly problem: string | null;
  /** Newest day a paper of it was listed on. */
  readonly newestDay: Day | null;
}

/** Papers stored at a time: as far as a file is read, so far it is kept. */
const BATCH = 500;

/**
 * Stores the papers of a file, in its order. A paper that names no day counts as listed on `listedOn`.
 *
 * A file that is broken further down loses nothing that stands before the break, and nothing that was stored earlier.
 */
export async function importPapers(
  { papers, readPapersFile }: Needs,
  path: string,
  { listedOn, seenAt }: { listedOn: Day; seenAt: Date },
): Promise<ImportedFile> {
  const file = { path, read: 0, added: 0, merged: 0, refusals: [] as Refusal[], newestDay: null as Day | null };
  let batch: Sighting[] = [];
  const store = async () => {
    const { added, merged } = await papers.add(batch, seenAt, FROM_FILE);
    file.added += added;
    file.merged += merged;
    batch = [];
  };
  let problem: string | null = null;
  try {
    for await (const entry of readPapersFile(path)) {
      if ("reason" in entry) {
        file.refusals.push(entry);
        continue;
      }
      const sighting = { ...entry, listedOn: entry.listedOn ?? listedOn };
      if (file.newestDay === null || sighting.listedOn > file.newestDay) file.newestDay = sighting.listedOn;
      file.read += 1;
      batch.push(sighting);
      if (batch.length === BATCH) await store();
    }
  } catch (error) {
    if (!(error instanceof Invalid)) throw error;
    problem = error.message;
  }
  await store();
  return { ...file, problem };
}
