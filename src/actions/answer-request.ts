import { Temporary } from "../errors.ts";
import type { Letter, Post } from "../mail/post.ts";
import type { Outcome } from "../mail/sender.ts";
import type { Answer, Requests, WaitingRequest } from "../store/requests.ts";
import { type Needs as CapNeeds, waitForCaps } from "./wait-for-caps.ts";

export type Needs = CapNeeds & {
  requests: Pick<Requests, "take" | "answered" | "delay">;
  post: Pick<Post, "sendLetter">;
};

/** Writes to the owner of an address that was asked for: confirm, manage what there is, or nothing at all. */
export async function answerRequest(needs: Needs, id: bigint): Promise<Answer | "delayed" | "not-due"> {
  const { requests, post } = needs;
  const request = await requests.take(id);
  if (!request) return "not-due";
  const answer = answerFor(request);
  if (answer !== "nothing") {
    // Nobody else can have it sent, and whoever lost their subscription to a stranger must hear of it at once.
    const wait = answer === "moved" ? null : await waitForCaps(needs, request);
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

function answerFor({ kind, subscription, isSuppressed }: WaitingRequest): Answer {
  if (isSuppressed) return "nothing";
  const isKnown = subscription !== null && subscription.state !== "ended";
  if (kind === "moved") return "moved";
  if (kind === "link") return isKnown ? "link" : "nothing";
  // Who has left may still see what is kept of them, until it is erased.
  if (kind === "account") return subscription?.isErased === false ? "account" : "nothing";
  // A suspended reader bounced; asking again and confirming is how they come back.
  if (isKnown && subscription.state !== "suspended") return "already";
  return kind === "move" ? "move" : "confirmation";
}

function letterFor(
  answer: Exclude<Answer, "nothing">,
  { id, email, askedAt, askedBy, page, takenAt, wanted, subscription }: WaitingRequest,
): Letter {
  const language = wanted?.language ?? subscription?.language ?? "en";
  const subscriptionId = subscription?.id ?? null;
  const asked = { askedAt, askedBy, page: page ?? null, takenAt };
  return { kind: answer, requestId: id, subscriptionId, email, language, ...asked };
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
