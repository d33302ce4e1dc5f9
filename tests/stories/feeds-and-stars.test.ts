/** Feeds and GitHub beside Hugging Face, as the settings open them, each on a web server of its own kind. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { collectPapers } from "../../src/actions/collect-papers.ts";
import { readConfig } from "../../src/config.ts";
import { type Fetch, openFetch } from "../../src/fetch.ts";
import { openSources } from "../../src/open-sources.ts";
import { repositories } from "../../src/store/repositories.ts";
import { aLog } from "../actions/press.ts";
import { aSite, type Site } from "../support/site.ts";
import { aStore, type TestStore } from "../support/store.ts";
import { at } from "../support/time.ts";

const YESTERDAY = "2026-04-14";
const listed = {
  paper: { id: "2604.11784", title: "Listed", upvotes: 9, githubRepo: "https://github.com/lab/code", githubStars: 100 },
};
const post = (title: string, link: string) =>
  `<item><title>${title}</title><link>${link}</link><pubDate>Tue, 14 Apr 2026 09:00:00 GMT</pubDate></item>`;

let store: TestStore;
let site: Site;
let fetch: Fetch;
let isBlogDown = false;
beforeAll(async () => {
  store = await aStore(at("2026-04-15T00:30Z"));
  site = await aSite(({ url }, response) => {
    const { pathname, searchParams } = new URL(url!, "http://site.test");
    if (pathname === "/api/daily_papers")
      response.end(JSON.stringify(searchParams.get("date") === YESTERDAY ? [listed] : []));
    else if (pathname === "/repos/lab/code") response.end('{"stargazers_count": 142}');
    else if (pathname === "/blog.rss" && isBlogDown) response.writeHead(410).end();
    else if (pathname === "/blog.rss")
      response.end(
        `<rss><channel>${post("A post", "/post")}${post("About it", "https://arxiv.org/abs/2604.11784")}</channel></rss>`,
      );
    else if (pathname === "/planet.rss")
      response.end(`<rss><channel>${post("A  Post", "/copy-of-the-post")}</channel></rss>`);
    else response.writeHead(404).end();
  });
  fetch = openFetch({ userAgent: "test", allow: [site.url], backOffMs: 1 });
});
afterAll(async () => {
  await fetch.close();
  await site.close();
  await store.close();
});

async function collect(time: string) {
  const config = readConfig({
    ...{ SOURCES: "hugging-face,feed,github", HUGGING_FACE_URL: site.url, GITHUB_URL: site.url },
    FEED_URLS: `${site.url}/blog.rss, ${site.url}/planet.rss`,
  });
  const sources = openSources(config, { fetch, papersWithCode: repositories(store.prisma).uncounted });
  return collectPapers({ ...store, sources, log: aLog().log, now: () => at(time) });
}

test("posts stand in the followed lane once, know the paper they are about, and stars come from GitHub, once a day", async () => {
  await collect("2026-04-15T00:30Z");
  const { candidates } = await store.candidates.of(YESTERDAY, "2026-01-01");
  expect(candidates.map(({ id, lane, title, signals }) => [id.replace(/:.*/, ""), lane, title, signals])).toEqual([
    ["2604.11784", "trending", "Listed", { upvotes: 9, stars: 142 }],
    ["import", "followed", "A Post", {}],
  ]);
  await collect("2026-04-15T01:30Z");
  const askedOf = (path: string) => site.asked.filter((asked) => asked === path).length;
  expect([askedOf("/repos/lab/code"), askedOf("/blog.rss")]).toEqual([1, 1]);
});

test("a feed that is gone holds nobody else up, and is the one that is named", async () => {
  isBlogDown = true;
  const { failed } = await collect("2026-04-16T00:30Z");
  const host = new URL(site.url).host;
  const records = await store.pulls.health();
  expect([failed, records.map(({ source, failures }) => [source, failures])]).toEqual([
    1,
    [
      [`feed:${host}/blog.rss`, 1],
      [`feed:${host}/planet.rss`, 0],
      ["github", 0],
      ["hugging-face", 0],
    ],
  ]);
});
