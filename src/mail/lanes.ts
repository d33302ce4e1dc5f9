/** As many mails under way as there are connections, from being sent to being recorded. */

export interface Lanes {
  /**
   * Runs one task as soon as a lane is free, in order of asking. A lane is free again when its task has ended, so what
   * a task includes beyond sending (recording its outcome) holds back the next mail of that connection.
   */
  run<T>(task: () => Promise<T>): Promise<T>;
}

export function openLanes(count: number): Lanes {
  let free = count;
  const waiting: (() => void)[] = [];
  return {
    async run(task) {
      if (free > 0) free -= 1;
      else await new Promise<void>((resolve) => waiting.push(resolve));
      try {
        return await task();
      } finally {
        const next = waiting.shift();
        if (next) next();
        else free += 1;
      }
    },
  };
}
