/** Every page in every window, all of axe-core in both schemes, and what vnu and Lighthouse say. */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import PostalMime from "postal-mime";
import { expect } from "vitest";
import { executablePath, hasChromium, keepScreenshot, SCHEMES, withChromium } from "../support/browser.ts";
import { aBrowserOnEditions, PAGES, walkEveryPage } from "../support/every-page.ts";
import { needs } from "../support/needs.ts";
import { everyMail } from "../support/outbox.ts";
import { axeComplaints, wideElements } from "../support/page-looks.ts";

const WIDTHS = [320, 390, 600, 768, 1024, 1280, 1920];

/** What Outlook for Windows and Apple Mail read in a mail, and the standards do not know. */
const OF_MAILS = /“(?:xmlns:[vo]|mso-table-[lr]space|supported-color-schemes)”/;

// Both weigh more than all we install; whoever wants to hear them brings them along.
const inModules = (path: string) => fileURLToPath(new URL(`../../node_modules/${path}`, import.meta.url));
const vnu = inModules("vnu-jar/build/dist/vnu.jar");
const lighthouse = inModules("lighthouse/cli/index.js");
const hasJava = spawnSync("java", ["-version"]).status === 0;
const withVnu = needs(
  hasChromium && hasJava && existsSync(vnu),
  "vnu is not here: apt-get install default-jre-headless chromium, npm install --no-save vnu-jar@26.9.27",
);
const withLighthouse = needs(
  hasChromium && existsSync(lighthouse),
  "Lighthouse is not here: npm install --no-save lighthouse@12.8.2",
);

const there = aBrowserOnEditions();
const served: Record<string, string> = {};

withChromium("every page fits every window, and axe-core has nothing to say in either scheme", async () => {
  const found: Record<string, string[]> = {};
  const visit = await there.visit();
  await walkEveryPage(there.world(), visit, async (name) => {
    served[name] = await visit.html();
    found[name] = visit.faults();
    for (const scheme of SCHEMES) {
      for (const width of WIDTHS) {
        await visit.resize(width, scheme);
        found[name].push(...(await wideElements(visit.page)));
        await keepScreenshot(visit.page, `${name}-${width}-${scheme}`);
        if (width === 320 || width === 1280) found[name].push(...(await axeComplaints(visit.page)));
      }
    }
  });
  await visit.close();
  expect(found).toEqual(Object.fromEntries(PAGES.map((name) => [name, []])));
});

withVnu("vnu finds no error in any page, nor in the digest", async () => {
  const folder = mkdtempSync(join(tmpdir(), "paperboy-vnu-"));
  const [digest] = await everyMail();
  served["mail-digest"] = (await PostalMime.parse(digest!.bytes)).html!;
  const files = Object.entries(served).map(([name, html]) => {
    writeFileSync(join(folder, `${name}.html`), html);
    return join(folder, `${name}.html`);
  });
  const broken = join(folder, "broken.html");
  writeFileSync(broken, "<!doctype html><title>x</title><p><table><p></b>");
  const errorsIn = (paths: string[]) => {
    const { stderr } = spawnSync("java", ["-jar", vnu, "--errors-only", "--format", "json", ...paths], {
      encoding: "utf8",
    });
    const { messages } = JSON.parse(stderr) as { messages: { url: string; lastLine: number; message: string }[] };
    const found = messages.filter(({ url, message }) => !(url.endsWith("/mail-digest.html") && OF_MAILS.test(message)));
    return found.map(({ url, lastLine, message }) => `${url.split("/").at(-1)}:${lastLine}: ${message}`);
  };
  expect(files).toHaveLength(PAGES.length + 1);
  expect(errorsIn(files)).toEqual([]);
  expect(errorsIn([broken]), "and would, if there were").not.toEqual([]);
  rmSync(folder, { recursive: true });
});

withLighthouse("Lighthouse gives the first page at least 95 in all four, on its slow 4G", async () => {
  const flags = "--headless=new --no-sandbox --disable-gpu --disable-quic --disable-background-networking";
  const args = [lighthouse, there.world().url, "--output=json", "--quiet", `--chrome-flags=${flags}`];
  // Not spawnSync: the server it looks at is in this process.
  const child = spawn(process.execPath, args, { env: { ...process.env, CHROME_PATH: executablePath } });
  const [output, complaints] = await Promise.all([text(child.stdout), text(child.stderr)]);
  expect(output, complaints).toMatch(/^\{/);
  const { categories, audits } = JSON.parse(output) as {
    categories: Record<string, { score: number }>;
    audits: Record<string, { numericValue: number; score: number | null; title: string }>;
  };
  const scores = Object.entries(categories).map(([id, { score }]) => ({ id, score: Math.round(score * 100) }));
  const wanting = Object.entries(audits).flatMap(([id, { score, title }]) =>
    score !== null && score < 0.9 ? [`${id}: ${title}`] : [],
  );
  const [painted, weighs] = [audits["first-contentful-paint"]!.numericValue, audits["total-byte-weight"]!.numericValue];
  process.stdout.write(`${JSON.stringify({ scores, painted, weighs, wanting })}\n`);
  expect(scores.map(({ id }) => id)).toEqual(["performance", "accessibility", "best-practices", "seo"]);
  expect(scores.filter(({ score }) => score < 95)).toEqual([]);
  expect([painted <= 1_500, weighs <= 50_000]).toEqual([true, true]);
});
