/** What the words and names of a filter meant in the editions of the last weeks: shown beside them. */
import { type Bits, hasBit, members, noBits } from "./bits.ts";
import type { Filter, Watch } from "./filter.ts";
import { type Hint, hintsOfName, hintsOfPhrase } from "./hints.ts";
import { type Author, authorsNamed, authorsSurnamed, type EditionIndex, papersSaying } from "./match.ts";
import { parseName } from "./people.ts";
import { explainPhrase, type PhraseExplained } from "./phrase.ts";

/** An entry of `include` or `exclude`. */
export interface UnderstoodWords {
  readonly entry: string;
  /** What it was read as, part by part, or the mistake in it. */
  readonly read: PhraseExplained;
  /** New papers of these editions that say it, whatever else the watch asks for. */
  readonly papers: number;
  /** It takes so many papers that it hardly chooses. */
  readonly isFlood: boolean;
  /** What was probably meant, and how to write that. */
  readonly hints: readonly Hint[];
}

/** An entry of `authors`. */
export interface UnderstoodName {
  readonly entry: string;
  /** The authors it took, as the papers write them, those of most new papers first; at most ten. */
  readonly names: readonly { readonly name: string; readonly papers: number }[];
  /** How many there were. */
  readonly people: number;
  /** They are too many to be one person. */
  readonly isFlood: boolean;
  readonly hints: readonly Hint[];
}

export interface UnderstoodWatch {
  readonly include: readonly UnderstoodWords[];
  readonly authors: readonly UnderstoodName[];
  readonly exclude: readonly UnderstoodWords[];
}

export interface Understood {
  /** How many editions were looked at, and how many papers were new in them. */
  readonly editions: number;
  readonly papers: number;
  /** In the filter's order. */
  readonly watches: readonly UnderstoodWatch[];
}

/** Names that are shown of one entry. */
const MOST_NAMES = 10;

/**
 * More names than one person has. In April 2026 no full name took more than two spellings, and of 3,300 initials with a
 * surname one in twenty took more than five people: "Y. Li" 48.
 */
const MOST_SPELLINGS = 5;

/**
 * A word in more than a quarter of all papers chooses less than the broadest topic does: "benchmark" is in half of April's,
 * "language model" in 45 %; of the 1,474 phrases our topics are made of, six are beyond it.
 */
const LARGEST_SHARE = 0.25;

/** Too few to speak of shares: two days of April. */
const FEWEST_PAPERS = 50;

/** Hardly any reader has more, and a filter at its limits must not keep the door busy. */
const MOST_ENTRIES = 100;

/**
 * What each word and name of a filter found among the papers that were new in these editions.
 *
 * @returns watches without entries where the filter has none; entries beyond the first hundred are left out
 */
export function understandFilter(filter: Filter, editions: readonly EditionIndex[]): Understood {
  const fresh = editions.map((index) => ({ index, isNew: newOnes(index) }));
  const papers = fresh.reduce((sum, { isNew }) => sum + countOf(isNew), 0);
  let room = MOST_ENTRIES;
  const some = (entries: readonly string[]) => {
    const taken = entries.slice(0, room);
    room -= taken.length;
    return taken;
  };
  const words = (entry: string) => understandWords(entry, fresh, papers);
  const watches = filter.watches.map((watch: Watch) => ({
    include: some(watch.include).map(words),
    authors: some(watch.authors).map((entry) => understandName(entry, fresh)),
    exclude: some(watch.exclude).map(words),
  }));
  return { editions: editions.length, papers, watches };
}

interface Fresh {
  readonly index: EditionIndex;
  readonly isNew: Bits;
}

function newOnes({ papers }: EditionIndex): Bits {
  const bits = noBits(papers.length);
  papers.forEach((paper, at) => {
    if (paper.isNew) bits[at >>> 5]! |= 1 << (at & 31);
  });
  return bits;
}

function understandWords(entry: string, fresh: readonly Fresh[], all: number): UnderstoodWords {
  const papers = fresh.reduce((sum, { index, isNew }) => sum + countOf(papersSaying(index, entry), isNew), 0);
  const isFlood = all >= FEWEST_PAPERS && papers > LARGEST_SHARE * all;
  return { entry, read: explainPhrase(entry), papers, isFlood, hints: hintsOfPhrase(entry) };
}

function understandName(entry: string, fresh: readonly Fresh[]): UnderstoodName {
  const counts = countNames(fresh, (index) => authorsNamed(index, entry));
  const names = [...counts]
    .map(([name, papers]) => ({ name, papers }))
    .sort((a, b) => b.papers - a.papers || (a.name < b.name ? -1 : 1));
  const hints = hintsOfName(entry);
  const meant = names.length === 0 && hints.length === 0 ? perhapsMeant(entry, fresh) : [];
  return {
    entry,
    names: names.slice(0, MOST_NAMES),
    people: names.length,
    isFlood: names.length > MOST_SPELLINGS,
    hints: meant.length === 0 ? hints : [{ kind: "meant", read: [], write: meant }],
  };
}

/** Authors as the papers write them, with how many new papers each has. */
function countNames(
  fresh: readonly Fresh[],
  authorsIn: (index: EditionIndex) => readonly Author[],
): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { index, isNew } of fresh) {
    for (const { text, papers } of authorsIn(index)) {
      const count = countOf(papers, isNew);
      if (count > 0) counts.set(text, (counts.get(text) ?? 0) + count);
    }
  }
  return counts;
}

const MOST_MEANT = 3;

/** Who has the name turned round, or is called so and was asked for by surname alone. */
function perhapsMeant(entry: string, fresh: readonly Fresh[]): string[] {
  const [first = "", ...rest] = parseName(entry).words;
  if (first === "") return [];
  const turned = `${first}, ${rest.join(" ")}`;
  const found = countNames(fresh, (index) =>
    rest.length > 0 ? authorsNamed(index, turned) : authorsSurnamed(index, first),
  );
  return [...found]
    .sort(([a, some], [b, others]) => others - some || (a < b ? -1 : 1))
    .slice(0, MOST_MEANT)
    .map(([name]) => name);
}

function countOf(bits: Bits, among = bits): number {
  let count = 0;
  for (const at of members(bits)) if (hasBit(among, at)) count++;
  return count;
}
