/**
 * Which topics a paper is about. What defines a topic is data (topics/catalogue.json, or an operator's file), how it is
 * weighed is here.
 */
import { z } from "zod";
import { Invalid } from "../errors.ts";
import { findPhrase } from "./find-phrase.ts";
import { type PhrasePart, parsePhrase } from "./phrase.ts";
import { problemsOf } from "./problems.ts";
import { indexTexts, type TextIndex } from "./text-index.ts";
import shipped from "./topics/catalogue.json" with { type: "json" };

/** A topic as readers choose it. */
export interface Topic {
  readonly id: string;
  /** In English; other languages translate by id. */
  readonly name: string;
  readonly description: string;
  /** Id of the family it is shown with. */
  readonly family: string;
  /** The points a paper needs to get the topic. */
  readonly threshold: number;
  /** Longer ones first. */
  readonly phrases: readonly WeighedPhrase[];
  /** arXiv category → what it adds; half of it when the paper is only cross-listed there. */
  readonly categories: ReadonlyMap<string, number>;
}

/**
 * A phrase of a topic; a negative weight speaks against the topic. Each word of a text counts once for a topic, for the
 * longest phrase it stands in: with a weight of 0 for `GPU memory`, such memory is no `memory`.
 */
export interface WeighedPhrase {
  readonly phrase: string;
  readonly weight: number;
  readonly parts: readonly PhrasePart[];
}

export interface Catalogue {
  readonly families: readonly { readonly id: string; readonly name: string }[];
  readonly topics: readonly Topic[];
}

/** What is read of a paper to find its topics. */
export interface TopicText {
  readonly title: string;
  readonly abstract: string;
  /** Read only when there is no abstract. */
  readonly summary: string;
  readonly keywords: readonly string[];
  readonly categories: readonly string[];
}

/** A topic a paper has. */
export interface TopicFound {
  readonly id: string;
  /** Points over the topic's threshold: 1 is enough. */
  readonly score: number;
  /** The phrases and categories that speak for it, strongest first. */
  readonly because: readonly string[];
}

/** How each topic was weighed, also those the paper did not get; for `topics --explain`. */
export interface TopicWeighed {
  readonly id: string;
  /** Points over the topic's threshold: 1 is enough. */
  readonly score: number;
  readonly given: boolean;
  /** What each phrase and category added or took away, strongest first. */
  readonly evidence: readonly { readonly phrase: string; readonly points: number }[];
}

/** A title says what a paper is about; an abstract also says what it is not about. */
const TITLE_FACTOR = 2;
/** A topic much weaker than the paper's first is a side remark … */
const SHARE_OF_FIRST = 0.4;
/** … but a first topic that is said in ten synonyms hides no other: more than this many thresholds count as this many. */
const FIRST_AT_MOST = 5;
/** Nobody is helped by a paper with seven topics. */
const MOST_TOPICS = 4;
/** A paper that no topic reaches gets the one it comes nearest to, if it comes this near. */
const NEAR = 0.5;

/** The topics of a paper, strongest first: at most four, none when nothing in the catalogue comes near. */
export function topicsOf(paper: TopicText, catalogue: Catalogue): TopicFound[] {
  return topicsOfAll([paper], catalogue)[0]!;
}

/**
 * {@link topicsOf} for many papers. Each phrase is looked for once in all of them together: 0.3 ms a paper where one
 * alone takes 3.
 */
export function topicsOfAll(papers: readonly TopicText[], catalogue: Catalogue): TopicFound[][] {
  return weighTopics(papers, catalogue).map((weighed) =>
    weighed
      .filter((topic) => topic.given)
      .map(({ id, score, evidence }) => ({
        id,
        score,
        because: evidence.filter(({ points }) => points > 0).map(({ phrase }) => phrase),
      })),
  );
}

/** For each paper every topic that anything in it speaks for or against, strongest first, with the evidence. */
export function weighTopics(papers: readonly TopicText[], catalogue: Catalogue): TopicWeighed[][] {
  const index = indexTexts(
    papers.map(({ title, abstract, summary, keywords }) => ({
      title: title.replace(NAME_JOINT, " "),
      body: bodyOf(abstract.trim() === "" ? summary : abstract, keywords),
    })),
  );
  const byTopic = catalogue.topics.map((topic) => weigh(topic, index, papers));
  return papers.map((_, text) => chosen(byTopic.flatMap((weighed) => weighed.get(text) ?? [])));
}

/** Where a made-up name is put together: `VideoZero|Bench`, `Graph|RAG`; names say what things are. */
const NAME_JOINT = /(?<=\p{Ll}{2})(?=\p{Lu}\p{L}{2})|(?<=\p{Lu})(?=\p{Lu}\p{Ll}{3})/gu;

/** Most sources take their keywords from the abstract: those say nothing new. */
function bodyOf(abstract: string, keywords: readonly string[]): string[] {
  const said = abstract.toLowerCase();
  return [abstract, ...keywords.filter((keyword) => !said.includes(keyword.toLowerCase()))];
}

/** Which of a paper's topics it is given. Ties stand in catalogue order: sort is stable. */
function chosen(topics: readonly Omit<TopicWeighed, "given">[]): TopicWeighed[] {
  const weighed = [...topics].sort((a, b) => b.score - a.score);
  const best = weighed[0]?.score ?? 0;
  const bar = barUnder(best);
  const most = best >= 1 ? MOST_TOPICS : 1;
  return weighed.map((topic, place) => ({ ...topic, given: place < most && topic.score >= bar }));
}

/** The score from which a topic is given to a paper whose strongest topic has the score `best`. */
export function barUnder(best: number): number {
  return best >= 1 ? Math.max(1, Math.min(best, FIRST_AT_MOST) * SHARE_OF_FIRST) : NEAR;
}

type Evidence = TopicWeighed["evidence"][number];

/** What speaks for one topic, by paper. */
function weigh(topic: Topic, index: TextIndex, papers: readonly TopicText[]): Map<number, Omit<TopicWeighed, "given">> {
  const found = new Map<number, Evidence[]>();
  const add = (text: number, evidence: Evidence) => {
    if (evidence.points === 0) return;
    const all = found.get(text);
    if (all) all.push(evidence);
    else found.set(text, [evidence]);
  };
  const taken = new Uint8Array(index.stemAt.length);
  for (const { phrase, weight, parts } of topic.phrases) {
    const [first, ...others] = parts.map((part) => strengthsOf(index, part, parts.length === 1 ? taken : null));
    for (const [text, strength] of first ?? []) {
      const weakest = Math.min(strength, ...others.map((other) => other.get(text) ?? 0));
      add(text, { phrase, points: weight * weakest });
    }
  }
  papers.forEach(({ categories }, text) => {
    categories.forEach((category, place) => {
      const weight = topic.categories.get(category);
      if (weight !== undefined) add(text, { phrase: category, points: place === 0 ? weight : weight / 2 });
    });
  });
  const weighed = [...found].map(([text, evidence]) => {
    evidence.sort((a, b) => Math.abs(b.points) - Math.abs(a.points));
    const points = evidence.reduce((sum, { points }) => sum + points, 0);
    return [text, { id: topic.id, score: points / topic.threshold, evidence }] as const;
  });
  return new Map(weighed);
}

/**
 * By paper, for those that have the phrase: once in the abstract 0.75, twice 1.25, three times and more 1.75, in the title 2 more.
 *
 * @param taken places whose words a longer phrase counted already; the new ones are added. Null: only look
 */
function strengthsOf(index: TextIndex, part: PhrasePart, taken: Uint8Array | null): Map<number, number> {
  const titles = new Set<number>();
  const bodies = new Map<number, number>();
  findPhrase(index, part, (from, to) => {
    if (taken !== null && !take(taken, from, to)) return;
    const text = index.textAt[from]!;
    if (from < index.titleEnd) titles.add(text);
    else bodies.set(text, (bodies.get(text) ?? 0) + 1);
  });
  const strengths = new Map<number, number>();
  for (const text of titles) strengths.set(text, TITLE_FACTOR);
  for (const [text, count] of bodies) strengths.set(text, (strengths.get(text) ?? 0) + 0.25 + 0.5 * Math.min(count, 3));
  return strengths;
}

/** False when all these places were taken before. */
function take(taken: Uint8Array, from: number, to: number): boolean {
  let isNew = false;
  for (let place = from; place < to; place++) {
    if (taken[place] === 0) isNew = true;
    taken[place] = 1;
  }
  return isNew;
}

const ID = /^[a-z0-9]+(?:-[a-z0-9]+)*$/;
const id = z.string().regex(ID, "Write lower-case letters, digits and hyphens.");
const line = z.string().trim().min(1, "Write something.").max(300, "Write at most 300 letters.");
const weight = z.number("Write a number.").min(-20).max(20);
const categoryWeight = weight.refine(
  (value) => value !== 0,
  "A category with a weight of 0 does nothing. Leave it out.",
);

/** The file an operator may write instead of ours; CONTRIBUTING says how. */
const catalogueSchema = z.strictObject({
  families: z.array(z.strictObject({ id, name: line })).min(1),
  topics: z
    .array(
      z.strictObject({
        id,
        name: line,
        description: line,
        family: id,
        threshold: z.number().positive().default(4),
        phrases: z.array(z.strictObject({ weight, any: z.array(line).min(1) })).default([]),
        categories: z.record(z.string(), categoryWeight).default({}),
      }),
    )
    .min(1, "A catalogue has at least one topic."),
});

/**
 * A catalogue from a file's JSON.
 *
 * @throws {Invalid} with a problem for each field at fault, a phrase that cannot be read, an id that is doubled or unknown
 */
export function parseCatalogue(json: unknown): Catalogue {
  const parsed = catalogueSchema.safeParse(json);
  if (!parsed.success) throw new Invalid("The topic catalogue cannot be used as it is.", problemsOf(parsed.error));
  const { families, topics } = parsed.data;
  const problems = [
    ...doubles("families", families),
    ...doubles("topics", topics),
    ...topics.flatMap(({ family }, i) =>
      families.some((known) => known.id === family)
        ? []
        : [
            {
              field: `topics.${i}.family`,
              message: `There is no family ${JSON.stringify(family)}. Write one of: ${families.map((known) => known.id).join(", ")}.`,
            },
          ],
    ),
  ];
  const read = topics.map((topic, t) => ({
    ...topic,
    categories: new Map(Object.entries(topic.categories)),
    phrases: topic.phrases
      .flatMap(({ weight, any }, p) =>
        any.flatMap((phrase, i): WeighedPhrase[] => {
          const understood = parsePhrase(phrase);
          if ("parts" in understood) return [{ phrase, weight, parts: understood.parts }];
          problems.push({ field: `topics.${t}.phrases.${p}.any.${i}`, message: understood.mistake });
          return [];
        }),
      )
      .sort(byClaim),
  }));
  if (problems.length > 0) throw new Invalid("The topic catalogue cannot be used as it is.", problems);
  return { families, topics: read };
}

/** Longer phrases take their words before shorter ones; of two as long, one that only takes words away, then the heavier. */
function byClaim(a: WeighedPhrase, b: WeighedPhrase): number {
  const pull = ({ weight }: WeighedPhrase) => (weight === 0 ? Number.POSITIVE_INFINITY : Math.abs(weight));
  return lengthOf(b) - lengthOf(a) || (pull(a) === pull(b) ? 0 : pull(b) - pull(a));
}

function lengthOf({ parts }: WeighedPhrase): number {
  return parts.reduce((sum, { words }) => sum + words.length, 0);
}

function doubles(field: string, list: readonly { readonly id: string }[]) {
  return list.flatMap(({ id }, i) =>
    list.findIndex((other) => other.id === id) === i
      ? []
      : [{ field: `${field}.${i}.id`, message: `The id ${JSON.stringify(id)} is there twice. Write another one.` }],
  );
}

/** The catalogue that comes with the product (docs/promises.md §5). */
export const defaultCatalogue: Catalogue = parseCatalogue(shipped);
