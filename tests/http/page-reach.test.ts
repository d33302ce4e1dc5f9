import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Request, Response } from "express";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openPages } from "../../src/http/pages.ts";
import { allTexts } from "../support/mails.ts";

const pagesFolder = fileURLToPath(new URL("../../templates/pages", import.meta.url));
const texts = await allTexts();
const SECRET = "a-secret-of-the-environment";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "paperboy-pages-"));
  await cp(pagesFolder, folder, { recursive: true });
  process.env.PAPERBOY_TEST_SECRET = SECRET;
});
afterEach(async () => {
  delete process.env.PAPERBOY_TEST_SECRET;
  await rm(folder, { recursive: true });
});

/** The page as it is sent, with this in its heading; or why it is not. */
async function pageWith(expression: string): Promise<string> {
  const file = join(folder, "privacy.hbs");
  await writeFile(file, `[${expression}]${await readFile(file, "utf8")}`);
  try {
    const pages = openPages({ folder, texts, assetUrl: (name) => `/${name}`, postalAddress: null });
    const sent: string[] = [];
    const response = {
      locals: {},
      vary: () => response,
      type: () => response,
      send: (text: string) => void sent.push(text),
    };
    const say = pages.say({ acceptsLanguages: () => "en" } as unknown as Request);
    pages.send(response as unknown as Response, say, "privacy", { title: "Privacy", retentionDays: 90 });
    return /\[([^\]]*)\]/.exec(sent.join(""))?.[1] ?? "";
  } catch (error) {
    return `refused: ${(error as Error).message}`;
  }
}

describe("X1: a page reaches no environment, file or network", () => {
  test.each([
    "{{process.env.PAPERBOY_TEST_SECRET}}",
    "{{env.PAPERBOY_TEST_SECRET}}",
    "{{this.constructor.constructor}}",
    '{{lookup this "constructor"}}',
    '{{#with (lookup this "constructor")}}{{name}}{{/with}}',
    "{{__proto__.constructor}}",
    "{{title.constructor.name}}",
    "{{@root.constructor}}",
    "{{@say.constructor}}",
    "{{> /etc/passwd}}",
    "{{> ../../package}}",
    '{{> (lookup this "title")}}',
    '{{require "fs"}}',
    '{{include "/etc/passwd"}}',
    '{{fetch "http://127.0.0.1/"}}',
    "{{{title}}}",
    "{{& title}}",
    '{{log "x"}}',
    "{{* decorator}}",
  ])("by %s", async (expression) => {
    const shown = await pageWith(expression);
    expect(shown).not.toContain(SECRET);
    expect(shown).toMatch(/^(?:refused: .+|)$/s);
  });

  test("what a page is given is what it shows: a reach that succeeded would be seen", async () => {
    expect(await pageWith("{{title}}")).toBe("Privacy");
  });
});
