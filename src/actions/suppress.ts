import type { Journal } from "../store/journal.ts";
import type { Subscriptions } from "../store/subscriptions.ts";
import type { Suppressions } from "../store/suppressions.ts";

export type Needs = {
  suppressions: Pick<Suppressions, "find" | "suppress">;
  subscriptions: Pick<Subscriptions, "findByAddressKey" | "end">;
  journal: Pick<Journal, "append">;
};

/** The operator says that an address is not to be written to: its subscription ends too, and lifting this does not bring it back. */
export async function suppress(
  { suppressions, subscriptions, journal }: Needs,
  addressKey: string,
  note: string | null,
  now: Date,
): Promise<"suppressed" | "already-suppressed"> {
  const at = now.toISOString();
  const reader = await subscriptions.findByAddressKey(addressKey);
  const standing = await suppressions.find(addressKey);
  const isNew = standing === null || standing.liftedAt !== null || standing.because === "bounces";
  // The journal first, as for a leaving: when the second write fails it is said again, and the first does no harm.
  if (isNew) await journal.append({ what: "suppressed", addressKey, because: "operator", at });
  if (reader && reader.state !== "ended")
    await journal.append({ what: "ended", subscriptionId: String(reader.id), because: "operator", at });
  const isDone = await suppressions.suppress(addressKey, "operator", note);
  if (reader) await subscriptions.end(reader.id, "operator", "operator");
  return isDone ? "suppressed" : "already-suppressed";
}
