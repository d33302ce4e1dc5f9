import { existsSync, readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { sheetsOf } from "../../src/http/sheets.ts";

const PAGES = "templates/pages";
const ASSETS = "templates/assets";
const read = (path: string) => readFileSync(path, "utf8");
/** Not pages of the layout: pieces that a script puts in place, and Swagger UI. */
const WITHOUT = ["layout", "live", "docs-try"];
const pages = readdirSync(PAGES, { withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map(({ name }) => name.replace(".hbs", ""))
  .filter((page) => !WITHOUT.includes(page));
const sheets = readdirSync(ASSETS).filter((name) => name.endsWith(".css"));

test("a page has the sheets that know its classes, in one order", () => {
  const known = new Map(sheets.map((sheet) => [sheet, classesIn(read(`${ASSETS}/${sheet}`))]));
  const lost = pages.flatMap((page) =>
    classesOf(`${PAGES}/${page}.hbs`)
      .filter((name) => sheets.some((sheet) => known.get(sheet)!.has(name)))
      .filter((name) => !sheetsOf(page).some((sheet) => known.get(sheet)!.has(name)))
      .map((name) => `${page}: ${name}`),
  );
  expect(lost).toEqual([]);
  expect(["home", "paper", "docs", "privacy", "admin-list"].map(sheetsOf)).toEqual([
    ["page.css", "form.css"],
    ["page.css", "archive.css"],
    ["page.css", "docs.css"],
    ["page.css"],
    ["page.css", "form.css", "archive.css", "admin.css"],
  ]);
});

test("every sheet is some page's, and the colours stand in one", () => {
  expect([...new Set(pages.flatMap(sheetsOf))].sort()).toEqual(sheets);
  expect(sheets.filter((sheet) => /:[^;{]*#[\da-f]{3,8}\b/i.test(read(`${ASSETS}/${sheet}`)))).toEqual(["page.css"]);
});

/** Of a template and all parts in it. */
function classesOf(file: string, seen = new Set<string>()): string[] {
  if (seen.has(file)) return [];
  seen.add(file);
  const text = read(file);
  const own = [...text.matchAll(/class="([^"]*)"/g)].flatMap(([, names]) =>
    names!.replace(/\{\{.*?\}\}/g, " ").split(/\s+/),
  );
  const parts = [...text.matchAll(/\{\{> *([\w-]+)/g)].map(([, name]) => `${PAGES}/parts/${name}.hbs`);
  return [...own, ...parts.filter((part) => existsSync(part)).flatMap((part) => classesOf(part, seen))].filter(Boolean);
}

function classesIn(css: string): Set<string> {
  const selectors = css.replace(/\/\*[\s\S]*?\*\//g, "").replace(/\{[^{}]*\}/g, ",");
  return new Set([...selectors.matchAll(/\.([a-z][\w-]*)/g)].map(([, name]) => name!));
}
