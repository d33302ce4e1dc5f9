/** Watches that somebody might type and watches that nobody would, and a large edition to try them on. */
import fc from "fast-check";
import type { RankedPaper } from "../../src/core/edition.ts";
import { FILTER_LIMITS, type Filter } from "../../src/core/filter.ts";
import { type EditionIndex, match } from "../../src/core/match.ts";
import { defaultCatalogue } from "../../src/core/topics.ts";
import { aFilter } from "./builders.ts";
import { seeded } from "./random.ts";
import { aRankedPaper } from "./ranked-papers.ts";

/** The commonest words of abstracts first: half of a text consists of a hundred words. */
const COMMON =
  "the of and a to in we for that is on with model as this our by are from language learning task data method training performance benchmark agent reasoning an which be can existing generation video large approach framework across through while propose state multi policy image it these has show each".split(
    " ",
  );
const RARE = [
  ...new Set(
    defaultCatalogue.topics.flatMap(({ phrases }) =>
      phrases.flatMap(({ phrase }) => phrase.replace(/title:|\+|"/g, " ").split(/\s+/)),
    ),
  ),
  ...[
    "fine-tuning",
    "multi-agent",
    "multiagent",
    "β-VAE",
    "τ-bench",
    "C++",
    "pass@k",
    "GPT-4.1",
    "naïve",
    "colour",
    "语言模型",
  ],
].filter((word) => word !== "");
const SURNAMES = "Li Wang Zhang Liu Chen Yang Müller van_der_Maaten Aviles-Rivero LeCun O'Kelly E Schölkopf".split(" ");

/** An edition's papers: 200 trending, the rest followed, of words as frequent as those of natural text, ten of nothing but one word. */
export function largeEdition(papers: number): { papers: RankedPaper[] } {
  const random = seeded(20_260_415);
  const oneOf = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  const made = Array.from({ length: 30_000 }, (_, i) => `${oneOf(RARE)}${i.toString(36)}`);
  const vocabulary = [...COMMON, ...RARE, ...made];
  // Zipf: the frequency of a word is one over its place.
  const word = () => vocabulary[Math.floor(vocabulary.length ** random()) - 1]!;
  const words = (count: number) => Array.from({ length: count }, word).join(" ");
  const name = () =>
    `${String.fromCharCode(65 + Math.floor(random() * 26))}${oneOf(["i", "u", "iao-Ming", "ann", ". B."])} ${oneOf(SURNAMES).replaceAll("_", " ")}${random() < 0.8 ? "" : Math.floor(random() * 900)}`;
  return {
    papers: Array.from({ length: papers }, (_, i) =>
      aRankedPaper({
        key: i + 1,
        lane: i < 200 ? "trending" : "followed",
        title: words(10),
        abstract: i % 600 === 0 ? "multi agent ".repeat(100) : words(180),
        keywords: Array.from({ length: 10 }, () => words(2)),
        authors: Array.from({ length: 6 }, name),
        upvotes: Math.floor(random() * 100),
      }),
    ),
  };
}

/** One watch as it comes from outside: mostly a few entries a field, at times as many as there may be. */
export function randomWatch(): fc.Arbitrary<Record<string, unknown>> {
  const common = fc.constantFrom(...COMMON);
  const word = fc.oneof({ weight: 2, arbitrary: common }, { weight: 5, arbitrary: fc.constantFrom(...RARE) });
  const phrase = fc
    .array(word, { minLength: 1, maxLength: 4 })
    .chain((words) => fc.constantFrom(" ", "-", "/", "").map((between) => words.join(between)));
  const part = fc
    .tuple(phrase, fc.constantFrom("", "", "", "title:"), fc.constantFrom("", "", '"'))
    .map(([text, prefix, quote]) => prefix + quote + text + quote);
  const entry = fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => parts.join(" + "));
  const hostile = fc.oneof(
    common,
    fc.tuple(common, common).map((pair) => pair.join(" ")),
    fc.constantFrom("multi", "agent", "multi agent ", "a", "ab", "β", "语").map((piece) => piece.repeat(33)),
    fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 30 }).map((codes) => String.fromCharCode(...codes)),
    fc.string({ maxLength: 100 }),
  );
  const list = (good: fc.Arbitrary<string>) => {
    const entries = fc.oneof({ weight: 6, arbitrary: good }, { weight: 1, arbitrary: hostile });
    const few = { weight: 12, arbitrary: fc.array(entries, { maxLength: 6 }) };
    const many = {
      weight: 1,
      arbitrary: fc.array(entries, { minLength: FILTER_LIMITS.entries, maxLength: FILTER_LIMITS.entries }),
    };
    return fc.oneof(few, many).map((all) => all.map((text) => text.slice(0, FILTER_LIMITS.entryLetters)));
  };
  const name = fc
    .tuple(fc.constantFrom("Y.", "Yi", "Xiao Ming", "Yann A.", "J.-B.", ""), fc.constantFrom(...SURNAMES), fc.boolean())
    .map(([given, surname, isTurned]) =>
      (isTurned ? `${surname}, ${given}` : `${given} ${surname}`).replaceAll("_", " "),
    );
  return fc.record({
    include: list(entry),
    exclude: list(entry),
    authors: fc.oneof({ weight: 2, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: list(name) }),
    minUpvotes: fc.constantFrom(0, 0, 5),
    onlyWithCode: fc.boolean(),
  });
}

/**
 * What watches cost that nobody asked before, in milliseconds of this process's CPU, ascending. The dear ones are tried
 * again, up to nineteen times: what else the machine does, and what V8 clears away of the watch before, is not the watch's.
 */
export function costsOf(watches: readonly Record<string, unknown>[], index: EditionIndex, dearMs: number): number[] {
  const filters = watches.map((watch) => aFilter(watch));
  const costs = filters.map((filter) => costOf(filter, index));
  for (let again = 0; again < 19; again++) {
    filters.forEach((filter, at) => {
      if (costs[at]! > dearMs) costs[at] = Math.min(costs[at]!, costOf(filter, index));
    });
  }
  return costs.sort((one, other) => one - other);
}

function costOf(filter: Filter, index: EditionIndex): number {
  index.found.phrases.clear();
  index.found.authors.clear();
  const before = process.cpuUsage();
  match(index, filter);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}
