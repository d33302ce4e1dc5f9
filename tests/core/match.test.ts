import fc from "fast-check";
import { expect, test } from "vitest";
import { members } from "../../src/core/bits.ts";
import { everything, type Filter } from "../../src/core/filter.ts";
import { becauseOf, indexEdition, match } from "../../src/core/match.ts";
import { type PhrasePart, parsePhrase } from "../../src/core/phrase.ts";
import { Gap, mayJoin, stemOf, type Word, wordsOf } from "../../src/core/words.ts";
import { aFilter, aWatch } from "../support/builders.ts";
import { anEdition } from "../support/ranked-papers.ts";

const PAPERS = [
  {
    title: "Agents that code",
    topics: ["agents", "code"],
    categories: ["cs.AI", "cs.SE"],
    authors: ["Ada Lovelace"],
    codeUrl: "https://github.com/a/b",
    upvotes: 50,
  },
  { title: "Video diffusion", topics: ["video"], categories: ["cs.CV"], authors: ["Yuan Li"], upvotes: 5 },
  {
    title: "Medical agents",
    topics: ["agents", "science-health"],
    categories: ["cs.AI"],
    authors: ["Yuan Li", "Y. Li"],
    upvotes: 20,
  },
  {
    title: "Speculative decoding",
    topics: ["efficiency", "agents"],
    categories: ["cs.CL"],
    authors: ["Ada B. Lovelace"],
    lane: "followed",
    upvotes: 0,
  },
] as const;
const index = indexEdition(anEdition(PAPERS));
const taken = (filter: Filter) => [...members(match(index, filter).papers)];

test("no watch, or one that asks for nothing, takes every trending paper", () => {
  expect(taken(everything)).toEqual([0, 1, 2]);
  expect(taken(aFilter({ name: "all" }))).toEqual([0, 1, 2]);
  expect(taken(aFilter({ exclude: ["medical"] }))).toEqual([0, 1]);
});

test("inside a field any entry will do", () => {
  expect(taken(aFilter({ topics: ["video", "code"] }))).toEqual([0, 1]);
  expect(taken(aFilter({ categories: ["cs.CV", "cs.SE"] }))).toEqual([0, 1]);
  expect(taken(aFilter({ categories: ["cs"] }))).toEqual([0, 1, 2]);
  expect(taken(aFilter({ include: ["video", "medical"] }))).toEqual([1, 2]);
  expect(taken(aFilter({ authors: ["Li, Yuan", "Ada Lovelace"] }))).toEqual([0, 1, 2, 3]);
});

test("inside a watch every filled field must match and no exclude may", () => {
  expect(taken(aFilter({ topics: ["agents"], authors: ["Yuan Li"] }))).toEqual([2]);
  expect(taken(aFilter({ topics: ["agents"], exclude: ["medical"] }))).toEqual([0]);
  expect(taken(aFilter({ topics: ["agents"], minUpvotes: 21 }))).toEqual([0]);
  expect(taken(aFilter({ topics: ["agents"], onlyWithCode: true }))).toEqual([0]);
  expect(taken(aFilter({ topics: ["agents"], minUpvotes: 20 }))).toEqual([0, 2]);
});

test("a paper belongs when any watch takes it, even one that another excludes", () => {
  expect(taken(aFilter({ topics: ["agents"], exclude: ["medical"] }, { authors: ["Yuan Li"] }))).toEqual([0, 1, 2]);
});

test("papers only arXiv knows come through words and people, never through topics alone", () => {
  expect(taken(aFilter({ topics: ["efficiency"] }))).toEqual([]);
  expect(taken(aFilter({ categories: ["cs.CL"] }))).toEqual([]);
  expect(taken(aFilter({ include: ["speculative decoding"] }))).toEqual([3]);
  expect(taken(aFilter({ authors: ["Ada Lovelace"], topics: ["efficiency"] }))).toEqual([3]);
  expect(taken(aFilter({ include: ["speculative decoding"], topics: ["video"] }))).toEqual([]);
  expect(taken(aFilter({ include: ["speculative decoding"], minUpvotes: 1 }))).toEqual([]);
});

test("a common word is found in all of many papers, whichever of them have nothing but a title", () => {
  const papers = Array.from({ length: 100 }, (_, i) => ({ title: "Agents", abstract: i < 20 ? "An agent." : "" }));
  const many = indexEdition(anEdition([...papers, { title: "Robots" }, { title: "Agents", abstract: "Robots." }]));
  const found = (entry: string) => [...members(match(many, aFilter({ include: [entry] })).papers)].length;
  expect(["agent", '"agents"', '"agent"', "title:agent", "agents + robots"].map(found)).toEqual([101, 101, 20, 101, 1]);
});

test("a topic, category or name that nobody has takes nothing", () => {
  expect(taken(aFilter({ topics: ["constructor"] }))).toEqual([]);
  expect(taken(aFilter({ categories: ["math.NT"] }))).toEqual([]);
  expect(taken(aFilter({ authors: ["Grace Hopper"] }))).toEqual([]);
});

test("the reason names each watch that took the paper and what in it did", () => {
  const filter = aFilter(
    { name: "Work", topics: ["code", "agents", "video"], include: ["agent", "diffusion"] },
    { name: "People", authors: ["Lovelace, Ada", "Yuan Li"] },
    { name: "Rest", categories: ["cs.CV"] },
  );
  expect(becauseOf(index, filter, 0)).toEqual([
    { watch: 0, name: "Work", topics: ["code", "agents"], categories: [], include: ["agent"], authors: [] },
    { watch: 1, name: "People", topics: [], categories: [], include: [], authors: ["Lovelace, Ada"] },
  ]);
  expect(becauseOf(index, everything, 0)).toEqual([
    { watch: -1, name: "", topics: [], categories: [], include: [], authors: [] },
  ]);
  expect(becauseOf(index, aFilter({ topics: ["video"] }), 0)).toEqual([]);
  expect(becauseOf(index, everything, 3)).toEqual([]);
});

test("the weekly order leaves the age out", () => {
  const part = (votes: number, age: number) => ({
    score: votes + age,
    scoreParts: { votes, comments: 0, stars: 0, age },
  });
  const week = indexEdition(anEdition([part(5, 0), part(7, -3), part(5, -2), { ...part(9, -9), lane: "followed" }]));
  expect(week.weekOrder).toEqual([1, 0, 2]);
});

test("an empty edition has nothing for anybody", () => {
  const empty = indexEdition({ papers: [] });
  expect([...members(match(empty, aFilter({ include: ["a"], authors: ["A B"] })).papers)]).toEqual([]);
});

// What the grammar says, written down without an index: each place, each way to stand there.
function saysPart(words: readonly Word[], part: PhrasePart): boolean {
  const stands = (at: number, place: number): boolean => {
    if (at === part.words.length) return true;
    const [asked, next] = [part.words[at]!, part.words[at + 1]];
    const [found, after] = [words[place], words[place + 1]];
    if (found === undefined) return false;
    if (at > 0 && part.exact && found.gap !== asked.gap) return false;
    if (at > 0 && !part.exact && found.gap >= Gap.break && !(found.gap === Gap.break && asked.gap === Gap.break))
      return false;
    if (part.exact) return asked.surface === found.surface && stands(at + 1, place + 1);
    if (asked.stem === found.stem && stands(at + 1, place + 1)) return true;
    if (
      next &&
      mayJoin(asked.surface, next.surface, next.gap) &&
      stemOf(asked.surface + next.surface) === found.stem &&
      stands(at + 2, place + 1)
    )
      return true;
    return (
      after !== undefined &&
      mayJoin(found.stem, after.stem, after.gap) &&
      found.stem + after.stem === asked.stem &&
      stands(at + 1, place + 2)
    );
  };
  return words.some((_, place) => stands(0, place));
}

const piece = fc.constantFrom(
  "multi",
  "agent",
  "agents",
  "multiagent",
  "in",
  "painting",
  "inpainting",
  "policy",
  "policies",
  "c++",
  "c",
  "gpt",
  "4",
  "gpt4",
  "β",
  "beta",
  "bus",
);
const joiner = fc.constantFrom(" ", " ", " ", "-", "/", ", ", ". ");
const text = fc.array(fc.tuple(piece, joiner), { minLength: 1, maxLength: 12 }).map((pairs) => pairs.flat().join(""));
const entry = fc
  .array(
    fc.tuple(
      fc.constantFrom("", "", "title:"),
      fc.boolean(),
      fc.array(fc.tuple(piece, joiner), { minLength: 1, maxLength: 3 }),
    ),
    { minLength: 1, maxLength: 2 },
  )
  .map((parts) =>
    parts
      .map(([prefix, quoted, pairs]) => {
        const words = pairs.flat().slice(0, -1).join("");
        return prefix + (quoted ? `"${words}"` : words);
      })
      .join(" + "),
  );

test("the index finds what a plain reading of the grammar finds", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(text, text, text), { minLength: 1, maxLength: 5 }),
      fc.array(entry, { minLength: 1, maxLength: 5 }),
      (papers, entries) => {
        const edition = indexEdition(
          anEdition(papers.map(([title, abstract, keyword]) => ({ title, abstract, keywords: [keyword] }))),
        );
        for (const one of entries) {
          const phrase = parsePhrase(one);
          if (!("parts" in phrase)) throw new Error(`${one}: ${phrase.mistake}`);
          const expected = papers.flatMap((fields, at) => {
            const says = (part: PhrasePart) =>
              (part.titleOnly ? fields.slice(0, 1) : fields).some((field) => saysPart(wordsOf(field), part));
            return phrase.parts.every(says) ? [at] : [];
          });
          expect([one, ...members(match(edition, aFilter({ include: [one] })).papers)]).toEqual([one, ...expected]);
        }
      },
    ),
    { numRuns: 1000 },
  );
});

test("an excluded phrase always wins inside its watch", () => {
  fc.assert(
    fc.property(
      fc.array(text, { minLength: 1, maxLength: 8 }),
      entry,
      fc.array(entry, { maxLength: 3 }),
      (titles, excluded, include) => {
        const edition = indexEdition(anEdition(titles.map((title) => ({ title }))));
        const excludedPapers = new Set(members(match(edition, aFilter({ include: [excluded] })).papers));
        const filter: Filter = { grammar: 1, watches: [aWatch({ include, exclude: [excluded] })] };
        expect([...members(match(edition, filter).papers)].filter((at) => excludedPapers.has(at))).toEqual([]);
      },
    ),
  );
});
