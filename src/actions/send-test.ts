import { utcDayOf } from "../core/day.ts";
import { pickDigest } from "../core/digest.ts";
import type { Address } from "../core/email-address.ts";
import type { Day } from "../core/paper.ts";
import type { Preferences } from "../core/subscription.ts";
import type { Post } from "../mail/post.ts";
import type { Outcome } from "../mail/sender.ts";
import type { Shelf } from "../store/shelf.ts";
import type { Suppressions } from "../store/suppressions.ts";

export type Needs = {
  shelf: Pick<Shelf, "get">;
  suppressions: Pick<Suppressions, "find">;
  post: Pick<Post, "fitDigest" | "composeDigest" | "send">;
  addressKey: (address: Pick<Address, "key">) => string;
  now: () => Date;
};

export interface WantedTest {
  readonly date: Day;
  readonly to: Address;
  readonly preferences: Pick<Preferences, "filter" | "maxPapers" | "language" | "format">;
}

/** `nothing`: no paper of the edition matches. `no-edition`: it is not closed. */
export type TestOutcome =
  | { readonly kind: "sent"; readonly papers: number }
  | { readonly kind: "suppressed" | "nothing" | "no-edition" }
  | { readonly kind: "not-sent"; readonly because: Exclude<Outcome["kind"], "accepted"> | "withheld" };

/** No reader has this number: its links open nothing and change nothing, and what comes back is about nobody. */
const NOBODY = 0n;

/**
 * Sends one digest as a reader with these preferences would get it who never had one, to whoever wants to look at it. It is no
 * delivery: nothing is planned or recorded. It goes while digests are paused, for then somebody wants to look.
 */
export async function sendTest(
  { shelf, suppressions, post, addressKey, now }: Needs,
  { date, to, preferences }: WantedTest,
): Promise<TestOutcome> {
  const standing = await suppressions.find(addressKey(to));
  if (standing !== null && standing.liftedAt === null) return { kind: "suppressed" };
  const shelved = await shelf.get(date);
  if (shelved?.edition.state !== "closed") return { kind: "no-edition" };
  const { filter, maxPapers } = preferences;
  const picked = pickDigest({ ...shelved, filter, cadence: "daily", maxPapers, sentKeys: [] });
  if (picked.items.length === 0) return { kind: "nothing" };
  const composedAt = now();
  // A number of its own makes a Message-ID of its own: mail programs show one message of the same id once.
  const id = BigInt(composedAt.getTime());
  const delivery = { id, localDay: utcDayOf(composedAt), subscriptionId: NOBODY, email: to.typed, preferences };
  const { edition } = shelved;
  const digest = post.fitDigest({ digest: picked, edition, delivery });
  const sent = await post.send(post.composeDigest({ digest, edition, delivery, composedAt }));
  if (sent.kind === "accepted") return { kind: "sent", papers: digest.items.length };
  const isWithheld = sent.kind === "unsent" && sent.cause === "withheld";
  return { kind: "not-sent", because: isWithheld ? "withheld" : sent.kind };
}
