/** arXiv's daily feed of new papers in a category, in its RSS and its Atom flavour. */
import { arxivIdOf, type Day, type Sighting } from "../core/paper.ts";
import { Invalid } from "../errors.ts";
import type { Fetch } from "../fetch.ts";
import { understand } from "./answer.ts";
import { arxivSighting, withoutPreface } from "./arxiv-record.ts";
import { dayOf, instantOf, lineOf, linesOf, namesOf, textOf } from "./fields.ts";
import type { Pulled, Refusal, Source } from "./source.ts";
import { childOf, childrenOf, parseXml, textIn, type XmlElement } from "./xml.ts";

type Needs = { fetch: Pick<Fetch, "get"> };

/** A feed knows its newest day only: for another day nothing comes. @param options.url its origin, `https://rss.arxiv.org` */
export function openArxivFeed(
  { fetch }: Needs,
  { url = "https://rss.arxiv.org", categories }: { url?: string; categories: readonly string[] },
): Source {
  return {
    name: "arxiv-feed",
    trending: false,
    async fetch({ day, signal }) {
      if (categories.length === 0) return { sightings: [], refusals: [] };
      // Several categories in one request, joined by a plus: info.arxiv.org/help/rss.html.
      const address = `${url.replace(/\/$/, "")}/atom/${categories.map(encodeURIComponent).join("+")}`;
      const answer = await fetch.get(address, { accept: "application/atom+xml", ...(signal && { signal }) });
      return understand(answer, (text) => parseArxivFeed(text, { day }));
    },
  };
}

/**
 * A feed in either flavour.
 *
 * @param only.day leave out what was announced on another UTC day; entries without a date stay
 * @throws {Invalid} for anything but RSS 2.0 or Atom
 */
export function parseArxivFeed(text: string, { day }: { day?: Day } = {}): Pulled {
  const root = parseXml(text);
  if (root.name !== "feed" && root.name !== "rss") throw new Invalid(`a feed was expected, not <${root.name}>.`);
  const entries = root.name === "feed" ? childrenOf(root, "entry") : childrenOf(childOf(root, "channel"), "item");
  const read = entries
    .filter((entry) => day === undefined || (dayOf(announcedAt(entry)) ?? day) === day)
    .map(readEntry);
  return {
    sightings: read.filter((entry) => "signals" in entry),
    refusals: read.filter((entry) => "reason" in entry),
  };
}

function readEntry(entry: XmlElement, index: number): Sighting | Refusal {
  const ids = ["id", "guid", "link"].map((name) => arxivIdOf(textIn(childOf(entry, name))));
  const kind = textIn(childOf(entry, "announce_type")).trim();
  return arxivSighting({
    source: "arxiv-feed",
    where: `entry ${index + 1}`,
    arxivId: ids.find((id) => id !== null) ?? arxivIdOf(childOf(entry, "link")?.attributes.href ?? ""),
    title: lineOf(textIn(childOf(entry, "title"))),
    abstract: textOf(withoutPreface(textIn(childOf(entry, "summary") ?? childOf(entry, "description")))),
    authors: childrenOf(entry, "creator").flatMap((creator) => namesOf(textIn(creator))),
    categories: linesOf(childrenOf(entry, "category").map((category) => category.attributes.term ?? textIn(category))),
    // Of a replaced or cross-listed paper the feed's date is that of the announcement, years after the paper perhaps.
    publishedAt: kind === "new" || kind === "" ? instantOf(announcedAt(entry)) : undefined,
    position: index,
    comment: undefined,
  });
}

function announcedAt(entry: XmlElement): string {
  return textIn(childOf(entry, "published") ?? childOf(entry, "pubDate")).trim();
}
