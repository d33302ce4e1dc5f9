/** What mails and pages say of a paper: who wrote it, how it stands, why it is here. All words come from the catalogue. */
import type { RankedPaper } from "./edition.ts";
import type { Because, Watch } from "./filter.ts";
import { inertLine } from "./inert.ts";
import type { WiderAdvice } from "./quiet-news.ts";
import { leadSentences } from "./sentences.ts";
import { summaryOf } from "./summary.ts";
import type { Say } from "./text.ts";
import { WIDENINGS } from "./wider.ts";

/** The keys this file says; asked for at start, so that none is missed at the first mail. */
export const wordsNeeded = [
  "mail.paper.authors",
  "mail.paper.new",
  "mail.paper.rising",
  "mail.paper.votes",
  "mail.paper.comments",
  "mail.paper.stars",
  "mail.paper.gained",
  "reason.all",
  "reason.everything",
  "reason.because",
  "reason.watch",
  "reason.also",
  "reason.earlier",
  "reason.topics",
  "reason.phrases",
  "reason.quoted",
  "reason.authors",
  "reason.categories",
  "mail.quiet.watch",
  "mail.quiet.papers",
  ...WIDENINGS.map((widening) => `mail.quiet.${widening}` as const),
  "watch.some",
  "watch.withCode",
  "watch.fromVotes",
  "watch.everything",
] as const;

/** The longest name of a person, topic or phrase that is shown; longer ones end in `…`. */
const longestName = 80;

/** The first three authors and how many more; empty when nobody said. */
export function authorsInWords(authors: readonly string[], say: Say): string {
  const named = authors.map((name) => inertLine(name, longestName)).filter((name) => name !== "");
  if (named.length === 0) return "";
  if (named.length <= 3) return say.list(named);
  return say("mail.paper.authors", { names: say.list(named.slice(0, 3), "unit"), more: named.length - 3 });
}

/** Two or three whole sentences: the source's own summary where there is one, else those of the abstract that say most. */
export function leadOf(paper: Pick<RankedPaper, "title" | "summary" | "abstract">): string {
  const known = leads.get(paper);
  if (known !== undefined) return known;
  const { title, summary, abstract } = paper;
  const lead =
    summary.trim() === ""
      ? summaryOf({ title, abstract: inertLine(abstract, 20_000) })
      : leadSentences(inertLine(summary, 20_000), { min: 2, max: 3, maxLetters: 400, hardLetters: 600 });
  leads.set(paper, lead);
  return lead;
}

/** Once a paper as it stands in an edition: to choose takes some 0.3 ms, and a page may hold thirty editions. */
const leads = new WeakMap<object, string>();

/** A paper rises when it gained so many votes since the previous edition; one or two more are nothing to tell. */
const RISING_VOTES = 5;

/**
 * Movement, votes, comments, stars and their change: "rising +34, 235 votes, 12 comments, 1,204 stars, 30 more since the
 * last edition". Says nothing of what no source said, so a nought is never shown; empty when nobody said anything.
 */
export function standingInWords(
  paper: Pick<RankedPaper, "upvotes" | "upvotesGained" | "comments" | "stars" | "starsGained" | "isNew">,
  say: Say,
): string {
  const parts: string[] = [];
  if (paper.isNew && paper.upvotes > 0) parts.push(say("mail.paper.new"));
  else if (paper.upvotesGained >= RISING_VOTES) parts.push(say("mail.paper.rising", { count: paper.upvotesGained }));
  if (paper.upvotes > 0) parts.push(say("mail.paper.votes", { count: paper.upvotes }));
  if (paper.comments > 0) parts.push(say("mail.paper.comments", { count: paper.comments }));
  if (paper.stars !== null && paper.stars > 0) {
    parts.push(say("mail.paper.stars", { count: paper.stars }));
    if (paper.starsGained > 0) parts.push(say("mail.paper.gained", { count: paper.starsGained }));
  }
  return parts.length === 0 ? "" : say.list(parts, "unit");
}

/**
 * Why a paper is in a digest, as one sentence. To who follows everything it says what the paper is about.
 *
 * @param because the watches that took the paper, strongest first; none: the filter does not take it any more
 * @param options.topics the topics of the paper, by id
 * @param options.watches how many watches the reader has: with several, each is named
 * @param options.isUnderFirst it stands under the name of the first already
 * @param options.topicName the name of a topic id in the language of `say`
 */
export function reasonInWords(
  because: readonly Because[],
  options: {
    say: Say;
    topics: readonly string[];
    watches: number;
    isUnderFirst?: boolean;
    topicName: (id: string) => string;
  },
): string {
  const { say, topics, watches, isUnderFirst = false, topicName } = options;
  if (because.length === 0) return say("reason.earlier");
  const told = because.map((one, at) => {
    const parts = partsOf(one, say, topicName);
    const what = parts.length === 0 ? say("reason.everything") : say.list(parts, "unit");
    const name = inertLine(one.name, longestName);
    if (watches < 2 || name === "" || (isUnderFirst && at === 0)) return what;
    return say(isUnderFirst ? "reason.also" : "reason.watch", { name, what });
  });
  const why = [...new Set(told)];
  if (why.every((one) => one === say("reason.everything")))
    return say("reason.all", { count: topics.length, names: say.list(topics.map(topicName)) });
  return say("reason.because", { why: why.join("; ") });
}

/** "Without the minimum of votes, your watch “Decoding” would have brought about 3 papers a week." */
export function adviceInWords({ widening, name: given, number, isOnly, papersPerWeek }: WiderAdvice, say: Say): string {
  const name = inertLine(given, longestName);
  const watch = say("mail.quiet.watch", { called: name !== "" ? "name" : isOnly ? "only" : "number", name, number });
  return say(`mail.quiet.${widening}`, { watch, papers: say("mail.quiet.papers", { count: papersPerWeek }) });
}

function partsOf(because: Because, say: Say, topicName: (id: string) => string): string[] {
  const parts: string[] = [];
  const tell = (key: string, entries: readonly string[]): void => {
    const names = entries.map((entry) => inertLine(entry, longestName)).filter((entry) => entry !== "");
    if (names.length > 0) parts.push(say(key, { count: names.length, names: say.list(names) }));
  };
  tell("reason.topics", because.topics.map(topicName));
  tell(
    "reason.phrases",
    because.include.map((phrase) => quoted(phrase, say)),
  );
  tell("reason.authors", because.authors);
  tell("reason.categories", because.categories);
  return parts;
}

/** Names that stand for a watch; more of them would be a list, not a name. */
const NAMES_OF_WATCH = 3;

/** The name its reader gave a watch, else the first things it asks for: "Agents · Robotics", "“speculative decoding” · …". */
export function watchInWords(
  watch: Watch,
  { say, topicName }: { say: Say; topicName: (id: string) => string },
): string {
  const given = inertLine(watch.name, longestName);
  if (given !== "") return given;
  const { topics, include, authors, categories, minUpvotes, onlyWithCode } = watch;
  const asked = [...topics.map(topicName), ...include.map((phrase) => quoted(phrase, say)), ...authors, ...categories];
  if (onlyWithCode) asked.push(say("watch.withCode"));
  if (minUpvotes > 0) asked.push(say("watch.fromVotes", { count: minUpvotes }));
  const names = asked.map((name) => inertLine(name, longestName)).filter((name) => name !== "");
  if (names.length === 0) return say("watch.everything");
  const first = names.slice(0, NAMES_OF_WATCH).join(" · ");
  return names.length > NAMES_OF_WATCH ? say("watch.some", { names: first }) : first;
}

function quoted(phrase: string, say: Say): string {
  return say("reason.quoted", { phrase: inertLine(phrase, longestName).replace(/^"(.*)"$/u, "$1") });
}

/** The topics that most of these papers have first, three at most; of equals, that of the earlier paper. */
export function mainTopics(papers: readonly Pick<RankedPaper, "topics">[]): string[] {
  const counts = new Map<string, number>();
  for (const { topics } of papers) {
    const [first] = topics;
    if (first !== undefined) counts.set(first, (counts.get(first) ?? 0) + 1);
  }
  return [...counts.keys()].sort((a, b) => counts.get(b)! - counts.get(a)!).slice(0, 3);
}
