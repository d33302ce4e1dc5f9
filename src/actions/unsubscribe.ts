import { counted } from "../metrics.ts";
import type { Journal } from "../store/journal.ts";
import type { SubscriptionId, Subscriptions } from "../store/subscriptions.ts";

export type Needs = { subscriptions: Pick<Subscriptions, "findGoingOn" | "end">; journal: Pick<Journal, "append"> };

/**
 * Ends a subscription, in the database and in the journal outside it; where its reader has moved to another address, the one
 * it goes on as. A second time finds nothing to end and says so; the door tells the reader the same.
 */
export async function unsubscribe(
  { subscriptions, journal }: Needs,
  id: SubscriptionId,
  via: "unsubscribe-link" | "one-click" | "preferences-link" | "mailto",
  now: Date,
): Promise<"ended" | "already-ended"> {
  for (;;) {
    const reader = await subscriptions.findGoingOn(id);
    if (!reader || reader.state === "ended") return "already-ended";
    // The journal first: when the second write fails the reader is told to try again, and the first does no harm.
    const at = now.toISOString();
    await journal.append({ what: "ended", subscriptionId: String(reader.id), because: "reader", at });
    if (await subscriptions.end(reader.id, "reader", via)) {
      counted.left.inc({ via });
      return "ended";
    }
    // Somebody else ended it, or it moves this moment: then it is still to be ended where it goes on.
  }
}
