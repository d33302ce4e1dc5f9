/** A filter as a reader would say it: "on Agents or Code, with the words “KV cache”". */
import type { Filter, Watch } from "./filter.ts";
import { inertLine } from "./inert.ts";
import type { Say } from "./text.ts";

/** The keys this file says. */
export const filterWords = [
  "filter.everything",
  "filter.named",
  "filter.or",
  "filter.topics",
  "filter.include",
  "filter.quoted",
  "filter.authors",
  "filter.categories",
  "filter.exclude",
  "filter.minUpvotes",
  "filter.onlyWithCode",
  "filter.more",
] as const;

const longestName = 80;
/** A list may have 50 entries; so many are told, and how many more there are. */
const TOLD = 6;

/**
 * What stands behind the word "papers"; empty for a filter without watches.
 *
 * @param topicName the name of a topic id in the language of `say`
 */
export function filterInWords(filter: Filter, say: Say, topicName: (id: string) => string): string {
  const watches = filter.watches.map((watch) => {
    const what = watchInWords(watch, say, topicName);
    const name = inertLine(watch.name, longestName);
    return filter.watches.length > 1 && name !== "" ? say("filter.named", { name, what }) : what;
  });
  const [first = "", ...others] = watches;
  return others.reduce((one, other) => say("filter.or", { one, other }), first);
}

function watchInWords(watch: Watch, say: Say, topicName: (id: string) => string): string {
  const quoted = (phrase: string) => say("filter.quoted", { phrase: phrase.replace(/^"(.*)"$/u, "$1") });
  const parts: string[] = [];
  const tell = (key: string, entries: readonly string[], told: (entry: string) => string = (entry) => entry) => {
    if (entries.length === 0) return;
    const names = entries.slice(0, TOLD).map((entry) => told(inertLine(entry, longestName)));
    const more = entries.length - names.length;
    if (more > 0) names.push(say("filter.more", { count: more }));
    parts.push(say(key, { names: say.list(names, "disjunction"), count: entries.length }));
  };
  tell("filter.topics", watch.topics.map(topicName));
  tell("filter.include", watch.include, quoted);
  tell("filter.authors", watch.authors);
  tell("filter.categories", watch.categories);
  tell("filter.exclude", watch.exclude, quoted);
  if (watch.minUpvotes > 0) parts.push(say("filter.minUpvotes", { count: watch.minUpvotes }));
  if (watch.onlyWithCode) parts.push(say("filter.onlyWithCode"));
  return parts.length === 0 ? say("filter.everything") : say.list(parts, "unit");
}
