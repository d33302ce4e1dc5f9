/** Records outcomes of many connections in one statement, while each connection waits for its own. */
import { setTimeout as sleep } from "node:timers/promises";
import { Temporary } from "../errors.ts";
import type { Claimed, Claims, Outcome } from "./claims.ts";

/**
 * A database that is away keeps every connection waiting with the one mail it has not recorded: none begins another that
 * might be doubled. Beyond this the claims lapse, and nothing could be recorded any more.
 */
const PATIENCE_MS = 170_000;
const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 3_000;

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
 * Outcomes wait so long for each other, unless enough are there. Without it a fast server's answers come by twos and
 * threes, and each statement costs PostgreSQL 1.2 ms besides its rows (0.16 ms a mail by tens, 0.04 by fifties).
 */
const GATHER_MS = 15;

/**
 * One statement is under way at a time; outcomes that come meanwhile share the next.
 *
 * @param enough how many are not kept waiting just now: half of the connections, while the other half send, or all of those
 *   that are under way
 */
export function recorder(
  deliveries: Pick<Claims, "record">,
  { enough, gatherMs = GATHER_MS }: { enough: () => number; gatherMs?: number },
): Recorder {
  let waiting: Waiting[] = [];
  let isRunning = false;
  let stopGathering = (): void => {};

  const gathered = () =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, gatherMs);
      stopGathering = () => {
        clearTimeout(timer);
        resolve();
      };
    });

  const run = async () => {
    while (waiting.length > 0) {
      if (waiting.length < enough()) await gathered();
      const batch = waiting;
      waiting = [];
      try {
        const recorded = await patiently(() => deliveries.record(batch));
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
        if (waiting.length >= enough()) stopGathering();
        if (isRunning) return;
        isRunning = true;
        void run();
      }),
  };
}

/** Recording by claim is idempotent: what was committed and not answered is recorded once more, or finds its claim gone. */
async function patiently<T>(record: () => Promise<T>): Promise<T> {
  const until = performance.now() + PATIENCE_MS;
  for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(2 * waitMs, LONGEST_WAIT_MS)) {
    try {
      return await record();
    } catch (error) {
      if (!(error instanceof Temporary) || performance.now() + waitMs > until) throw error;
      await sleep(waitMs);
    }
  }
}
