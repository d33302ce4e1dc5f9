import { HtmlValidate } from "html-validate";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Shelf } from "../../src/store/shelf.ts";
import { aSighting } from "../support/builders.ts";
import { at } from "../support/time.ts";
import { aWeb, unescaped, type Web } from "./web.ts";

let web: Web;
beforeAll(async () => {
  web = await aWeb();
  const { store } = web;
  await store.clock.set(at("2026-04-14T01:00:00Z"));
  await web.anEdition("2026-04-13", [{ arxivId: "2604.00001" }]);
  await store.clock.set(at("2026-04-15T01:00:00Z"));
  await web.anEdition(
    "2026-04-14",
    [
      {
        arxivId: "2604.00011",
        title: "First: KV caches",
        signals: { upvotes: 143, comments: 8 },
        categories: ["cs.CL"],
      },
      { arxivId: "2604.00012", title: "Second", signals: { upvotes: 50 } },
      { arxivId: "2604.00013", title: "Third", signals: { upvotes: 40, stars: 12 }, codeUrl: "https://github.com/a/b" },
    ],
    ["agents", "code"],
  );
  for (const [date, state, because] of [
    ["2026-04-11", "quiet", "weekend"],
    ["2026-04-03", "quiet", "holiday"],
    ["2026-04-02", "broken", "failing"],
  ] as const) {
    await store.editions.open(date);
    await store.editions.decide(date, { state, because, rankedBy: "trend", papers: [] });
  }
  await store.editions.open("2026-04-15");
});
afterAll(() => web.close());

const pageOf = async (path: string, from = web) => (await from.get(path)).text();
/** What a page says, tag by tag: the texts of elements that a pattern names. */
async function textsOf(path: string, tag: RegExp, from = web): Promise<string[]> {
  const page = (await pageOf(path, from)).replace(/^[\s\S]*<main[^>]*>|<\/main>[\s\S]*$/g, "");
  const found = page.matchAll(new RegExp(`<(${tag.source})\\b[^>]*>([\\s\\S]*?)</\\1>`, "g"));
  return [...found].map((match) =>
    unescaped(match.at(-1)!.replace(/<[^>]*>/g, ""))
      .replace(/\s+/g, " ")
      .trim(),
  );
}
const linksOf = async (path: string, pattern: RegExp, from = web) =>
  [...(await pageOf(path, from)).matchAll(/ href="([^"]*)"/g)]
    .map(([, href]) => unescaped(href!))
    .filter((href) => pattern.test(href));

test("a link that is shared says what is behind it", async () => {
  const said = async (path: string) => {
    const page = await pageOf(path);
    const content = (name: string) =>
      unescaped(new RegExp(`<meta ${name} content="([^"]*)"`).exec(page)?.[1] ?? "none");
    expect(content('name="description"')).toBe(content('property="og:description"'));
    return [content('property="og:title"'), content('property="og:description"')];
  };
  const [, whatPaperboyIs] = await said("/");
  expect(whatPaperboyIs).toMatch(/^Paperboy reads the papers that researchers are talking about/);
  expect(await said("/editions/2026-04-14")).toEqual([
    "Trending papers of Tuesday, April 14, 2026",
    "First: KV caches · Second · Third",
  ]);
  expect(await said("/editions/2026-04-11")).toEqual([
    "Trending papers of Saturday, April 11, 2026",
    "No papers were listed: it was a weekend.",
  ]);
  expect(await said("/papers/2604.00011")).toEqual(["First: KV caches", aSighting().abstract]);
  expect((await said("/privacy"))[1]).toBe("Paperboy knows as little about you as a mailed paper can.");
  expect(await said("/lost-link")).toEqual(["Get a fresh link", whatPaperboyIs]);
});

test("html-validate has nothing to say of any of these pages", async () => {
  const validator = new HtmlValidate({
    ...{ root: true, extends: ["html-validate:recommended"] },
    // Matters of taste.
    rules: { "doctype-style": "off", "no-trailing-whitespace": "off" },
  });
  const older = at("2026-04-13T12:00:00Z");
  await web.store.papers.add(
    [aSighting({ arxivId: "2604.00011", title: "First: KV caches", signals: { upvotes: 9 } })],
    older,
  );
  const paths = [
    ...["/editions", "/editions?topics=agents", "/editions/2026-04-13", "/editions/2026-04-14", "/editions/2026-04-15"],
    ...["/editions/2026-04-11", "/editions/2026-04-02", "/editions/latest?topics=agents&include=KV+cache&name=%22x%22"],
    ...["/papers/2604.00011", "/papers/2604.00013"],
  ];
  for (const path of paths) {
    const { results } = await validator.validateString(await pageOf(path));
    const told = results.flatMap(({ messages }) =>
      messages.map(({ ruleId, line, message }) => `${line} ${ruleId}: ${message}`),
    );
    expect(told, path).toEqual([]);
  }
  expect(await pageOf("/papers/2604.00011")).toContain("<svg");
  const { results } = await validator.validateString("<p>Open <b>and closed</p></b>");
  expect(results).not.toEqual([]);
});

test("an edition has its date and number, says how its papers moved, and why each stands where it does", async () => {
  expect(await pageOf("/editions/2026-04-14")).toContain(
    '<p class="dateline"><span>No. 104 of 2026</span> <span>Tuesday, April 14, 2026</span></p>',
  );
  expect((await textsOf("/editions/2026-04-14", /p/))[0]).toBe(
    "4 papers, 3 of them new, best first. How this ranking is made",
  );
  expect((await textsOf("/editions/2026-04-13", /p/))[0]).toBe("One paper. How this ranking is made");
  expect(await textsOf("/editions/2026-04-14", /h1|h2/)).toEqual([
    ...["The trending papers", "1 First: KV caches", "2 Second", "3 Third", expect.stringMatching(/^4 Paper/)],
    "How this ranking is made",
  ]);
  expect(await textsOf("/editions/2026-04-14", /summary|li/)).toEqual([
    ...["Why place 1: 8.8 points", "+7.2 for 143 votes", "+1.6 for 8 comments"],
    ...["Why place 2: 5.2 points", "+5.2 for 50 votes (5.7 if other signals agreed)"],
    ...["Why place 3: 5.2 points", "+5.2 for 40 votes (5.4 if other signals agreed)"],
    ...[
      "Why place 4: 4.3 points",
      expect.stringMatching(/^\+5.3 for 100 votes/),
      "-1.0 because it was listed 1 day earlier",
    ],
  ]);
});

test("an edition leads to the one before and the one after, past days without papers, with the filter", async () => {
  await web.store.editions.open("2026-04-16");
  const turn = (path: string) => linksOf(path, /^\/editions\/\d/);
  expect(await turn("/editions/2026-04-13")).toEqual(["/editions/2026-04-14"]);
  expect(await turn("/editions/2026-04-14?topics=agents")).toEqual([
    "/editions/2026-04-14",
    "/editions/2026-04-13?topics=agents",
  ]);
  expect(await turn("/editions/2026-04-15")).toEqual(["/editions/2026-04-14"]);
});

test("a filter stands in words, with the way to subscribe to exactly it and to its feeds", async () => {
  const path = "/editions/latest?topics=agents&include=KV+cache&utm_source=x";
  expect(await textsOf(path, /p/)).toContain("Only papers on Agents, that say “KV cache”.");
  expect(await linksOf(path, /^\/(?:\?|feed)/)).toEqual([
    ...["/feed.xml?topics=agents&include=KV+cache", "/feed.json?topics=agents&include=KV+cache"],
    "/?topics=agents&include=KV+cache",
    ...["/feed.xml?topics=agents&include=KV+cache", "/feed.json?topics=agents&include=KV+cache"],
  ]);
  expect(await textsOf(path, /h2/)).toEqual(["1 First: KV caches", "How this ranking is made"]);
});

test("an edition without papers says what it is", async () => {
  const said = async (date: string) => [
    ...(await textsOf(`/editions/${date}`, /h1/)),
    (await textsOf(`/editions/${date}`, /p/))[0],
  ];
  expect(await Promise.all(["2026-04-11", "2026-04-03", "2026-04-02", "2026-04-15"].map(said))).toEqual([
    ["A quiet day", "No papers were listed: it was a weekend."],
    ["A quiet day", "No papers were listed: arXiv had a holiday."],
    ["No edition", "It could not be made, because the sources failed. Its papers come in the next ones."],
    ["Still being made", "It comes out when the day is over and all of its papers are in."],
  ]);
  expect((await web.get("/editions/2026-04-01")).status).toBe(404);
});

test("a paper that was withdrawn leaves a place that is said to be empty, and its page says so", async () => {
  const web = await aWeb();
  const ids = ["2604.00001", "2604.00002", "2604.00003", "2604.00004"];
  await web.anEdition(
    "2026-04-14",
    ids.map((arxivId) => ({ arxivId, title: arxivId })),
  );
  const whole = await web.get("/editions/2026-04-14");
  await web.store.sql("UPDATE papers SET withdrawn = true WHERE public_id = ANY ($1)", [ids.slice(1, 3)]);
  (web.app.shelf as Shelf).forget();
  expect(await textsOf("/editions/2026-04-14", /h2/, web)).toEqual([
    "1 2604.00001",
    "4 2604.00004",
    "How this ranking is made",
  ]);
  expect(await textsOf("/editions/2026-04-14", /p/, web)).toContain(
    "Places 2 to 3 are empty: their papers were withdrawn, or turned out to be others.",
  );
  expect(await pageOf("/papers/2604.00002", web)).toContain("This paper was withdrawn");
  // Nobody knows since when: who asks with a time alone gets the page.
  const asked = { "If-Modified-Since": whole.headers.get("last-modified")!, "Cache-Control": "max-age=0" };
  expect((await web.send("/editions/2026-04-14", { headers: asked })).status).toBe(200);
  await web.close();
});

test("all editions stand under their months, quiet days by name", async () => {
  expect(await textsOf("/editions", /h2|li/)).toEqual([
    ...["April 2026", "Thursday, April 16 still being made", "Wednesday, April 15 still being made"],
    ...["Tuesday, April 14 4 papers", "Monday, April 13 1 paper", "Saturday, April 11 quiet: weekend"],
    ...["Friday, April 3 quiet: a holiday", "Thursday, April 2 not made: the sources failed"],
  ]);
  expect(await linksOf("/editions?topics=agents", /^\/editions\/\d/)).toEqual([
    ...["/editions/2026-04-14?topics=agents", "/editions/2026-04-13?topics=agents"],
  ]);
});

test("the list goes on by whole months", async () => {
  const web = await aWeb();
  await web.store.sql(
    "INSERT INTO editions (date, state) SELECT d, 'quiet' FROM generate_series('2025-11-10'::date, '2026-04-15', '1 day') d",
  );
  expect(await textsOf("/editions?topics=agents", /h2/, web)).toEqual(["April 2026", "March 2026", "February 2026"]);
  const [older] = await linksOf("/editions?topics=agents", /before=/, web);
  expect(older).toBe("/editions?topics=agents&before=2026-02-01");
  const next = await textsOf(older!, /h2|li/, web);
  expect([next[0], next[1], next.at(-1)]).toEqual([
    ...["January 2026", "Saturday, January 31 quiet: no papers that day"],
    "Monday, November 10 quiet: no papers that day",
  ]);
  expect(await linksOf(older!, /before=/, web)).toEqual([]);
  await web.close();
});

test("a paper's page shows its votes and stars by day, as a curve and as a table", async () => {
  const web = await aWeb();
  const told = (signals: Record<string, number>, when: string, source = "hugging-face") =>
    web.store.papers.add([aSighting({ arxivId: "2604.00001", title: "One", signals, source })], at(when));
  await told({ upvotes: 3 }, "2026-04-13T08:00:00Z");
  expect(await pageOf("/papers/2604.00001", web)).not.toContain("<svg");
  await told({ upvotes: 7 }, "2026-04-13T20:00:00Z");
  await told({ upvotes: 40 }, "2026-04-15T08:00:00Z");
  await told({ stars: 12 }, "2026-04-14T08:00:00Z", "github");
  expect(await textsOf("/papers/2604.00001", /th|td/, web)).toEqual([
    ...["Day (UTC)", "Votes"],
    ...["April 13, 2026", "7", "April 14, 2026", "7", "April 15, 2026", "40"],
  ]);
  const page = await pageOf("/papers/2604.00001", web);
  expect(page.match(/<polyline points="[^"]*"/g)).toEqual(['<polyline points="0,132 300,132 600,0"']);
  expect(page).toContain("Votes from April 13, 2026 to April 15, 2026: from 7 to 40.");
  await told({ stars: 15 }, "2026-04-16T08:00:00Z", "github");
  expect((await pageOf("/papers/2604.00001", web)).match(/<polyline/g)).toHaveLength(2);
  await web.close();
});

test("a paper's page leads to its place in each edition, to its topics and categories", async () => {
  expect(await linksOf("/papers/2604.00011", /^\/editions\/.*[#?]/)).toEqual([
    ...["/editions/2026-04-14#place-1", "/editions/latest?topics=agents", "/editions/latest?topics=code"],
    "/editions/latest?categories=cs.CL",
  ]);
  expect(await pageOf("/editions/2026-04-14")).toContain('<article class="paper" id="place-1">');
});

test("a paper is cited on its page and in a file, under any of its names", async () => {
  const file = await web.get("/papers/2604.00011.bib");
  const entry = await file.text();
  expect([file.status, file.headers.get("content-type"), file.headers.get("content-disposition")]).toEqual([
    ...[200, "application/x-bibtex; charset=utf-8", "attachment; filename=lovelace2026first.bib"],
  ]);
  expect(entry).toContain("@misc{lovelace2026first,\n  title = {{First: KV caches}},\n");
  expect(await textsOf("/papers/2604.00011", /pre/)).toEqual([entry.replace(/\s+/g, " ").trim()]);
  const moved = await web.get("/papers/2604.00011v2.bib");
  expect([moved.status, moved.headers.get("location")]).toEqual([301, "/papers/2604.00011.bib"]);
  expect((await web.get("/papers/x.bib")).status).toBe(404);
  expect((await web.get("/papers/.bib")).status).toBe(404);
});

test("X2: BibTeX of a hostile paper is one entry, and inert on its page", async () => {
  const web = await aWeb();
  await web.store.papers.add([aSighting({ arxivId: "2604.66666" })], at("2026-04-15T08:00:00Z"));
  const title = "</pre><script>alert(1)</script>}}, @misc{x, \\input{/etc/passwd} \u202E% $";
  await web.store.sql("UPDATE papers SET title = $1, authors = $2", [title, ["} and {", "\\write18{rm}"]]);
  const entry = await (await web.get("/papers/2604.66666.bib")).text();
  expect(entry.match(/@misc\{/g)).toHaveLength(1);
  expect(entry).not.toMatch(/\\(?:input|write)|\u202E|[^\\][%$]/);
  expect(await pageOf("/papers/2604.66666", web)).not.toContain("<script>");
  await web.close();
});

test("who has a page is told so, by its name or by its time; what opens something is kept by nobody", async () => {
  const paths = ["/editions/2026-04-13", "/papers/2604.00011", "/papers/2604.00011.bib"];
  for (const path of paths) {
    const { headers } = await web.get(path);
    expect(headers.get("cache-control"), path).toBe("public, max-age=60");
    const statusOf = async (asked: Record<string, string>, method = "GET") =>
      (await web.send(path, { method, headers: { ...asked, "Cache-Control": "max-age=0" } })).status;
    const [etag, modified] = [headers.get("etag")!, headers.get("last-modified")!];
    expect([
      await statusOf({ "If-None-Match": etag }),
      await statusOf({ "If-None-Match": etag }, "HEAD"),
      await statusOf({ "If-Modified-Since": modified }),
      await statusOf({ "If-Modified-Since": "Mon, 13 Apr 2026 00:00:00 GMT" }),
      await statusOf({}, "HEAD"),
    ]).toEqual([304, 304, 304, 200, 200]);
  }
  for (const path of ["/editions", "/editions/2026-04-15"]) {
    expect((await web.get(path)).headers.get("last-modified"), path).toBe(null);
  }
  expect((await web.get("/digest/x")).headers.get("cache-control")).toBe("no-store");
});

test("an edition that was read is asked for again when the next one closes", async () => {
  const before = (await web.get("/editions/2026-04-14")).headers.get("last-modified")!;
  await web.store.clock.set(at("2026-04-17T01:00:00Z"));
  await web.anEdition("2026-04-16", [{ arxivId: "2604.00099" }]);
  const asked = { "If-Modified-Since": before, "Cache-Control": "max-age=0" };
  const answer = await web.send("/editions/2026-04-14", { headers: asked });
  expect([answer.status, (await answer.text()).includes('href="/editions/2026-04-16"')]).toEqual([200, true]);
});
