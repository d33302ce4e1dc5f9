import type { Journal } from "../store/journal.ts";
import type { Suppression, Suppressions } from "../store/suppressions.ts";

export type Needs = { suppressions: Pick<Suppressions, "lift" | "find">; journal: Pick<Journal, "append"> };

/**
 * The operator answers for it that an address may be written to again, and says why. Nobody is subscribed by it: its owner may
 * ask again.
 *
 * @returns what was lifted; null when nothing stood
 */
export async function liftSuppression(
  { suppressions, journal }: Needs,
  addressKey: string,
  note: string,
  now: Date,
): Promise<Suppression | null> {
  const lifted = await suppressions.lift(addressKey, note);
  // After it: lifted in the journal alone, a restored database would write to whom this one does not. Who died in between has
  // left the line to whoever lifts again.
  const at = lifted ? now : (await suppressions.find(addressKey))?.liftedAt;
  if (at) await journal.append({ what: "lifted", addressKey, at: at.toISOString() });
  return lifted;
}
