import { describe, expect, test } from "vitest";
import { plainText } from "../../src/core/plain-text.ts";
import { Permanent } from "../../src/errors.ts";
import { feedName, openFeed, parseFeed } from "../../src/sources/feed.ts";
import { closeBehindEachTest, faultOf, fetching, site } from "../fetch/fetching.ts";
import { processorTime } from "../support/processor-time.ts";
import { at } from "../support/time.ts";
import { fixture } from "./fixtures.ts";

closeBehindEachTest();

const FROM = { source: "feed:research.example/blog", url: "https://research.example/blog/rss" };
const parse = (text: string) => parseFeed(text, FROM);
/** The only item of an RSS feed. */
const item = (inside: string) => parse(`<rss><channel><item>${inside}</item></channel></rss>`)[0]!;
const entry = (inside: string) => parse(`<feed><entry>${inside}</entry></feed>`)[0]!;

const common = { source: FROM.source, categories: [], signals: {} };
const first = {
  ...common,
  arxivId: "2509.05276",
  title: "Introducing VaultGemma: The World's Most Capable Differentially Private LLM",
  abstract: "<p>We train a model that <em>forgets</em> its readers.</p>",
  authors: ["Amer Sinha", "Ryan McKenna"],
  keywords: ["Generative AI"],
  publishedAt: at("2025-09-12T16:00Z"),
  url: "https://research.example/blog/vaultgemma/",
  pdfUrl: "https://arxiv.org/pdf/2509.05276",
  position: 0,
};
const second = {
  ...common,
  title: "Speculative Cascades — A Hybrid Approach for Smarter, Faster LLM Inference",
  authors: ["Hari Narasimhan"],
  keywords: [],
  publishedAt: at("2025-09-11T17:30Z"),
  url: "https://research.example/blog/speculative-cascades/",
  position: 1,
};

describe("a feed", () => {
  test("in RSS: links resolved, named zones, an author behind an address, the paper that a post announces", () => {
    expect(parse(fixture("feed.rss"))).toEqual([
      { on: "2025-09-12", read: first },
      { on: "2025-09-11", read: { ...second, abstract: "<p>Two models, one answer.</p>" } },
      { on: "2025-09-11", read: { where: "entry 3", reason: "no title" } },
      expect.objectContaining({ on: "2025-04-01" }),
    ]);
  });

  test("in Atom: the same, by xml:base; published stands before updated", () => {
    expect(parse(fixture("feed.atom"))).toEqual([
      { on: "2025-09-12", read: first },
      { on: "2025-09-11", read: { ...second, abstract: "Two models, one answer." } },
      { on: "2025-09-11", read: { where: "entry 3", reason: "no title" } },
    ]);
  });

  test("in RSS 1.0: items beside the channel, known by what they are about", () => {
    const rdf = `<rdf:RDF xmlns:rdf="r" xmlns:dc="d"><channel><title>C</title></channel><item rdf:about="https://a.example/1">
      <title>One</title><dc:date>2026-04-15</dc:date><dc:creator>Ada King</dc:creator></item></rdf:RDF>`;
    expect(parse(rdf)).toMatchObject([
      { on: "2026-04-15", read: { title: "One", url: "https://a.example/1", authors: ["Ada King"] } },
    ]);
  });

  test.each(["arxiv-feed.atom", "arxiv-feed.rss"])(
    "of arXiv's own (%s) gives its papers, without their preface",
    (name) => {
      expect(parse(fixture(name)).map(({ read }) => read)).toMatchObject([
        {
          arxivId: "2508.13426",
          url: "https://arxiv.org/abs/2508.13426",
          abstract: "Models learn what words bring to mind elsewhere.",
          authors: ["Chunhua Liu", "Kabir Manandhar Shrestha", "Sukai Huang"],
          categories: ["cs.CL", "cs.AI"],
          keywords: [],
        },
        { arxivId: "2508.13429" },
      ]);
    },
  );

  test("of anything else is refused, an HTML error page and a document type among it", () => {
    const bomb = `<!DOCTYPE rss [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><rss><channel><item><title>&b;</title></item></channel></rss>`;
    for (const [text, words] of [
      ["<html><body>Not here</body></html>", /an Atom or RSS feed was expected, not <html>/],
      ["<!doctype html><p>Not here", /a web page \(HTML\), not a feed/],
      [bomb, /XML with a document type/],
      ["<rss><channel><item>", /not whole XML/],
    ] as const)
      expect(() => parse(text)).toThrow(words);
  });

  test("of nothing but stray ampersands is refused at once", () => {
    const passed = processorTime();
    expect(() => item(`<title>${"&".repeat(9_000_000)}</title>`)).toThrow(/not whole XML/);
    expect(passed()).toBeLessThan(2_000);
  });

  test("of more entries than any feed has is read as far as two thousand", () => {
    expect(parse(`<rss><channel>${"<item><title>x</title></item>".repeat(2_500)}</channel></rss>`)).toHaveLength(2_000);
  });
});

describe("the texts of an entry", () => {
  const titles: [string, string][] = [
    ["Tom &amp;amp; Jerry", "Tom & Jerry"],
    ["Q&amp;A at R&D", "Q&A at R&D"],
    ["&lt;b&gt;Bold&lt;/b&gt; claims", "Bold claims"],
    ["<![CDATA[The <i>best</i> &amp; the rest]]>", "The best & the rest"],
    ["When a &lt; b", "When a < b"],
    ["Learning to &lt;think&gt; first", "Learning to <think> first"],
    ["Caf&#233;&nbsp;talk &ndash; live", "Café talk – live"],
  ];
  test.each(titles)("a title written %s is read %s", (written, said) => {
    const { read } = item(`<title>${written}</title>`);
    expect(plainText((read as { title: string }).title, "title")).toBe(said);
  });

  test("lose scripts, pictures and layout, escaped once, twice or in CDATA; XHTML keeps its words apart", () => {
    const html = `<section><p>One.</p><script>var p = "</p>";</script><figure><img src="x"/></figure><p>Two.</p></section>`;
    const escaped = (text: string) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
    const abstractOf = ({ read }: ReturnType<typeof item>) => plainText((read as { abstract?: string }).abstract ?? "");
    const ways = [`<![CDATA[${html}]]>`, escaped(html), escaped(escaped(html))];
    expect(ways.map((text) => abstractOf(item(`<title>T</title><description>${text}</description>`)))).toEqual(
      Array(3).fill("One. Two."),
    );
    const xhtml = `<content type="xhtml"><div><p>One.</p><p>Two.</p></div></content>`;
    expect(abstractOf(entry(`<title>T</title>${xhtml}`))).toBe("One. Two.");
  });

  test("of a book's length are cut between tags", () => {
    const { read } = item(
      `<title>T</title><description><![CDATA[${"<p>many words</p>".repeat(20_000)}]]></description>`,
    );
    const { abstract } = read as { abstract: string };
    expect([abstract.length <= 50_000, plainText(abstract).includes("<")]).toEqual([true, false]);
  });
});

describe("the address of an entry", () => {
  const linkOf = ({ read }: ReturnType<typeof item>) => (read as { url?: string }).url;
  test.each([
    ["<link>https://a.example/1?x=1&y=2</link>", "https://a.example/1?x=1&y=2"],
    ["<link>../other/1</link>", "https://research.example/other/1"],
    ["<link>//a.example/1</link>", "https://a.example/1"],
    ['<atom:link rel="self" href="https://a.example/rss"/><link>https://a.example/1</link>', "https://a.example/1"],
    ["<guid>https://a.example/1</guid>", "https://a.example/1"],
    ['<guid isPermaLink="false">https://a.example/1</guid>', undefined],
    ["<link>javascript:alert(1)</link>", undefined],
    ["<link></link>", undefined],
  ])("%s is %s", (written, said) => {
    expect(linkOf(item(`<title>T</title>${written}`))).toBe(said);
  });

  test("follows xml:base, however deep it stands", () => {
    const feed = `<feed xml:base="/blog/"><entry xml:base="2026/"><title>T</title><link xml:base="april/" href="one"/></entry></feed>`;
    expect(linkOf(parse(feed)[0]!)).toBe("https://research.example/blog/2026/april/one");
  });
});

describe("the date of an entry", () => {
  test.each([
    ["Wed, 15 Apr 2026 09:00:00 GMT", "2026-04-15T09:00Z"],
    ["Wed, 15 Apr 2026 23:00:00 PDT", "2026-04-16T06:00Z"],
    ["15 Apr 26 09:00 +0200", "2026-04-15T07:00Z"],
    ["Wednesday, 15 April 2026 9:00 UT", "2026-04-15T09:00Z"],
    ["Wed, 15 Apr 2026 09:00:00 CEST", "2026-04-15T09:00Z"],
    ["2026-04-15T09:00:00+02:00", "2026-04-15T07:00Z"],
    ["15 Apr 2026", "2026-04-15T00:00Z"],
  ])("%s is %s", (written, said) => {
    const { read } = item(`<title>T</title><pubDate>${written}</pubDate>`);
    expect((read as { publishedAt?: Date }).publishedAt).toEqual(at(said));
  });

  test.each(["", "yesterday", "Wed, 31 Feb 2026 09:00:00 GMT", "0000-00-00"])('"%s" is none', (written) => {
    const { on, read } = item(`<title>T</title><pubDate>${written}</pubDate>`);
    expect([on, "publishedAt" in read]).toEqual([undefined, false]);
  });
});

describe("the paper an entry is about", () => {
  const paperOf = (inside: string, date = "2026-04-15") => {
    const { read } = item(`<title>T</title><pubDate>${date}</pubDate>${inside}`);
    const { arxivId, publishedAt } = read as { arxivId?: string; publishedAt?: Date };
    return [arxivId, publishedAt !== undefined];
  };
  const link = (id: string) => `<description>&lt;a href="https://arxiv.org/abs/${id}"&gt;x&lt;/a&gt;</description>`;
  test.each([
    ["its link", "<link>https://arxiv.org/abs/2604.11784v2</link>", ["2604.11784", true]],
    ["its guid", '<guid isPermaLink="false">oai:arXiv.org:2604.11784v1</guid>', ["2604.11784", true]],
    ["Hugging Face's page", "<link>https://huggingface.co/papers/2604.11784</link>", ["2604.11784", true]],
    ["a DOI", "<link>https://doi.org/10.48550/arXiv.2604.11784</link>", ["2604.11784", true]],
    ["the one paper its text points to", link("2604.11784"), ["2604.11784", true]],
    [
      "nothing, where it points to two",
      link("2604.11784") + link("2604.11785").replaceAll("description", "encoded"),
      [undefined, true],
    ],
    ["nothing, where the paper is an old one", link("1706.03762"), [undefined, true]],
    ["nothing, where a guid looks like an id", "<guid>2604.11784</guid>", [undefined, true]],
  ])("is named by %s", (_, inside, said) => expect(paperOf(inside)).toEqual(said));

  test("has no new date when it is years old: it would stand among the new ones", () => {
    expect(paperOf("<link>https://arxiv.org/abs/1706.03762</link>")).toEqual(["1706.03762", false]);
    expect(paperOf("<link>https://arxiv.org/abs/2603.11784</link>")).toEqual(["2603.11784", true]);
  });
});

describe("reading a feed", () => {
  const rss = (...items: [title: string, date: string][]) =>
    `<rss><channel>${items.map(([title, date]) => `<item><title>${title}</title>${date && `<pubDate>${date}</pubDate>`}</item>`).join("")}</channel></rss>`;
  const titles = ({ sightings }: { sightings: readonly { title: string }[] }) => sightings.map(({ title }) => title);

  test("a day brings the week up to it and what has no date; nothing from the future", async () => {
    const { url } = await site((_, response) =>
      response.end(
        rss(
          ["Tomorrow", "2026-04-16"],
          ["Today", "2026-04-15"],
          ["A week ago", "2026-04-09"],
          ["Older", "2026-04-08"],
          ["Undated", ""],
          ["Wrong", "2099-01-01"],
        ),
      ),
    );
    const feed = openFeed({ fetch: fetching({ allow: [url] }) }, { url });
    expect(titles(await feed.fetch({ day: "2026-04-15" }))).toEqual(["Today", "A week ago", "Undated"]);
  });

  test("asks once for the days of one round; later only whether anything has changed", async () => {
    let time = 0;
    const conditions: unknown[] = [];
    const { url, asked } = await site((request, response) => {
      conditions.push(request.headers["if-none-match"], request.headers["if-modified-since"]);
      const isKnown = request.headers["if-none-match"] === '"one"';
      const headers = { etag: '"one"', "last-modified": "Wed, 15 Apr 2026 00:00:00 GMT" };
      response.writeHead(isKnown ? 304 : 200, headers).end(isKnown ? "" : rss(["T", "2026-04-15"]));
    });
    const feed = openFeed({ fetch: fetching({ allow: [url] }), elapsedMs: () => time }, { url });
    for (const day of ["2026-04-15", "2026-04-14"]) await feed.fetch({ day });
    expect(asked).toHaveLength(1);
    time = 60 * 60 * 1000;
    expect(titles(await feed.fetch({ day: "2026-04-15" }))).toEqual(["T"]);
    expect(conditions).toEqual([undefined, undefined, '"one"', "Wed, 15 Apr 2026 00:00:00 GMT"]);
  });

  test("in whatever encoding it comes, and whatever is said of it", async () => {
    const text = (encoding: string) => `<?xml version="1.0" encoding="${encoding}"?>${rss(["Größe", "2026-04-15"])}`;
    const utf16be = Buffer.from(`\ufeff${text("utf-16")}`, "utf16le").swap16();
    const served: [Buffer, string][] = [
      [Buffer.from(text("ISO-8859-1"), "latin1"), "text/xml"],
      [Buffer.from(rss(["Größe", "2026-04-15"]), "latin1"), "application/xml; charset=iso-8859-1"],
      [Buffer.from(text("UTF-8")), "text/html; charset=ISO-8859-1"],
      [Buffer.from(`\ufeff${text("utf-16")}`, "utf16le"), "application/octet-stream"],
      [Buffer.from(text("utf-16"), "utf16le"), "text/xml"],
      [utf16be, "text/xml"],
    ];
    const read: string[][] = [];
    for (const [body, type] of served) {
      const { url } = await site((_, response) => response.writeHead(200, { "content-type": type }).end(body));
      read.push(titles(await openFeed({ fetch: fetching({ allow: [url] }) }, { url }).fetch({ day: "2026-04-15" })));
    }
    expect(read).toEqual(Array(6).fill(["Größe"]));
  });

  test.each([
    ["klingon", /"klingon" is an encoding that nobody knows/],
    ["UTF-8", /byte \d+ is not UTF-8 text/],
    ["utf-16", /not what its bytes are in|not whole XML/],
  ])("that is not in the encoding it names (%s) is a fault that says so", async (encoding, words) => {
    const body = Buffer.from(`<?xml version="1.0" encoding="${encoding}"?>${rss(["Größe", ""])}`, "latin1");
    const { url } = await site((_, response) => response.end(body));
    const pulled = openFeed({ fetch: fetching({ allow: [url] }) }, { url }).fetch({ day: "2026-04-15" });
    await expect(pulled).rejects.toThrow(words);
    await expect(pulled).rejects.toBeInstanceOf(Permanent);
  });

  test("without an end is given up, and an address with a key is named without it", async () => {
    const { url } = await site((_, response) => {
      const more = () => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536)));
      };
      response.on("drain", more);
      more();
    });
    const feed = openFeed({ fetch: fetching({ allow: [url] }) }, { url: `${url}/feed?key=secret` });
    expect(await faultOf(feed.fetch({ day: "2026-04-15" }))).toEqual({
      name: "Permanent",
      message: `${url}/feed answers with more than 10000000 bytes.`,
    });
    expect(feed.name).not.toContain("secret");
  });

  test("two feeds of one address but for the query have two names", () => {
    expect(feedName("https://a.example/rss/")).toBe("feed:a.example/rss");
    const names = ["x", "y"].map((tag) => feedName(`https://a.example/rss?tag=${tag}`));
    expect(names).toEqual([
      expect.stringMatching(/^feed:a\.example\/rss\?[\da-f]{6}$/),
      expect.not.stringMatching(names[0]!.slice(-6)),
    ]);
  });
});
