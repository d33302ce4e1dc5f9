/** The languages we ship are complete: each says all that English says, of the same things, in the forms it has. */
import { IntlMessageFormat } from "intl-messageformat";
import { describe, expect, test } from "vitest";
import { type Catalogue, keysOf } from "../../src/core/text.ts";
import { defaultCatalogue } from "../../src/core/topics.ts";
import { readCatalogues } from "../../src/mail/catalogues.ts";
import { templatesFolder } from "../support/mails.ts";

const { en, ...others } = await readCatalogues(`${templatesFolder}/text`);
const isOfData = (key: string) => /^(?:topic|family)\./u.test(key);
type Node = ReturnType<IntlMessageFormat["getAst"]>[number];

test("there is English and one more", () => {
  expect(Object.keys(others)).toEqual(["de"]);
});

describe.each(Object.entries(others))("%s", (language, catalogue) => {
  test("has every key of English and no other", () => {
    expect(keysOf(catalogue).filter((key) => !isOfData(key))).toEqual(keysOf(en!));
  });

  test("names and describes every topic and family", () => {
    expect(keysOf(catalogue).filter(isOfData)).toEqual([
      ...defaultCatalogue.families.map(({ id }) => `family.${id}.name`),
      ...defaultCatalogue.topics.flatMap(({ id }) => [`topic.${id}.name`, `topic.${id}.description`]),
    ]);
  });

  test("has the same placeholders and choices in each message, and the plurals of its own", () => {
    const forms = new Intl.PluralRules(language).resolvedOptions().pluralCategories;
    const asked = (from: Catalogue, locale: string, plurals: readonly string[]) =>
      keysOf(from)
        .filter((key) => !isOfData(key))
        .map((key) => [key, shapeOf(new IntlMessageFormat(messageOf(from, key), locale).getAst(), plurals).sort()]);
    expect(asked(catalogue, language, forms)).toEqual(asked(en!, "en", ["one", "other"]));
  });

  test("leaves nothing in English but names and what both languages spell alike", () => {
    const same = keysOf(en!).filter((key) => messageOf(en!, key) === messageOf(catalogue, key));
    expect(same.filter((key) => /\p{L}{2}/u.test(messageOf(en!, key).replace(/\{[^{}]*\}/gu, "")))).toEqual([
      ...["mail.name", "mail.paper.pdf", "mail.paper.code"],
      ...[
        "page.frame.name",
        "page.frame.title",
        "page.frame.docs",
        "page.form.utc",
        "page.found.name",
        "page.docs.heading",
      ],
    ]);
  });
});

function messageOf(catalogue: Catalogue, key: string): string {
  return key.split(".").reduce<string | Catalogue>((at, name) => (at as Catalogue)[name]!, catalogue) as string;
}

/** Placeholders with what is asked of them; a plural that has just the forms of its language is whole. */
function shapeOf(nodes: readonly Node[], plurals: readonly string[]): string[] {
  return [
    ...new Set(
      nodes.flatMap((node): string[] => {
        if (node.type === 0 || node.type === 7) return []; // letters; the # of a plural
        if (!("options" in node)) return [`${node.value} ${"style" in node ? String(node.style) : ""}`.trim()];
        const names = Object.keys(node.options);
        const inside = Object.values(node.options).flatMap(({ value }) => shapeOf(value, plurals));
        if (!("pluralType" in node)) return [`${node.value}: ${names.sort().join(" ")}`, ...inside];
        const exact = names.filter((name) => name.startsWith("="));
        const isWhole = plurals.every((form) => names.includes(form)) && names.length === exact.length + plurals.length;
        return [`${node.value}: ${exact.join(" ")} ${isWhole ? "all forms" : names.join(" ")}`, ...inside];
      }),
    ),
  ];
}
