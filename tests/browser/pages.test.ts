import { beforeAll, describe, expect } from "vitest";
import { hasChromium, keepScreenshot, SCHEMES, withChromium } from "../support/browser.ts";
import { aBrowserOnEditions, PAGES, walkEveryPage } from "../support/every-page.ts";
import { axeComplaints, htmlComplaints, wideElements } from "../support/page-looks.ts";

/** The narrowest telephone and a usual window; all the others in tests/long/all-sizes.test.ts. */
const WIDTHS = [320, 1280];

const there = aBrowserOnEditions();

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
    const visit = await there.visit({ javaScript });
    const { page } = visit;
    await walkEveryPage(there.world(), visit, async (name) => {
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
  }, 300_000);

  withChromium("every page is there, and nothing fails on it or asks elsewhere", () => expect(failed).toEqual(NOTHING));
  withChromium("no page is wider than its window", () => expect(wide).toEqual(NOTHING));
  withChromium("every page has one first heading", () =>
    expect(headings).toEqual(Object.fromEntries(PAGES.map((name) => [name, 1]))),
  );
  if (javaScript)
    withChromium("axe-core has nothing to say, light or dark", () => expect(inaccessible).toEqual(NOTHING));
  else withChromium("html-validate has nothing to say of what was served", () => expect(invalid).toEqual(NOTHING));
});

/** What has most words on it; German ones are longer. */
const WORDY = [
  "/",
  "/?topics=agents&topics=code&include=planning",
  "/editions/latest",
  "/papers/2604.00301",
  "/lost-link",
];

withChromium(
  "in German no page is wider than its window either, and the ways stand in one line",
  async () => {
    const visit = await there.visit({ locale: "de" });
    const { page } = visit;
    const wide: Found = {};
    const lines: Record<string, number> = {};
    for (const path of WORDY) {
      await page.goto(new URL(path, there.world().url).href);
      expect(await page.locator("html").getAttribute("lang")).toBe("de");
      wide[path] = [];
      for (const width of [320, 390, 600, 768, 1024]) {
        await visit.resize(width, "light");
        wide[path].push(...(await wideElements(page)));
        const tops = await page.locator(".masthead li").evaluateAll((ways) => ways.map((way) => way.offsetTop));
        lines[`${path} at ${width}`] = new Set(tops).size;
      }
    }
    await visit.close();
    expect(wide).toEqual(Object.fromEntries(WORDY.map((path) => [path, []])));
    expect(Object.entries(lines).filter(([, count]) => count > 1)).toEqual([]);
  },
  180_000,
);

withChromium(
  "under a finger all that can be pressed is 44 px high, but a link in a sentence and a headline of one line",
  async () => {
    const visit = await there.visit({ isTouched: true });
    const { page } = visit;
    await visit.resize(390, "light");
    const low: Found = {};
    const paths = [...WORDY, "/editions", "/topics", "/nothing/here"];
    for (const path of paths) {
      await page.goto(new URL(path, there.world().url).href);
      low[path] = await page
        .locator(":is(a, button, input, select, textarea, summary, label:has(input)):visible")
        .evaluateAll((all) =>
          all
            .filter((one) => !one.matches("label *, .lead a, .paper .title, .skip, .unseen *"))
            .map((one) => ({ height: one.getBoundingClientRect().height, text: one.textContent?.trim() }))
            .filter(({ height }) => height > 0 && height < 43.9) // 0: the script put a fresh preview in its place meanwhile
            .map(({ height, text }) => `${text}: ${height}`),
        );
    }
    await visit.close();
    expect(low).toEqual(Object.fromEntries(paths.map((path) => [path, []])));
  },
  180_000,
);

/** A page of ours to which this was added, as no content policy lets anybody do. */
const PLANTED = `(() => {
  document.querySelector("main").insertAdjacentHTML("beforeend",
    '<h1>Again</h1><p id="main" class="planted" style="color: red">Too wide, too pale</p><img src="/nowhere.png">');
  const { style } = document.querySelector(".planted");
  style.width = "1400px";
  style.color = "var(--rule)";
  document.body.append(Object.assign(document.createElement("script"), { textContent: "alert(1)" }));
  setTimeout(() => planted());
})()`;

withChromium(
  "what is wrong with a page would be found out",
  async () => {
    const visit = await there.visit();
    const { page } = visit;
    await page.goto(there.world().url);
    expect([await wideElements(page), await axeComplaints(page), visit.faults()]).toEqual([[], [], []]);
    const missing = page.waitForResponse(/nowhere/);
    await page.evaluate(PLANTED);
    await missing;
    expect(await page.locator("h1").count()).toBe(2);
    expect(visit.faults().sort()).toEqual([
      expect.stringMatching(/^404 for .+nowhere\.png$/),
      expect.stringMatching(/^Applying inline style violates/),
      expect.stringMatching(/^Executing inline script violates/),
      "planted is not defined",
    ]);
    for (const scheme of SCHEMES) {
      for (const width of WIDTHS) {
        await visit.resize(width, scheme);
        expect(await wideElements(page)).toContainEqual(expect.stringMatching(/^p\.planted /));
      }
      const pale = await axeComplaints(page, { only: "color-contrast" });
      expect(pale).toContainEqual(expect.stringMatching(/^color-contrast: \.planted:/));
    }
    expect(await axeComplaints(page)).toContainEqual(expect.stringMatching(/^image-alt: img:/));
    const html = (await visit.html()).replace("</main>", '<p id="main"></main>');
    expect(await htmlComplaints(html)).toContainEqual(expect.stringMatching(/no-dup-id/));
    await visit.close();
  },
  180_000,
);
