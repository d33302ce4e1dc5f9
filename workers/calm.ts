import { setTimeout as sleep } from "node:timers/promises";

const PROBE_MS = 5;
/** A timer that comes back later than this waited for somebody's page. */
const LATE_MS = 5;

/**
 * Resolves when this process has nothing better to do: a timer comes back in time, so no visitor waits for a page. At the
 * latest after `atMostMs`, for somebody waits for what we do as well.
 */
export async function calm(atMostMs: number): Promise<void> {
  const began = performance.now();
  for (;;) {
    const asked = performance.now();
    await sleep(PROBE_MS);
    const now = performance.now();
    if (now - asked - PROBE_MS < LATE_MS || now - began >= atMostMs) return;
  }
}
