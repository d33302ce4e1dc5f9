import { setTimeout as sleep } from "node:timers/promises";
import type { Attempt } from "../core/delivery.ts";
import { afterAttempt, endedAs } from "../core/delivery.ts";
import { Temporary } from "../errors.ts";
import { mask } from "../log.ts";
import type { Lanes } from "../mail/lanes.ts";
import type { Composed } from "../mail/message.ts";
import type { Pace } from "../mail/pace.ts";
import type { Post } from "../mail/post.ts";
import type { Outcome as Sent } from "../mail/sender.ts";
import { counted } from "../metrics.ts";
import type { Claimed, Claims, DeliveryRange } from "../store/claims.ts";
import type { Gate } from "../store/gate.ts";
import { traced } from "../tracing.ts";
import { type Needs as FixNeeds, fixDigests, type Ready } from "./fix-digests.ts";

export type Needs = FixNeeds & {
  deliveries: Pick<Claims, "claim" | "fix">;
  post: Pick<Post, "fitDigest" | "composeDigest" | "send" | "letGo">;
  gate: Pick<Gate, "admits" | "mayBegin" | "saw">;
  pace: Pace;
  lanes: Lanes;
};

/** No more is claimed than can be sent in this time: who waits behind it is claimed by somebody who has room. */
const CLAIM_MS = 10_000;
/** What one statement takes well. Each claimed row is 20 kB of memory until it was sent. */
const MOST_CLAIMED = 200;
/**
 * A claimed mail waits so long for a permit; then its job goes on, for others need none. At a slow pace no more is claimed
 * than gets one in this time.
 */
const PATIENCE_MS = 2_000;
/** And comes back after this, and up to three times as long. */
const COME_BACK_MS = 5_000;
/** A mail is not begun when its claim is older. */
const BEGIN_WITHIN_MS = 60_000;
/** Longer than a mail begun at the last moment can take: the sender's socket time-out is a minute (mail/sender.ts). */
const LEASE_MS = 180_000;
/** Given back without having been begun, for a reason that soon passes. */
const SOON_MS = 1_000;
/** Batches that one worker sends at once: while one waits for the database or for permits, others send. */
export const BATCHES = 4;

/** What a claim has come to so far. */
interface Claim {
  readonly ageMs: () => number;
  readonly signal: AbortSignal | undefined;
  /** Keeps the rest of it from being begun: a server that takes nothing, or a database that does not hear of what was sent. */
  fault: unknown;
  accepted: number;
  /** Digests, by what came of the attempt. */
  readonly outcomes: Record<string, number>;
}

/**
 * Sends what is due in a range of deliveries: claim, pick and fix the papers, send, record; until nothing is left to claim.
 *
 * @returns how many were accepted
 * @throws {Temporary} when the mail server takes nothing: what was not sent has been given back
 */
export async function deliverBatch(needs: Needs, range: DeliveryRange, signal?: AbortSignal): Promise<number> {
  let accepted = 0;
  while (!signal?.aborted && (await needs.gate.admits(range))) {
    const rows = rowsToClaim(needs);
    if (rows === 0) break;
    const claim: Claim = { ageMs: stopwatch(), signal, fault: null, accepted: 0, outcomes: {} };
    const claimed = await needs.deliveries.claim(range, rows, LEASE_MS);
    if (claimed.length === 0) break;
    await traced("batch", { "paperboy.edition": editionsOf(claimed), "paperboy.claimed": claimed.length }, () =>
      sendClaimed(needs, claim, claimed),
    );
    accepted += claim.accepted;
    if (claim.fault) throw claim.fault;
  }
  return accepted;
}

async function sendClaimed(needs: Needs, claim: Claim, claimed: readonly Claimed[]): Promise<void> {
  const { ready, broken } = await traced("fix", {}, () => fixDigests(needs, claimed));
  const ends = broken.map((delivery) => record(needs, claim, delivery, NOT_COMPOSED));
  await traced("send", { "paperboy.mails": ready.length }, async (span) => {
    await Promise.all([...ends, ...ready.map((mail) => deliver(needs, claim, mail))]);
    for (const [outcome, count] of Object.entries(claim.outcomes)) span?.setAttribute(`paperboy.${outcome}`, count);
  });
  tell(needs, claim, claimed, ready.length + broken.length);
}

const editionsOf = (claimed: readonly Claimed[]): string =>
  [...new Set(claimed.map(({ editionDate }) => editionDate))].join();

/** One line a claim, however many mails it was. */
function tell({ log }: Needs, { ageMs, outcomes }: Claim, claimed: readonly Claimed[], tried: number): void {
  const ms = ageMs();
  counted.batchSeconds.observe(ms / 1_000);
  const empty = claimed.length - tried;
  const { localDay } = claimed[0]!;
  log.info(
    { edition: editionsOf(claimed), localDay, ...outcomes, ...(empty > 0 && { empty }), ms: Math.round(ms) },
    "a batch is done",
  );
}

function note({ outcomes }: Claim, outcome: string): void {
  counted.attempts.inc({ outcome });
  outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
}

/** As many as the lanes send in ten seconds at the pace of late, and as all processes may. */
function rowsToClaim({ lanes, pace: { perSecond } }: Needs): number {
  const allowed = perSecond === null ? MOST_CLAIMED : Math.ceil((perSecond * PATIENCE_MS) / 1_000 / BATCHES);
  return Math.min(MOST_CLAIMED, allowed, lanes.roomFor(CLAIM_MS));
}

/** Begins one mail when there is a lane and a permit for it; what must wait for a permit keeps no lane meanwhile. */
async function deliver(needs: Needs, claim: Claim, mail: Ready): Promise<void> {
  const domain = domainOf(mail.delivery.email);
  for (;;) {
    const waitMs = await needs.lanes.run(async () => {
      if (!mayBegin(needs, claim, mail.delivery)) return null;
      const toWait = needs.pace.take(domain);
      const ms = typeof toWait === "number" ? toWait : await toWait;
      if (ms > 0) return ms;
      await send(needs, claim, mail).catch((error) => {
        // Before the lane is free: going on in spite of it would double every mail of the claim instead of one a connection.
        claim.fault ??= error;
      });
      return 0;
    });
    if (waitMs === 0) return;
    if (waitMs === null) return giveBack(needs, claim, mail.delivery, SOON_MS);
    if (claim.ageMs() + waitMs > PATIENCE_MS)
      return giveBack(needs, claim, mail.delivery, Math.max(waitMs, COME_BACK_MS * (1 + 2 * Math.random())));
    await sleep(waitMs);
  }
}

function mayBegin({ gate }: Needs, { fault, signal, ageMs }: Claim, { editionDate }: Claimed): boolean {
  return !fault && ageMs() <= BEGIN_WITHIN_MS && !signal?.aborted && gate.mayBegin(editionDate);
}

/** Milliseconds since now, by the clock that says more: one stands still while the machine sleeps, the other may be set back. */
function stopwatch(): () => number {
  const [ticks, time] = [performance.now(), Date.now()];
  return () => Math.max(performance.now() - ticks, Date.now() - time);
}

async function send(needs: Needs, claim: Claim, mail: Ready): Promise<void> {
  const message = composed(needs, mail);
  if (!message) return record(needs, claim, mail.delivery, NOT_COMPOSED);
  const sent = await needs.post.send(message);
  if (sent.kind === "unsent" && sent.cause !== "closing" && sent.cause !== "withheld")
    claim.fault ??= new Temporary("The mail server takes nothing. What was not sent is tried again.");
  if (sent.kind === "accepted") {
    claim.accepted += 1;
    needs.post.letGo(message);
  }
  needs.gate.saw(mail.delivery.editionDate, sent.kind === "accepted" || sent.kind === "refused" ? sent.kind : "other");
  await record(needs, claim, mail.delivery, sent);
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

async function record(needs: Needs, claim: Claim, delivery: Claimed, sent: Sent | typeof NOT_COMPOSED): Promise<void> {
  const { recorder, log, now } = needs;
  if (sent.kind === "unsent" && sent.cause === "closing") return giveBack(needs, claim, delivery, SOON_MS);
  if (sent.kind === "unsent" && sent.cause === "withheld") {
    note(claim, "withheld");
    const withheld = {
      state: endedAs("withdrawn", delivery.wasUncertain),
      reason: "withheld",
      nextTryAt: null,
    } as const;
    return void (await recorder.record(delivery, { ...withheld, isUncertain: false, answer: null, serverId: null }));
  }
  note(claim, sent.kind === "not-composed" ? sent.kind : ATTEMPTS[sent.kind]);
  const after = afterAttempt(ATTEMPTS[sent.kind], delivery, now(), Math.random());
  // Most servers name the address they refuse, and it would outlive its reader's erasure here.
  const answer = "response" in sent ? mask(sent.response).slice(0, 500) : null;
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

/** Not begun, so it was no attempt. */
async function giveBack({ recorder, now }: Needs, claim: Claim, delivery: Claimed, afterMs: number): Promise<void> {
  note(claim, "not-begun");
  const nextTryAt = new Date(now().getTime() + afterMs);
  const back = { state: "planned", reason: null, isUncertain: false, answer: null, serverId: null } as const;
  await recorder.record(delivery, { ...back, nextTryAt });
}

function domainOf(email: string): string {
  return email.slice(email.lastIndexOf("@") + 1).toLowerCase();
}
