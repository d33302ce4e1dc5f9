import type { Erased, Erasure } from "../store/erasure.ts";
import type { Journal } from "../store/journal.ts";

export type Needs = {
  erasure: Pick<Erasure, "holds" | "erase">;
  journal: Pick<Journal, "append">;
};

/**
 * Forgets an address and everything that was chosen under it. What stays is the row that knows it by its key: so nobody who
 * was suppressed is written to again, and who comes back gets no paper twice. A second time there is nothing to forget.
 */
export async function eraseReader(
  { erasure, journal }: Needs,
  addressKey: string,
  via: "account-link" | "operator",
  now: Date,
): Promise<Erased> {
  if (!(await erasure.holds(addressKey))) return { subscriptions: 0, requests: 0 };
  // The journal first: should the database be put back from a backup, the address must not come back with it.
  await journal.append({ what: "erased", addressKey, at: now.toISOString() });
  return erasure.erase(addressKey, via);
}
