/** The newest papers of any filter for feed readers: Atom (RFC 4287) and JSON Feed 1.1. */
import { type RequestHandler, Router } from "express";
import { FEED, type FeedEntry, feedEntries, feedId } from "../core/feed.ts";
import type { Filter } from "../core/filter.ts";
import { filterInWords } from "../core/filter-in-words.ts";
import { filterFromQuery, filterToQuery } from "../core/filter-query.ts";
import { authorsInWords, leadOf } from "../core/in-words.ts";
import { inertLine, webAddress } from "../core/inert.ts";
import { markup } from "../core/markup.ts";
import type { Say } from "../core/text.ts";
import { catalogueIn } from "../core/topic-names.ts";
import type { Catalogue } from "../core/topics.ts";
import { KEEP_SECONDS, latest, mayBeKept } from "./caching.ts";
import { atomOf, type FeedDocument, type FeedItem, jsonFeedOf } from "./feed-formats.ts";
import { answer } from "./methods.ts";
import type { Pages, View } from "./pages.ts";
import { paperHref, topicNames } from "./paper-view.ts";
import { queryOf } from "./query.ts";
import { fromAnywhere } from "./security.ts";
import type { WebApp } from "./server.ts";

const FORMATS = [
  { path: "/feed.xml", name: "Atom", type: "application/atom+xml", write: atomOf },
  { path: "/feed.json", name: "JSON", type: "application/feed+json", write: jsonFeedOf },
] as const;

/** The keys this file says. */
export const feedWords = ["page.feed.title", "page.feed.titleOf", "page.feed.link", "page.feed.subtitle"] as const;

export function feedRoutes(app: WebApp, pages: Pages): Router {
  const router = Router();
  const { catalogue } = app;
  const startedAt = app.now();

  const send =
    ({ path, type, write }: (typeof FORMATS)[number]): RequestHandler =>
    async (req, res) => {
      // A misspelt parameter would bring every paper for years without a word, so it is refused as the API refuses it.
      const filter = filterFromQuery(queryOf(req), catalogue);
      const say = pages.say(req);
      const recent = await app.shelf.recent(FEED.days);
      // A paper withdrawn since is in here until the next edition for who asks with a time alone.
      const closedAt = latest(...recent.map(({ edition }) => edition.closedAt));
      mayBeKept(res, KEEP_SECONDS.feed, latest(closedAt, startedAt));
      const address = app.publicUrl();
      const feed = { filter, entries: feedEntries(recent, filter), closedAt };
      res.vary("Accept-Language").set("Content-Type", `${type}; charset=utf-8`);
      res.send(write(feedDocument(feed, { address, path, say, catalogue })));
    };

  for (const format of FORMATS) {
    router.all(format.path, fromAnywhere);
    answer(router, format.path, { get: send(format) });
  }
  return router;
}

/** The feeds of a filter, for the head of a page and for people. */
export function feedLinks(filter: Filter, say: Say, catalogue: Catalogue): View[] {
  return FORMATS.map(({ path, name, type }) => ({
    ...{ type, name, href: withQuery(path, filter) },
    title: say("page.feed.link", { name, title: titleOf(filter, say, catalogue) }),
  }));
}

/** A path of ours with a filter in its address. */
export function withQuery(path: string, filter: Filter): string {
  const query = filterToQuery(filter);
  return query === "" ? path : `${path}?${query}`;
}

function titleOf(filter: Filter, say: Say, catalogue: Catalogue): string {
  const what = inertLine(filterInWords(filter, say, topicNames(catalogueIn(say, catalogue))), 200);
  return what === "" ? say("page.feed.title") : say("page.feed.titleOf", { what });
}

interface Setting {
  /** `https://paperboy.example`. */
  readonly address: string;
  readonly path: string;
  readonly say: Say;
  readonly catalogue: Catalogue;
}

function feedDocument(
  { filter, entries, closedAt }: { filter: Filter; entries: readonly FeedEntry[]; closedAt: Date },
  { address, path, say, catalogue }: Setting,
): FeedDocument {
  return {
    id: feedId(filter),
    title: titleOf(filter, say, catalogue),
    subtitle: say("page.feed.subtitle"),
    language: say.language,
    publisher: say("page.frame.name"),
    homeUrl: address + withQuery("/editions/latest", filter),
    selfUrl: address + withQuery(path, filter),
    updatedAt: entries.length > 0 ? latest(...entries.map(({ at }) => at)) : closedAt,
    items: entries.map((entry) => feedItem(entry, { address, path, say, catalogue })),
  };
}

function feedItem({ id, at, paper }: FeedEntry, { address, say, catalogue }: Setting): FeedItem {
  const lead = leadOf(paper);
  const topicName = topicNames(catalogueIn(say, catalogue));
  const links = [
    { title: say("page.paper.source"), url: webAddress(paper.url) },
    { title: say("mail.paper.pdf"), url: webAddress(paper.pdfUrl) },
    { title: say("mail.paper.code"), url: webAddress(paper.codeUrl) },
  ].flatMap(({ title, url }) => (url === null ? [] : [{ title, url }]));
  const ways = links.map(({ title, url }, i) => markup`${i === 0 ? "" : " · "}<a href="${url}">${title}</a>`);
  const html = [
    markup`<p>${authorsInWords(paper.authors, say)}</p>`,
    markup`<p>${lead}</p>`,
    markup`<p>${ways}</p>`,
    markup`<p>${say.list(paper.topics.map(topicName), "unit")}</p>`,
  ].map(({ text }) => text);
  return {
    ...{ id, at, links, summary: lead },
    url: address + paperHref(paper.id),
    title: inertLine(paper.title, 300),
    authors: paper.authors
      .slice(0, 500)
      .map((name) => inertLine(name, 80))
      .filter((name) => name !== ""),
    topics: paper.topics.map((topic) => ({ id: topic, name: topicName(topic) })),
    categories: paper.categories.map((category) => inertLine(category, 80)),
    html: html.filter((paragraph) => paragraph !== "<p></p>").join(""),
  };
}
