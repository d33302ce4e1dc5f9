import type { Attempt } from "../core/delivery.ts";
import { afterAttempt } from "../core/delivery.ts";
import { type Digest, digestOf, pickDigest } from "../core/digest.ts";
import { Temporary } from "../errors.ts";
import type { Log } from "../log.ts";
import type { Lanes } from "../mail/lanes.ts";
import type { Post } from "../mail/post.ts";
import type { Outcome as Sent } from "../mail/sender.ts";
import type { Claimed, Deliveries, DeliveryRange, Outcome } from "../store/deliveries.ts";
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

    let serverIsDown: Sent | null = null;
    const sendOne = async (mail: Ready): Promise<void> => {
      const isOverdue = performance.now() - claimedAt > BEGIN_WITHIN_MS;
      if (serverIsDown || isOverdue || signal?.aborted) return void (await giveBack(needs, mail.delivery));
      const sent = await needs.post.send(needs.post.composeDigest({ ...mail, edition: mail.shelved.edition }));
      if (sent.kind === "unsent" && sent.cause !== "closing") serverIsDown = sent;
      if (sent.kind === "accepted") accepted += 1;
      await record(needs, mail.delivery, sent);
    };
    await Promise.all(ready.map((mail) => needs.lanes.run(() => sendOne(mail))));
    if (serverIsDown) throw new Temporary("The mail server takes nothing. What was not sent is tried again.");
  }
}

/** Picks each reader's papers and fixes them before anything is sent; who has none is done. */
async function prepare(needs: Needs, claimed: readonly Claimed[]): Promise<Ready[]> {
  const ready: Ready[] = [];
  const fresh: Ready[] = [];
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
        await needs.recorder.record(delivery, ended("empty", everMatched ? "nothing-new" : "nothing-matched"));
        continue;
      }
      const digest = needs.post.fitDigest({ digest: picked, edition: shelved.edition, delivery });
      fresh.push({ delivery, shelved, digest, composedAt: needs.now() });
    }
  }
  await needs.deliveries.fix(
    fresh.map(({ delivery, digest, composedAt }) => ({
      delivery,
      paperKeys: digest.items.map((item) => item.paper.key),
      composedAt,
    })),
  );
  return [...ready, ...fresh];
}

async function record({ recorder, log, now }: Needs, delivery: Claimed, sent: Sent): Promise<void> {
  if (sent.kind === "unsent" && sent.cause === "closing") return giveBack({ recorder, now }, delivery);
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
} as const satisfies Record<Sent["kind"], Attempt>;

/** Not begun: the next claim may have it at once. */
async function giveBack({ recorder, now }: Pick<Needs, "recorder" | "now">, delivery: Claimed): Promise<void> {
  const back = {
    state: "retry",
    reason: "claim-lapsed",
    nextTryAt: new Date(now().getTime() + 1_000),
    isUncertain: false,
  } as const;
  await recorder.record(delivery, { ...back, answer: null, serverId: null });
}

function ended(state: "empty", reason: string): Outcome {
  return { state, reason, nextTryAt: null, isUncertain: false, answer: null, serverId: null };
}
