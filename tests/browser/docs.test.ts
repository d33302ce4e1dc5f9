import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect } from "vitest";
import { aWeb, type Web } from "../http/web.ts";
import { aVisit, hasChromium, openBrowser, withChromium } from "../support/browser.ts";

let browser: Browser;
let web: Web;
beforeAll(async () => {
  if (!hasChromium) return;
  let here = "http://127.0.0.1";
  [browser, web] = await Promise.all([openBrowser(), aWeb({ publicUrl: () => here })]);
  here = web.url;
});
afterAll(async () => {
  await browser?.close();
  await web?.close();
});

withChromium(
  "the API can be tried out with a script from our own server: nothing is refused, nobody else is asked",
  async () => {
    const visit = await aVisit(browser, web.url);
    const { page } = visit;
    await page.goto(`${web.url}/docs`);
    await page.locator('a[href="/docs/try"]').click();
    await page.locator("#operations-Papers-listTopics .opblock-summary-control").click();
    await page.locator("#operations-Papers-listTopics .execute").click();
    await page.locator("#operations-Papers-listTopics .live-responses-table .response-col_status").first().waitFor();
    const answered = await page.locator("#operations-Papers-listTopics .live-responses-table").innerText();
    expect(answered).toContain('"papersPerDay"');
    expect(visit.faults()).toEqual([]);
    await visit.close();
  },
  180_000,
);

withChromium("whoever has no script reads the reference, and is told what trying it out needs", async () => {
  const visit = await aVisit(browser, web.url, { javaScript: false });
  await visit.page.goto(`${web.url}/docs`);
  expect(await visit.page.locator("#listEditions").innerText()).toBe("Editions, the newest first");
  await visit.page.goto(`${web.url}/docs/try`);
  expect(await visit.page.locator("noscript").innerText()).toContain("needs JavaScript");
  expect(visit.faults()).toEqual([]);
  await visit.close();
});
