/** What the arXiv formats share. */
import type { Sighting } from "../core/paper.ts";
import { arxivPage, arxivPdf } from "../core/paper.ts";
import { sightingOf } from "./fields.ts";
import type { Refusal } from "./source.ts";

/** One record as an arXiv format tells it; empty is what it does not say. */
export interface ArxivRecord {
  readonly source: "arxiv" | "arxiv-feed" | "arxiv-oai";
  /** Where it stands, for a refusal. */
  readonly where: string;
  readonly arxivId: string | null;
  readonly title: string | undefined;
  readonly abstract: string | undefined;
  readonly authors: readonly string[];
  readonly categories: readonly string[];
  readonly publishedAt: Date | undefined;
  readonly position: number;
  /** The authors' remark: "12 pages", "withdrawn". Undefined where the format has none. */
  readonly comment: string | undefined;
}

/** arXiv counts nothing, so its sightings have no signals; it lists no day's best, so they have no listing day. */
export function arxivSighting(record: ArxivRecord): Sighting | Refusal {
  const { where, comment, arxivId, title, ...told } = record;
  if (arxivId === null) return { where, reason: "no arXiv id" };
  if (title === undefined) return { where, reason: `${arxivId} has no title` };
  return sightingOf({
    ...told,
    arxivId,
    title,
    keywords: [],
    url: arxivPage(arxivId),
    pdfUrl: arxivPdf(arxivId),
    signals: {},
    withdrawn: isWithdrawn(record.abstract ?? "", comment ?? ""),
  });
}

/** In arXiv's feeds the id, the kind of announcement and the word "Abstract:" stand before the abstract. */
export function withoutPreface(summary: string): string {
  return summary.replace(/^\s*arXiv:\S+\s+Announce Type:\s*[\w-]+\s+(?:Abstract:\s*)?/i, "");
}

/**
 * Withdrawing leaves the record in place; only its words say so: a comment like "withdrawn by the author", or an abstract
 * that begins "This paper has been withdrawn". Patients may be withdrawn from a study further on.
 */
function isWithdrawn(abstract: string, comment: string): boolean {
  return (
    /^\W*withdrawn\b|\b(?:is|was|been|being) (?:temporarily )?withdrawn\b|\bwithdrawn (?:by|due|because|as)\b/i.test(
      comment,
    ) ||
    /^\W*(?:th(?:is|e) (?:\w+ ){0,3}(?:is|was|has been|have been) (?:temporarily )?withdrawn\b|withdrawn by\b)/i.test(
      abstract,
    )
  );
}
