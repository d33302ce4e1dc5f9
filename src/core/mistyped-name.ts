/** Whether a name is another one that was mistyped. */

/** Of shorter names too many are one letter apart: PORT and SORT. */
const SHORTEST = 6;
/** From so many letters on, two slips still leave no doubt. */
const LONG = 10;

/** One letter too many, missing, wrong, or swapped with its neighbour; of a long name two. Equal names are none. */
export function isMistyped(written: string, meant: string): boolean {
  if (written === meant || meant.length < SHORTEST) return false;
  const most = meant.length < LONG ? 1 : 2;
  return Math.abs(written.length - meant.length) <= most && slipsBetween(written, meant) <= most;
}

/** Optimal string alignment: Levenshtein's distance with swaps of neighbours. */
function slipsBetween(a: string, b: string): number {
  let [before, last]: number[][] = [[], Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const isWrong = a[i - 1] === b[j - 1] ? 0 : 1;
      const isSwapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      row[j] = Math.min(
        last![j]! + 1,
        row[j - 1]! + 1,
        last![j - 1]! + isWrong,
        isSwapped ? before![j - 2]! + 1 : a.length,
      );
    }
    [before, last] = [last, row];
  }
  return last![b.length]!;
}
