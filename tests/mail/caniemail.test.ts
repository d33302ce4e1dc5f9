import { caniemail, rawData } from "caniemail";
import PostalMime from "postal-mime";
import { expect, test } from "vitest";
import { everyMail } from "../support/outbox.ts";

/** Families of mail programs in caniemail's data, and which of each we promise: null for all. */
const PROMISED: Readonly<Record<string, readonly string[] | null>> = {
  ...{ gmail: null, "apple-mail": null, yahoo: null },
  outlook: ["outlook-com"],
};

/** What a mail program of ours may not know, and what its readers see instead. */
const FALLBACKS: Readonly<Record<string, string>> = {
  // Gmail of the mobile web, and Gmail's apps for addresses elsewhere, drop the style sheet.
  "<style> element": "what has to hold is written into the elements; the style sheet adds dark mode and small screens",
  transform: "the default: buttons of MJML say text-transform: none, which the package takes for it",
  "@media": "the light colours and the wide layout, whose column is as narrow as the screen all the same",
  "Class selector": "as for <style>",
  "Chaining selectors": "as for <style>",
  "Descendant combinator": "as for <style>",
  "ID selector": "as for <style>; only MJML's own #outlook",
  "Type selector": "as for <style>",
  ":hover": "titles are no underlined links when pointed at; they are links",
  "text-wrap": "a heading of two lines has a short second one",
  "overflow-wrap": "word-break: break-word, written into the cells",
  "word-break":
    "overflow-wrap; where neither is known a word longer than the line is scrolled to, and no address is shown in full",
  // Yahoo.
  "<body> element": "the first <div> carries background, language and direction too",
  "aria-label attribute": "the links' own words, PDF and Code, below the title they belong to",
  "height property":
    "min-height is as good: the only heights are those of images, of which there are none, and of nothing",
  // The button of a letter: MJML writes them, and all are the default.
  cursor: "the cursor that links have",
  "target attribute": "mail programs open links as they please",
};

/** What a mail uses that the newest version of a promised mail program does not know. */
function unknownIn(html: string): string[] {
  // The package finds what is used and what any of these does not know; it cannot be asked for Outlook.com by name.
  const { errors } = caniemail({ clients: ["gmail.*", "outlook.*", "apple-mail.*", "yahoo.*"], html }).issues;
  const used = new Set([...(errors?.values() ?? [])].flatMap((issues) => issues.map(({ title }) => title)));
  return rawData.data.filter(({ title, stats }) => used.has(title) && isUnknown(stats)).map(({ title }) => title);
}

/** @param stats by family, program and version, oldest first: `y`, `n`, `a` (in part) or `u`, and the numbers of notes */
function isUnknown(stats: object): boolean {
  return Object.entries(stats as Record<string, Record<string, Record<string, string>>>)
    .filter(([family]) => family in PROMISED)
    .some(([family, programs]) =>
      Object.entries(programs).some(([program, versions]) => {
        const isPromised = PROMISED[family]?.includes(program) ?? true;
        return isPromised && Object.values(versions).at(-1)?.startsWith("n");
      }),
    );
}

const mails = await everyMail();

test("no mail uses what Gmail, Outlook.com, Apple Mail or Yahoo do not know without something to fall back on", async () => {
  const unknown = new Set<string>();
  for (const { bytes } of mails) {
    const { html } = await PostalMime.parse(bytes);
    for (const title of html === undefined ? [] : unknownIn(html)) unknown.add(title);
  }
  expect([...unknown].sort()).toEqual(Object.keys(FALLBACKS).sort());
});

test("something that has none would be told of", () => {
  expect(unknownIn("<form><input></form><div style='position:absolute'>x</div>")).toEqual(
    expect.arrayContaining(["<form> element", "position"]),
  );
});
