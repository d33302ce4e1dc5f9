import type { Journal } from "../store/journal.ts";
import type { SubscriptionId, Subscriptions } from "../store/subscriptions.ts";

export type Needs = { subscriptions: Pick<Subscriptions, "findGoingOn" | "undo">; journal: Pick<Journal, "append"> };

/** Takes a reader back who pressed the wrong button, with everything as it was: what `unsubscribe` ended by the same id. */
export async function undoUnsubscribe(
  { subscriptions, journal }: Needs,
  id: SubscriptionId,
  now: Date,
): Promise<"undone" | "nothing-to-undo"> {
  const reader = await subscriptions.findGoingOn(id);
  const undone = reader && (await subscriptions.undo(reader.id, "undo-link"));
  if (!undone) return "nothing-to-undo";
  await journal.append({ what: "undone", subscriptionId: String(undone.id), at: now.toISOString() });
  return "undone";
}
