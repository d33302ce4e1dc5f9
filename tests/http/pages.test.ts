import { afterAll, beforeAll, expect, test } from "vitest";
import { openAdminKey } from "../../src/core/admin-key.ts";
import { parseCatalogue } from "../../src/core/topics.ts";
import { aFilter, preferences } from "../support/builders.ts";
import { aWeb, links, unescaped, type Web } from "./web.ts";

// Whatever is data is written in other letters than ours, so that plain letters on a page are words nobody can translate.
const catalogue = parseCatalogue({
  families: [{ id: "f", name: "Семья" }],
  topics: [
    { id: "agents", name: "Агенты", description: "Описание", family: "f", phrases: [{ weight: 1, any: ["agent"] }] },
  ],
});

const HOSTILE = {
  title: `</h2><script>alert(1)</script>{{constructor}}<mj-raw>\u202Egnitseretni ${"long ".repeat(2_000)}`,
  abstract: '"><img src=x onerror=alert(2)>\u2066 {{#each this}}',
  authors: ["<b>Bobby</b>\u202E"],
  url: "javascript:alert(3)",
  pdfUrl: "https://user:password@example.org/x.pdf",
  codeUrl: 'https://example.org/"onmouseover="alert(4)',
};

let web: Web;
beforeAll(async () => {
  web = await aWeb({ catalogue, adminKey: openAdminKey("password", "a secret of the tests") });
  await web.anEdition("2026-04-14", [
    { title: "Статья", abstract: "Текст.", authors: ["Автор"], arxivId: "hep-th/9901001" },
  ]);
  await web.store.editions.open("2026-04-13");
  await web.store.editions.open("2026-04-12");
  await web.store.editions.decide("2026-04-12", { state: "quiet", because: "weekend", rankedBy: "trend", papers: [] });
});
afterAll(() => web.close());

/** Every page there is, by the request that shows it. */
async function allPages(): Promise<Record<string, () => Promise<Response>>> {
  const filter = aFilter({ name: "Один", topics: ["agents"] }, { include: ["слово"] });
  const id = await web.store.aReader(preferences({ filter }));
  const now = web.app.now();
  const requestId = await web.store.requests.add({
    email: `a${id}@example.org`,
    addressKey: `key ${id}`,
    wanted: preferences(),
    askedBy: "form",
  });
  await web.store.requests.answered(requestId, "confirmation");
  const link = {
    confirm: `/confirm/${links.sign("confirm", { requestId }, now)}`,
    never: `/never/${links.sign("never", { requestId }, now)}`,
    preferences: `/preferences/${links.sign("preferences", { subscriptionId: id }, now)}`,
    unsubscribe: `/unsubscribe/${links.sign("unsubscribe", { subscriptionId: id, deliveryId: 1n }, now)}`,
    undo: `/undo/${links.sign("undo", { subscriptionId: id }, now)}`,
    digest: `/digest/${links.sign("digest", { editionDate: "2026-04-14", paperKeys: [1] }, now)}`,
  };
  const language = { "Accept-Language": "en-XA" };
  const get = (path: string) => () => web.send(path, { headers: language });
  const press =
    (path: string, fields: Record<string, string> = {}) =>
    () =>
      web.send(path, { method: "POST", headers: language, body: new URLSearchParams(fields) });
  return {
    home: get("/"),
    homeFiltered: get("/?topics=agents"),
    homeWrong: press("/subscriptions", { email: "x", minUpvotes: "x", topics: "?" }),
    preview: press("/preview", { include: "слово" }),
    checkInbox: press("/subscriptions", { email: "a@example.org" }),
    meant: press("/subscriptions", { email: "a@gmial.com" }),
    admin: get("/admin"),
    adminWrong: press("/admin/login", { password: "x" }),
    confirm: get(link.confirm),
    confirmed: press(link.confirm),
    confirmedAgain: press(link.confirm),
    never: get(link.never),
    neverPressed: press(link.never),
    preferences: get(link.preferences),
    paused: press(link.preferences, { do: "pause", pausedUntil: "2026-06-01" }),
    pausedWrong: press(link.preferences, { do: "pause", pausedUntil: "x" }),
    resumed: press(link.preferences, { do: "resume" }),
    saved: press(link.preferences, { hour: "8" }),
    unsubscribe: get(link.unsubscribe),
    unsubscribed: press(link.unsubscribe),
    reasonTold: press(`${link.undo}/reason`, { reason: "other" }),
    ended: get(link.preferences),
    undo: get(link.undo),
    undone: press(link.undo),
    lost: get("/lost-link"),
    lostSent: press("/lost-link", { email: "a@example.org" }),
    digest: get(link.digest),
    editions: get("/editions"),
    edition: get("/editions/2026-04-14"),
    editionOpen: get("/editions/2026-04-13"),
    editionQuiet: get("/editions/2026-04-12"),
    editionsFiltered: get("/editions?topics=agents"),
    editionFiltered: get("/editions/2026-04-14?include=%D1%81%D0%BB%D0%BE%D0%B2%D0%BE"),
    paper: get("/papers/hep-th/9901001"),
    topics: get("/topics"),
    privacy: get("/privacy"),
    unknown: get("/confirm/x"),
    notFound: get("/nothing"),
    badFilter: get("/?minUpvotes=x"),
    notAllowed: press("/topics"),
  };
}

test("every visible word of every page comes from the text catalogue", async () => {
  for (const [name, ask] of Object.entries(await allPages())) {
    const page = await (await ask()).text();
    expect(page, name).toContain('<html lang="en-XA"');
    expect(plainLetters(page), name).toEqual([]);
  }
});

/** Words in our letters that stand outside ⟦a message of the catalogue⟧, in texts and in attributes that are read out. */
function plainLetters(page: string): string[] {
  const data =
    /<select[^>]* name="(?:zone|elsewhereZone)"[\s\S]*?<\/select>|<option[^>]* lang=[\s\S]*?<\/option>|<span lang="en">[\s\S]*?<\/span>|<ul lang="en">[\s\S]*?<\/ul>|<bdi>[\s\S]*?<\/bdi>|<pre[\s\S]*?<\/pre>|<(script|style)[\s\S]*?<\/\1>/g;
  const spoken = [...page.matchAll(/ (?:aria-label|title|alt|placeholder)="([^"]*)"/g)].map(([, text]) => text);
  let text = unescaped(`${page.replace(data, "").replace(/<[^>]*>/g, "\n")} ${spoken.join("\n")}`);
  for (let before = ""; before !== text; ) {
    before = text;
    text = text.replace(/⟦[^⟦⟧]*⟧/g, "");
  }
  return text.match(/[a-z]{2,}[^\n]*/gi) ?? [];
}

test("a browser that asks for German gets German, dates, topics and all; one that takes anything gets English", async () => {
  const german = await aWeb();
  await german.anEdition("2026-04-14", [{}]);
  const ask = async (path: string, language: string) =>
    unescaped(await (await german.send(path, { headers: { "Accept-Language": language } })).text());
  const topics = await ask("/topics", "de-AT,de;q=0.9,en;q=0.5");
  expect(topics).toContain('<html lang="de" dir="ltr">');
  for (const words of ["Themen", "Denken", "Agenten", "Werkzeuge, das Web", "in der neuesten Ausgabe"])
    expect(topics).toContain(words);
  expect(await ask("/editions/2026-04-14", "de")).toContain("Gefragte Papers vom Dienstag, 14. April 2026");
  expect(await ask("/", "de")).toMatch(/<option[^>]* value="de"[^>]*>Deutsch<\/option>/);
  expect(await ask("/", "de")).toContain("Bestärkendes Lernen");
  for (const language of ["*", "fr", ""]) expect(await ask("/topics", language)).toContain('<html lang="en"');
  await german.close();
});

test("X2: markup, template marks, direction marks and length in a paper are inert on every page", async () => {
  const web = await aWeb();
  await web.anEdition("2026-04-15", [{ arxivId: "2604.66666" }]);
  // Past the cleaning that papers go through on their way in: the door must not rest on it.
  await web.store.sql(
    "UPDATE papers SET title = $1, abstract = $2, authors = $3, url = $4, pdf_url = $5, code_url = $6",
    [...[HOSTILE.title, HOSTILE.abstract, HOSTILE.authors, HOSTILE.url, HOSTILE.pdfUrl, HOSTILE.codeUrl]],
  );
  await web.store.sql("UPDATE edition_papers SET facts = facts || $1::jsonb", [JSON.stringify(HOSTILE)]);
  const paths = ["/", "/editions/2026-04-15", "/papers/2604.66666", "/editions/latest?include=long"];
  for (const path of paths) {
    const page = await (await web.get(path)).text();
    expect(page.match(/<(?:script|img|b|mj-raw)\b[^>]*>/g), path).toEqual([
      expect.stringMatching(/^<script src="\/assets\/page\.\w+\.js" defer>$/),
    ]);
    expect(/[\u202A-\u202E\u2066-\u2069]|javascript:|user:password|onmouseover="/.exec(page), path).toBe(null);
    expect(page.includes("{{constructor}}"), path).toBe(true);
    const longest = Math.max(
      ...[...page.matchAll(/<h[123][^>]*>([\s\S]*?)<\/h[123]>/g)].map(
        ([, heading]) => unescaped(heading!.replace(/<[^>]*>/g, "")).length,
      ),
    );
    expect(longest, path).toBeLessThan(400);
  }
  const [paper] = (
    (await (await web.json("GET", "/editions/2026-04-15")).json()) as { papers: Record<string, unknown>[] }
  ).papers;
  expect(paper).toMatchObject({ url: null, pdfUrl: null, codeUrl: "https://example.org/%22onmouseover=%22alert(4)" });
  expect(JSON.stringify(paper)).not.toMatch(/[\u202A-\u202E\u2066-\u2069]/);
  await web.close();
});

test("pages load nothing from elsewhere, run nothing inline and cannot be framed", async () => {
  for (const path of ["/", "/topics", "/confirm/x", "/nothing"]) {
    const { headers } = await web.get(path);
    expect(headers.get("content-security-policy")).toBe(
      "default-src 'none';style-src 'self';script-src 'self';img-src 'self';connect-src 'self';form-action 'self';base-uri 'none';frame-ancestors 'none'",
    );
    expect([
      headers.get("x-powered-by"),
      headers.get("x-content-type-options"),
      headers.get("strict-transport-security"),
    ]).toEqual([null, "nosniff", null]);
  }
  const page = await (await web.get("/")).text();
  expect(
    [...page.matchAll(/<(?:link|script|img)[^>]* (?:href|src)="([^"]+)"/g)].map(([, url]) =>
      url!.replace(/\.\w{12}\./, ".*."),
    ),
  ).toEqual([
    ..."/assets/icon.*.svg /assets/page.*.css /assets/form.*.css /feed.xml /feed.json /assets/page.*.js".split(" "),
  ]);
  expect(page).not.toMatch(/ style="| on\w+="|<style/);
});

test("over https, browsers are told to stay there", async () => {
  const secure = await aWeb({ publicUrl: () => "https://paperboy.example" });
  expect((await secure.get("/privacy")).headers.get("strict-transport-security")).toBe("max-age=63072000");
  await secure.close();
});

test("style sheet and script keep their address until they change, and then have another", async () => {
  const page = await (await web.get("/")).text();
  const [css] = /\/assets\/page\.\w{12}\.css/.exec(page)!;
  const answer = await web.get(css);
  expect([answer.status, answer.headers.get("content-type"), answer.headers.get("cache-control")]).toEqual([
    ...[200, "text/css; charset=utf-8", "public, max-age=31536000, immutable"],
  ]);
  const etag = answer.headers.get("etag")!;
  expect((await web.send(css, { headers: { "If-None-Match": etag, "Cache-Control": "max-age=0" } })).status).toBe(304);
  expect((await web.get("/assets/page.000000000000.css")).status).toBe(404);
});

test("X3: no address sends a reader to another site", async () => {
  const tries = [
    "//evil.example/",
    "/%2F%2Fevil.example",
    "/papers/%2F%2Fevil.example",
    "/papers//evil.example",
    "/editions/https:%2F%2Fevil.example",
    "/confirm/x?next=https://evil.example",
  ];
  for (const path of tries) {
    const { status, headers } = await web.get(path);
    expect([path, status, headers.get("location")]).toEqual([path, 404, null]);
  }
  const moved = await web.get("/papers/hep-th/9901001v3?to=//evil.example");
  expect([moved.status, moved.headers.get("location")]).toEqual([301, "/papers/hep-th/9901001"]);
});

test("a paper that turned out to be another is found under its old name", async () => {
  await web.store.sql(
    "INSERT INTO paper_aliases (alias, paper_id) SELECT 'import:abc', id FROM papers WHERE public_id = 'hep-th/9901001'",
  );
  const moved = await web.get("/papers/import:abc");
  expect([moved.status, moved.headers.get("location")]).toEqual([301, "/papers/hep-th/9901001"]);
  const page = await web.get("/papers/hep-th/9901001");
  expect([page.status, (await page.text()).includes('href="/editions/2026-04-14#place-1"')]).toEqual([200, true]);
});

test("a Host that somebody made up is in no address we give out", async () => {
  const id = await web.store.aReader();
  const link = links.sign("preferences", { subscriptionId: id }, web.app.now());
  for (const path of ["/", `/preferences/${link}`, "/editions", "/papers/hep-th/9901001"]) {
    const page = await (
      await web.send(path, { headers: { "X-Forwarded-Host": "evil.example", Forwarded: "host=evil.example" } })
    ).text();
    expect(page).not.toContain("evil.example");
  }
});

test("a fault of ours says nothing of itself, and its log has neither link nor address", async () => {
  const broken = await aWeb({
    subscriptions: {
      ...web.store.subscriptions,
      findById: () => Promise.reject(new Error("secret of reader@example.com")),
    },
  });
  const token = links.sign("preferences", { subscriptionId: 1n }, web.app.now());
  const page = await broken.get(`/preferences/${token}`);
  const problem = await broken.json("GET", `/subscriptions/${token}`);
  const answers = [await page.text(), await problem.text()].join();
  expect([page.status, problem.status, /secret/.test(answers)]).toEqual([500, 500, false]);
  expect(broken.logged).toHaveLength(2);
  expect(broken.logged.join()).not.toMatch(new RegExp(`reader@example.com|${token.slice(0, 20)}`));
  await broken.close();
});

test("under the name stand the newest edition's day and number, in the page's language; an edition carries its own, and before the first there is none", async () => {
  const web = await aWeb();
  const line = async (path: string, language: string) => {
    const page = await (await web.send(path, { headers: { "Accept-Language": language } })).text();
    return unescaped(/<p class="dateline">(.*?)<\/p>/.exec(page)?.[1]?.replace(/<[^>]*>/g, "") ?? "none");
  };
  expect(await line("/topics", "en")).toBe("none");
  await web.anEdition("2026-04-13", [{}]);
  await web.anEdition("2026-04-14", [{}]);
  await web.get("/editions/latest");
  expect(await line("/privacy", "en")).toBe("No. 104 of 2026 Tuesday, April 14, 2026");
  expect(await line("/nothing", "de")).toBe("Nr. 104/2026 Dienstag, 14. April 2026");
  expect(await line("/editions/2026-04-13", "en")).toBe("No. 103 of 2026 Monday, April 13, 2026");
  await web.close();
});
