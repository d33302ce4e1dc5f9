/**
 * How long one reader takes: matching and picking against an edition that is laid out already.
 *
 * Papers are made up of words with the frequencies of natural text (Zipf), 200 as on a full week and 6,000 as with a
 * followed lane. Prints a table, then one JSON line.
 */
import { pickDigest } from "../../src/core/digest.ts";
import type { RankedPaper } from "../../src/core/edition.ts";
import { type Filter, parseFilter } from "../../src/core/filter.ts";
import { indexEdition, match } from "../../src/core/match.ts";
import { defaultCatalogue, topicsOf } from "../../src/core/topics.ts";
import { anEdition } from "../support/ranked-papers.ts";

const random = seeded(20_260_415);
const topicIds = defaultCatalogue.topics.map((topic) => topic.id);
const phrases = defaultCatalogue.topics.flatMap((topic) => topic.phrases.map(({ phrase }) => phrase));
const vocabulary = [
  ...new Set(
    phrases.flatMap((phrase) => phrase.replace(/title:|\+/g, " ").split(/[\s"]+/)).filter((word) => word !== ""),
  ),
];
const CATEGORIES = ["cs.AI", "cs.CL", "cs.CV", "cs.LG", "cs.RO", "cs.IR"];
const NAMES = Array.from(
  { length: 4000 },
  (_, i) => `Given${i % 61} ${String.fromCharCode(65 + (i % 26))}. Surname${i % 977}`,
);

const rows = [measure("200 papers", 200, 0), measure("6,000 papers", 200, 5800)];
console.table(Object.fromEntries(rows.map(({ name, ...figures }) => [name, figures])));
console.log(JSON.stringify({ bench: "match", rows }));

function measure(name: string, trending: number, followed: number) {
  const edition = anEdition([...papers(trending, "trending"), ...papers(followed, "followed")]);
  const [laidOutMs, index] = timed(() => indexEdition(edition));
  const readers = Array.from({ length: 2000 }, typicalFilter);
  const sent = new Set(Array.from({ length: 60 }, () => 1 + Math.floor(random() * trending)));
  const pick = (filter: Filter) =>
    pickDigest({ index, edition, filter, cadence: "daily", maxPapers: 10, sentKeys: sent });
  for (let round = 0; round < 5; round++) readers.forEach(pick);
  const rounds = 20;
  const [warmMs] = timed(() => {
    for (let round = 0; round < rounds; round++) readers.forEach(pick);
  });
  const cold = Array.from({ length: 300 }, randomFilter).map((filter) => {
    index.found.phrases.clear();
    index.found.authors.clear();
    return timed(() => match(index, filter))[0];
  });
  cold.sort((a, b) => a - b);
  const [topicMs] = timed(() => edition.papers.slice(0, 200).map((paper) => topicsOf(paper, defaultCatalogue)));
  return {
    name,
    layOutMs: round1(laidOutMs),
    readerMicros: round1((1000 * warmMs) / (rounds * readers.length)),
    uncachedWatchMedianMs: round3(cold[150]!),
    uncachedWatchWorstMs: round3(cold.at(-1)!),
    topicsPerPaperMs: round3(topicMs / 200),
  };
}

function papers(count: number, lane: RankedPaper["lane"]): Partial<RankedPaper>[] {
  return Array.from({ length: count }, () => ({
    lane,
    title: words(10),
    abstract: words(180),
    keywords: Array.from({ length: 12 }, () => words(2)),
    authors: Array.from({ length: 6 }, () => oneOf(NAMES)),
    categories: [oneOf(CATEGORIES), oneOf(CATEGORIES)],
    topics: some(topicIds, 2),
    codeUrl: random() < 0.65 ? "https://github.com/a/b" : null,
    upvotes: Math.floor(random() * 100),
  }));
}

/** What readers ask for: one or two watches with two topics, a phrase or two, at times an author or an exclusion. */
function typicalFilter(): Filter {
  const watch = () => ({
    topics: some(topicIds, 2),
    include: random() < 0.4 ? some(phrases, 2) : [],
    authors: random() < 0.1 ? [oneOf(NAMES)] : [],
    exclude: random() < 0.3 ? [oneOf(phrases)] : [],
  });
  return parseFilter({ watches: random() < 0.3 ? [watch(), watch()] : [watch()] }, defaultCatalogue);
}

/** One watch of twenty phrases in each field, of common and rare words alike. */
function randomFilter(): Filter {
  const many = () => Array.from({ length: 20 }, () => (random() < 0.5 ? oneOf(phrases) : words(2)));
  return parseFilter({ watches: [{ include: many(), exclude: many(), authors: some(NAMES, 5) }] }, defaultCatalogue);
}

function words(count: number): string {
  return Array.from({ length: count }, () => vocabulary[Math.floor(vocabulary.length ** random()) - 1]!).join(" ");
}

function oneOf<T>(list: readonly T[]): T {
  return list[Math.floor(random() * list.length)]!;
}

function some<T>(list: readonly T[], count: number): T[] {
  return Array.from({ length: count }, () => oneOf(list));
}

function timed<T>(work: () => T): [ms: number, result: T] {
  const from = performance.now();
  const result = work();
  return [performance.now() - from, result];
}

function round1(value: number): number {
  return Math.round(value * 10) / 10;
}

function round3(value: number): number {
  return Math.round(value * 1000) / 1000;
}

/** Mulberry32: the same papers and readers on every run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
