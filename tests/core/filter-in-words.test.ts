import { expect, test } from "vitest";
import { everything } from "../../src/core/filter.ts";
import { filterInWords, filterWords } from "../../src/core/filter-in-words.ts";
import { aFilter } from "../support/builders.ts";
import { allTexts } from "../support/mails.ts";

const texts = await allTexts();
const topicName = (id: string) => ({ agents: "Agents", code: "Code" })[id] ?? id;
const words = (...watches: Parameters<typeof aFilter>) => filterInWords(aFilter(...watches), texts("en"), topicName);

test("every key these words come from is in the catalogue", () => {
  expect(() => texts.require(filterWords, "filter-in-words")).not.toThrow();
});

test("a filter says all that it asks for", () => {
  expect(filterInWords(everything, texts("en"), topicName)).toBe("");
  expect(words({ topics: ["agents"] })).toBe("on Agents");
  expect(
    words({
      ...{ topics: ["agents", "code"], include: ['"KV cache"', "title:LLM"], authors: ["Ada Lovelace"] },
      ...{ categories: ["cs.CL"], exclude: ["survey"], minUpvotes: 1_000, onlyWithCode: true },
    }),
  ).toBe(
    "on Agents or Code, that say “KV cache” or “title:LLM”, by Ada Lovelace, from cs.CL, without “survey”, with at least 1,000 votes, with code",
  );
});

test("watches follow each other, by their names where they have one", () => {
  expect(words({ name: "Mine", topics: ["code"] }, { include: ["cache"] }, { name: "All" })).toBe(
    "on Code (“Mine”); or that say “cache”; or of every kind (“All”)",
  );
  expect(words({ name: "Mine", topics: ["code"] })).toBe("on Code");
});

test("a long list is cut and counted, and nothing in it acts on its surroundings", () => {
  const include = Array.from({ length: 50 }, (_, i) => `word${i}\u202E`);
  expect(words({ include })).toBe("that say “word0”, “word1”, “word2”, “word3”, “word4”, “word5”, or 44 more");
});
