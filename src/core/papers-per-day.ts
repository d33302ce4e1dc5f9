/** How many papers a day a filter would bring. */
import { type Bits, members } from "./bits.ts";
import { blankWatch, type Filter } from "./filter.ts";
import { type EditionIndex, match } from "./match.ts";

/** How many editions the mean is taken over (docs/promises.md §3): about six weeks of working days. */
export const EDITIONS_OF_MEAN = 30;

/**
 * Papers that the filter takes and that were new in their edition, as a mean over editions; 0 when there are none.
 *
 * Only new ones, because a paper that stands in seven editions is sent once.
 *
 * @param editions closed ones: quiet days would make every filter look poorer than its mornings are
 */
export function papersPerDay(editions: readonly EditionIndex[], filter: Filter): number {
  const recent = editions.slice(0, EDITIONS_OF_MEAN);
  const papers = recent.reduce((sum, index) => sum + newPapers(index, filter), 0);
  return recent.length === 0 ? 0 : papers / recent.length;
}

/** {@link papersPerDay} of each watch by itself, in the filter's order. What two of them take is counted for both. */
export function papersPerDayByWatch(editions: readonly EditionIndex[], filter: Filter): number[] {
  const recent = editions.slice(0, EDITIONS_OF_MEAN);
  const sums = filter.watches.map(() => 0);
  for (const index of recent) {
    match(index, filter).byWatch.forEach(({ papers }, watch) => {
      sums[watch]! += countNew(index, papers);
    });
  }
  return sums.map((sum) => (recent.length === 0 ? 0 : sum / recent.length));
}

/** {@link papersPerDay} of a filter that wants one topic and nothing else. */
export function papersPerDayOn(editions: readonly EditionIndex[], topic: string): number {
  return papersPerDay(editions, { grammar: 1, watches: [{ ...blankWatch, topics: [topic] }] });
}

function newPapers(index: EditionIndex, filter: Filter): number {
  return countNew(index, match(index, filter).papers);
}

function countNew(index: EditionIndex, papers: Bits): number {
  let count = 0;
  for (const at of members(papers)) if (index.papers[at]!.isNew) count++;
  return count;
}
