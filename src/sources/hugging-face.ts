/** Hugging Face's daily papers: the list with votes that makes editions. */
import { z } from "zod";
import { arxivIdOf, arxivPage, arxivPdf, type Day, type Sighting } from "../core/paper.ts";
import { Invalid, Permanent } from "../errors.ts";
import type { Fetch } from "../fetch.ts";
import { understand } from "./answer.ts";
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
import type { Pulled, Refusal, Source } from "./source.ts";

type Needs = { fetch: Pick<Fetch, "get"> };

/** The most the API gives at once; its default of 50 cut 7 of 69 days. */
const PAGE_SIZE = 100;
/** 2,000 papers a day, forty times the busiest day seen: beyond it the paging itself is broken. */
const MAX_PAGES = 20;

/** @param settings.url `HUGGING_FACE_URL` */
export function openHuggingFace({ fetch }: Needs, { url = "https://huggingface.co" } = {}): Source {
  return {
    name: "hugging-face",
    trending: true,
    async fetch({ day, signal }) {
      const sightings = new Map<string, Sighting>();
      const refusals: Refusal[] = [];
      for (let page = 0; page < MAX_PAGES; page += 1) {
        const query = new URLSearchParams({ date: day, limit: String(PAGE_SIZE), p: String(page) });
        const answer = await fetch.get(`${url.replace(/\/$/, "")}/api/daily_papers?${query}`, {
          accept: "application/json",
          ...(signal && { signal }),
        });
        const from = page * PAGE_SIZE;
        const { items, ...read } = understand(answer, (text) => parseDailyPapers(text, { day, from }));
        const unseen = read.sightings.filter((sighting) => !sightings.has(identity(sighting)));
        // A paper that moves up while we read stands on two pages; a page without a new one is the first page again.
        const isRepeated = page > 0 && unseen.length === 0;
        for (const sighting of isRepeated ? [] : unseen) {
          if (!sightings.has(identity(sighting))) sightings.set(identity(sighting), sighting);
        }
        if (!isRepeated) refusals.push(...read.refusals);
        if (isRepeated || items < PAGE_SIZE) return pulledFor(day, [...sightings.values()], refusals);
      }
      throw new Permanent(`${url} still lists papers for ${day} after ${MAX_PAGES} pages of ${PAGE_SIZE}.`);
    },
  };
}

function identity({ arxivId, title }: Sighting): string {
  return arxivId ?? title;
}

/** Repeating is to list papers and none of the day: weekends have been seen to show the Friday. */
function pulledFor(day: Day, sightings: readonly Sighting[], refusals: readonly Refusal[]): Pulled {
  const repeats = sightings.length > 0 && sightings.every(({ listedOn }) => listedOn !== day);
  return { sightings, refusals, ...(repeats && { repeats }) };
}

/**
 * One answer of `/api/daily_papers`.
 *
 * @param request.day the day that was asked for: papers that do not say when they were listed belong to it
 * @param request.from how many items stood on the pages before
 * @returns with `items`, how many entries there were, broken ones included
 * @throws {Invalid} for anything but a JSON array
 */
export function parseDailyPapers(text: string, { day, from = 0 }: { day?: Day; from?: number } = {}) {
  const items = parseArray(text);
  const read = items.map((item, index) => readDailyPaper(item, { day, position: from + index }));
  const sightings = read.filter((entry) => "signals" in entry);
  const refusals = read.filter((entry) => "reason" in entry);
  return { sightings, refusals, items: items.length };
}

function parseArray(text: string): unknown[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const what = text.trimStart().startsWith("<") ? "a web page instead of JSON" : "not whole JSON";
    throw new Invalid(`${what}: ${(error as Error).message}`, [], { cause: error });
  }
  if (Array.isArray(value)) return value;
  const error = isObject(value) ? lineOf(value.error)?.slice(0, 200) : undefined;
  throw new Invalid(`not a list of papers${error === undefined ? "" : `, but the error "${error}"`}`);
}

/** True for an entry in the API's shape; our own JSON has no `paper` inside. */
export function isDailyPaper(value: unknown): boolean {
  return isObject(value) && isObject(value.paper);
}

/** One entry of the list. @param place.position from 0 */
export function readDailyPaper(item: unknown, place: { day?: Day | undefined; position: number }): Sighting | Refusal {
  const where = `item ${place.position + 1}`;
  const entry = ITEM.safeParse(item);
  if (!entry.success) return { where, reason: "not an object with a paper in it" };
  const { paper, ...outer } = entry.data;
  const title = paper.title ?? outer.title;
  if (title === undefined) return { where, reason: "no title" };
  const arxivId = paper.id === undefined ? undefined : (arxivIdOf(paper.id) ?? undefined);
  return sightingOf({
    source: "hugging-face",
    arxivId,
    title,
    abstract: paper.summary ?? outer.summary,
    summary: paper.ai_summary,
    authors: paper.authors ?? [],
    categories: [],
    keywords: paper.ai_keywords ?? [],
    // The outer publishedAt is midnight UTC told in New York's time, four hours early.
    publishedAt: paper.publishedAt,
    // Of a paper readers want the paper; the page about it at Hugging Face is one click further.
    url: arxivId && arxivPage(arxivId),
    pdfUrl: arxivId && arxivPdf(arxivId),
    codeUrl: paper.githubRepo,
    projectUrl: paper.projectPage,
    organization: paper.organization ?? outer.organization,
    listedOn: paper.submittedOnDailyAt ?? place.day,
    position: place.position,
    signals: signalsOf({ upvotes: paper.upvotes, comments: outer.numComments, stars: paper.githubStars }),
  });
}

function visibleNamesOf(value: unknown): string[] {
  return namesOf(Array.isArray(value) ? value.filter((author) => !isObject(author) || author.hidden !== true) : value);
}

function organizationOf(value: unknown): string | undefined {
  return isObject(value) ? (lineOf(value.fullname) ?? lineOf(value.name)) : lineOf(value);
}

const ITEM = z.object({
  paper: z.object({
    id: loosely(lineOf),
    title: loosely(lineOf),
    summary: loosely(textOf),
    ai_summary: loosely(textOf),
    ai_keywords: loosely(linesOf),
    authors: loosely(visibleNamesOf),
    publishedAt: loosely(instantOf),
    submittedOnDailyAt: loosely(dayOf),
    /** The only votes that count: the outer item has none. */
    upvotes: loosely(countOf),
    githubRepo: loosely(webAddressOf),
    githubStars: loosely(countOf),
    projectPage: loosely(webAddressOf),
    organization: loosely(organizationOf),
  }),
  title: loosely(lineOf),
  summary: loosely(textOf),
  numComments: loosely(countOf),
  organization: loosely(organizationOf),
});
