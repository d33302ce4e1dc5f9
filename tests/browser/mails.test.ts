import type { Browser } from "playwright-core";
import PostalMime from "postal-mime";
import { afterAll, beforeAll, expect } from "vitest";
import { aVisit, hasChromium, keepScreenshot, openBrowser, SCHEMES, withChromium } from "../support/browser.ts";
import { everyMail } from "../support/outbox.ts";
import { axeComplaints, wideElements } from "../support/page-looks.ts";

/** A telephone, the width most mail programs give a mail, and a wide window. */
const WIDTHS = [320, 600, 1000];
/** A mail stands in a page of the mail program, which has the landmarks. */
const WITHOUT = ["landmark-one-main", "region"];

let browser: Browser;
beforeAll(async () => {
  if (hasChromium) browser = await openBrowser();
});
afterAll(() => browser?.close());

withChromium(
  "every mail fits, can be read by everybody in light and dark, and fetches nothing",
  async () => {
    const found: Record<string, string[]> = {};
    const visit = await aVisit(browser, null);
    const { page } = visit;
    for (const { name, bytes } of await everyMail()) {
      const { html } = await PostalMime.parse(bytes);
      if (html === undefined) continue;
      await page.setContent(html);
      found[name] = [];
      for (const scheme of SCHEMES) {
        for (const width of WIDTHS) {
          await visit.resize(width, scheme);
          found[name].push(...(await wideElements(page)));
          await keepScreenshot(page, `mail-${name.replace(", ", "-")}-${width}-${scheme}`);
        }
        found[name].push(...(await axeComplaints(page, { without: WITHOUT })));
      }
      // What is asked for nowhere is missed by nobody whose program shows no images.
      found[name].push(...visit.faults());
    }
    await visit.close();
    expect(Object.keys(found)).toHaveLength(8);
    expect(found).toEqual(Object.fromEntries(Object.keys(found).map((name) => [name, []])));
  },
  180_000,
);

withChromium("and one that did not would be found out", async () => {
  const visit = await aVisit(browser, null);
  const { page } = visit;
  await page.setContent(`<html lang="en"><title>x</title><p style="width:700px;color:#777;background:#888">Grey on grey
    <img src="http://127.0.0.1:9/pixel.gif" alt=""></p>`);
  await visit.resize(600, "light");
  expect(await wideElements(page)).toContainEqual(expect.stringMatching(/^p\. /));
  expect(await axeComplaints(page, { without: WITHOUT })).toContainEqual(expect.stringMatching(/^color-contrast: p:/));
  expect(visit.faults()).toContain("asks for http://127.0.0.1:9/pixel.gif");
  await visit.close();
});
