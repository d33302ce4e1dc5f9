/** Records outcomes of many connections in one statement, while each connection waits for its own. */
import type { Claimed, Deliveries, Outcome } from "./deliveries.ts";

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
 * One statement is under way at a time; outcomes that come meanwhile share the next. So a single mail is recorded at
 * once, and fifty connections cost one commit a round.
 */
export function recorder(deliveries: Pick<Deliveries, "record">): Recorder {
  let waiting: Waiting[] = [];
  let isRunning = false;

  const run = async () => {
    isRunning = true;
    while (waiting.length > 0) {
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
        if (!isRunning) void run();
      }),
  };
}
