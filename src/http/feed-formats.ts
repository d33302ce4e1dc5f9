/** A feed as Atom (RFC 4287) and as JSON Feed 1.1 (jsonfeed.org/version/1.1). */
import { markup } from "../core/markup.ts";

export interface FeedDocument {
  readonly id: string;
  readonly title: string;
  readonly subtitle: string;
  /** BCP 47. */
  readonly language: string;
  readonly publisher: string;
  readonly homeUrl: string;
  readonly selfUrl: string;
  readonly updatedAt: Date;
  readonly items: readonly FeedItem[];
}

export interface FeedItem {
  readonly id: string;
  /** Its page here. */
  readonly url: string;
  readonly title: string;
  readonly at: Date;
  readonly authors: readonly string[];
  readonly topics: readonly { readonly id: string; readonly name: string }[];
  /** arXiv's. */
  readonly categories: readonly string[];
  /** The paper itself first, its PDF and code after it. */
  readonly links: readonly { readonly title: string; readonly url: string }[];
  readonly summary: string;
  /** Made by `markup`, so that no paper brings its own. */
  readonly html: string;
}

export function atomOf(feed: FeedDocument): string {
  const document = markup`<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="${feed.language}">
<id>${feed.id}</id>
<title>${feed.title}</title>
<subtitle>${feed.subtitle}</subtitle>
<updated>${feed.updatedAt.toISOString()}</updated>
<author><name>${feed.publisher}</name></author>
<link rel="self" type="application/atom+xml" href="${feed.selfUrl}"/>
<link rel="alternate" type="text/html" href="${feed.homeUrl}"/>
${feed.items.map(atomEntry)}</feed>
`;
  return document.text;
}

function atomEntry({ id, url, title, at, authors, topics, categories, links, html }: FeedItem) {
  return markup`<entry>
<id>${id}</id>
<title>${title}</title>
<published>${at.toISOString()}</published>
<updated>${at.toISOString()}</updated>
${authors.map(
  (name) => markup`<author><name>${name}</name></author>
`,
)}<link rel="alternate" type="text/html" href="${url}"/>
${links.map(
  (link) => markup`<link rel="related" title="${link.title}" href="${link.url}"/>
`,
)}${topics.map(
  (topic) => markup`<category term="${topic.id}" label="${topic.name}"/>
`,
)}${categories.map(
  (term) => markup`<category term="${term}" scheme="http://arxiv.org/schemas/atom"/>
`,
)}<content type="html">${html}</content>
</entry>
`;
}

export function jsonFeedOf(feed: FeedDocument): string {
  const items = feed.items.map(({ id, url, title, at, authors, topics, categories, links, summary, html }) => ({
    ...{ id, url, title },
    ...(links[0] && { external_url: links[0].url }),
    content_html: html,
    ...(summary !== "" && { summary }),
    date_published: at.toISOString(),
    ...(authors.length > 0 && { authors: authors.map((name) => ({ name })) }),
    tags: [...topics.map(({ name }) => name), ...categories],
  }));
  return JSON.stringify({
    version: "https://jsonfeed.org/version/1.1",
    title: feed.title,
    description: feed.subtitle,
    home_page_url: feed.homeUrl,
    feed_url: feed.selfUrl,
    language: feed.language,
    authors: [{ name: feed.publisher }],
    items,
  });
}
