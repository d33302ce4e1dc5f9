import type { Journal } from "../store/journal.ts";
import type { Requests } from "../store/requests.ts";

export type Needs = { requests: Pick<Requests, "decline">; journal: Pick<Journal, "append"> };

/** "This was not me": the request is declined and its address is not written to again. */
export async function neverAgain({ requests, journal }: Needs, requestId: bigint, now: Date): Promise<void> {
  const addressKey = await requests.decline(requestId);
  if (addressKey) await journal.append({ what: "suppressed", addressKey, because: "never", at: now.toISOString() });
}
