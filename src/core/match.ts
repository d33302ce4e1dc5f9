/**
 * Which papers of an edition a filter takes, and why.
 *
 * The work is done once an edition: each topic, category, author and phrase becomes a set of bits, one a paper. A reader
 * is then a handful of ands and ors over sets that are there already.
 */
import {
  addBit,
  type Bits,
  count,
  hasBit,
  intersect,
  intersectAny,
  members,
  noBits,
  removeBit,
  subtract,
  unite,
} from "./bits.ts";
import type { RankedPaper } from "./edition.ts";
import type { Because, Filter, Watch } from "./filter.ts";
import { textsSaying } from "./find-phrase.ts";
import { Found } from "./found.ts";
import { isSamePerson, keysOfName, type PersonName, parseName } from "./people.ts";
import { parsePhrase } from "./phrase.ts";
import { indexTexts, type TextIndex } from "./text-index.ts";

/** An edition laid out for matching. A paper is known by its place in `papers`. */
export interface EditionIndex {
  /** Trending papers, then followed ones, each lane in order of rank. */
  readonly papers: readonly RankedPaper[];
  /** Where the followed lane begins in `papers`. */
  readonly followedFrom: number;
  /** Places of trending papers, the week's best first: by score without its age, ties by rank. */
  readonly weekOrder: readonly number[];
  readonly trending: Bits;
  readonly followed: Bits;
  readonly withCode: Bits;
  readonly none: Bits;
  /** Places by every key a paper has or had. */
  readonly placesOf: ReadonlyMap<number, readonly number[]>;
  readonly topics: ReadonlyMap<string, Bits>;
  /** By category and by archive: `cs.CL` and `cs`. */
  readonly categories: ReadonlyMap<string, Bits>;
  readonly authors: AuthorIndex;
  readonly text: TextIndex;
  /**
   * Sets to work on. A set of more than 64 bytes lives outside the heap: making three for each reader of a large edition
   * took half of the matching.
   */
  readonly scratch: Bits[];
  /** What phrases and names were found to mean here; filled as readers ask. */
  readonly found: { readonly phrases: Found; readonly authors: Found };
}

/** Somebody as the papers write them. */
export interface Author {
  readonly text: string;
  readonly name: PersonName;
  readonly papers: Bits;
}

/** By what names of one person share (`keysOfName`), and by surname alone. */
type AuthorIndex = ReadonlyMap<string, readonly Author[]>;

/** What a filter takes of an edition. Good until the next filter is matched: its sets are used again. */
export interface Matched {
  readonly papers: Bits;
  /** The same by watch, in the filter's order. */
  readonly byWatch: readonly MatchedWatch[];
  /** Indexes of the watches, that which takes the fewest papers first: it says most about each. */
  readonly strongest: readonly number[];
}

/** What a watch takes, and what each entry of its fields finds, in the order of the entries. */
interface MatchedWatch {
  readonly papers: Bits;
  readonly topics: readonly Bits[];
  readonly categories: readonly Bits[];
  readonly include: readonly Bits[];
  readonly authors: readonly Bits[];
}

/** Lays an edition out, some 0.2 ms a paper; keep it as long as the edition is mailed. */
export function indexEdition(edition: { readonly papers: readonly RankedPaper[] }): EditionIndex {
  const lane = (paper: RankedPaper) => (paper.lane === "followed" ? 1 : 0);
  const papers = [...edition.papers].sort((a, b) => lane(a) - lane(b) || a.rank - b.rank);
  const having = (is: (paper: RankedPaper) => boolean) => {
    const bits = noBits(papers.length);
    papers.forEach((paper, at) => {
      if (is(paper)) addBit(bits, at);
    });
    return bits;
  };
  const trending = having((paper) => paper.lane === "trending");
  const withoutAge = (at: number) => papers[at]!.score - papers[at]!.scoreParts.age;
  return {
    papers,
    followedFrom: papers.filter((paper) => paper.lane === "trending").length,
    weekOrder: members(trending).sort((a, b) => withoutAge(b) - withoutAge(a) || a - b),
    trending,
    followed: having((paper) => paper.lane === "followed"),
    withCode: having((paper) => paper.codeUrl !== null),
    none: noBits(papers.length),
    placesOf: placesByKey(papers),
    topics: group(papers, (paper) => paper.topics),
    categories: group(papers, (paper) => paper.categories.flatMap((category) => [category, category.split(".")[0]!])),
    authors: indexAuthors(papers),
    text: indexTexts(papers.map(searchedText)),
    scratch: [],
    found: { phrases: new Found(papers.length), authors: new Found(papers.length) },
  };
}

/** The papers of an edition that any watch takes; without watches, every trending one. Never throws. */
export function match(index: EditionIndex, filter: Filter): Matched {
  if (filter.watches.length === 0) return { papers: scratch(index, 0, index.trending), byWatch: [], strongest: [] };
  const byWatch = filter.watches.map((watch, at) => matchWatch(index, watch, scratch(index, at, index.trending)));
  if (byWatch.length === 1) return { papers: byWatch[0]!.papers, byWatch, strongest: [0] };
  const papers = scratch(index, byWatch.length, index.none);
  for (const watch of byWatch) unite(papers, watch.papers);
  const sizes = byWatch.map((watch) => count(watch.papers));
  return { papers, byWatch, strongest: [...sizes.keys()].sort((a, b) => sizes[a]! - sizes[b]! || a - b) };
}

/** A set to work on, one of some, with what is in `from`. */
function scratch({ scratch: sets, none }: EditionIndex, at: number, from: Bits): Bits {
  const bits = sets[at] ?? none.slice();
  sets[at] = bits;
  bits.set(from);
  return bits;
}

/**
 * Why a filter takes a paper: each watch that does, the strongest first, with what in it did, as the reader wrote it.
 *
 * @param at the paper's place in `index.papers`
 * @param matched what {@link match} said of this filter, where it is at hand
 * @returns empty when the filter does not take the paper
 */
export function becauseOf(index: EditionIndex, filter: Filter, at: number, matched = match(index, filter)): Because[] {
  if (!hasBit(matched.papers, at)) return [];
  if (filter.watches.length === 0)
    return [{ watch: -1, name: "", topics: [], categories: [], include: [], authors: [] }];
  const reasons: Because[] = [];
  for (const watch of matched.strongest) {
    const found = matched.byWatch[watch]!;
    if (!hasBit(found.papers, at)) continue;
    const { name, topics, categories, include, authors } = filter.watches[watch]!;
    reasons.push({
      watch,
      name,
      topics: finding(at, topics, found.topics),
      categories: finding(at, categories, found.categories),
      include: finding(at, include, found.include),
      authors: finding(at, authors, found.authors),
    });
  }
  return reasons;
}

/** The entries that find this paper, which the watch takes: a lone one has to be it. */
function finding(at: number, entries: readonly string[], found: readonly Bits[]): readonly string[] {
  return entries.length < 2 ? entries : entries.filter((_, entry) => hasBit(found[entry]!, at));
}

/**
 * How much words and people say that a filter finds in a paper: for each, in doublings, how rare it is in the edition; of
 * several watches the one that says most. "speculative decoding" in 3 of 800 papers says 8, "model" in 600 half of one.
 *
 * @returns a number for a paper's place; 0 when no word and nobody is found there
 */
export function specificity(index: EditionIndex, { byWatch }: Matched): (at: number) => number {
  const rarity = (found: Bits) => Math.log2((1 + index.papers.length) / (1 + count(found)));
  const watches = byWatch.map(({ papers, include, authors }) => ({
    papers,
    finds: [...include, ...authors].map((found) => ({ found, says: rarity(found) })),
  }));
  return (at) =>
    watches.reduce((most, { papers, finds }) => {
      if (!hasBit(papers, at)) return most;
      return Math.max(
        most,
        finds.reduce((sum, { found, says }) => (hasBit(found, at) ? sum + says : sum), 0),
      );
    }, 0);
}

function matchWatch(index: EditionIndex, watch: Watch, trending: Bits): MatchedWatch {
  const matched = {
    papers: trending,
    topics: setsOf(index, watch.topics, papersOnTopic),
    categories: setsOf(index, watch.categories, papersInCategory),
    include: setsOf(index, watch.include, papersSaying),
    authors: setsOf(index, watch.authors, papersBy),
  };
  const { papers, topics, categories, include, authors } = matched;
  // What only arXiv knows reaches a reader through words and people, never through topics alone (docs/promises.md §4).
  if (include.length > 0 || authors.length > 0) unite(papers, index.followed);
  // Inside a filled field any entry will do.
  for (const found of [topics, categories, include, authors]) if (found.length > 0) intersectAny(papers, found);
  if (watch.onlyWithCode) intersect(papers, index.withCode);
  for (const entry of watch.exclude) subtract(papers, papersSaying(index, entry));
  if (watch.minUpvotes > 0) {
    for (const at of members(papers)) if (index.papers[at]!.upvotes < watch.minUpvotes) removeBit(papers, at);
  }
  return matched;
}

/** Most fields of most watches are empty. */
const NO_SETS: readonly Bits[] = [];

function setsOf(
  index: EditionIndex,
  entries: readonly string[],
  setOf: (index: EditionIndex, entry: string) => Bits,
): readonly Bits[] {
  return entries.length === 0 ? NO_SETS : entries.map((entry) => setOf(index, entry));
}

function papersOnTopic(index: EditionIndex, id: string): Bits {
  return index.topics.get(id) ?? index.none;
}

function papersInCategory(index: EditionIndex, category: string): Bits {
  return index.categories.get(category) ?? index.none;
}

/** The papers that an entry of `include` or `exclude` is found in. Not to be changed. */
export function papersSaying(index: EditionIndex, entry: string): Bits {
  return index.found.phrases.get(entry, () => {
    const phrase = parsePhrase(entry);
    // Entries are judged when they come in (filter.ts): a mistake here is an older grammar's, and finds nothing.
    if ("mistake" in phrase) return noBits(index.papers.length);
    const [first, ...others] = phrase.parts.map((part) => textsSaying(index.text, part));
    for (const other of others) intersect(first!, other);
    return first!;
  });
}

function papersBy(index: EditionIndex, entry: string): Bits {
  return index.found.authors.get(entry, () => {
    const bits = noBits(index.papers.length);
    for (const { papers } of authorsNamed(index, entry)) unite(bits, papers);
    return bits;
  });
}

/** The authors that an entry of `authors` means, as the papers write them. */
export function authorsNamed({ authors }: EditionIndex, entry: string): Author[] {
  const asked = parseName(entry);
  const candidates = new Set(keysOfName(asked).flatMap((key) => authors.get(key) ?? []));
  return [...candidates].filter(({ name }) => isSamePerson(asked, name));
}

/** The authors whose last word is this one: more than an entry may mean, and what it may have meant. */
export function authorsSurnamed({ authors }: EditionIndex, surname: string): readonly Author[] {
  return authors.get(surnameKey([surname])) ?? [];
}

/** Apart from the keys of names, which begin with a letter. */
function surnameKey(words: readonly string[]): string {
  return `/${words.at(-1) ?? ""}`;
}

/** Title, abstract and keywords are searched; the summary, another's words about the paper, only where there is no abstract. */
function searchedText({ title, abstract, summary, keywords }: RankedPaper) {
  return { title, body: [abstract.trim() === "" ? summary : abstract, ...keywords] };
}

function group(papers: readonly RankedPaper[], keysOf: (paper: RankedPaper) => readonly string[]): Map<string, Bits> {
  const groups = new Map<string, Bits>();
  papers.forEach((paper, at) => {
    for (const key of keysOf(paper)) {
      const bits = groups.get(key) ?? noBits(papers.length);
      addBit(bits, at);
      groups.set(key, bits);
    }
  });
  return groups;
}

function placesByKey(papers: readonly RankedPaper[]): Map<number, number[]> {
  const places = new Map<number, number[]>();
  papers.forEach((paper, at) => {
    for (const key of new Set([paper.key, ...paper.formerKeys])) {
      const others = places.get(key);
      if (others) others.push(at);
      else places.set(key, [at]);
    }
  });
  return places;
}

function indexAuthors(papers: readonly RankedPaper[]): AuthorIndex {
  const index = new Map<string, Author[]>();
  for (const [text, bits] of group(papers, (paper) => paper.authors)) {
    const author = { text, name: parseName(text), papers: bits };
    for (const key of [...keysOfName(author.name), surnameKey(author.name.words)]) {
      const others = index.get(key);
      if (others) others.push(author);
      else index.set(key, [author]);
    }
  }
  return index;
}
