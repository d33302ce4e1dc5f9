import type { Page } from "playwright-core";
import { expect } from "vitest";
import { type Visit, withChromium } from "../support/browser.ts";
import { aBrowserOnEditions } from "../support/every-page.ts";
import { linkIn } from "../support/world.ts";

const there = aBrowserOnEditions();

const SPEECH = "Speech recognition for languages that nobody recorded: a benchmark, a corpus, and thirty-one baselines";
/** The titles that are shown, each once: every edition of this world has all of them. */
const headlines = async (page: Page) => [...new Set(await page.locator("#preview h3").allInnerTexts())];
/** Which topics are ticked, watch by watch. */
const ticked = (page: Page) =>
  page.evaluate<string[][]>(`[...document.querySelectorAll("fieldset.watch")].map((watch) =>
    [...watch.querySelectorAll(".topics :checked")].map(({ value }) => value))`);
const tick = (page: Page, watch: number, topic: string) =>
  page.locator("fieldset.watch").nth(watch).locator(`[value="${topic}"]`).check();
const press = (page: Page, value: string) => page.locator(`button[name="do"][value="${value}"]`).click();

/** A busy machine answers later. */
const soon = <T>(what: () => Promise<T>) => expect.poll(what, { timeout: 10_000 });

/** A page that comes is another one; what a script changes is the same, with what was noted on it. */
const note = (page: Page) => page.evaluate("window.noted = true");
const isStill = (page: Page) => page.evaluate("window.noted === true");

async function theForm(options = {}): Promise<Visit> {
  const visit = await there.visit(options);
  await visit.page.goto(there.world().url);
  await note(visit.page);
  return visit;
}

withChromium(
  "while somebody types, the page shows what that would bring, and tells it to who cannot see it",
  async () => {
    const visit = await theForm();
    const { page } = visit;
    const before = await headlines(page);
    await page.locator('[name="email"]').fill("reader@example.com");
    await page.locator("fieldset.watch summary").click();
    await page.locator('[name="include"]').pressSequentially("speech recognition");
    await soon(() => headlines(page)).toEqual([SPEECH]);
    expect(before).toContain(SPEECH);
    expect(before.length).toBeGreaterThan(1);
    await soon(() => page.locator("#said").innerText()).toBe("About 1 new paper a day fits this.");

    await page.locator('[name="include"]').fill('"speech');
    await soon(() => page.locator('[name="include"]').getAttribute("aria-invalid")).toBe("true");
    await page.locator('[name="include"]').fill("");
    await soon(() => headlines(page)).toEqual(before);
    expect(await page.locator('[name="include"]').getAttribute("aria-invalid")).toBe(null);
    expect(await page.locator('[name="email"]').inputValue()).toBe("reader@example.com");
    expect([await isStill(page), visit.faults()]).toEqual([true, []]);
    await visit.close();
  },
);

withChromium(
  "without a script it shows what it showed, until somebody asks",
  async () => {
    const visit = await theForm({ javaScript: false });
    const { page } = visit;
    const before = await headlines(page);
    await page.locator("fieldset.watch summary").click();
    await page.locator('[name="include"]').fill("speech recognition");
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(await headlines(page)).toEqual(before);
    await visit.through(() => press(page, "show"));
    expect(await headlines(page)).toEqual([SPEECH]);
    await visit.close();
  },
  180_000,
);

withChromium(
  "a watch comes and goes by a click, where the reader is and without loss, and what is left is what is asked for",
  async () => {
    const { world } = there;
    const visit = await theForm();
    const { page, through } = visit;
    await page.locator('[name="email"]').fill("watches@example.com");
    await tick(page, 0, "agents");
    await press(page, "add");
    await soon(() => ticked(page)).toEqual([["agents"], []]);
    expect(await page.evaluate("document.activeElement.closest('fieldset.watch').matches(':nth-of-type(2)')")).toBe(
      true,
    );
    await tick(page, 1, "code");
    await press(page, "add");
    await soon(() => ticked(page)).toEqual([["agents"], ["code"], []]);
    await tick(page, 2, "robotics");
    await press(page, "remove.0");
    await soon(() => ticked(page)).toEqual([["code"], ["robotics"]]);
    expect([await isStill(page), visit.faults()]).toEqual([true, []]);
    await through(() => page.locator('.start button[type="submit"]').click());

    await page.goto(linkIn(await world().mail("watches@example.com", 1), "confirm"));
    await through(() => page.locator("main button").click());
    await page.goto(linkIn(await world().mail("watches@example.com", 2), "preferences"));
    expect(await ticked(page)).toEqual([["code"], ["robotics"]]);
    await note(page);
    await press(page, "remove.1");
    await soon(() => ticked(page)).toEqual([["code"]]);
    await press(page, "add");
    await soon(() => ticked(page)).toEqual([["code"], []]);
    await tick(page, 1, "agents");
    expect([await isStill(page), visit.faults()]).toEqual([true, []]);
    await through(() => press(page, "save"));
    await visit.close();

    const [row] = await world().sql<{ id: string }>("SELECT id FROM subscriptions WHERE email = 'watches@example.com'");
    const { preferences } = (await world().app.subscriptions.findById(BigInt(row!.id)))!;
    expect(preferences.filter.watches.map(({ topics }) => topics)).toEqual([["code"], ["agents"]]);
  },
  180_000,
);

withChromium(
  "where the script hears no answer, the browser sends the form itself",
  async () => {
    const visit = await theForm();
    const { page, through } = visit;
    await tick(page, 0, "agents");
    await page.route("**/preview*", (route) =>
      route.request().isNavigationRequest() ? route.continue() : route.abort(),
    );
    await through(() => press(page, "add"));
    expect([await ticked(page), await isStill(page)]).toEqual([[["agents"], []], false]);
    await visit.close();
  },
  180_000,
);
