import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect } from "vitest";
import { aVisit, hasChromium, keepScreenshot, openBrowser, SCHEMES, withChromium } from "../support/browser.ts";
import { aWorldOfEditions, PAGES, walkEveryPage } from "../support/every-page.ts";
import { axeComplaints, htmlComplaints, wideElements } from "../support/page-looks.ts";
import type { World } from "../support/world.ts";

/** The narrowest telephone and a usual window; all the others in tests/long/all-sizes.test.ts. */
const WIDTHS = [320, 1280];

let browser: Browser;
let world: World;
beforeAll(async () => {
  if (hasChromium) [browser, world] = await Promise.all([openBrowser(), aWorldOfEditions()]);
});
afterAll(async () => {
  await browser?.close();
  await world?.close();
});

/** By page, all that was found wrong with it. */
type Found = Record<string, string[]>;
const NOTHING: Found = Object.fromEntries(PAGES.map((name) => [name, []]));

describe.each([
  { title: "with JavaScript", javaScript: true },
  { title: "without JavaScript", javaScript: false },
])("$title", ({ title, javaScript }) => {
  const wide: Found = {};
  const failed: Found = {};
  const headings: Record<string, number> = {};
  const invalid: Found = {};
  const inaccessible: Found = {};

  beforeAll(async () => {
    if (!hasChromium) return;
    const visit = await aVisit(browser, world.url, { javaScript });
    const { page } = visit;
    await walkEveryPage(world, visit, async (name) => {
      failed[name] = visit.faults();
      headings[name] = await page.locator("h1").count();
      // What is served is the same either way.
      invalid[name] = javaScript ? [] : await htmlComplaints(await visit.html());
      wide[name] = [];
      inaccessible[name] = [];
      for (const scheme of SCHEMES) {
        for (const width of WIDTHS) {
          await visit.resize(width, scheme);
          wide[name].push(...(await wideElements(page)));
          await keepScreenshot(page, `${name}-${width}-${scheme}-${title.replace(" ", "-")}`);
        }
        // Dark differs from light in colours alone.
        const options = scheme === "dark" ? { only: "color-contrast" } : {};
        if (javaScript) inaccessible[name].push(...(await axeComplaints(page, options)));
      }
    });
    await visit.close();
  }, 120_000);

  withChromium("every page is there, and nothing fails on it or asks elsewhere", () => expect(failed).toEqual(NOTHING));
  withChromium("no page is wider than its window", () => expect(wide).toEqual(NOTHING));
  withChromium("every page has one first heading", () =>
    expect(headings).toEqual(Object.fromEntries(PAGES.map((name) => [name, 1]))),
  );
  if (javaScript)
    withChromium("axe-core has nothing to say, light or dark", () => expect(inaccessible).toEqual(NOTHING));
  else withChromium("html-validate has nothing to say of what was served", () => expect(invalid).toEqual(NOTHING));
});
