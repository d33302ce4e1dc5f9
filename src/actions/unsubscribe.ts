import type { Journal } from "../store/journal.ts";
import type { SubscriptionId, Subscriptions } from "../store/subscriptions.ts";

export type Needs = { subscriptions: Pick<Subscriptions, "findById" | "end">; journal: Pick<Journal, "append"> };

/**
 * Ends a subscription, in the database and in the journal outside it. A second time finds nothing to end and says so;
 * the door tells the reader the same.
 */
export async function unsubscribe(
  { subscriptions, journal }: Needs,
  id: SubscriptionId,
  via: "unsubscribe-link" | "one-click" | "preferences-link" | "mailto",
  now: Date,
): Promise<"ended" | "already-ended"> {
  const reader = await subscriptions.findById(id);
  if (!reader || reader.state === "ended") return "already-ended";
  // The journal first: when the second write fails the reader is told to try again, and the first does no harm.
  await journal.append({ what: "ended", subscriptionId: String(id), because: "reader", at: now.toISOString() });
  return (await subscriptions.end(id, "reader", via)) ? "ended" : "already-ended";
}
