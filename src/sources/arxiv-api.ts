/** arXiv's API: what it knows of given papers, and the papers of our categories for the followed lane. */
import { arxivIdOf, type Day, type Sighting } from "../core/paper.ts";
import { Invalid, Permanent, Temporary } from "../errors.ts";
import type { Fetch } from "../fetch.ts";
import { understand } from "./answer.ts";
import { arxivSighting } from "./arxiv-record.ts";
import { countOf, instantOf, lineOf, linesOf, textOf } from "./fields.ts";
import type { Pulled, Refusal, Source } from "./source.ts";
import { childOf, childrenOf, parseXml, textIn, type XmlElement } from "./xml.ts";

type Needs = { fetch: Pick<Fetch, "get"> };

export interface ArxivApiOptions {
  /** `ARXIV_URL` */
  readonly url?: string;
  /** `ARXIV_CATEGORIES` */
  readonly categories: readonly string[];
  readonly pageSize?: number;
}

/** An id takes up to 20 characters, and the request line must stay below the usual 8 kB. */
const IDS_A_REQUEST = 100;
/** Of one page. arXiv now and then answers an empty page in the middle of its results. */
const TRIES = 3;
/** 10,000 papers; the whole of arXiv gets about 1,000 a day. */
const MAX_PAGES = 50;

/** @throws {Invalid} for a category that is none: it would change the meaning of the query */
export function openArxivApi({ fetch }: Needs, options: ArxivApiOptions): Source & Required<Pick<Source, "enrich">> {
  const { url = "https://export.arxiv.org", categories, pageSize = 200 } = options;
  const wrong = categories.find((category) => !/^[a-z-]+(\.[A-Za-z-]+)?$/.test(category));
  if (wrong !== undefined) throw new Invalid(`"${wrong}" is not an arXiv category. Write one like cs.CL.`);

  return {
    name: "arxiv",
    trending: false,
    async fetch({ day, signal }) {
      if (categories.length === 0) return { sightings: [], refusals: [] };
      return await readPages({ search_query: submittedOn(day, categories) }, signal);
    },
    async enrich({ arxivIds, signal }) {
      // One id it cannot read, and arXiv refuses the whole request.
      const ids = [...new Set(arxivIds.map(arxivIdOf).filter((id) => id !== null))];
      const pulled: Pulled[] = [];
      for (let from = 0; from < ids.length; from += IDS_A_REQUEST) {
        const wanted = ids.slice(from, from + IDS_A_REQUEST);
        const query = { id_list: wanted.join(","), start: "0", max_results: String(wanted.length) };
        pulled.push(await readPage(query, 0, signal));
      }
      return joined(pulled);
    },
  };

  async function readPages(query: Record<string, string>, signal: AbortSignal | undefined): Promise<Pulled> {
    const pages: ArxivAnswer[] = [];
    let start = 0;
    while (pages.length < MAX_PAGES) {
      const page = await readPage(
        { ...query, start: String(start), ...ORDER, max_results: String(pageSize) },
        start,
        signal,
      );
      pages.push(page);
      start += page.entries;
      if (start >= page.total) return joined(pages);
    }
    throw new Permanent(`${url} has more results after ${MAX_PAGES} pages. Set fewer ARXIV_CATEGORIES.`);
  }

  async function readPage(query: Record<string, string>, start: number, signal?: AbortSignal): Promise<ArxivAnswer> {
    for (let tries = 1; tries <= TRIES; tries += 1) {
      const page = await ask(query, signal);
      if (page.entries > 0 || start >= page.total) return page;
    }
    throw new Temporary(`${url} answers an empty page where results ${start} and up should be. Try again later.`);
  }

  async function ask(query: Record<string, string>, signal: AbortSignal | undefined): Promise<ArxivAnswer> {
    const address = `${url.replace(/\/$/, "")}/api/query?${new URLSearchParams(query)}`;
    const answer = await fetch.get(address, { accept: "application/atom+xml", ...(signal && { signal }) });
    return understand(answer, parseArxivAnswer);
  }
}

/** Oldest first, so that a paper submitted while we read comes after what we have read. */
const ORDER = { sortBy: "submittedDate", sortOrder: "ascending" };

function submittedOn(day: Day, categories: readonly string[]): string {
  const digits = day.replaceAll("-", "");
  const anyOf = categories.map((category) => `cat:${category}`).join(" OR ");
  return `(${anyOf}) AND submittedDate:[${digits}0000 TO ${digits}2359]`;
}

function joined(pulled: readonly Pulled[]): Pulled {
  const sightings = new Map<string | undefined, Sighting>();
  for (const sighting of pulled.flatMap((page) => page.sightings)) {
    if (!sightings.has(sighting.arxivId)) {
      sightings.set(sighting.arxivId, { ...sighting, position: sightings.size });
    }
  }
  return { sightings: [...sightings.values()], refusals: pulled.flatMap((page) => page.refusals) };
}

export interface ArxivAnswer extends Pulled {
  /** How many entries stand in this answer, broken ones included. */
  readonly entries: number;
  /** How many there are on all pages. */
  readonly total: number;
}

/**
 * One answer of the API, an Atom feed.
 *
 * @throws {Invalid} for anything else, and for an error, which arXiv sends as a feed with one entry "Error"
 */
export function parseArxivAnswer(text: string): ArxivAnswer {
  const feed = parseXml(text);
  if (feed.name !== "feed") throw new Invalid(`an Atom feed was expected, not <${feed.name}>.`);
  const entries = childrenOf(feed, "entry");
  const error = entries.find(isError);
  if (error !== undefined) throw new Invalid(`arXiv says: ${lineOf(textIn(childOf(error, "summary"))) ?? "Error"}.`);
  const read = entries.map(readEntry);
  return {
    sightings: read.filter((entry) => "signals" in entry),
    refusals: read.filter((entry) => "reason" in entry),
    entries: entries.length,
    total: countOf(textIn(childOf(feed, "totalResults"))) ?? entries.length,
  };
}

function isError(entry: XmlElement): boolean {
  return lineOf(textIn(childOf(entry, "title"))) === "Error" && textIn(childOf(entry, "id")).includes("/api/errors");
}

function readEntry(entry: XmlElement, index: number): Sighting | Refusal {
  const primary = childOf(entry, "primary_category")?.attributes.term;
  const terms = childrenOf(entry, "category").map((category) => category.attributes.term);
  return arxivSighting({
    source: "arxiv",
    where: `entry ${index + 1}`,
    arxivId: arxivIdOf(textIn(childOf(entry, "id"))),
    title: lineOf(textIn(childOf(entry, "title"))),
    abstract: textOf(textIn(childOf(entry, "summary"))),
    authors: linesOf(childrenOf(entry, "author").map((author) => textIn(childOf(author, "name")))),
    categories: [...new Set(linesOf([primary, ...terms]))],
    // `published` is the first version; `updated` would make an old paper young.
    publishedAt: instantOf(textIn(childOf(entry, "published"))),
    position: index,
    comment: textIn(childOf(entry, "comment")),
  });
}
