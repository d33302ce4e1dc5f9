import type { Attempt } from "../core/delivery.ts";
import { afterAttempt, endedAs } from "../core/delivery.ts";
import { type Digest, digestOf, pickDigest } from "../core/digest.ts";
import { Temporary } from "../errors.ts";
import type { Log } from "../log.ts";
import type { Lanes } from "../mail/lanes.ts";
import type { Composed } from "../mail/message.ts";
import type { Post } from "../mail/post.ts";
import type { Outcome as Sent } from "../mail/sender.ts";
import type { Claimed, DeliveryRange, Outcome } from "../store/claims.ts";
import type { Deliveries } from "../store/deliveries.ts";
import type { Recorder } from "../store/recorder.ts";
import type { Shelf, Shelved } from "../store/shelf.ts";

export type Needs = {
  deliveries: Pick<Deliveries, "claim" | "sentTo" | "fix">;
  recorder: Recorder;
  shelf: Pick<Shelf, "get">;
  post: Pick<Post, "fitDigest" | "composeDigest" | "send">;
  lanes: Lanes;
  log: Log;
  now: () => Date;
};

/** What ten connections send in ten seconds to a server that takes a second a mail. */
const CLAIM_ROWS = 100;
/** A mail is not begun when its claim is older. */
const BEGIN_WITHIN_MS = 60_000;
/** Longer than a mail begun at the last moment can take: the sender's socket time-out is a minute (mail/sender.ts). */
const LEASE_MS = 180_000;

/** A claimed delivery with its papers fixed. */
interface Ready {
  readonly delivery: Claimed;
  readonly shelved: Shelved;
  readonly digest: Digest;
  readonly composedAt: Date;
}

/**
 * Sends what is due in a range of deliveries: claim, pick and fix the papers, send, record; until nothing is left to claim.
 *
 * @returns how many were accepted
 * @throws {Temporary} when the mail server takes nothing: what was not sent has been given back
 */
export async function deliverBatch(needs: Needs, range: DeliveryRange, signal?: AbortSignal): Promise<number> {
  let accepted = 0;
  for (;;) {
    if (signal?.aborted) return accepted;
    const claimedAt = performance.now();
    const claimed = await needs.deliveries.claim(range, CLAIM_ROWS, LEASE_MS);
    if (claimed.length === 0) return accepted;
    const ready = await prepare(needs, claimed);

    // What keeps the rest of the claim from being begun: a server that takes nothing, or a database that does not hear of
    // what was sent. Going on in spite of that would double every mail of the claim instead of one a connection.
    let fault: unknown = null;
    const sendOne = async (mail: Ready): Promise<void> => {
      const isOverdue = performance.now() - claimedAt > BEGIN_WITHIN_MS;
      if (fault || isOverdue || signal?.aborted) return giveBack(needs, mail.delivery);
      const message = composed(needs, mail);
      if (!message) return record(needs, mail.delivery, NOT_COMPOSED);
      const sent = await needs.post.send(message);
      if (sent.kind === "unsent" && sent.cause !== "closing" && sent.cause !== "withheld")
        fault ??= new Temporary("The mail server takes nothing. What was not sent is tried again.");
      if (sent.kind === "accepted") accepted += 1;
      await record(needs, mail.delivery, sent);
    };
    const guarded = (mail: Ready) =>
      sendOne(mail).catch((error) => {
        fault ??= error;
      });
    await Promise.all(ready.map((mail) => needs.lanes.run(() => guarded(mail))));
    if (fault) throw fault;
  }
}

/** Picks each reader's papers and fixes them before anything is sent; who has none is done. */
async function prepare(needs: Needs, claimed: readonly Claimed[]): Promise<Ready[]> {
  const ready: Ready[] = [];
  const fresh: Ready[] = [];
  const empty: Promise<boolean>[] = [];
  for (const date of new Set(claimed.map((delivery) => delivery.editionDate))) {
    const group = claimed.filter((delivery) => delivery.editionDate === date);
    const shelved = await needs.shelf.get(date);
    if (!shelved) throw new Error(`there are deliveries of edition ${date}, but no such edition`);
    const unfixed = group.filter((delivery) => delivery.fixed === null);
    const since = shelved.edition.historySince ?? date;
    const sent =
      unfixed.length > 0
        ? await needs.deliveries.sentTo(
            unfixed.map((d) => d.subscriptionId),
            since,
          )
        : new Map();
    for (const delivery of group) {
      const { filter, maxPapers } = delivery.preferences;
      const wanted = { ...shelved, filter, cadence: delivery.cadence };
      if (delivery.fixed) {
        const digest = digestOf({ ...wanted, keys: delivery.fixed.paperKeys });
        ready.push({ delivery, shelved, digest, composedAt: delivery.fixed.composedAt });
        continue;
      }
      const picked = pickDigest({ ...wanted, maxPapers, sentKeys: sent.get(delivery.subscriptionId) ?? new Set() });
      if (picked.items.length === 0) {
        const everMatched = pickDigest({ ...wanted, maxPapers: 1, sentKeys: new Set() }).items.length > 0;
        empty.push(needs.recorder.record(delivery, ended("empty", everMatched ? "nothing-new" : "nothing-matched")));
        continue;
      }
      const digest = fitted(needs, { digest: picked, edition: shelved.edition, delivery });
      if (digest) fresh.push({ delivery, shelved, digest, composedAt: needs.now() });
      else await record(needs, delivery, NOT_COMPOSED);
    }
  }
  await Promise.all(empty);
  await needs.deliveries.fix(
    fresh.map(({ delivery, digest, composedAt }) => ({
      delivery,
      paperKeys: digest.items.map((item) => item.paper.key),
      composedAt,
    })),
  );
  return [...ready, ...fresh];
}

/** One digest that cannot be put together is logged, and stops no other. */
function fitted({ post, log }: Needs, of: Parameters<Post["fitDigest"]>[0] & { delivery: Claimed }): Digest | null {
  try {
    return post.fitDigest(of);
  } catch (err) {
    log.error({ delivery: String(of.delivery.id), err }, "a digest could not be made");
    return null;
  }
}

function composed({ post, log }: Needs, { shelved, ...mail }: Ready): Composed | null {
  try {
    return post.composeDigest({ ...mail, edition: shelved.edition });
  } catch (err) {
    log.error({ delivery: String(mail.delivery.id), err }, "a digest could not be made");
    return null;
  }
}

/** Tried again while it is valid: what is broken may be mended by then. */
const NOT_COMPOSED = { kind: "not-composed" } as const;

async function record(
  { recorder, log, now }: Pick<Needs, "recorder" | "log" | "now">,
  delivery: Claimed,
  sent: Sent | typeof NOT_COMPOSED,
): Promise<void> {
  if (sent.kind === "unsent" && sent.cause === "closing") return giveBack({ recorder, now }, delivery);
  if (sent.kind === "unsent" && sent.cause === "withheld")
    return void (await recorder.record(delivery, ended(endedAs("withdrawn", delivery.wasUncertain), "withheld")));
  const after = afterAttempt(ATTEMPTS[sent.kind], delivery, now(), Math.random());
  const answer = "response" in sent ? sent.response.slice(0, 500) : null;
  const serverId = sent.kind === "accepted" ? (sent.serverId ?? null) : null;
  const isRecorded = await recorder.record(delivery, { ...after, answer, serverId });
  if (!isRecorded)
    log.warn({ delivery: String(delivery.id), sent: sent.kind }, "an outcome came after its claim had lapsed");
}

const ATTEMPTS = {
  accepted: "accepted",
  refused: "refused",
  temporary: "deferred",
  uncertain: "answer-lost",
  unsent: "connection-failed",
  "not-composed": "deferred",
} as const satisfies Record<(Sent | typeof NOT_COMPOSED)["kind"], Attempt>;

/** Not begun, so it was no attempt: the next claim may have it at once. */
async function giveBack({ recorder, now }: Pick<Needs, "recorder" | "now">, delivery: Claimed): Promise<void> {
  const back = { state: "planned", reason: null, isUncertain: false, answer: null, serverId: null } as const;
  await recorder.record(delivery, { ...back, nextTryAt: new Date(now().getTime() + 1_000) });
}

function ended(state: "empty" | "withdrawn" | "uncertain", reason: string): Outcome {
  return { state, reason, nextTryAt: null, isUncertain: false, answer: null, serverId: null };
}
