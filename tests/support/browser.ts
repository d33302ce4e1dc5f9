/** Chromium as readers have it: with JavaScript and without, of any width, light and dark; it notices what goes wrong on a page. */
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { type Browser, chromium, type Page, type Response } from "playwright-core";
import { needs } from "./needs.ts";

export const executablePath = process.env.PAPERBOY_CHROMIUM ?? "/usr/bin/chromium";
const screenshots = process.env.PAPERBOY_SCREENSHOTS;

export const hasChromium = existsSync(executablePath);
export const withChromium = needs(
  hasChromium,
  "there is no Chromium here: apt-get install chromium, or set PAPERBOY_CHROMIUM",
);

/** Nothing of its own goes over the network, and it starts where there is no user to sandbox and no graphics card. */
const QUIET = [
  ...["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"],
  ...["--disable-background-networking", "--disable-component-update", "--disable-sync"],
];

export const openBrowser = (): Promise<Browser> => chromium.launch({ executablePath, args: QUIET });

export const SCHEMES = ["light", "dark"] as const;
export type Scheme = (typeof SCHEMES)[number];

/** One window, with nothing in its cache and no cookie. */
export interface Visit {
  readonly page: Page;
  /** Shows the page as it is in a window of this width, without loading it anew. */
  resize(width: number, scheme: Scheme): Promise<void>;
  /** Does what leads to another page, and waits until that is there. */
  through(act: () => Promise<unknown>): Promise<void>;
  /** The page that is shown, as it was served. */
  html(): Promise<string>;
  /** What went wrong since this was last asked: errors, what the content policy refused, requests to elsewhere. */
  faults(): string[];
  close(): Promise<void>;
}

/** @param origin the only server it may ask; null: none */
export async function aVisit(
  browser: Browser,
  origin: string | null,
  { javaScript = true, locale = "en", isTouched = false } = {},
): Promise<Visit> {
  const context = await browser.newContext({
    javaScriptEnabled: javaScript,
    locale,
    ...(isTouched && { isMobile: true, hasTouch: true }),
    timezoneId: "Europe/Berlin",
  });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000); // a proof of work beside whole suites on two cores took more than ten seconds
  let faults: string[] = [];
  let shown: Response | null = null;
  page.on("request", (request) => {
    if (origin === null || new URL(request.url()).origin !== origin) faults.push(`asks for ${request.url()}`);
  });
  page.on("response", (response) => {
    const request = response.request();
    if (request.isNavigationRequest()) shown = response;
    else if (!response.ok()) faults.push(`${response.status()} for ${response.url()}`);
  });
  page.on("pageerror", ({ message }) => faults.push(message));
  page.on("console", (message) => {
    // A page that says "there is no such page" is an error to the console; other answers are looked at above.
    const isStatus = message.text().startsWith("Failed to load resource: the server responded with a status of");
    if (["error", "warning"].includes(message.type()) && !isStatus) faults.push(message.text());
  });
  return {
    page,
    async resize(width, scheme) {
      await page.setViewportSize({ width, height: 900 });
      await page.emulateMedia({ colorScheme: scheme });
    },
    async through(act) {
      const loaded = page.waitForEvent("load");
      await act();
      await loaded;
    },
    html: async () => (await shown?.text()) ?? "",
    faults() {
      const found = faults;
      faults = [];
      return found;
    },
    close: () => context.close(),
  };
}

/** Kept where PAPERBOY_SCREENSHOTS names a folder. */
export async function keepScreenshot(page: Page, name: string): Promise<void> {
  if (!screenshots) return;
  mkdirSync(screenshots, { recursive: true });
  await page.screenshot({ path: join(screenshots, `${name}.png`), fullPage: true });
}
