import type { Page, Route } from "playwright-core";
import { expect } from "vitest";
import { type Visit, withChromium } from "../support/browser.ts";
import { aBrowserOnEditions } from "../support/every-page.ts";
import { linkIn } from "../support/world.ts";

const there = aBrowserOnEditions();

const AGENTS = "Agents that plan before they act";
const SPEECH = "Speech recognition for languages that nobody recorded: a benchmark, a corpus, and thirty-one baselines";
const headlines = async (page: Page) => [...new Set(await page.locator("#preview h3").allInnerTexts())];
const ticked = (page: Page) =>
  page.evaluate<string[][]>(`[...document.querySelectorAll("fieldset.watch")].map((watch) =>
    [...watch.querySelectorAll(".topics :checked")].map(({ value }) => value))`);
const field = (page: Page, name: string) => page.locator(`[name="${name}"]`).first();
const topic = (page: Page, name: string) => page.locator(`[name="topics"][value="${name}"]`).first();
const press = (page: Page, value: string) => page.locator(`button[name="do"][value="${value}"]`).first();
const unfold = (page: Page) => page.locator("fieldset.watch summary").first().click();
const heading = (page: Page) => page.locator("h1").innerText();

/** A busy machine answers later. */
const soon = <T>(what: () => Promise<T>) => expect.poll(what, { timeout: 10_000 });
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** A page that comes is another one; what a script changes is the same, with what was noted on it. */
const note = (page: Page) => page.evaluate("window.noted = true");
const isStill = (page: Page) => page.evaluate("window.noted === true");

/** What the script asks is done to; what the browser itself asks goes its way. */
const onTheLine = (page: Page, does: (route: Route) => Promise<void>) =>
  page.route(/\/(?:preview|preferences)/, (route) =>
    route.request().isNavigationRequest() ? route.continue() : does(route),
  );

/** Answers wait until they are let go. */
async function aSlowLine(page: Page, then: (route: Route) => Promise<void> = (route) => route.continue()) {
  let letGo = () => {};
  const gone = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  await onTheLine(page, async (route) => {
    await gone;
    await then(route).catch(() => {}); // one that was left for a newer one
  });
  return letGo;
}

const brokenLine = (page: Page) =>
  onTheLine(page, (route) => route.fulfill({ status: 503, contentType: "text/html", body: "<h1>Not now</h1>" }));

/** The form, at rest: the zone was guessed, and what follows from it is shown. */
async function theForm(options = {}): Promise<Visit> {
  const visit = await there.visit(options);
  await Promise.all([
    visit.page.waitForResponse((answer) => answer.url().includes("part=live")),
    visit.page.goto(there.world().url),
  ]);
  await note(visit.page);
  return visit;
}

/** Somebody who subscribed. @returns their last mail, with links in it */
async function aReader(email: string) {
  await there.world().sql("TRUNCATE door_counts");
  const visit = await there.visit({ javaScript: false });
  const { page, through } = visit;
  await page.goto(there.world().url);
  await field(page, "email").fill(email);
  await through(() => page.locator('.start button[type="submit"]').click());
  await page.goto(linkIn(await there.world().mail(email, 1), "confirm"));
  await through(() => page.locator("main button").click());
  await visit.close();
  return there.world().mail(email, 2);
}

async function idOf(email: string): Promise<bigint> {
  const [row] = await there.world().sql<{ id: string }>("SELECT id FROM subscriptions WHERE email = $1", [email]);
  return BigInt(row!.id);
}
const preferencesOf = async (email: string) =>
  (await there.world().app.subscriptions.findById(await idOf(email)))!.preferences;

withChromium(
  "who goes on while a watch is on its way loses neither the watch nor what was done meanwhile",
  async () => {
    const visit = await theForm();
    const { page } = visit;
    const letGo = await aSlowLine(page);
    await press(page, "add").click();
    await field(page, "email").fill("meanwhile@example.com");
    await field(page, "hour").selectOption("9");
    await press(page, "show").click();
    const tick = topic(page, "agents").check();
    await pause(600);
    expect(await ticked(page)).toEqual([[]]);
    letGo();
    await tick;
    await soon(() => ticked(page)).toEqual([["agents"], []]);
    await soon(() => page.locator("#freshness").innerText()).toContain("At 09:00");
    expect(await field(page, "email").inputValue()).toBe("meanwhile@example.com");
    expect([await isStill(page), visit.faults()]).toEqual([true, []]);
    await visit.close();
  },
  180_000,
);

withChromium(
  "a watch that comes late takes the focus from nobody who is elsewhere by then",
  async () => {
    const visit = await theForm();
    const { page } = visit;
    const letGo = await aSlowLine(page);
    await press(page, "add").click();
    await field(page, "email").focus();
    letGo();
    await soon(() => ticked(page)).toEqual([[], []]);
    await page.keyboard.type("a@example.com");
    expect(await field(page, "email").inputValue()).toBe("a@example.com");
    await visit.close();
  },
  180_000,
);

withChromium(
  "an answer that is none leaves the form as it is, and the browser asks itself",
  async () => {
    for (const value of ["add", "show"]) {
      const visit = await theForm();
      const { page, through } = visit;
      await brokenLine(page);
      await topic(page, "agents").check();
      await through(() => press(page, value).click());
      expect([await isStill(page), await ticked(page)]).toEqual([
        false,
        value === "add" ? [["agents"], []] : [["agents"]],
      ]);
      expect(await headlines(page)).toContain(AGENTS);
      expect(await headlines(page)).not.toContain(SPEECH);
      await visit.close();
    }
  },
  180_000,
);

withChromium(
  "who had no answer for ten seconds gets it from the browser itself",
  async () => {
    const visit = await theForm();
    const { page, through } = visit;
    await page.clock.install();
    await page.reload();
    await aSlowLine(page);
    await press(page, "add").click();
    await page.clock.runFor(9_000);
    expect(await ticked(page)).toEqual([[]]);
    await through(() => page.clock.runFor(2_000));
    expect(await ticked(page)).toEqual([[], []]);
    await visit.close();
  },
  180_000,
);

withChromium(
  "what is on its way when the form is sent sends nothing after it",
  async () => {
    await there.world().sql("TRUNCATE door_counts");
    const visit = await theForm();
    const { page } = visit;
    const letGo = await aSlowLine(page, (route) => route.abort());
    await page.route("**/subscriptions", async (route) => {
      letGo();
      await pause(500);
      await route.continue();
    });
    await field(page, "email").fill("sent@example.com");
    await press(page, "add").click();
    await page.locator('.start button[type="submit"]').click();
    await soon(() => heading(page)).toBe("Check your inbox");
    await visit.close();
  },
  180_000,
);

withChromium(
  "who comes back finds what they wrote and chose, and beside it what belongs to that",
  async () => {
    await there.world().sql("TRUNCATE door_counts");
    const visit = await theForm();
    const { page, through } = visit;
    await unfold(page);
    await field(page, "include").fill("speech recognition");
    await field(page, "zone").selectOption("Asia/Tokyo");
    await field(page, "email").fill("back@example.com");
    await soon(() => headlines(page)).toEqual([SPEECH]);
    await through(() => page.locator('.start button[type="submit"]').click());
    await page.goBack();
    await soon(() => headlines(page)).toEqual([SPEECH]);
    expect(await field(page, "include").isVisible()).toBe(true);
    expect(await field(page, "include").inputValue()).toBe("speech recognition");
    expect(await field(page, "zone").inputValue()).toBe("Asia/Tokyo");
    expect(visit.faults()).toEqual([]);
    await visit.close();
  },
  180_000,
);

/** A browser whose clock stands in this zone, by the name it has for it. */
async function zoneFor(here: string) {
  const visit = await there.visit();
  const { page } = visit;
  await page.addInitScript(`{
    const { resolvedOptions } = Intl.DateTimeFormat.prototype;
    Intl.DateTimeFormat.prototype.resolvedOptions = function () {
      return { ...resolvedOptions.call(this), timeZone: ${JSON.stringify(here)} };
    };
  }`);
  await page.goto(there.world().url);
  const chosen = () =>
    page.evaluate<string[]>(
      `(({ value, selectedOptions }) => [value, selectedOptions[0].text])(document.querySelector("[name=zone]"))`,
    );
  return { chosen, faults: visit.faults, close: visit.close };
}

withChromium(
  "a browser may call its zone by an older name; one that nobody knows is not guessed",
  async () => {
    for (const [here, known] of [
      ["Asia/Calcutta", ["Asia/Kolkata", "Kolkata"]],
      ["Europe/Kiev", ["Europe/Kyiv", "Kyiv"]],
      ["Etc/GMT-3", ["Etc/GMT-3", "Etc/GMT-3"]],
      ["Etc/Unknown", ["UTC", "UTC"]],
    ] as const) {
      const { chosen, faults, close } = await zoneFor(here);
      await soon(chosen).toEqual(known);
      await pause(300);
      expect([await chosen(), faults()]).toEqual([known, []]);
      await close();
    }
  },
  180_000,
);

withChromium(
  "who lives by UTC still does after a look at their preferences",
  async () => {
    const mail = await aReader("utc@example.com"); // without JavaScript nothing was guessed
    const visit = await there.visit();
    const { page, through } = visit;
    await page.goto(linkIn(mail, "preferences"));
    await topic(page, "agents").check();
    await through(() => press(page, "save").click());
    expect((await preferencesOf("utc@example.com")).zone).toBe("UTC");
    await visit.close();
  },
  180_000,
);

for (const javaScript of [true, false])
  withChromium(
    `Enter in a field saves, and takes no watch away, ${javaScript ? "with" : "without"} JavaScript`,
    async () => {
      const email = `enter-${javaScript}@example.com`;
      const link = linkIn(await aReader(email), "preferences");
      const visit = await there.visit({ javaScript });
      const { page, through } = visit;
      const watches = async () => (await preferencesOf(email)).filter.watches.map(({ topics }) => topics);
      await page.goto(link);
      await topic(page, "agents").check();
      if (javaScript) await press(page, "add").click();
      else await through(() => press(page, "add").click());
      await page.locator('[name="watches.1.topics"][value="code"]').check();
      await through(() => page.locator('[name="watches.1.topics"][value="code"]').press("Enter"));
      expect(await watches()).toEqual([["agents"], ["code"]]);
      await field(page, "maxPapers").fill("7");
      await through(() => field(page, "maxPapers").press("Enter"));
      expect([await watches(), (await preferencesOf(email)).maxPapers]).toEqual([[["agents"], ["code"]], 7]);
      await visit.close();
    },
    180_000,
  );

withChromium(
  "who clicks twice is told what the first click did",
  async () => {
    await there.world().sql("TRUNCATE door_counts");
    const { url, mail, app, clock } = there.world();
    const email = "twice@example.com";
    const visit = await there.visit();
    const { page, through } = visit;
    // Both clicks reach the server before either is answered.
    const slowly = async (route: Route) => {
      const response = await route.fetch();
      await pause(300);
      await route.fulfill({ response }).catch(() => {});
    };
    await page.route("**", (route) => (route.request().method() === "POST" ? slowly(route) : route.continue()));
    const twice = async () => {
      await through(() => page.locator("main button").first().click({ clickCount: 2, delay: 50 }));
      await pause(500); // a second answer would be there by now
      return heading(page);
    };
    await page.goto(url);
    await field(page, "email").fill(email);
    expect(await twice()).toBe("Check your inbox");
    await page.goto(linkIn(await mail(email, 1), "confirm"));
    expect(await twice()).toBe("You are subscribed");
    const link = app.links.sign("account", { subscriptionId: await idOf(email) }, clock.now());
    await page.goto(`${url}/account/${link}?do=erase`);
    expect(await twice()).toBe("You are forgotten");
    expect(visit.faults()).toEqual([]);
    await visit.close();
  },
  180_000,
);

withChromium(
  "a screen reader hears what changed, once: no count that is no longer true, and nothing that nobody asked for",
  async () => {
    const visit = await theForm();
    const { page } = visit;
    await page.evaluate(`{
      window.heard = [];
      const said = document.getElementById("said");
      new MutationObserver(() => said.textContent && heard.push(said.textContent)).observe(said, { childList: true });
    }`);
    const heard = () => page.evaluate<string[]>("heard");
    const count = "About 1 new paper a day fits this.";
    await pause(2_000);
    expect(await heard()).toEqual([]);
    await unfold(page);
    await field(page, "include").fill("speech recognition");
    await soon(heard).toEqual([count]);
    await field(page, "hour").selectOption("9");
    await pause(2_000);
    expect(await heard()).toEqual([count]);
    const wrong = "The number of votes is not right. Write a whole number, 0 or more.";
    await field(page, "minUpvotes").fill("many");
    await soon(heard).toEqual([count, wrong]);
    expect(await field(page, "minUpvotes").getAttribute("aria-invalid")).toBe("true");
    await field(page, "minUpvotes").fill("1");
    await soon(() => field(page, "minUpvotes").getAttribute("aria-invalid")).toBe(null);
    await visit.close();
  },
  180_000,
);

withChromium(
  "a number that is none hides nothing of what the words bring, and a link that has the focus keeps it",
  async () => {
    const visit = await theForm();
    const { page } = visit;
    await field(page, "maxPapers").fill("500");
    await unfold(page);
    await field(page, "include").fill("speech recognition");
    await soon(() => headlines(page)).toEqual([SPEECH]);
    const letGo = await aSlowLine(page);
    await field(page, "include").fill("speech");
    await pause(400);
    await page.locator("#preview h3 a").first().focus();
    await page.evaluate(`document.getElementById("preview").dataset.old = "yes"`);
    letGo();
    await soon(() => page.locator("#preview[data-old]").count()).toBe(0);
    expect(await page.evaluate("document.activeElement.textContent")).toBe(SPEECH);
    await visit.close();
  },
  180_000,
);
