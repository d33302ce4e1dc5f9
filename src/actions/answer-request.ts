import { Temporary } from "../errors.ts";
import type { Letter, Post } from "../mail/post.ts";
import type { Outcome } from "../mail/sender.ts";
import type { Answer, Requests, WaitingRequest } from "../store/requests.ts";

export type Needs = {
  requests: Pick<Requests, "take" | "answered" | "delay">;
  post: Pick<Post, "sendLetter">;
};

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
/** So that nobody's inbox can be filled by asking in their name (CASES S6). */
const CAPS = [
  { mails: 1, withinMs: 10 * MINUTE_MS },
  { mails: 3, withinMs: 30 * DAY_MS },
] as const;

/** Writes to the owner of an address that was asked for: confirm, manage what there is, or nothing at all. */
export async function answerRequest({ requests, post }: Needs, id: bigint): Promise<Answer | "delayed" | "not-due"> {
  const request = await requests.take(id);
  if (!request) return "not-due";
  const answer = answerFor(request);
  if (answer !== "nothing") {
    const wait = waitUntil(request.mailedAt, request.takenAt);
    if (wait) {
      await requests.delay(id, wait);
      return "delayed";
    }
    const sent = await send(post, letterFor(answer, request));
    if (sent.kind === "unsent" && sent.cause === "withheld") {
      await requests.answered(id, "nothing");
      return "nothing";
    }
    if (!arrived(sent)) throw new Temporary("The mail server did not take the answer to a request.");
  }
  await requests.answered(id, answer);
  return answer;
}

function answerFor({ wanted, subscription, isSuppressed }: WaitingRequest): Answer {
  if (isSuppressed) return "nothing";
  const isKnown = subscription !== null && subscription.state !== "ended";
  if (!wanted) return isKnown ? "link" : "nothing";
  // A suspended reader bounced; asking again and confirming is how they come back.
  return isKnown && subscription.state !== "suspended" ? "already" : "confirmation";
}

function letterFor(
  answer: Exclude<Answer, "nothing">,
  { id, email, askedAt, askedBy, wanted, subscription }: WaitingRequest,
): Letter {
  const language = wanted?.language ?? subscription?.language ?? "en";
  return { kind: answer, requestId: id, subscriptionId: subscription?.id ?? null, email, language, askedAt, askedBy };
}

/** The first instant all caps allow another mail; null: now. */
function waitUntil(mailedAt: readonly Date[], now: Date): Date | null {
  const waits = CAPS.map(({ mails, withinMs }) => (mailedAt[mails - 1]?.getTime() ?? 0) + withinMs);
  const until = Math.max(...waits);
  return until > now.getTime() ? new Date(until) : null;
}

/** Once more, with the same bytes, when the server's answer was lost after DATA: a double is better than a loss. */
async function send(post: Needs["post"], letter: Letter): Promise<Outcome> {
  const first = await post.sendLetter(letter);
  return first.kind === "uncertain" ? post.sendLetter(letter) : first;
}

/** A refusal is an answer too: that address takes no mail. An answer lost twice counts as given. */
function arrived(outcome: Outcome): boolean {
  return outcome.kind === "accepted" || outcome.kind === "refused" || outcome.kind === "uncertain";
}
