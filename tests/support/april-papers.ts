import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { RankedPaper } from "../../src/core/edition.ts";
import { mergeSightings } from "../../src/core/paper.ts";
import { parseDailyPapers } from "../../src/sources/hugging-face.ts";
import { aRankedPaper } from "./ranked-papers.ts";

/** The 707 papers of April 2026, read as in earnest; one a row, in the order of their days. Topics are left out. */
export function aprilPapers(sharedData: string): RankedPaper[] {
  const folder = join(sharedData, "hugging-face/daily");
  return readdirSync(folder)
    .sort()
    .flatMap((file) => parseDailyPapers(readFileSync(join(folder, file), "utf8")).sightings)
    .map((sighting, i) => {
      const { title, abstract, summary, authors, keywords, codeUrl } = mergeSightings(null, sighting);
      const upvotes = sighting.signals.upvotes ?? 0;
      const texts = { title, abstract, summary, authors, keywords };
      return aRankedPaper({ key: i + 1, id: sighting.arxivId!, ...texts, codeUrl, upvotes });
    });
}
