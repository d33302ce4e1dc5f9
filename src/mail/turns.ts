/** Only so many at once; the others wait, and nobody is served before others because they ask more often. */
export interface Turns {
  /** Resolves when it is `who`'s turn: of those who wait, the one of whom the fewest are served now, the earliest of equals. */
  take(who: string): Promise<() => void>;
  readonly waiting: number;
}

/** @param most how many are served at once */
export function openTurns(most: number): Turns {
  const served = new Map<string, number>();
  const waiting: { who: string; begin: (done: () => void) => void }[] = [];
  let free = most;

  const serve = () => {
    while (free > 0 && waiting.length > 0) {
      let next = 0;
      for (let i = 1; i < waiting.length; i += 1)
        if (servedOf(waiting[i]!.who) < servedOf(waiting[next]!.who)) next = i;
      const [{ who, begin }] = waiting.splice(next, 1) as [(typeof waiting)[number]];
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
  const servedOf = (who: string) => served.get(who) ?? 0;

  return {
    take: (who) =>
      new Promise((begin) => {
        waiting.push({ who, begin });
        serve();
      }),
    get waiting() {
      return waiting.length;
    },
  };
}
