/** Whoever waits for our signs of life: a monitor that tells the operator when none comes. */
import { Permanent, Temporary } from "./errors.ts";
import type { Fetch } from "./fetch.ts";

const TIMEOUT_MS = 10_000;
/** What a monitor answers does not matter. */
const MAX_BYTES = 100_000;

/**
 * One GET of its address, tried three times.
 *
 * @throws {Temporary} when it does not answer, {@link Permanent} when it does not want it: without the path of its address,
 *   since whoever knows that can send signs of life as well
 */
export function openMonitor(fetch: Pick<Fetch, "get">, url: string) {
  return async (): Promise<void> => {
    try {
      await fetch.get(url, { timeoutMs: TIMEOUT_MS, maxBytes: MAX_BYTES });
    } catch (error) {
      // Of where it was led on to as well, which seldom differs by more than the scheme.
      const message = (error as Error).message.replace(/(https?:\/\/[^\s/]+)\/\S*/g, "$1/…");
      throw error instanceof Permanent ? new Permanent(message) : new Temporary(message);
    }
  };
}
