import { XMLParser, XMLValidator } from "fast-xml-parser";
import { afterAll, beforeAll, expect, test } from "vitest";
import { at } from "../support/time.ts";
import { aWeb, unescaped, type Web } from "./web.ts";

const HOSTILE = {
  title: "</title><script>alert(1)</script>]]>&amp;\u0000\u000B\uFFFF\uD800\u202E {{x}}",
  abstract: '<img src=x onerror="alert(2)">]]> <![CDATA[ &lt;b&gt;\u2066',
  authors: ["<b>Bobby</b>\u202E", "\u0007"],
  categories: ['cs.CL"><x>'],
  url: "javascript:alert(3)",
  pdfUrl: 'https://example.org/"onmouseover="alert(4)?a=1&b=2',
};

let web: Web;
beforeAll(async () => {
  web = await aWeb();
  await web.store.clock.set(at("2026-04-15T01:00:00Z"));
  await web.anEdition("2026-04-14", [
    { arxivId: "2604.00001", title: "First", abstract: "It acts. It ends.", categories: ["cs.CL", "cs.AI"] },
    { arxivId: "hep-th/9901001", title: "Second", authors: [] },
  ]);
  await web.store.clock.set(at("2026-04-16T01:00:00Z"));
  await web.anEdition("2026-04-15", [{ arxivId: "2604.00003", title: "Third" }], ["code"]);
});
afterAll(() => web.close());

interface Item {
  readonly id: string;
  readonly url: string;
  readonly title: string;
  readonly date_published: string;
}
const jsonOf = async (path: string, from = web) =>
  (await (await from.get(path)).json()) as Readonly<Record<string, unknown>> & { readonly items: readonly Item[] };

const parser = new XMLParser({
  ...{ ignoreAttributes: false, attributeNamePrefix: "@", parseTagValue: false },
  isArray: (name) => ["entry", "author", "category", "link"].includes(name),
});
async function atomOf(path: string, from = web) {
  const xml = await (await from.get(path)).text();
  expect(XMLValidator.validate(xml)).toBe(true);
  return parser.parse(xml).feed as Record<string, unknown> & { entry: Record<string, unknown>[] };
}

test("Atom: each paper once, dated by the first edition it stood in", async () => {
  const { entry, ...feed } = await atomOf("/feed.xml?topics=agents,code");
  expect(feed).toEqual({
    "@xmlns": "http://www.w3.org/2005/Atom",
    "@xml:lang": "en",
    id: expect.stringMatching(/^urn:uuid:[\da-f-]{36}$/),
    title: "Paperboy: papers on Agents or Code",
    subtitle: "Each paper once, when it first stands in an edition.",
    updated: "2026-04-16T01:00:00.000Z",
    author: [{ name: "Paperboy" }],
    link: [
      {
        "@rel": "self",
        "@type": "application/atom+xml",
        "@href": "http://paperboy.example/feed.xml?topics=agents%2Ccode",
      },
      {
        "@rel": "alternate",
        "@type": "text/html",
        "@href": "http://paperboy.example/editions/latest?topics=agents%2Ccode",
      },
    ],
  });
  expect(entry.map(({ title, published, updated }) => [title, published, updated])).toEqual([
    ["Third", "2026-04-16T01:00:00.000Z", "2026-04-16T01:00:00.000Z"],
    ["First", "2026-04-15T01:00:00.000Z", "2026-04-15T01:00:00.000Z"],
    ["Second", "2026-04-15T01:00:00.000Z", "2026-04-15T01:00:00.000Z"],
  ]);
  expect(entry[1]).toMatchObject({
    author: [{ name: "Ada Lovelace" }, { name: "Alan Turing" }],
    link: [
      { "@rel": "alternate", "@type": "text/html", "@href": "http://paperboy.example/papers/2604.00001" },
      { "@rel": "related", "@title": "Read", "@href": "https://arxiv.org/abs/2604.00001" },
      { "@rel": "related", "@title": "PDF", "@href": "https://arxiv.org/pdf/2604.00001" },
    ],
    category: [
      { "@term": "agents", "@label": "Agents" },
      { "@term": "cs.CL", "@scheme": "http://arxiv.org/schemas/atom" },
      { "@term": "cs.AI", "@scheme": "http://arxiv.org/schemas/atom" },
    ],
  });
  expect(unescaped(String((entry[1]!.content as Record<string, string>)["#text"]))).toBe(
    '<p>Ada Lovelace and Alan Turing</p><p>It acts. It ends.</p><p><a href="https://arxiv.org/abs/2604.00001">Read</a> · <a href="https://arxiv.org/pdf/2604.00001">PDF</a></p><p>Agents</p>',
  );
  expect(entry[2]).not.toHaveProperty("author");
});

test("JSON Feed: the same papers under the same ids", async () => {
  const feed = await jsonOf("/feed.json?topics=agents,code");
  expect({ ...feed, items: [] }).toEqual({
    version: "https://jsonfeed.org/version/1.1",
    title: "Paperboy: papers on Agents or Code",
    description: "Each paper once, when it first stands in an edition.",
    home_page_url: "http://paperboy.example/editions/latest?topics=agents%2Ccode",
    feed_url: "http://paperboy.example/feed.json?topics=agents%2Ccode",
    language: "en",
    authors: [{ name: "Paperboy" }],
    items: [],
  });
  const { entry } = await atomOf("/feed.xml?topics=agents,code");
  expect(feed.items.map(({ id }) => id)).toEqual(entry.map(({ id }) => id));
  expect(feed.items[1]).toEqual({
    id: entry[1]!.id,
    url: "http://paperboy.example/papers/2604.00001",
    external_url: "https://arxiv.org/abs/2604.00001",
    title: "First",
    content_html: unescaped(String((entry[1]!.content as Record<string, string>)["#text"])),
    summary: "It acts. It ends.",
    date_published: "2026-04-15T01:00:00.000Z",
    authors: [{ name: "Ada Lovelace" }, { name: "Alan Turing" }],
    tags: ["Agents", "cs.CL", "cs.AI"],
  });
});

test("each says what it is, to readers on other sites too", async () => {
  for (const [path, type] of [
    ["/feed.xml", "application/atom+xml; charset=utf-8"],
    ["/feed.json", "application/feed+json; charset=utf-8"],
  ] as const) {
    const { status, headers } = await web.get(path);
    const named = ["content-type", "cache-control", "vary", "access-control-allow-origin"].map((name) =>
      headers.get(name),
    );
    expect([status, ...named]).toEqual([200, type, "public, max-age=600", "Accept-Language, Accept-Encoding", "*"]);
  }
});

test("a filter picks, in either form of an address", async () => {
  const filter = Buffer.from(
    JSON.stringify({ watches: [{ topics: ["agents"], include: ["first"] }, { include: ["third"] }] }),
  );
  const titles = async (path: string) => (await jsonOf(path)).items.map(({ title }) => title);
  expect(await titles("/feed.json?topics=agents&include=second")).toEqual(["Second"]);
  expect(await titles(`/feed.json?filter=${filter.toString("base64url")}`)).toEqual(["Third", "First"]);
  expect(await titles("/feed.json?minUpvotes=1000")).toEqual([]);
  expect((await atomOf("/feed.xml?minUpvotes=1000")).updated).toBe("2026-04-16T01:00:00.000Z");
});

test("a site that moves keeps its entries: ids rest on no address", async () => {
  const moved = await aWeb({ ...web.app, publicUrl: () => "https://papers.example.net" });
  const [here, there] = [await jsonOf("/feed.json"), await jsonOf("/feed.json", moved)];
  expect(there.items.map(({ id }) => id)).toEqual(here.items.map(({ id }) => id));
  expect([there.feed_url, there.items[0]!.url]).toEqual([
    "https://papers.example.net/feed.json",
    "https://papers.example.net/papers/2604.00003",
  ]);
  expect((await atomOf("/feed.xml", moved)).id).toBe((await atomOf("/feed.xml")).id);
  await moved.close();
});

test("a mistake in the filter is a problem document that names it", async () => {
  for (const path of ["/feed.xml", "/feed.json"]) {
    const answer = await web.get(`${path}?topic=agents&minUpvotes=x`);
    expect([answer.status, answer.headers.get("content-type")]).toEqual([
      400,
      "application/problem+json; charset=utf-8",
    ]);
    const { errors } = (await answer.json()) as { errors: { field: string }[] };
    expect(errors.map(({ field }) => field)).toEqual(["topic"]);
  }
  const { errors } = (await (await web.get("/feed.xml?topics=x")).json()) as { errors: { field: string }[] };
  expect(errors.map(({ field }) => field)).toEqual(["topics.0"]);
});

test("a site without editions has an empty feed", async () => {
  const fresh = await aWeb();
  expect((await atomOf("/feed.xml", fresh)).updated).toBe("1970-01-01T00:00:00.000Z");
  expect((await jsonOf("/feed.json", fresh)).items).toEqual([]);
  await fresh.close();
});

test("X2: whatever a paper says, the feed is well-formed and inert", async () => {
  const web = await aWeb();
  await web.anEdition("2026-04-15", [{ arxivId: "2604.66666" }]);
  // PostgreSQL takes neither zero bytes nor halves of letters; the rest goes past the cleaning on the way in.
  const facts = JSON.stringify(HOSTILE).replaceAll("\\u0000", "").replaceAll("\\ud800", "");
  await web.store.sql("UPDATE edition_papers SET facts = facts || $1::jsonb", [facts]);
  const xml = await (await web.get("/feed.xml")).text();
  const { entry } = await atomOf("/feed.xml", web);
  expect(entry[0]!.title).toMatch(/^<\/title><script>alert\(1\)<\/script>]]>&amp; +{{x}}$/);
  expect(xml).not.toMatch(/<(?:script|img|b|x)\b|\]\]>|[\u202A-\u202E\u2066-\u2069\uFFFF]|(?!\n)\p{Cc}|javascript:/u);
  const json = await jsonOf("/feed.json", web);
  const [item] = json.items as unknown as { content_html: string }[];
  expect(item!.content_html.match(/<[^>]*>/g)).toEqual([
    ...["<p>", "</p>", "<p>", "</p>", "<p>"],
    '<a href="https://example.org/%22onmouseover=%22alert(4)?a=1&amp;b=2">',
    ...["</a>", "</p>", "<p>", "</p>"],
  ]);
  await web.close();
});

test("who has the newest feed is told so, by its name or by its time, with HEAD too", async () => {
  for (const path of ["/feed.xml?topics=agents", "/feed.json"]) {
    const { headers } = await web.get(path);
    const etag = headers.get("etag")!;
    const modified = headers.get("last-modified")!;
    const statusOf = async (asked: Record<string, string>, method = "GET") => {
      const answer = await web.send(path, { method, headers: { ...asked, "Cache-Control": "max-age=0" } });
      return [answer.status, (await answer.arrayBuffer()).byteLength > 0];
    };
    expect([
      await statusOf({ "If-None-Match": etag }),
      await statusOf({ "If-None-Match": 'W/"another"', "If-Modified-Since": modified }),
      await statusOf({ "If-Modified-Since": modified }),
      await statusOf({ "If-Modified-Since": "Wed, 15 Apr 2026 00:00:00 GMT" }),
      await statusOf({ "If-None-Match": etag }, "HEAD"),
      await statusOf({}, "HEAD"),
    ]).toEqual([
      [304, false],
      [200, true],
      [304, false],
      [200, true],
      [304, false],
      [200, false],
    ]);
  }
});

test("pages name the feeds of what they show", async () => {
  const feedsOf = async (path: string) => {
    const links = (await (await web.get(path)).text()).matchAll(
      /<link rel="alternate" type="([^"]*)"[^>]* href="([^"]*)"/g,
    );
    return [...links].map(([, type, href]) => [type, unescaped(href!)]);
  };
  for (const path of ["/", "/editions", "/editions/latest", "/editions/2026-04-14"]) {
    expect(await feedsOf(`${path}?topics=agents&include=KV+cache`), path).toEqual([
      ["application/atom+xml", "/feed.xml?topics=agents&include=KV+cache"],
      ["application/feed+json", "/feed.json?topics=agents&include=KV+cache"],
    ]);
  }
  expect(await feedsOf("/papers/2604.00001")).toHaveLength(2);
  expect(await feedsOf("/privacy")).toEqual([]);
});
