import type { SaidOnLeaving } from "../core/leaving.ts";
import type { LeavingReasons } from "../store/leaving-reasons.ts";
import type { SubscriptionId, Subscriptions } from "../store/subscriptions.ts";

export type Needs = {
  subscriptions: Pick<Subscriptions, "findGoingOn">;
  leavingReasons: Pick<LeavingReasons, "keep">;
};

/** Keeps why somebody left with what `unsubscribe` ended by the same id. Said again, it is the last word that counts. */
export async function tellReason(
  { subscriptions, leavingReasons }: Needs,
  id: SubscriptionId,
  said: SaidOnLeaving,
): Promise<"kept" | "not-left"> {
  const reader = await subscriptions.findGoingOn(id);
  return reader && (await leavingReasons.keep(reader.id, said)) ? "kept" : "not-left";
}
