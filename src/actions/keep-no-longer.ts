import { CONSENT_DAYS, RAW_REPORTS_DAYS, REQUEST_KEYS_DAYS } from "../core/retention.ts";
import type { Log } from "../log.ts";
import type { ClockWatch } from "../store/clock-watch.ts";
import type { Erasure } from "../store/erasure.ts";
import type { Journal } from "../store/journal.ts";
import type { Requests } from "../store/requests.ts";

export type Needs = {
  requests: Pick<Requests, "forgetExpired">;
  erasure: Pick<Erasure, "leftLongAgo" | "eraseLeft" | "dropUnconfirmed" | "dropRawReports" | "dropConsent">;
  journal: Pick<Journal, "append">;
  clockWatch: Pick<ClockWatch, "isSteady">;
  log: Log;
  retentionDays: number;
};

/** Readers erased in one sweep: each is a line of the journal on the disk. */
const READERS = 100;
const ROWS = 5_000;

/**
 * Lets go of what was kept long enough: the address of a request that nobody confirmed, what came back as it came in, the
 * readers who left, what proved that they had consented.
 *
 * Not by a clock that has leapt: one that stands months ahead for a minute would forget everybody who waits or left.
 */
export async function keepNoLonger(needs: Needs): Promise<void> {
  const { requests, erasure, journal, clockWatch, log, retentionDays } = needs;
  if (!(await clockWatch.isSteady())) return;
  await requests.forgetExpired();
  await erasure.dropUnconfirmed(REQUEST_KEYS_DAYS, ROWS);
  await erasure.dropRawReports(RAW_REPORTS_DAYS, ROWS);
  const left = await erasure.leftLongAgo(retentionDays, READERS);
  for (const { addressKey, at } of left) {
    // First, as in every erasure; of when they left, so that it says nothing of who comes back in between.
    await journal.append({ what: "erased", addressKey, at: at.toISOString() });
    await erasure.eraseLeft({ addressKey, at });
  }
  const proofs = await erasure.dropConsent(CONSENT_DAYS, READERS);
  if (left.length + proofs > 0) log.info({ readers: left.length, proofs }, "forgot who left long ago");
}
