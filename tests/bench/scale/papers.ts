/** An edition of made-up papers, and what readers ask of it. Words have the frequencies of natural text (Zipf). */
import type { Edition, RankedPaper } from "../../../src/core/edition.ts";
import { type Filter, filterSchema, type Watch } from "../../../src/core/filter.ts";
import { defaultCatalogue } from "../../../src/core/topics.ts";
import { seeded } from "../../support/random.ts";
import { anEdition } from "../../support/ranked-papers.ts";

const SCHEMA = filterSchema(defaultCatalogue);
const TOPICS = defaultCatalogue.topics.map((topic) => topic.id);
const PHRASES = defaultCatalogue.topics.flatMap((topic) => topic.phrases.map(({ phrase }) => phrase));
const CATEGORIES = ["cs.AI", "cs.CL", "cs.CV", "cs.LG", "cs.RO", "cs.IR"];
const SYLLABLES = ["ba", "co", "di", "fu", "ga", "le", "mi", "no", "pra", "que", "ri", "sta", "tor", "ul", "ven", "xi"];
/** The catalogue's own words are the common ones; behind them the long tail that method names and jargon make. */
const VOCABULARY = [
  ...new Set(PHRASES.flatMap((phrase) => phrase.replace(/title:|\+/g, " ").split(/[\s"]+/)).filter(Boolean)),
  ...Array.from({ length: 30_000 }, (_, n) => madeUpWord(n)),
];

/** @param trending papers a trending source listed, @param followed papers only arXiv knows */
export function anEditionOf(trending: number, followed: number): Edition {
  const random = seeded(20_261_122);
  const paper = (lane: RankedPaper["lane"]): Partial<RankedPaper> => ({
    lane,
    title: words(random, 10),
    abstract: words(random, 180),
    keywords: Array.from({ length: 8 }, () => words(random, 2)),
    categories: [oneOf(random, CATEGORIES), oneOf(random, CATEGORIES)],
    topics: [oneOf(random, TOPICS), oneOf(random, TOPICS)],
    codeUrl: random() < 0.65 ? "https://github.com/a/b" : null,
    upvotes: Math.floor(random() * 100),
  });
  return anEdition([
    ...Array.from({ length: trending }, () => paper("trending")),
    ...Array.from({ length: followed }, () => paper("followed")),
  ]);
}

/** Topics, one to three phrases of which one is the reader's own, at times a phrase to leave out, at times a second watch. */
export function aFilterOf(random: () => number): Filter {
  const own = words(random, 2 + Math.floor(random() * 2), 100);
  const phrases = () =>
    Array.from({ length: Math.floor(random() * 3) }, () =>
      random() < 0.5 ? oneOf(random, PHRASES) : words(random, 2, 100),
    );
  const topics = () => [oneOf(random, TOPICS), oneOf(random, TOPICS)];
  const exclude = () => (random() < 0.3 ? [oneOf(random, PHRASES)] : []);
  const watches: Partial<Watch>[] =
    random() < 0.5
      ? [{ topics: topics(), exclude: exclude() }, { include: [own, ...phrases()] }]
      : [{ topics: topics(), include: [own, ...phrases()], exclude: exclude() }];
  return SCHEMA.parse({ watches });
}

/** @param from rank of the commonest word that may be taken: nobody asks for `the` */
function words(random: () => number, count: number, from = 1): string {
  const word = () => VOCABULARY[Math.floor(from * (VOCABULARY.length / from) ** random()) - 1]!;
  return Array.from({ length: count }, word).join(" ");
}

function madeUpWord(number: number): string {
  const syllable = (at: number) => SYLLABLES[Math.floor(number / 16 ** at) % 16]!;
  return syllable(0) + syllable(1) + syllable(2) + (number >= 4096 ? syllable(3) : "");
}

function oneOf<T>(random: () => number, list: readonly T[]): T {
  return list[Math.floor(random() * list.length)]!;
}
