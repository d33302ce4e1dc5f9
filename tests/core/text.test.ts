import { expect, test } from "vitest";
import { dateOf, keysOf, openText, pseudo } from "../../src/core/text.ts";
import { catalogueIn } from "../../src/core/topic-names.ts";
import type { Topic } from "../../src/core/topics.ts";

const en = {
  mail: {
    name: "Paperboy",
    votes: "{count, plural, one {# vote} other {# votes}}",
    day: "Papers of {date, date, full}",
    asked: "at {at, time, short} UTC",
  },
};

test("numbers, plurals and days follow the language", () => {
  const texts = openText({
    en,
    de: {
      mail: { votes: "{count, plural, one {# Stimme} other {# Stimmen}}", day: "Arbeiten vom {date, date, full}" },
    },
  });
  const [english, german] = [texts("en"), texts("de")];
  expect([english("mail.votes", { count: 1 }), english("mail.votes", { count: 1204 })]).toEqual([
    "1 vote",
    "1,204 votes",
  ]);
  expect([german("mail.votes", { count: 1 }), german("mail.votes", { count: 1204 })]).toEqual([
    "1 Stimme",
    "1.204 Stimmen",
  ]);
  expect(english("mail.day", { date: dateOf("2026-04-01") })).toBe("Papers of Wednesday, April 1, 2026");
  expect(german("mail.day", { date: dateOf("2026-04-01") })).toBe("Arbeiten vom Mittwoch, 1. April 2026");
  expect(english("mail.asked", { at: new Date("2026-04-01T00:05:00Z") })).toBe("at 00:05 UTC");
});

test("a language stands in for its regions, and English for whatever is missing", () => {
  const texts = openText({ en, de: { mail: { votes: "{count} Stimmen" } } });
  expect(texts("de-AT")("mail.votes", { count: 2 })).toBe("2 Stimmen");
  expect(texts("de-AT").language).toBe("de");
  expect(texts("de")("mail.name")).toBe("Paperboy");
  expect(texts("tlh")("mail.name")).toBe("Paperboy");
  expect(texts("tlh").language).toBe("en");
});

test("English is offered first: who takes any language gets it", () => {
  expect(openText({ de: {}, en, fr: {} }).languages).toEqual(["en", "de", "fr"]);
});

test("days of one week read as one span", () => {
  const texts = openText({ en, de: {} });
  const spans = ["en", "de"].map((language) => texts(language).days("2026-04-20", "2026-04-26"));
  expect(spans.map((span) => span.replace(/\s/gu, " "))).toEqual(["April 20 – 26", "20.–26. April"]);
  expect(texts("de").days("2026-03-30", "2026-04-05").replace(/\s/gu, " ")).toBe("30. März – 5. April");
});

test("what is data is translated by its id where a language has it, and English has it with the data", () => {
  const texts = openText({ en, de: { topic: { agents: { name: "Agenten" } } } });
  expect([texts("de").translated("topic.agents.name"), texts("de").translated("topic.video.name")]).toEqual([
    "Agenten",
    null,
  ]);
  expect(texts("en").translated("topic.agents.name")).toBeNull();
  const ofAgents = { id: "agents", name: "Agents", description: "They act.", family: "acting" } as Topic;
  const catalogue = { families: [{ id: "acting", name: "Acting" }], topics: [ofAgents] };
  expect(catalogueIn(texts("de"), catalogue)).toEqual({ ...catalogue, topics: [{ ...ofAgents, name: "Agenten" }] });
  expect(catalogueIn(texts("en"), catalogue)).toEqual(catalogue);
});

test("a list reads as the language joins it", () => {
  const texts = openText({ en, fr: {}, de: {} });
  const names = ["A", "B", "C"];
  expect([texts("en").list(names), texts("en").list(names, "unit"), texts("fr").list(names)]).toEqual([
    "A, B, and C",
    "A, B, C",
    "A, B et C",
  ]);
  expect(texts("de").list(names, "unit")).toBe("A, B, C");
});

test("Arabic and Hebrew run from right to left", () => {
  const texts = openText({ en, ar: {}, he: {} });
  expect(["ar", "he", "en"].map((language) => texts(language).direction)).toEqual(["rtl", "rtl", "ltr"]);
});

test("a broken catalogue stops the start and says where", () => {
  expect(() => openText({ en: { a: { b: "{count, plural, one {" } } })).toThrow(/en: a\.b /);
  expect(() => openText({ en, de: { mail: { nmae: "x" } } })).toThrow("de: mail.nmae is not in en");
  expect(() => openText({ de: {} })).toThrow('has no "en"');
  const texts = openText({ en });
  expect(() => texts.require(["mail.name", "mail.gone"], "templates/digest.mjml")).toThrow(
    "templates/digest.mjml wants text that templates/text/en.json does not have: mail.gone",
  );
  expect(() => texts("en")("mail.gone")).toThrow("mail.gone");
});

test("the keys of a catalogue are its paths", () => {
  expect(keysOf(en)).toEqual(["mail.name", "mail.votes", "mail.day", "mail.asked"]);
});

test("the language nobody speaks has other letters in each message and the same placeholders", () => {
  const say = openText({ en, "en-XA": pseudo(en) })("en-XA");
  expect(say("mail.name")).toBe("⟦Þáþéŕƀóý⟧");
  expect(say("mail.votes", { count: 2 })).toBe("⟦2 ṽóţéš⟧");
  expect(say("mail.day", { date: dateOf("2026-04-01") })).toBe("⟦Þáþéŕš óƒ Wednesday, April 1, 2026⟧");
});

test("the words of a section have a version, which changes with any of them and with nothing else", () => {
  const words = { page: { form: { email: "Address" }, home: { lead: "Papers" } }, mail: { name: "Paperboy" } };
  const version = (changes: object, language = "en") =>
    openText({ en: { ...words, ...changes }, de: { mail: { name: "Paperboy" } } }).versionOf(language, [
      "page.form",
      "page.home",
    ]);
  const first = version({});
  expect(first).toMatch(/^en-[0-9a-f]{12}$/);
  expect(version({ mail: { name: "Postbote" } })).toBe(first);
  expect(version({ page: { home: { lead: "Papers" }, form: { email: "Address" } } })).toBe(first);
  expect(version({ page: { ...words.page, form: { email: "Your address" } } })).not.toBe(first);
  // What a translation lacks is said in English, so the words are the same and the language is another.
  expect(version({}, "de-AT")).toBe(first.replace("en-", "de-"));
  expect(version({}, "fr")).toBe(first);
});
