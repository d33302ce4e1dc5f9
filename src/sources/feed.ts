/** Any Atom or RSS feed: the posts of a laboratory, the articles of a journal, a search at arXiv. */
import { createHash } from "node:crypto";
import { candidateDays } from "../core/edition.ts";
import { arxivIdOf, arxivPage, arxivPdf, type Day, type Sighting } from "../core/paper.ts";
import { Invalid } from "../errors.ts";
import type { Fetch } from "../fetch.ts";
import { understand } from "./answer.ts";
import { withoutPreface } from "./arxiv-record.ts";
import { xmlText } from "./encoded-xml.ts";
import { feedDateOf } from "./feed-date.ts";
import { htmlIn, textOfPage } from "./feed-text.ts";
import { lineOf, linesOf, namesOf, sightingOf, textOf, webAddressOf } from "./fields.ts";
import type { Pulled, Refusal, Source } from "./source.ts";
import { childOf, childrenOf, parseXml, textIn, type XmlElement } from "./xml.ts";

type Needs = { fetch: Pick<Fetch, "get">; elapsedMs?: () => number };

const ACCEPT = "application/atom+xml, application/rss+xml, application/rdf+xml, application/xml;q=0.9, */*;q=0.1";
/** A thousand results of arXiv's search, abstracts and all, are 3 MB. */
const MAX_BYTES = 10_000_000;
/** A round reads several days one after the other: one answer serves them all. */
const FRESH_MS = 10 * 60 * 1000;
/** A feed with more is an archive, its oldest entries last. */
const MOST_ENTRIES = 2_000;
const MOST_MENDED = 20_000;

/**
 * A feed counts nothing, so it is no trending source: its papers reach readers through the words and authors of a watch.
 *
 * An entry may turn up days after the date it bears, so a day brings the week up to it; what came before is known by then.
 * Entries without a date come too, and add to papers that others tell of: nobody can say which edition they belong to.
 *
 * @param options.url one of `FEED_URLS`
 */
export function openFeed({ fetch, elapsedMs = () => performance.now() }: Needs, { url }: { url: string }): Source {
  const name = feedName(url);
  let held: { entries: readonly FeedEntry[]; askedAt: number; validators: Record<string, string> } | null = null;

  return {
    name,
    trending: false,
    async fetch({ day, signal }) {
      return pulledFor(day, await entriesNow(signal));
    },
  };

  async function entriesNow(signal: AbortSignal | undefined): Promise<readonly FeedEntry[]> {
    signal?.throwIfAborted();
    if (held !== null && elapsedMs() - held.askedAt < FRESH_MS) return held.entries;
    const answer = await fetch.get(url, {
      ...{ accept: ACCEPT, maxBytes: MAX_BYTES },
      ...(held && { headers: held.validators, statuses: [304] }),
      ...(signal && { signal }),
    });
    const { etag, "last-modified": modified, "content-type": type } = answer.headers;
    if (answer.status === 304 && held !== null) {
      held = { ...held, askedAt: elapsedMs() };
      return held.entries;
    }
    const parse = (text: string) => parseFeed(text, { source: name, url: answer.url });
    const entries = understand(answer, parse, ({ body }) => xmlText(body, type));
    const validators = { ...(etag && { "if-none-match": etag }), ...(modified && { "if-modified-since": modified }) };
    held = { entries, askedAt: elapsedMs(), validators };
    return entries;
  }
}

/**
 * What the feed of an address is called in records and logs: `feed:example.org/blog/atom.xml`. A query may hold a key, so
 * a few letters of its hash stand for it.
 */
export function feedName(url: string): string {
  const { host, pathname, search } = new URL(url);
  const query = search === "" ? "" : `?${createHash("sha256").update(search).digest("hex").slice(0, 6)}`;
  return `feed:${host}${pathname.replace(/\/$/, "")}${query}`;
}

export interface FeedEntry {
  /** The UTC day it bears. */
  readonly on: Day | undefined;
  readonly read: Sighting | Refusal;
}

function pulledFor(day: Day, entries: readonly FeedEntry[]): Pulled {
  const { since, until } = candidateDays(day);
  const read = entries.filter(({ on }) => on === undefined || (on >= since && on <= until)).map(({ read }) => read);
  return {
    sightings: read.filter((entry) => "signals" in entry),
    refusals: read.filter((entry) => "reason" in entry),
  };
}

/**
 * All entries of a feed.
 *
 * @param from.url where it came from, for relative links
 * @throws {Invalid} for anything but Atom, RSS 2.0 and its forerunners, and RSS 1.0
 */
export function parseFeed(text: string, from: { source: string; url: string }): FeedEntry[] {
  const root = parseXml(withWholeReferences(text));
  const channel = childOf(root, "channel");
  const entries = {
    feed: childrenOf(root, "entry"),
    rss: childrenOf(channel, "item"),
    RDF: childrenOf(root, "item"),
  }[root.name];
  if (entries === undefined) throw new Invalid(`an Atom or RSS feed was expected, not <${root.name}>.`);
  const base = baseOf(channel, baseOf(root, from.url));
  return entries
    .slice(0, MOST_ENTRIES)
    .map((entry, index) => readEntry(entry, { ...from, base: baseOf(entry, base), index }));
}

/** An `&` that begins no reference, as in `?a=1&b=2`, is the fault that feeds have most often; nobody makes it for ever. */
function withWholeReferences(text: string): string {
  let mended = 0;
  for (const [, data] of text.matchAll(DATA_OR_BARE)) {
    mended += data === undefined ? 1 : 0;
    if (mended > MOST_MENDED) return text;
  }
  return text.replace(DATA_OR_BARE, (_, data?: string) => data ?? "&amp;");
}

const DATA_OR_BARE = /(<!\[CDATA\[[\s\S]*?(?:\]\]>|$))|&(?!#?\w{1,31};)/g;

type Place = { readonly source: string; readonly base: string; readonly index: number };

function readEntry(entry: XmlElement, { source, base, index }: Place): FeedEntry {
  const date = dateOf(entry);
  const on = date?.toISOString().slice(0, 10);
  const where = `entry ${index + 1}`;
  const title = lineOf(textOfPage(htmlIn(childOf(entry, "title"))));
  if (title === undefined) return { on, read: { where, reason: "no title" } };

  const link = linkOf(entry, base);
  const ownId = [link, ...["id", "guid"].map((name) => textIn(childOf(entry, name)))]
    .map(idOf)
    .find((id) => id !== null);
  const texts = ["summary", "description", "encoded", "content"].map((name) => htmlIn(childOf(entry, name)));
  const arxivId = ownId ?? announcedIn(texts, date);
  const tags = linesOf(childrenOf(entry, "category").map((tag) => tag.attributes.term ?? textIn(tag)));
  const categories = tags.filter((tag) => ownId !== undefined && ARXIV_CATEGORY.test(tag));
  const read = sightingOf({
    ...{ source, arxivId, title, position: index, signals: {} },
    abstract: texts.map((html) => textOf(withoutPreface(textOfPage(html)))).find((text) => text !== undefined),
    authors: authorsOf(entry),
    categories,
    keywords: tags.filter((tag) => !categories.includes(tag)),
    // Of a paper from years ago the date is that of the post; it would stand among the new ones.
    publishedAt: arxivId === undefined || isOfThatTime(arxivId, date) ? date : undefined,
    url: ownId === undefined ? link : arxivPage(ownId),
    pdfUrl: arxivId && arxivPdf(arxivId),
  });
  return { on, read };
}

const ARXIV_CATEGORY = /^[a-z-]+(?:\.[A-Za-z-]{2,})?$/;

/** `xml:base`, which may itself be relative to the one above. */
function baseOf(element: XmlElement | undefined, above: string): string {
  const base = element?.attributes.base?.trim();
  return base !== undefined && URL.canParse(base, above) ? new URL(base, above).href : above;
}

/** The page of an entry: Atom's alternate, RSS's link, RSS 1.0's subject, else a guid that says it is an address. */
function linkOf(entry: XmlElement, base: string): string | undefined {
  const links = childrenOf(entry, "link").flatMap((link) => {
    const { href, rel = "alternate" } = link.attributes;
    if (href !== undefined && rel !== "alternate") return [];
    return [absolute(href ?? textIn(link), baseOf(link, base))];
  });
  const guid = childOf(entry, "guid");
  const isPermanent = guid?.attributes.isPermaLink !== "false";
  return [
    ...links,
    webAddressOf(entry.attributes.about),
    isPermanent ? webAddressOf(textIn(guid).trim()) : undefined,
  ].find((address) => address !== undefined);
}

function absolute(text: string, base: string): string | undefined {
  const address = text.trim();
  return address !== "" && URL.canParse(address, base) ? webAddressOf(new URL(address, base).href) : undefined;
}

/** A bare number like `2604.11784` may be any feed's own guid. */
function idOf(text: string | undefined): string | null {
  return text !== undefined && /[:/]/.test(text) ? arxivIdOf(text) : null;
}

/** The one arXiv paper a post points to, if it appeared about then: a laboratory's post on its new paper. */
function announcedIn(texts: readonly string[], date: Date | undefined): string | undefined {
  const found = texts.flatMap((text) =>
    [...text.slice(0, 500_000).matchAll(MENTION)].map(([mention]) => arxivIdOf(mention)),
  );
  const [only, ...others] = new Set(found.filter((id) => id !== null));
  return only !== undefined && others.length === 0 && isOfThatTime(only, date) ? only : undefined;
}

const MENTION =
  /(?:arxiv\.org\/(?:abs|pdf|html)\/|huggingface\.co\/papers\/|alphaxiv\.org\/abs\/|10\.48550\/arxiv\.|\barxiv:\s?)\d{4}\.\d{4,5}(?!\d)/gi;

/** An id begins with the year and the month the paper came in; posts come in that month or the next, or name the month before. */
function isOfThatTime(arxivId: string, date: Date | undefined): boolean {
  const [, year, month] = /^(\d\d)(\d\d)\./.exec(arxivId) ?? [];
  if (date === undefined || year === undefined) return false;
  const months = (date.getUTCFullYear() - 2000 - Number(year)) * 12 + date.getUTCMonth() + 1 - Number(month);
  return Math.abs(months) <= 1;
}

function dateOf(entry: XmlElement): Date | undefined {
  return ["published", "pubDate", "date", "issued", "updated", "modified"]
    .map((name) => feedDateOf(textIn(childOf(entry, name))))
    .find((date) => date !== undefined);
}

/** Atom has names in elements, RSS `address (name)` or Dublin Core; an address alone is nobody's name. */
function authorsOf(entry: XmlElement): string[] {
  const names = childrenOf(entry, "author").flatMap((author) => {
    const name = childOf(author, "name");
    if (name !== undefined) return linesOf(textIn(name));
    const text = textIn(author).trim();
    return text.includes("@") ? namesOf(/\((.+)\)\s*$/.exec(text)?.[1]) : namesOf(text);
  });
  const creators = childrenOf(entry, "creator").flatMap((creator) => namesOf(textIn(creator)));
  return [...new Set([...names, ...creators])];
}
