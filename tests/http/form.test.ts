import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { aFilter } from "../support/builders.ts";
import { aWeb, unescaped, type Web } from "./web.ts";

let web: Web;
beforeAll(async () => {
  web = await aWeb();
});
beforeEach(() => web.store.sql("DELETE FROM requests WHERE state = 'waiting'; TRUNCATE door_counts"));
afterAll(() => web.close());

/** What waits to be answered. */
const asked = () =>
  web.store.sql<{ email: string; wanted: unknown; asked_by: string }>(
    "SELECT email, wanted, asked_by FROM requests WHERE state = 'waiting'",
  );

test("the address and its button come before every choice", async () => {
  const page = await (await web.get("/")).text();
  const places = ['name="email"', 'type="submit">', 'name="topics"', 'name="cadence"', 'id="preview"'];
  const found = places.map((text) => page.indexOf(text));
  expect(found).toEqual([...found].sort((a, b) => a - b));
  expect(found).not.toContain(-1);
});

test("a topic says how many papers a day it brings, beside its name and not in it", async () => {
  const web = await aWeb();
  await web.anEdition("2026-04-15", [{ title: "Looms" }, { title: "Mills" }], ["code"]);
  const page = await (await web.get("/")).text();
  const chips = [
    ...page.matchAll(
      /value="code" aria-describedby="([^"]+)"> Code <span[^>]* id="([^"]+)" aria-hidden="true">([^<]+)</g,
    ),
  ];
  expect(chips.map(([, described, id, said]) => [described === id, said])).toEqual([[true, "2 a day"]]);
  await web.close();
});

test("a filter in the address fills the form; what is not ours in it is left alone", async () => {
  const page = await (await web.get("/?topics=agents,code&include=tool+use&utm_source=x&fbclid=y")).text();
  expect([...page.matchAll(/name="topics" value="([^"]+)" checked/g)].map(([, topic]) => topic)).toEqual([
    "code",
    "agents",
  ]);
  expect(page).toContain(">tool use</textarea>");
});

test("what was typed stands in the form again as it was typed, on lines of their own", async () => {
  const page = await (
    await web.press("/subscriptions", { email: "x", include: "tool use\nspeculative decoding" })
  ).text();
  expect(page).toContain(">tool use\nspeculative decoding</textarea>");
});
test("the front page with all it loads is under 20 kB on its way", async () => {
  const weigh = async (encoding: string) => {
    const page = await (await fetch(web.url, { headers: { "accept-encoding": "identity" } })).text();
    const paths = ["/", ...[...page.matchAll(/"(\/assets\/[^"]+)"/g)].map(([, path]) => path!)];
    const sizes = paths.map(async (path) => {
      const { headers } = await fetch(web.url + path, { headers: { "accept-encoding": encoding } });
      return Number(headers.get("content-length"));
    });
    return (await Promise.all(sizes)).reduce((sum, bytes) => sum + bytes, 0);
  };
  const [packed, plain] = [await weigh("gzip"), await weigh("identity")];
  console.log(`front page: ${packed} bytes compressed, ${plain} plain`);
  expect(packed).toBeGreaterThan(5_000);
  expect(packed).toBeLessThan(20_000);
});

test("the preview shows the papers of the filter that was typed, keeps the address typed beside it out of the address bar, and asks for nothing", async () => {
  await web.anEdition("2026-04-15", [{ title: "Speech for all" }, { title: "Agents that act" }]);
  const answer = await web.press("/preview", { email: "reader@example.com", include: "speech" });
  const page = await answer.text();
  const titles = [...page.matchAll(/<h3><a[^>]*>([^<]+)<\/a>/g)].map(([, title]) => title);
  expect([answer.status, titles]).toEqual([200, ["Speech for all"]]);
  expect(page).toContain('value="reader@example.com"');
  expect(unescaped(page)).toContain('href="/editions/2026-04-15?include=speech"');
  expect(await asked()).toEqual([]);
});

/** What stands under the lines of a form: field, entry and what is said of it. */
const foundOn = (page: string) =>
  [...page.matchAll(/<ul class="found" id="field-([\w-]+)-found">(.*?)<\/ul>/gs)].flatMap(([, field, list]) =>
    [...list!.matchAll(/<li><bdi class="entry">(.*?)<\/bdi> (.*?)<\/li>/gs)].map(([, entry, said]) => [
      field,
      unescaped(entry!),
      unescaped(said!).replace(/<[^>]+>/g, ""),
    ]),
  );

test("the preview says beside each line what it found lately, whom a name took, and what was probably meant", async () => {
  await web.anEdition("2026-04-16", [
    { title: "On <b>reward</b> models", authors: ["Yann LeCun", "Yoshua Bengio"] },
    { title: "Reward hacking", authors: ["Yann A. LeCun"] },
  ]);
  const answer = await web.press("/preview", {
    include: "reward\nreward AND model",
    exclude: "hacking",
    authors: "Y. LeCun\nBengio",
  });
  const total = (await web.store.sql<{ n: number }>("SELECT count(*)::int AS n FROM papers"))[0]!.n;
  const editions = (await web.app.shelf.recent(30)).length;
  const of = `of the ${total} new papers of the last ${editions} editions.`;
  expect(foundOn(await answer.text())).toEqual([
    ["include", "reward", `in 2 ${of}`],
    [
      "include",
      "reward AND model",
      `in none ${of} This was read as “reward and model”. For papers with both, write reward + model.`,
    ],
    ["authors", "Y. LeCun", `took Yann A. LeCun, Yann LeCun in the last ${editions} editions.`],
    ["authors", "Bengio", `nobody among the authors of the last ${editions} editions. Perhaps you mean Yoshua Bengio.`],
    ["exclude", "hacking", `in 1 ${of}`],
  ]);
});

test("each wrong line is named beside its field, with what to write instead", async () => {
  const page = await (await web.press("/preview", { include: 'fine\n"half\nbig "world model"', authors: "?!" })).text();
  const wrong = [...page.matchAll(/<p class="wrong" id="field-([\w-]+)-wrong">(.*?)<\/p>/g)];
  expect(wrong.map(([, field, said]) => [field, unescaped(said!).replace(/<[^>]+>/g, "")])).toEqual([
    [
      "include",
      'One of these lines cannot be searched for. A quotation mark is never closed in “"half”. Write "half" for exactly these words, or half for any form of them. In “big "world model"” only some of the words stand in quotes. Write big + "world model" for papers with all of them, or "big world model" for these words in a row.',
    ],
    ["authors", 'One of these lines is not a name. There is no name in "?!". Write a full name, like Ada Lovelace.'],
  ]);
  expect(foundOn(page)).toEqual([]);
});

/** The fieldsets of the watches, each as the values of its fields that are filled in. */
const watchesOf = (page: string) =>
  [...page.matchAll(/<fieldset class="watch">(.*?)<\/fieldset>/gs)].map(([, watch]) => [
    ...[...watch!.matchAll(/value="([^"]*)" checked/g)].map(([, value]) => value),
    ...[...watch!.matchAll(/<textarea[^>]*>([^<]+)<\/textarea>/g)].map(([, value]) => unescaped(value!)),
  ]);

test("watches are added, up to five, and removed without a script, and everything that was typed stays", async () => {
  const typed: [string, string][] = [
    ["email", "half an addr"],
    ["topics", "agents"],
    ["include", 'an "open quote'],
    ["watches.1.include", "second"],
    ["zone", "Asia/Tokyo"],
  ];
  const press = async (button: string) => web.press("/preview", [...typed, ["do", button]]);
  const added = await press("add");
  const page = await added.text();
  expect([added.status, watchesOf(page)]).toEqual([200, [["agents", 'an "open quote'], ["second"], []]]);
  expect(unescaped(page)).toContain('value="half an addr"');
  expect(page).toContain('value="Asia/Tokyo" selected');
  expect(page).not.toContain('<div class="problems"');
  expect(watchesOf(await (await press("remove.0")).text())).toEqual([["second"]]);

  const full = Array.from({ length: 5 }, (_, at): [string, string] => [`watches.${at}.include`, `word ${at}`]);
  const five = await (await web.press("/preview", [["include", "word 0"], ...full.slice(1), ["do", "add"]])).text();
  expect([watchesOf(five).length, five.includes('value="add"')]).toEqual([5, false]);
  expect(await asked()).toEqual([]);
});

test("a watch left blank among others counts for nothing, and moves nobody's mistakes or findings", async () => {
  await web.anEdition("2026-04-15", [{ title: "Looms" }]);
  const typed: [string, string][] = [
    ["include", ""],
    ["watches.1.include", "looms"],
    ["watches.2.include", '"half'],
  ];
  const wrong = await (await web.press("/preview", typed)).text();
  expect([...wrong.matchAll(/<p class="wrong" id="field-([\w-]+)-wrong">/g)].map(([, field]) => field)).toEqual([
    "watches-2-include",
  ]);
  const right = await (await web.press("/preview", typed.slice(0, 2))).text();
  expect(foundOn(right).map(([field, entry]) => [field, entry])).toEqual([["watches-1-include", "looms"]]);
  await web.press("/subscriptions", [...typed.slice(0, 2), ["email", "reader@example.com"]]);
  expect(await asked()).toMatchObject([{ wanted: { filter: aFilter({ include: ["looms"] }) } }]);
});

test("the script is given the pieces that change with the choices: counts, findings, freshness and papers", async () => {
  const web = await aWeb();
  await web.anEdition("2026-04-15", [{ title: "Looms at work" }, { title: "Looms at rest" }, { title: "Mills" }]);
  const live = async (fields: [string, string][]) => {
    const answer = await web.press("/preview?part=live", fields);
    const text = unescaped(await answer.text());
    const piece = (id: string) =>
      new RegExp(`id="${id}"[^>]*>(.*?)</(?:p|div|section)>`, "s")
        .exec(text)?.[1]
        ?.replace(/<[^>]*>/g, "")
        .trim();
    return {
      status: answer.status,
      piece,
      hasFrame: text.includes("<html"),
      hasPreview: text.includes('id="preview"'),
    };
  };
  const right = await live([
    ["include", "looms"],
    ["watches.1.include", "mills"],
    ["zone", "Europe/Berlin"],
    ["hour", "7"],
  ]);
  const ids = ["watch-0-count", "watch-1-count", "freshness", "preview-count"];
  expect([right.status, right.hasFrame, right.hasPreview, ids.map(right.piece)]).toEqual([
    ...[200, false, true],
    [
      ...["About 2 new papers a day.", "About 1 new paper a day."],
      "The edition closes at 01:00 UTC, 03:00 for you. At 07:00 it is 4 hours old.",
      "About 3 new papers a day fit this.",
    ],
  ]);
  // What is half typed leaves the papers that are shown alone.
  const wrong = await live([["include", '"half']]);
  expect([wrong.hasPreview, wrong.piece("field-include-says")]).toEqual([
    false,
    expect.stringMatching(/^One of these lines cannot be searched for\./),
  ]);
  await web.close();
});
