import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { composeDigest } from "../../src/mail/compose.ts";
import { openRenderer } from "../../src/mail/render.ts";
import { openTemplates } from "../../src/mail/templates.ts";
import { aDigest, aDigestMail, allTexts, aRankedPaper, templatesFolder } from "../support/mails.ts";

const texts = await allTexts();
const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

/** The project's templates with some of their text changed. */
async function changed(file: string, from: string, to: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "paperboy-templates-"));
  folders.push(folder);
  await cp(templatesFolder, folder, { recursive: true });
  const source = await readFile(join(folder, file), "utf8");
  expect(source).toContain(from);
  await writeFile(
    join(folder, file),
    source.replace(from, () => to),
  );
  return folder;
}

/** What the mail with a link is filled with. */
const linkView = {
  ...{ papers: "", actionUrl: "https://paperboy.example/", page: "https://paperboy.example/", postalAddress: "" },
  at: new Date("2026-04-15T12:00Z"),
};

async function mailFrom(folder: string): Promise<string> {
  const templates = await openTemplates({ folder, texts });
  const renderer = openRenderer({
    templates,
    texts,
    publicUrl: "https://paperboy.example",
    postalAddress: null,
    topicName: (id) => id,
  });
  return composeDigest(aDigestMail(renderer, aDigest([aRankedPaper()]))).raw.toString();
}

test("changing one line of digest.mjml changes the delivered mail and the version", async () => {
  const folder = await changed("digest.mjml", '<p>{{t "mail.name"}}</p>', '<p>{{t "mail.name"}}!</p>');
  expect((await mailFrom(folder)).replace("Paperboy!</p>", "Paperboy</p>")).toBe(await mailFrom(templatesFolder));
  const [old, now] = [await openTemplates({ folder: templatesFolder, texts }), await openTemplates({ folder, texts })];
  expect(now.version).not.toBe(old.version);
  expect(old.version).toMatch(/^[0-9a-f]{12}$/);
});

test("an untouched copy has the same version", async () => {
  const folder = await changed("digest.mjml", "{{paper.lead}}", "{{paper.lead}}");
  const versions = await Promise.all([folder, templatesFolder].map((f) => openTemplates({ folder: f, texts })));
  expect(versions[0]!.version).toBe(versions[1]!.version);
});

describe("a broken template stops the start and is named", () => {
  const stories: [string, string, string, string, RegExp][] = [
    [
      "Handlebars that do not close",
      "confirm.txt",
      "{{actionUrl}}",
      "{{actionUrl",
      /templates\/confirm\.txt is broken: .*line \d/s,
    ],
    [
      "MJML that does not exist",
      "digest.mjml",
      "<mj-divider",
      "<mj-dvider",
      /templates\/digest\.mjml is broken: .*Line \d+ .*mj-dvider/s,
    ],
    [
      "a key the catalogue does not have",
      "digest.txt",
      "mail.digest.all",
      "mail.digest.al",
      /templates\/digest\.txt wants text .*: mail\.digest\.al$/,
    ],
    [
      "raw output",
      "digest.mjml",
      "{{paper.title}}",
      "{{{paper.title}}}",
      /templates\/digest\.mjml, line 35: raw output/,
    ],
    ["raw output by &", "digest.mjml", "{{paper.title}}", "{{& paper.title}}", /raw output/],
    [
      "a helper that is not ours",
      "link.txt",
      "{{actionUrl}}",
      '{{lookup process "env"}}',
      /templates\/link\.txt, line 6: \{\{lookup …\}\} is not known/,
    ],
    [
      "a block that is not ours",
      "link.txt",
      "{{#if postalAddress}}",
      "{{#with process}}{{/with}}{{#if postalAddress}}",
      /block \{\{#with\}\} is not known/,
    ],
    ["a partial", "link.txt", "{{actionUrl}}", "{{> ../../etc/passwd}}", /partials come in by mj-include/],
    ["no place for a paper", "digest.txt", "{{!-- end paper --}}", "", /templates\/digest\.txt has no .*end paper/],
  ];
  test.each(stories)("%s", async (_, file, from, to, told) => {
    const folder = await changed(file, from, to);
    await expect(openTemplates({ folder, texts })).rejects.toThrow(told);
  });

  test("an include from outside the folder of partials", async () => {
    const folder = await changed("digest.mjml", 'path="partials/head.mjml"', 'path="../../../etc/hostname"');
    await expect(openTemplates({ folder, texts })).rejects.toThrow(
      /templates\/digest\.mjml, line 4: .* does not name an \.mjml file in partials/,
    );
  });

  test.each([
    ["in capitals", '<MJ-INCLUDE path="SECRET" />'],
    ["with an attribute that looks right", `<mj-include path="SECRET" x='path="partials/head.mjml"' />`],
    ["named twice", '<mj-include path="partials/head.mjml" path="SECRET" />'],
    ["by way of the folder", '<mj-include path="partials/../SECRET" />'],
    ["as a style sheet", '<mj-include type="css" path="SECRET" />'],
    ["over the net", '<mj-include path="http://127.0.0.1:1/SECRET" />'],
  ])("or it reaches nothing: an include %s", async (_, include) => {
    const folder = await changed("link.mjml", "</mj-head>", "</mj-head>");
    const secret = join(folder, "secret.mjml");
    await writeFile(secret, "<mj-text>the secret of this machine</mj-text>");
    const source = await readFile(join(folder, "link.mjml"), "utf8");
    await writeFile(
      join(folder, "link.mjml"),
      source.replace("<mj-button", `${include.replace("SECRET", secret)}<mj-button`),
    );
    const html = await openTemplates({ folder, texts }).then(
      (templates) => templates.get("link", "html").frame(texts("en"), linkView),
      (error: Error) => error.message,
    );
    expect(html).not.toContain("the secret");
    expect(html).toMatch(/^<!DOCTYPE html>.*Your Paperboy link|does not name an \.mjml file|is broken/s);
  });

  test("an include that is not there", async () => {
    const folder = await changed("digest.mjml", 'path="partials/head.mjml"', 'path="partials/gone.mjml"');
    await expect(openTemplates({ folder, texts })).rejects.toThrow(
      "templates/digest.mjml includes partials/gone.mjml, which is not there",
    );
  });

  test("a pair with one half", async () => {
    const folder = await changed("link.txt", "{{actionUrl}}", "{{actionUrl}}");
    await rm(join(folder, "link.txt"));
    await expect(openTemplates({ folder, texts })).rejects.toThrow("templates/link.txt is missing");
  });
});

test("a template reaches nothing but what it is given", async () => {
  for (const reach of [
    "constructor",
    "__proto__",
    "paper.title.constructor",
    "process",
    "this.constructor.constructor",
  ]) {
    const folder = await changed("digest.txt", "{{paper.title}}", `{{paper.title}}[{{${reach}}}]`);
    // Strict templates refuse to read what is not there; a reach that gave anything would be delivered.
    const told = await mailFrom(folder).catch((error: Error) => error.message);
    expect(told).toMatch(/not defined|'in' operator|\[\]/);
  }
});
