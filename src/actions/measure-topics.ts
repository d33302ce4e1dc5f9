import { mergeSightings, publicId, type Sighting } from "../core/paper.ts";
import { type Coverage, coverageOf } from "../core/topic-coverage.ts";
import { type Catalogue, type TopicText, topicsOfAll } from "../core/topics.ts";
import type { Refusal } from "../sources/source.ts";

type Needs = {
  readPapersFile: (path: string) => AsyncIterable<Sighting | Refusal>;
  catalogue: Catalogue;
};

/** How the catalogue fits the papers of a file. */
export interface FileCoverage extends Coverage {
  readonly path: string;
  readonly refusals: readonly Refusal[];
}

/** Papers weighed at a time: many together are ten times as fast as one by one. */
const BATCH = 500;

/**
 * Reads a file and stores nothing. A paper that stands in it several times counts once, as it stands there first.
 *
 * @throws {Invalid} for a file that cannot be read to its end
 */
export async function measureTopics({ readPapersFile, catalogue }: Needs, path: string): Promise<FileCoverage> {
  const found: string[][] = [];
  const refusals: Refusal[] = [];
  const seen = new Set<string>();
  let batch: TopicText[] = [];
  const weigh = () => {
    for (const topics of topicsOfAll(batch, catalogue)) found.push(topics.map(({ id }) => id));
    batch = [];
  };
  for await (const entry of readPapersFile(path)) {
    if ("reason" in entry) {
      refusals.push(entry);
      continue;
    }
    const id = publicId(entry);
    if (seen.has(id)) continue;
    seen.add(id);
    batch.push(mergeSightings(null, entry));
    if (batch.length === BATCH) weigh();
  }
  weigh();
  return { path, refusals, ...coverageOf(found, catalogue) };
}
