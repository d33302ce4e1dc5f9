/** How many papers one mail may hold. Pure. */

/**
 * Bytes of encoded HTML. Gmail clips near 102 kB and hides the rest with the link to unsubscribe; sources differ on
 * whether it counts encoded or decoded bytes, so the encoded ones stay well below.
 */
export const htmlBudget = 80_000;

/**
 * How many fragments, from the first, fit beside the frame.
 *
 * @param frame bytes of the mail without any paper
 * @param papers bytes of each paper, in the order they are shown
 */
export function fittingCount(frame: number, papers: readonly number[], budget: number): number {
  let used = frame;
  let count = 0;
  for (const bytes of papers) {
    used += bytes;
    if (used > budget) break;
    count += 1;
  }
  return count;
}
