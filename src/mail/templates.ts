/** Compiles templates/ once, fails at start if one is broken, and names their version by hash. */
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import Handlebars from "handlebars";
import type { Say, Texts, Values } from "../core/text.ts";
import { Invalid } from "../errors.ts";
import { compileMjml } from "./mjml.ts";
import { checkTemplate } from "./template-check.ts";

export type MailName = (typeof names)[number];
export type Part = "html" | "text";

/** What a template is filled with. `language`, `direction` and the words come from `say`. */
export type View = Readonly<Record<string, unknown>>;

export interface Template {
  /** The mail; in a digest the place of its papers holds whatever `papers` is. */
  frame(say: Say, view: View & { readonly papers: string }): string;
  /** One paper of a digest; short mails have none. */
  paper(say: Say, view: View): string;
  /** What stands above the papers of a watch. */
  section(say: Say, view: View): string;
}

export interface Templates {
  /** Changes whenever a template does. */
  readonly version: string;
  get(name: MailName, part: Part): Template;
}

const names = [
  "digest",
  "confirm",
  "already-subscribed",
  "link",
  "account",
  "move",
  "moved",
  "quiet",
  "alarm",
] as const;

/**
 * @param folder where `digest.mjml`, `digest.txt` and the other pairs stand, with `partials/`
 * @param texts asked at start for every key a template names
 * @throws {Invalid} naming file and line of the first broken template
 */
export async function openTemplates({ folder, texts }: { folder: string; texts: Texts }): Promise<Templates> {
  const files = await readTemplates(folder);
  for (const [file, source] of files) {
    const { keys, partials } = checkTemplate(file, source);
    texts.require(keys, `templates/${file}`);
    // MJML turns an include it cannot read into a comment and goes on; a mail without its styles should not start.
    const missing = partials.find((partial) => !files.has(join(partial)));
    if (missing !== undefined) throw new Invalid(`templates/${file} includes ${missing}, which is not there`);
  }

  const compiled = new Map<string, Template>();
  for (const name of names) {
    compiled.set(`${name}.text`, compile(`${name}.txt`, sourceOf(files, `${name}.txt`), { noEscape: true }));
    const html = await toHtml(folder, name, sourceOf(files, `${name}.mjml`));
    // Once more as compiled: MJML copies texts into attributes, where a quotation mark in {{t "…"}} ends them early.
    texts.require(checkTemplate(`${name}.mjml`, html).keys, `templates/${name}.mjml, as compiled`);
    compiled.set(`${name}.html`, compile(`${name}.mjml`, html, { noEscape: false }));
  }
  return { version: versionOf(files), get: (name, part) => compiled.get(`${name}.${part}`)! };
}

async function readTemplates(folder: string): Promise<Map<string, string>> {
  const entries = await readdir(folder, { recursive: true });
  const paths = entries.filter((path) => /^(?:partials[\\/])?[\w-]+\.(?:mjml|txt)$/u.test(path)).sort();
  return new Map(
    await Promise.all(
      paths.map(async (path): Promise<[string, string]> => [path, await readFile(join(folder, path), "utf8")]),
    ),
  );
}

function sourceOf(files: ReadonlyMap<string, string>, file: string): string {
  const source = files.get(file);
  if (source === undefined)
    throw new Invalid(`templates/${file} is missing. Each mail is a pair: ${names.join(", ")} as .mjml and .txt`);
  return source;
}

async function toHtml(folder: string, name: MailName, source: string): Promise<string> {
  const compiled = await compileMjml({
    source,
    filePath: join(folder, `${name}.mjml`),
    includePath: join(folder, "partials"),
    ignoreIncludes: false,
    validationLevel: "strict",
    // MJML's default loads Google Fonts: a request that would tell a third party who reads (docs/promises.md §6.11).
    fonts: {},
    minify: true,
    // Its CSS minifier would drop the fallbacks that mail programs need.
    minifyOptions: { minifyCss: false },
  });
  if ("html" in compiled) return lean(compiled.html);
  throw new Invalid(`templates/${name}.mjml is broken: ${compiled.problem.replaceAll(folder, "templates")}`);
}

/**
 * Without comments but Outlook's conditional ones, and without the indentation of style sheets and the spaces of inline ones:
 * all of it would be sent to every reader.
 */
function lean(html: string): string {
  return html
    .replace(/<!--(?!\[if|<!\[endif|>)[\s\S]*?-->/gu, "")
    .replace(/\s*\n\s*/gu, "\n")
    .replace(/> {1,}</gu, "> <")
    .replace(/ style="[^"]*"/gu, (style) => style.replace(/([:;,]) +/gu, "$1").replace(/;"$/u, '"'))
    .replace(/^<!doctype/u, "<!DOCTYPE");
}

function compile(file: string, source: string, { noEscape }: { noEscape: boolean }): Template {
  const isDigest = file.startsWith("digest.");
  const section = isDigest ? cutOut(file, source, "section") : { inside: "", before: source, after: "" };
  const paper = isDigest ? cutOut(file, section.before + section.after, "paper") : null;
  const frame = paper === null ? source : `${paper.before}{{papers}}${paper.after}`;
  // In a text part nothing but empty lines keeps one paper from the next.
  const filler = (part: string, emptyLines: number): Template["paper"] => {
    const fill = fillerOf(file, part, noEscape);
    return noEscape ? (say, view) => fill(say, view).trimEnd() + "\n".repeat(1 + emptyLines) : fill;
  };
  return {
    frame: fillerOf(file, frame, noEscape),
    paper: filler(paper?.inside ?? "", 2),
    section: filler(section.inside, 1),
  };
}

/** A template without the part that is filled once for each of something, and that part. */
function cutOut(file: string, source: string, what: "section" | "paper") {
  const [begins, ends] = [`{{!-- each ${what} --}}`, `{{!-- end ${what} --}}`];
  const [begin, end] = [source.indexOf(begins), source.indexOf(ends)];
  if (begin < 0 || end < begin)
    throw new Invalid(`templates/${file} has no ${begins} … ${ends} around what is said of one ${what}`);
  return {
    inside: source.slice(begin + begins.length, end).trim(),
    before: `${source.slice(0, begin).trimEnd()}\n\n`,
    after: source.slice(end + ends.length).trimStart(),
  };
}

// An instance of its own, so that nothing else can add a helper: templates reach the view, the words, and nothing more.
const handlebars = Handlebars.create();
for (const name of ["log", "lookup", "each", "with", "unless", "helperMissing", "blockHelperMissing"])
  handlebars.unregisterHelper(name);

/** `{{t "key" name=value}}`: the words of the catalogue in the reader's language. */
handlebars.registerHelper("t", (key: string, options: Handlebars.HelperOptions) =>
  (options.data.say as Say)(key, options.hash as Values),
);

function fillerOf(file: string, source: string, noEscape: boolean): (say: Say, view: View) => string {
  const options = {
    knownHelpers: { t: true, if: true } as KnownHelpers,
    knownHelpersOnly: true,
    strict: true,
    noEscape,
  };
  try {
    handlebars.precompile(source, options); // compile() waits for the first mail; a broken template has to stop the start
  } catch (error) {
    throw new Invalid(`templates/${file} is broken: ${(error as Error).message}`, [], { cause: error });
  }
  const fill = handlebars.compile(source, options);
  return (say, view) => fill({ ...view, language: say.language, direction: say.direction }, { data: { say } });
}

function versionOf(files: ReadonlyMap<string, string>): string {
  const hash = createHash("sha256");
  for (const [file, source] of files) hash.update(`${file.replaceAll("\\", "/")}\0${source}\0`);
  return hash.digest("hex").slice(0, 12);
}
