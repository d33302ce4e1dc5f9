/** Our own JSON: one paper a line, or an array of papers. README and CONTRIBUTING name the keys; others are ignored. */
import { z } from "zod";
import { arxivIdOf, arxivPage, arxivPdf, type Sighting } from "../core/paper.ts";
import {
  countOf,
  dayOf,
  instantOf,
  isObject,
  lineOf,
  linesOf,
  loosely,
  namesOf,
  sightingOf,
  signalsOf,
  textOf,
  webAddressOf,
} from "./fields.ts";
import { type Line, linesIn } from "./lines.ts";
import type { Pulled, Refusal } from "./source.ts";

/** All lines of a text; blank ones do not count. */
export function parseJsonLines(text: string): Pulled {
  const sightings: Sighting[] = [];
  const refusals: Refusal[] = [];
  for (const line of linesIn(text)) {
    const entry = readJsonLine(line, sightings.length);
    if (entry === null) continue;
    if ("reason" in entry) refusals.push(entry);
    else sightings.push(entry);
  }
  return { sightings, refusals };
}

/**
 * The paper on one line; null for a blank one.
 *
 * @param position of this paper in its file, from 0
 * @param read what makes a paper of the line's value; our own keys by default
 */
export function readJsonLine(line: Line, position: number, read = readJsonPaper): Sighting | Refusal | null {
  const where = `line ${line.number}`;
  if ("fault" in line) return { where, reason: line.fault };
  if (line.text.trim() === "") return null;
  try {
    return read(JSON.parse(line.text), { where, position });
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return { where, reason: `not JSON: ${error.message.slice(0, 200)}` };
  }
}

/** One paper with our keys. @param place.where for a refusal */
export function readJsonPaper(
  value: unknown,
  { where, position }: { where: string; position: number },
): Sighting | Refusal {
  const read = PAPER.safeParse(value);
  if (!read.success) return { where, reason: "not an object" };
  const paper = read.data;
  if (paper.title === undefined) return { where, reason: "no title" };
  const ids = [paper.id, paper.url, paper.pdfUrl].map((text) => (text === undefined ? null : arxivIdOf(text)));
  const arxivId = ids.find((id) => id !== null) ?? undefined;
  return sightingOf({
    source: "json-lines",
    arxivId,
    title: paper.title,
    abstract: paper.abstract,
    summary: paper.summary,
    authors: paper.authors ?? [],
    categories: paper.categories ?? [],
    keywords: paper.keywords ?? [],
    publishedAt: paper.publishedAt,
    url: paper.url ?? (arxivId && arxivPage(arxivId)),
    pdfUrl: paper.pdfUrl ?? (arxivId && arxivPdf(arxivId)),
    codeUrl: paper.codeUrl ?? paper.githubRepo,
    projectUrl: paper.projectUrl,
    organization: paper.organization,
    listedOn: paper.listedOn,
    position,
    signals: {
      ...paper.signals,
      ...signalsOf({ upvotes: paper.upvotes, comments: paper.comments, stars: paper.stars }),
    },
  });
}

/** `2604.11784` may well be written as a number. */
function idOf(value: unknown): string | undefined {
  return typeof value === "number" ? String(value) : lineOf(value);
}

function wordsOf(value: unknown): string[] {
  return linesOf(typeof value === "string" ? value.split(/\s*[,;]\s*/) : value);
}

function categoriesOf(value: unknown): string[] {
  return linesOf(typeof value === "string" ? value.split(/[\s,;]+/) : value);
}

function namedSignalsOf(value: unknown): Record<string, number> {
  const entries = Object.entries(isObject(value) ? value : {});
  return Object.fromEntries(
    entries.filter(
      (entry): entry is [string, number] => /^[a-z][\w.-]{0,39}$/i.test(entry[0]) && Number.isFinite(entry[1]),
    ),
  );
}

const PAPER = z.object({
  id: loosely(idOf),
  title: loosely(lineOf),
  authors: loosely(namesOf),
  abstract: loosely(textOf),
  summary: loosely(textOf),
  listedOn: loosely(dayOf),
  publishedAt: loosely(instantOf),
  categories: loosely(categoriesOf),
  keywords: loosely(wordsOf),
  url: loosely(webAddressOf),
  pdfUrl: loosely(webAddressOf),
  codeUrl: loosely(webAddressOf),
  /** As Hugging Face calls it. */
  githubRepo: loosely(webAddressOf),
  projectUrl: loosely(webAddressOf),
  organization: loosely(lineOf),
  upvotes: loosely(countOf),
  comments: loosely(countOf),
  stars: loosely(countOf),
  signals: loosely(namedSignalsOf),
});
