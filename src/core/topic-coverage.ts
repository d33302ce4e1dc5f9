import type { Catalogue } from "./topics.ts";

/** How a catalogue fits a set of papers; shares are from 0 to 1. */
export interface Coverage {
  readonly papers: number;
  /** The share of papers that have a topic. */
  readonly withTopic: number;
  /** Topics a paper; of an even number of papers the higher of the two in the middle. 0 without papers. */
  readonly median: number;
  /** Every topic of the catalogue, in its order. */
  readonly topics: readonly { readonly id: string; readonly papers: number; readonly share: number }[];
}

/** @param found the ids of each paper's topics */
export function coverageOf(found: readonly (readonly string[])[], { topics }: Catalogue): Coverage {
  const share = (count: number) => (found.length === 0 ? 0 : count / found.length);
  const numbers = found.map((ids) => ids.length).sort((a, b) => a - b);
  return {
    papers: found.length,
    withTopic: share(numbers.filter((number) => number > 0).length),
    median: numbers[found.length >> 1] ?? 0,
    topics: topics.map(({ id }) => {
      const papers = found.filter((ids) => ids.includes(id)).length;
      return { id, papers, share: share(papers) };
    }),
  };
}
