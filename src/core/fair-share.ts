/** Keeps one topic from filling a broad reader's digest. */
import type { RankedPaper } from "./edition.ts";
import type { Filter } from "./filter.ts";

/**
 * Of a digest one topic gets at most this share, as long as others have something to send. In April 2026 a reader of
 * everything had two of a topic on most days, four on three days and would have had five on one: it is for the weeks in
 * which everybody publishes the same.
 */
const TOPIC_SHARE = 0.4;

/**
 * The topic a paper counts under for this reader: its first, or its first of those asked for by name. Null for a reader
 * who asked for words or people: what they are about is for them to say, not for us to mix.
 */
export function topicFor(filter: Filter): ((paper: Pick<RankedPaper, "topics">) => string | null) | null {
  const { watches } = filter;
  if (watches.some(({ include, authors }) => include.length + authors.length > 0)) return null;
  const asked = new Set(watches.flatMap(({ topics }) => topics));
  if (asked.size === 1) return null;
  return ({ topics }) => topics.find((topic) => asked.has(topic)) ?? topics[0] ?? null;
}

/**
 * The first `most` of `ordered`, but of one topic no more than its share while there are others; what is left over then
 * takes the places nobody else wants. The order stays.
 *
 * @param topicOf null: a paper that counts under no topic
 */
export function fairly<T>(ordered: readonly T[], most: number, topicOf: (one: T) => string | null): T[] {
  const share = Math.ceil(most * TOPIC_SHARE);
  const taken = new Map<string, number>();
  const chosen = new Set<T>();
  for (const one of ordered) {
    if (chosen.size >= most) break;
    const topic = topicOf(one);
    const before = topic === null ? 0 : (taken.get(topic) ?? 0);
    if (before >= share) continue;
    if (topic !== null) taken.set(topic, before + 1);
    chosen.add(one);
  }
  for (const one of ordered) {
    if (chosen.size >= most) break;
    chosen.add(one);
  }
  return ordered.filter((one) => chosen.has(one));
}
