/** Every page there is, met in the order in which a reader and an operator come by. */
import { randomUUID } from "node:crypto";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll } from "vitest";
import { aVisit, hasChromium, openBrowser, type Visit } from "./browser.ts";
import { aSighting } from "./builders.ts";
import { at } from "./time.ts";
import { aWorld, linkIn, type World } from "./world.ts";

const ADMIN_PASSWORD = "a password of the tests";

/** Titles as they come, and as they should not. */
const TITLES = [
  "Agents that plan before they act",
  "Speech recognition for languages that nobody recorded: a benchmark, a corpus, and thirty-one baselines",
  '</h2><script>alert(1)</script>{{constructor}} "quoted" & <b>bold</b>',
  `${"Electroencephalographically".repeat(6)} informed agents`,
  "وكلاء يخططون قبل أن يتصرفوا: دراسة واسعة النطاق",
  "大規模言語モデルによる計画と行動のための統一的な枠組み",
  "$\\mathcal{O}(n \\log n)$ attention with $\\ell_2$-normalised keys",
  "https://example.org/an/address/that/is/very/long/and/has/no/place/where/it/could/be/broken?at=all&of=it",
  "Größer ist nicht immer besser: Sprachmodelle für das Deutsche",
  "Diffusion",
  "Robots that fold laundry from a single demonstration",
  "What retrieval adds to reasoning, and what it takes away",
];

function listing(day: string, from: number) {
  return TITLES.map((title, position) =>
    aSighting({
      ...{
        source: "file",
        title,
        listedOn: day,
        position,
        arxivId: `2604.${String(from + position).padStart(5, "0")}`,
      },
      abstract: `${title}. We show that it works on seven tasks and say where it does not. Code and data are public.`,
      authors: position % 2 ? ["Ada Lovelace"] : ["Ada Lovelace", "Alan Turing", "Grace Hopper", "Edsger Dijkstra"],
      categories: ["cs.CL"],
      ...(position % 3 === 0 && { codeUrl: `https://github.com/example/paper-${position}` }),
      signals: { upvotes: 400 - 30 * position, comments: 12 - position },
    }),
  );
}

/**
 * A browser, and a world for it to look at, opened before the tests of a file and closed after them; neither is there where
 * there is no Chromium. The world has three editions, the last of 14 April 2026; its clock stands on the next morning while
 * its workers work.
 */
export function aBrowserOnEditions(env: Readonly<Record<string, string>> = {}) {
  let browser: Browser;
  let world: World;
  beforeAll(async () => {
    if (hasChromium) [browser, world] = await Promise.all([openBrowser(), aWorldOfEditions(env)]);
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await world?.close();
  });
  return {
    /** To be asked for in a test, not before. */
    world: () => world,
    visit: (
      options: { readonly javaScript?: boolean; readonly locale?: string; readonly isTouched?: boolean } = {},
    ): Promise<Visit> => aVisit(browser, world.url, options),
  };
}

async function aWorldOfEditions(env: Readonly<Record<string, string>>): Promise<World> {
  const world = await aWorld({ start: at("2026-04-13T09:00Z"), offline: true, env: { ADMIN_PASSWORD, ...env } });
  for (const [i, day] of ["2026-04-12", "2026-04-13", "2026-04-14"].entries()) {
    await world.clock.set(at(`2026-04-${13 + i}T09:00Z`));
    await world.app.papers.add(listing(day, 100 * (i + 1)), world.clock.now());
    await world.settle();
  }
  await world.work();
  return world;
}

/** What `walkEveryPage` comes by, in this order. */
export const PAGES = [
  ...["home", "home-preview", "home-problems", "home-meant", "check-your-inbox"],
  ...["confirm", "confirmed", "already-confirmed", "never", "never-pressed"],
  ...["preferences", "preferences-saved", "preferences-problems", "paused", "resumed", "account-link-asked"],
  ...["lost-link", "lost-link-problems", "lost-link-sent", "digest"],
  ...[
    "editions",
    "edition",
    "edition-filtered",
    "edition-empty",
    "edition-unknown",
    "paper",
    "topics",
    "privacy",
    "docs",
  ],
  ...["link-garbled", "not-found", "filter-wrong"],
  ...["unsubscribe", "unsubscribed", "reason-told", "undone", "ended"],
  ...["account", "account-problems", "erase", "erased"],
  ...[
    "admin-login",
    "admin-wrong",
    "admin",
    "admin-paused",
    "admin-readers",
    "admin-reader",
    "admin-erase",
    "admin-erased",
  ],
  ...[
    "admin-deliveries",
    "admin-delivery-none",
    "admin-reports",
    "admin-report",
    "admin-suppressions",
    "admin-suppressed",
  ],
  ...["admin-editions", "admin-edition", "admin-preview-wrong", "admin-preview", "admin-tested", "admin-audit"],
];

/** @param look is called on every page, once it is there */
export async function walkEveryPage(
  { url, mail, sql, app, clock }: World,
  { page, through }: Visit,
  look: (name: string) => Promise<void>,
): Promise<void> {
  const open = (path: string) => page.goto(new URL(path, url).href);
  const press = (button: string) => through(() => page.locator(button).first().click());
  const fill = (name: string, value: string) => page.locator(`[name="${name}"]`).first().fill(value);
  const see = async (name: string, path: string) => {
    await open(path);
    await look(name);
  };
  /** Opens what is folded, so that all fields can be typed in. */
  const unfold = async () => {
    const folded = page.locator("form details:not([open]) > summary");
    while ((await folded.count()) > 0) await folded.first().click();
  };
  // What one visitor may ask for a day is less than this walk does.
  await sql("TRUNCATE door_counts");
  const reader = `${randomUUID()}@example.com`;
  const subscribe = async (email: string) => {
    await open("/");
    await fill("email", email);
    await press('form[action^="/subscriptions"] button[type="submit"]:not([formaction])');
  };

  await see("home", "/");
  await unfold();
  await fill("include", "agents");
  // A script shows it on the page that is there; without one a page comes.
  const shown = page.waitForResponse((answer) => answer.url().includes("/preview"));
  await page.locator('button[name="do"][value="show"]').first().click();
  await (await shown).finished();
  await page.waitForLoadState("load");
  await look("home-preview");
  await unfold();
  await fill("minUpvotes", "many");
  await fill("email", "reader@example.com");
  await press('form[action^="/subscriptions"] button[type="submit"]:not([formaction])');
  await look("home-problems");
  await subscribe("reader@gmial.com");
  await look("home-meant");
  await subscribe(reader);
  await look("check-your-inbox");

  const confirmation = await mail(reader, 1);
  await see("confirm", linkIn(confirmation, "confirm"));
  await press("main button");
  await look("confirmed");
  await open(linkIn(confirmation, "confirm"));
  await press("main button");
  await look("already-confirmed");
  const stranger = `${randomUUID()}@example.com`;
  await subscribe(stranger);
  await see("never", linkIn(await mail(stranger, 1), "never"));
  await press("main button");
  await look("never-pressed");

  const digest = await mail(reader, 2);
  const preferences = linkIn(digest, "preferences");
  await see("preferences", preferences);
  await unfold();
  await fill("include", "agents\nspeech");
  await press('button[value="save"]');
  await look("preferences-saved");
  await unfold();
  await fill("minUpvotes", "many");
  await press('button[value="save"]');
  await look("preferences-problems");
  await open(preferences);
  await press('button[value="pause"]');
  await look("paused");
  await press('button[value="resume"]');
  await look("resumed");
  await press('button[value="account"]');
  await look("account-link-asked");

  await see("lost-link", "/lost-link");
  await fill("email", "nobody@localhost");
  await press("main button");
  await look("lost-link-problems");
  await fill("email", reader);
  await press("main button");
  await look("lost-link-sent");
  await see("digest", linkIn(digest, "digest"));

  await see("editions", "/editions");
  await see("edition", "/editions/latest");
  await see("edition-filtered", "/editions/2026-04-14?include=agents");
  await see("edition-empty", "/editions/2026-04-14?include=zeppelin");
  await see("edition-unknown", "/editions/2019-01-01");
  await see("paper", "/papers/2604.00301");
  await see("topics", "/topics");
  await see("privacy", "/privacy");
  await see("docs", "/docs");
  await see("link-garbled", "/preferences/%E0%A4%A");
  await see("not-found", "/nothing/here");
  await see("filter-wrong", "/editions/latest?minUpvotes=many");

  await see("unsubscribe", linkIn(digest, "unsubscribe"));
  await press("main button");
  await look("unsubscribed");
  await page.locator('input[value="notMine"]').check();
  await press('form[action$="/reason"] button');
  await look("reason-told");
  await press("main button");
  await look("undone");
  await open(linkIn(digest, "unsubscribe"));
  await press("main button");
  await see("ended", preferences);

  const [row] = await sql<{ id: string }>("SELECT id FROM subscriptions WHERE email = $1", [reader]);
  await open(linkIn(digest, "unsubscribe"));
  await press("main button");
  await press("main button");
  await see("account", `/account/${app.links.sign("account", { subscriptionId: BigInt(row!.id) }, clock.now())}`);
  await fill("email", "nobody@localhost");
  await press('form[method="post"] button');
  await look("account-problems");
  await press('button[value="erase"]');
  await look("erase");
  await press("main button");
  await look("erased");

  await see("admin-login", "/admin");
  await fill("password", "another");
  await press("main button");
  await look("admin-wrong");
  await fill("password", ADMIN_PASSWORD);
  await press("main button");
  await look("admin");
  await fill("because", "somebody looks");
  await press('form[action="/admin/pause"] button');
  await look("admin-paused");
  await press('form[action="/admin/resume"] button');
  await see("admin-readers", "/admin/readers");
  await fill("who", stranger);
  await press('form[action="/admin/readers/find"] button');
  await open("/admin/readers");
  await fill("who", row!.id);
  await press('form[action="/admin/readers/find"] button');
  await look("admin-reader");
  // Theirs is erased by now; somebody else's is not.
  const other = `${randomUUID()}@example.com`;
  await subscribe(other);
  await open(linkIn(await mail(other, 1), "confirm"));
  await press("main button");
  await mail(other, 2);
  await open("/admin/readers");
  await fill("who", other);
  await press('form[action="/admin/readers/find"] button');
  await press('form[action$="/erase"] button');
  await look("admin-erase");
  await press("main .card button");
  await look("admin-erased");
  await see("admin-deliveries", "/admin/deliveries");
  await see("admin-delivery-none", "/admin/deliveries?state=refused&localDay=2026-04-15");
  const reportId = await app.reports.keep({
    ...{ via: "raw", raw: Buffer.from(TITLES.join("\n").repeat(20)), cut: 0, eventKey: null },
    ...{ envelopeTo: `bounce+${"x".repeat(60)}@bounce.example.org`, envelopeFrom: null },
  });
  await see("admin-reports", "/admin/reports");
  await see("admin-report", `/admin/reports/${reportId}`);
  await see("admin-suppressions", "/admin/suppressions?lifted=yes");
  await fill("who", `${randomUUID()}@example.com`);
  await fill("note", TITLES[3]!);
  await press('form[action="/admin/suppressions"][method="post"] button');
  await look("admin-suppressed");
  await see("admin-editions", "/admin/editions");
  await see("admin-edition", "/admin/editions/2026-04-14");
  await see("admin-preview-wrong", "/admin/editions/2026-04-14/preview?minUpvotes=many");
  await see("admin-preview", "/admin/editions/2026-04-14/preview?include=agents");
  await fill("to", "operator@example.com");
  await press('form[action$="/test"] button');
  await look("admin-tested");
  await see("admin-audit", "/admin/audit");
}
