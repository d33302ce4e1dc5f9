/** As many mails under way as there are connections, from being sent to being recorded. */

export interface Lanes {
  /**
   * Runs one task as soon as a lane is free, in order of asking. A lane is free again when its task has ended, so what
   * a task includes beyond sending (recording its outcome) holds back the next mail of that connection.
   */
  run<T>(task: () => Promise<T>): Promise<T>;
  /** Tasks that run now. */
  busy(): number;
  /** How many more tasks would begin within so many milliseconds, going by how long tasks took of late; 1 at least. */
  roomFor(ms: number): number;
}

/** What a task takes before any was seen: a server far away, at its slowest. */
const FIRST_GUESS_MS = 1_000;
/** Weight of the newest task in the mean: some thirty tasks make it forget a slow minute. */
const WEIGHT = 0.1;

export function openLanes(count: number): Lanes {
  let free = count;
  let meanMs = FIRST_GUESS_MS;
  const waiting: (() => void)[] = [];
  return {
    async run(task) {
      if (free > 0) free -= 1;
      else await new Promise<void>((resolve) => waiting.push(resolve));
      const begunAt = performance.now();
      try {
        return await task();
      } finally {
        meanMs += WEIGHT * (performance.now() - begunAt - meanMs);
        const next = waiting.shift();
        if (next) next();
        else free += 1;
      }
    },
    busy: () => count - free,
    roomFor: (ms) => Math.max(1, Math.floor((count * ms) / Math.max(meanMs, 1)) - waiting.length),
  };
}
