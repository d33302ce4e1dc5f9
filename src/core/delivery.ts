/** States of a delivery, the moves between them, and what follows from an attempt to send (docs/promises.md §4 and §6). */

export type DeliveryState =
  | "planned"
  | "claimed"
  | "accepted"
  | "retry"
  | "uncertain"
  | "refused"
  | "expired"
  | "empty"
  | "withdrawn";

/**
 * Where a delivery may go from each state; nowhere from an end. `claimed → planned` is a claim given back before its mail
 * was begun. Whatever was uncertain once may only end as accepted or uncertain: see {@link endedAs}.
 */
export const DELIVERY_MOVES: Readonly<Record<DeliveryState, readonly DeliveryState[]>> = {
  planned: ["claimed", "expired", "withdrawn"],
  claimed: ["planned", "accepted", "retry", "uncertain", "refused", "expired", "empty", "withdrawn"],
  retry: ["claimed", "uncertain", "expired", "withdrawn"],
  accepted: [],
  uncertain: [],
  refused: [],
  expired: [],
  empty: [],
  withdrawn: [],
};

/** Why a delivery stands where it stands. */
export type DeliveryReason =
  /** The server said not now (4xx), or could not be reached. */
  | "deferred"
  | "connection-failed"
  /** The connection died after the whole mail was handed over. */
  | "answer-lost"
  /** Whoever claimed it did not report in time. */
  | "claim-lapsed"
  /** The server said never (5xx). */
  | "refused-by-server"
  /** The reader's next digest fell due first. */
  | "superseded"
  /** Past its validity, or due before the database was restored. */
  | "late"
  | "before-restore"
  /** No paper of the edition matches, or each that does was sent before. */
  | "nothing-matched"
  | "nothing-new"
  /** All papers that were fixed for it were withdrawn before it could go. */
  | "papers-withdrawn"
  /** The reader may not be written to any more. */
  | "paused"
  | "suspended"
  | "ended"
  | "erased"
  | "suppressed"
  /** Not on the allow-list of a staging system. */
  | "withheld";

/** What an attempt to send came to, as the mail room tells it. */
export type Attempt = "accepted" | "refused" | "deferred" | "connection-failed" | "answer-lost";

/** What to record of an attempt. */
export interface AfterAttempt {
  readonly state: "accepted" | "retry" | "uncertain" | "refused" | "expired";
  readonly reason: DeliveryReason | null;
  readonly nextTryAt: Date | null;
  /** The answer was lost, this time or before: the reader may have the mail. */
  readonly isUncertain: boolean;
}

const MINUTE_MS = 60_000;
/** With the jitter on top the longest wait is an hour: twenty hours of validity hold twenty more tries at least. */
const LONGEST_STEP_MS = 30 * MINUTE_MS;

/**
 * What follows from an attempt. A refusal ends it. A deferral is tried again while the delivery is valid. A lost answer is
 * tried once more with the same bytes, for RFC 5321 section 4.5.3.2.6 prefers a double to a loss, and never a third time.
 *
 * @param delivery `attempts` with this one, from 1; `wasUncertain` if an earlier answer was lost
 * @param jitter 0 to 1, drawn anew each time
 */
export function afterAttempt(
  attempt: Attempt,
  delivery: { readonly attempts: number; readonly wasUncertain: boolean; readonly sendBy: Date },
  now: Date,
  jitter: number,
): AfterAttempt {
  const { wasUncertain } = delivery;
  const end = (
    state: "accepted" | "refused" | "expired" | "uncertain",
    reason: DeliveryReason | null,
  ): AfterAttempt => ({
    state: state === "accepted" ? state : endedAs(state, wasUncertain),
    reason,
    nextTryAt: null,
    isUncertain: wasUncertain || state === "uncertain",
  });

  if (attempt === "accepted") return end("accepted", null);
  if (attempt === "refused") return end("refused", "refused-by-server");
  if (attempt === "answer-lost" && wasUncertain) return end("uncertain", "answer-lost");

  const nextTryAt = new Date(now.getTime() + nextTry(delivery.attempts, jitter));
  const isUncertain = wasUncertain || attempt === "answer-lost";
  if (nextTryAt > delivery.sendBy)
    return attempt === "answer-lost" ? end("uncertain", attempt) : end("expired", "late");
  return { state: "retry", reason: attempt, nextTryAt, isUncertain };
}

/** How a delivery ends that would end as `state`: what may have arrived counts as sent, whatever stopped us afterwards. */
export function endedAs<State extends "refused" | "expired" | "withdrawn" | "uncertain">(
  state: State,
  wasUncertain: boolean,
): State | "uncertain" {
  return wasUncertain ? "uncertain" : state;
}

/**
 * Milliseconds to wait after the `attempt`th try, from 1: one minute, doubling, at most an hour; up to twice as long by
 * jitter, so that what failed together does not come back together.
 *
 * @param jitter 0 to 1
 */
export function nextTry(attempt: number, jitter: number): number {
  const step = Math.min(MINUTE_MS * 2 ** Math.max(0, attempt - 1), LONGEST_STEP_MS);
  return Math.round(step * (1 + Math.min(Math.max(jitter, 0), 1)));
}

/** Nothing will happen to it any more. */
export function isOver(state: DeliveryState): boolean {
  return DELIVERY_MOVES[state].length === 0;
}

/** The reader has its papers, or may have them: they are not sent again. */
export function countsAsSent(state: DeliveryState): boolean {
  return state === "accepted" || state === "uncertain";
}

export function mayMoveDelivery(from: DeliveryState, to: DeliveryState): boolean {
  return DELIVERY_MOVES[from].includes(to);
}
