import { setTimeout as sleep } from "node:timers/promises";

/** How often a site may be asked: one request at a time, and `everyMs` from the start of one to the start of the next. */
export interface Pace {
  /** The site: this host and everything below it. */
  readonly host: string;
  readonly everyMs: number;
}

export interface Pacer {
  /** True when the host belongs to a site with a pace. */
  paces(hostname: string): boolean;
  /**
   * Waits for this host's turn. Hosts without a pace have theirs at once.
   *
   * @returns call it when the answer has arrived, whatever it was
   * @throws the reason of `signal` when it is aborted while waiting
   */
  turn(hostname: string, signal?: AbortSignal): Promise<() => void>;
}

/** Holds each site to its pace, in this process. */
export function openPacer(paces: readonly Pace[]): Pacer {
  const lanes = paces.map((pace) => ({ ...pace, nextAt: 0, tail: Promise.resolve() }));
  const laneOf = (hostname: string) => lanes.find(({ host }) => hostname === host || hostname.endsWith(`.${host}`));

  return {
    paces: (hostname) => laneOf(hostname) !== undefined,
    async turn(hostname, signal) {
      const lane = laneOf(hostname);
      if (lane === undefined) return () => {};
      let release = () => {};
      const mine = new Promise<void>((resolve) => {
        release = resolve;
      });
      const before = lane.tail;
      lane.tail = before.then(() => mine);
      try {
        await unlessAborted(before, signal);
        // performance.now: a wall clock that is set back must not hold the lane for an hour.
        await pause(lane.nextAt - performance.now(), signal);
      } catch (reason) {
        release();
        throw reason;
      }
      lane.nextAt = performance.now() + lane.everyMs;
      return release;
    },
  };
}

/** Waits. @throws the reason of `signal` when it is aborted meanwhile */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted();
  if (ms <= 0) return;
  try {
    await sleep(ms, undefined, signal === undefined ? {} : { signal });
  } catch (error) {
    throw signal?.reason ?? error;
  }
}

function unlessAborted(promise: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) return promise;
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    promise.then(() => {
      signal.removeEventListener("abort", abort);
      resolve();
    });
  });
}
