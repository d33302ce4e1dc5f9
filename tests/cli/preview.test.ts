import { afterAll, beforeAll, expect, test } from "vitest";
import type { App } from "../../src/app.ts";
import { preview } from "../../src/cli/commands/preview.ts";
import { aWeb, type Web } from "../http/web.ts";

let web: Web;
beforeAll(async () => {
  web = await aWeb();
  const titles = Array.from({ length: 50 }, (_, n) => `${n} ${"looms and mills ".repeat(18)}`);
  await web.anEdition(
    "2026-04-15",
    titles.map((title) => ({ title, abstract: `We propose ${title}. Results show ${title}. It is so` })),
  );
});
afterAll(() => web.close());

async function printed(...args: string[]): Promise<string> {
  let said = "";
  const print = (text: string) => {
    said += text;
  };
  const command = preview({ print, complain: print, withApp: (work) => work(web.app as unknown as App) });
  await command.exitOverride().parseAsync(args, { from: "user" });
  return said;
}

test("a preview is cut where the digest would be, and says so", async () => {
  const papersIn = (html: string) => html.match(/<h2\b/g)?.length ?? 0;
  const all = await printed("--papers", "50", "--format", "html");
  expect(papersIn(all)).toBeGreaterThan(20);
  expect(papersIn(all)).toBeLessThan(50);
  expect(Buffer.byteLength(all)).toBeLessThan(80_000);
  expect(all).toContain("See all 50");
  expect(papersIn(await printed("--papers", "5", "--format", "html"))).toBe(5);
});
