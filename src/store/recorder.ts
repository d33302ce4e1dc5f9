/** Records outcomes of many connections in one statement, while each connection waits for its own. */
import type { Claimed, Claims, Outcome } from "./claims.ts";

export interface Recorder {
  /** Resolves when the outcome is committed; false when the claim had lapsed and nothing was recorded. */
  record(delivery: Claimed, outcome: Outcome): Promise<boolean>;
}

interface Waiting {
  readonly delivery: Claimed;
  readonly outcome: Outcome;
  readonly resolve: (recorded: boolean) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Outcomes wait for each other so long. Without it a fast server's answers come one by one and each costs a statement:
 * with fifty connections that was 2.4 mails a commit and a third of the worker's time (`npm run bench -- deliver`).
 */
const GATHER_MS = 4;

/** One statement is under way at a time; outcomes that come meanwhile share the next. */
export function recorder(deliveries: Pick<Claims, "record">, gatherMs = GATHER_MS): Recorder {
  let waiting: Waiting[] = [];
  let isRunning = false;

  const run = async () => {
    while (waiting.length > 0) {
      await new Promise((resolve) => setTimeout(resolve, gatherMs));
      const batch = waiting;
      waiting = [];
      try {
        const recorded = await deliveries.record(batch);
        for (const { delivery, resolve } of batch) resolve(recorded.has(delivery.id));
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    isRunning = false;
  };

  return {
    record: (delivery, outcome) =>
      new Promise((resolve, reject) => {
        waiting.push({ delivery, outcome, resolve, reject });
        if (isRunning) return;
        isRunning = true;
        void run();
      }),
  };
}
