/** Only so many at once; the others wait, and nobody is served before others because they ask more often. */
export interface Turns {
  /**
   * Resolves when it is `who`'s turn: of those who wait, the one of whom the fewest are served now, the earliest of equals.
   *
   * @param left who goes away does not wait any more; rejects with its reason
   */
  take(who: string, left?: AbortSignal): Promise<() => void>;
  readonly waiting: number;
}

/** @param most how many are served at once */
export function openTurns(most: number): Turns {
  const served = new Map<string, number>();
  // A set keeps the order of coming, and lets go of one in the middle without looking at the others.
  const waiting = new Set<Waiting>();
  let free = most;

  const serve = () => {
    while (free > 0) {
      const next = first();
      if (next === null) return;
      const { who, begin } = next;
      waiting.delete(next);
      free -= 1;
      served.set(who, servedOf(who) + 1);
      let isDone = false;
      begin(() => {
        if (isDone) return;
        isDone = true;
        free += 1;
        if (servedOf(who) > 1) served.set(who, servedOf(who) - 1);
        else served.delete(who);
        serve();
      });
    }
  };
  const first = (): Waiting | null => {
    let best: Waiting | null = null;
    for (const each of waiting) {
      if (best === null || servedOf(each.who) < servedOf(best.who)) best = each;
      if (servedOf(best.who) === 0) break;
    }
    return best;
  };
  const servedOf = (who: string) => served.get(who) ?? 0;

  return {
    take: (who, left) =>
      new Promise((resolve, reject) => {
        if (left?.aborted) return reject(left.reason);
        const leave = () => {
          waiting.delete(entry);
          reject(left?.reason);
        };
        const begin = (done: () => void) => {
          left?.removeEventListener("abort", leave);
          resolve(done);
        };
        const entry = { who, begin };
        waiting.add(entry);
        left?.addEventListener("abort", leave, { once: true });
        serve();
      }),
    get waiting() {
      return waiting.size;
    },
  };
}

interface Waiting {
  readonly who: string;
  readonly begin: (done: () => void) => void;
}
