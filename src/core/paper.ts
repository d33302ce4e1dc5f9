/**
 * What we believe about papers: what a source says of one (a sighting), which sightings mean the same work, and how
 * what several sources said becomes one paper.
 */
import { createHash } from "node:crypto";

/** What a source counts about a paper, by name: `upvotes`, `comments`, `stars`, or anything another source counts. */
export type Signals = Readonly<Record<string, number>>;

/** A calendar day, `YYYY-MM-DD`, without a zone. */
export type Day = string;

/** What one source said of one paper at one time. Text is as the source wrote it, TeX and all. */
export interface Sighting {
  /** Name of the source: `hugging-face`, `arxiv`, `page-text`, … */
  readonly source: string;
  /** arXiv id without version (`2604.11784`, `hep-th/9901001`); absent when the source does not know it. */
  readonly arxivId?: string;
  readonly title: string;
  readonly abstract?: string;
  /** The source's own one-line summary. */
  readonly summary?: string;
  readonly authors: readonly string[];
  /** arXiv categories, primary first: `["cs.CL", "cs.AI"]`. */
  readonly categories: readonly string[];
  readonly keywords: readonly string[];
  readonly publishedAt?: Date;
  readonly url?: string;
  readonly pdfUrl?: string;
  readonly codeUrl?: string;
  readonly projectUrl?: string;
  readonly organization?: string;
  /** The UTC day a trending source listed it on; absent from sources that do not list by day. */
  readonly listedOn?: Day;
  /** Its place in that day's listing, from 0. */
  readonly position?: number;
  readonly signals: Signals;
  readonly withdrawn?: boolean;
}
