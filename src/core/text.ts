/** The text catalogue: every visible string, one catalogue a language, in ICU message format. Pure. */
import { createHash } from "node:crypto";
import { type Formats, IntlMessageFormat } from "intl-messageformat";
import { Invalid } from "../errors.ts";
import type { Day } from "./paper.ts";

/** Nested strings, as in `templates/text/en.json`; a key is their path: `mail.paper.pdf`. */
export interface Catalogue {
  readonly [key: string]: string | Catalogue;
}

export type Values = Readonly<Record<string, string | number | Date>>;

/** Says what stands under a key, in one language. */
export interface Say {
  /** @throws {Error} for a key no catalogue has: a mistake in our code, which `Texts.require` finds at start */
  (key: string, values?: Values): string;
  /** The name or description of something that is data, such as `topic.agents.name`; null: its own name stands. */
  translated(key: string): string | null;
  /** The language the words are in, BCP 47: what was asked for, or what stands in for it. */
  readonly language: string;
  readonly direction: "ltr" | "rtl";
  /** `A, B and C` as this language joins them; `unit`: without a word before the last. */
  list(items: readonly string[], kind?: "conjunction" | "disjunction" | "unit"): string;
  /** `April 20 – 26`: both days included, without the year. */
  days(from: Day, to: Day): string;
}

export interface Texts {
  /** Looks for `de-AT`, then `de`, then English; a key that a translation lacks is said in English. */
  (language: string): Say;
  readonly languages: readonly string[];
  /** @throws {Invalid} naming the keys that are not in the English catalogue, and who wanted them */
  require(keys: Iterable<string>, wantedBy: string): void;
  /**
   * Names the words under some sections, such as `page.form`, in the language that is spoken for this one: `en-` and 12
   * hexadecimal letters that change whenever one of the words does.
   */
  versionOf(language: string, sections: readonly string[]): string;
}

type Messages = ReadonlyMap<string, IntlMessageFormat>;

const fallback = "en";

/** Sections that name data, whose English stands with the data itself (topics/catalogue.json): translations alone have them. */
const ofData = /^(?:topic|family)\./u;

// Days have no zone, and instants are shown in UTC with the word beside them: a mail is read who knows where.
const formats: Partial<Formats> = {
  date: {
    day: { weekday: "long", day: "numeric", month: "long", timeZone: "UTC" },
    full: { weekday: "long", day: "numeric", month: "long", year: "numeric", timeZone: "UTC" },
    long: { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" },
    month: { month: "long", year: "numeric", timeZone: "UTC" },
  },
  time: { short: { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: "UTC" } },
};

/**
 * Parses all messages once.
 *
 * @param catalogues by BCP 47 language; `en` is the one the others are measured by
 * @throws {Invalid} naming each message that is no ICU message and each key English does not know
 */
export function openText(catalogues: Readonly<Record<string, Catalogue>>): Texts {
  const problems: { field: string; message: string }[] = [];
  const languages = new Map<string, Messages>();
  for (const [language, catalogue] of Object.entries(catalogues)) {
    languages.set(language, compiled(language, catalogue, problems));
  }
  const english = languages.get(fallback);
  if (english === undefined)
    throw new Invalid(`The text catalogue has no "${fallback}", which stands in where a translation is missing.`);
  for (const [language, messages] of languages) {
    for (const key of messages.keys()) {
      if (!english.has(key) && !ofData.test(key))
        problems.push({ field: `${language}: ${key}`, message: "is not in en, so nothing asks for it" });
    }
  }
  if (problems.length > 0) {
    throw new Invalid(
      `The text catalogue is broken: ${problems.map((p) => `${p.field} ${p.message}`).join("; ")}`,
      problems,
    );
  }

  const said = new Map<string, Say>();
  const spokenFor = (language: string): string =>
    [language, language.split("-")[0]!].find((wanted) => languages.has(wanted)) ?? fallback;
  const texts = (language: string): Say => {
    const spoken = spokenFor(language);
    let say = said.get(spoken);
    if (say === undefined) {
      say = speaker(spoken, languages.get(spoken)!, english);
      said.set(spoken, say);
    }
    return say;
  };
  const require = (keys: Iterable<string>, wantedBy: string): void => {
    const missing = [...keys].filter((key) => !english.has(key));
    if (missing.length > 0)
      throw new Invalid(`${wantedBy} wants text that templates/text/en.json does not have: ${missing.join(", ")}`);
  };
  // Asked for at every request to subscribe, and going through the whole catalogue takes as long as the rest of it.
  const versions = new Map<string, string>();
  const versionOf = (language: string, sections: readonly string[]): string => {
    const spoken = spokenFor(language);
    const asked = JSON.stringify([spoken, sections]);
    let version = versions.get(asked);
    if (version === undefined) {
      const words = new Map([...entriesOf(catalogues[fallback]!), ...entriesOf(catalogues[spoken]!)]);
      const read = [...words].filter(([key]) => sections.some((section) => key.startsWith(`${section}.`))).sort();
      version = `${spoken}-${createHash("sha256").update(JSON.stringify(read)).digest("hex").slice(0, 12)}`;
      versions.set(asked, version);
    }
    return version;
  };
  // English first: a browser that takes any language gets the first.
  const all = [...new Set([fallback, ...languages.keys()])];
  return Object.assign(texts, { languages: all, require, versionOf });
}

function compiled(language: string, catalogue: Catalogue, problems: { field: string; message: string }[]): Messages {
  const messages = new Map<string, IntlMessageFormat>();
  for (const [key, message] of entriesOf(catalogue)) {
    try {
      messages.set(key, new IntlMessageFormat(message, language, formats, { ignoreTag: true }));
    } catch (error) {
      problems.push({ field: `${language}: ${key}`, message: error instanceof Error ? error.message : String(error) });
    }
  }
  return messages;
}

function speaker(language: string, messages: Messages, english: Messages): Say {
  const joins = {
    conjunction: new Intl.ListFormat(language, { type: "conjunction" }),
    disjunction: new Intl.ListFormat(language, { type: "disjunction" }),
  };
  // What stands between the first two of many. Intl's own lists of units say "A, B und C" in German.
  const comma = joins.conjunction.formatToParts(["1", "2", "3", "4"])[1]!.value;
  const list: Say["list"] = (items, kind = "conjunction") =>
    kind === "unit" ? items.join(comma) : joins[kind].format(items);
  const say = (key: string, values?: Values): string => {
    const message = messages.get(key) ?? english.get(key);
    if (message === undefined) throw new Error(`No text stands under the key ${key}.`);
    return String(message.format(values));
  };
  const translated = (key: string): string | null => {
    const message = messages.get(key);
    return message === undefined ? null : String(message.format());
  };
  const range = new Intl.DateTimeFormat(language, { day: "numeric", month: "long", timeZone: "UTC" });
  const days = (from: Day, to: Day): string => range.formatRange(dateOf(from), dateOf(to));
  return Object.assign(say, { language, direction: directionOf(language), list, translated, days });
}

// Intl.Locale knows the script of a language; TypeScript 7's library does not know that Intl.Locale does (Node 20 does).
function directionOf(language: string): "ltr" | "rtl" {
  const script = new Intl.Locale(language).maximize().script ?? "Latn";
  return ["Arab", "Hebr", "Thaa", "Syrc", "Nkoo", "Adlm", "Rohg"].includes(script) ? "rtl" : "ltr";
}

/** Every key of a catalogue, in its order. */
export function keysOf(catalogue: Catalogue): string[] {
  return entriesOf(catalogue).map(([key]) => key);
}

function entriesOf(catalogue: Catalogue, path = ""): [string, string][] {
  return Object.entries(catalogue).flatMap(([name, entry]): [string, string][] =>
    typeof entry === "string" ? [[path + name, entry]] : entriesOf(entry, `${path}${name}.`),
  );
}

/** A calendar day as the instant that messages with `{…, date, full}` take. */
export function dateOf(day: Day): Date {
  return new Date(`${day}T00:00:00Z`);
}

/**
 * The catalogue in a language nobody speaks: letters accented, each message in ⟦brackets⟧, placeholders kept.
 * Whatever a page shows in plain letters then does not come from the catalogue.
 */
export function pseudo(catalogue: Catalogue): Catalogue {
  return Object.fromEntries(
    Object.entries(catalogue).map(([key, entry]) => [
      key,
      typeof entry === "string" ? `⟦${accented(entry)}⟧` : pseudo(entry),
    ]),
  );
}

/** In an ICU message words stand at even depths of braces, syntax at odd ones: `{n, plural, one {# paper} other {# papers}}`. */
function accented(message: string): string {
  let depth = 0;
  return message.replace(/[{}]|[a-zA-Z]/g, (letter) => {
    if (letter === "{") depth += 1;
    else if (letter === "}") depth -= 1;
    else if (depth % 2 === 0) return accents.get(letter) ?? letter;
    return letter;
  });
}

const accents = new Map(
  [..."abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"].map((letter, i) => [
    letter,
    [..."áƀçđéƒĝĥíĵķļɱñóþɋŕšţúṽŵẋýžÁƁÇĐÉƑĜĤÍĴĶĻṀÑÓÞɊŔŠŢÚṼŴẊÝŽ"][i]!,
  ]),
);
