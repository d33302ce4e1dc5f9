import type { Preferences } from "../core/subscription.ts";
import type { Subscription, SubscriptionId, Subscriptions } from "../store/subscriptions.ts";

export type Needs = { subscriptions: Pick<Subscriptions, "change" | "pause" | "resume" | "goElsewhere" | "comeHome"> };

/** What a reader changes at one time. `pausedUntil` null with `paused`: until they come back. */
export interface Change {
  readonly preferences?: Preferences;
  /** Another zone until an instant; null: home again. */
  readonly elsewhere?: { readonly zone: string; readonly until: Date } | null;
  readonly pause?: { readonly paused: true; readonly until: Date | null } | { readonly paused: false };
}

/** @returns the subscription as it stands then; null when it has ended */
export async function changePreferences(
  { subscriptions }: Needs,
  id: SubscriptionId,
  { preferences, elsewhere, pause }: Change,
): Promise<Subscription | null> {
  let changed: Subscription | null = null;
  if (preferences) {
    changed = await subscriptions.change(id, preferences, "preferences-link");
    if (!changed) return null;
  }
  if (elsewhere)
    changed = (await subscriptions.goElsewhere(id, elsewhere.zone, elsewhere.until, "preferences-link")) ?? changed;
  if (elsewhere === null) changed = (await subscriptions.comeHome(id, "preferences-link")) ?? changed;
  if (pause?.paused) changed = (await subscriptions.pause(id, pause.until, "preferences-link")) ?? changed;
  if (pause?.paused === false) changed = (await subscriptions.resume(id, "preferences-link")) ?? changed;
  return changed;
}
