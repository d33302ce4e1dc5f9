import { quietNews } from "../core/quiet-news.ts";
import { QUIET_DAYS } from "../core/wider.ts";
import { Temporary } from "../errors.ts";
import type { AnswerLetter, Letter, Post } from "../mail/post.ts";
import type { Outcome } from "../mail/sender.ts";
import type { QuietReaders } from "../store/quiet-readers.ts";
import type { Answer, Requests, WaitingRequest } from "../store/requests.ts";
import type { Shelf } from "../store/shelf.ts";
import { type Needs as CapNeeds, waitForCaps } from "./wait-for-caps.ts";

export type Needs = CapNeeds & {
  requests: Pick<Requests, "take" | "answered" | "delay">;
  quietReaders: Pick<QuietReaders, "told">;
  shelf: Pick<Shelf, "recent">;
  post: Pick<Post, "sendLetter">;
};

/** Writes to the owner of an address that was asked for: confirm, manage what there is, or nothing at all. */
export async function answerRequest(needs: Needs, id: bigint): Promise<Answer | "delayed" | "not-due"> {
  const { requests, post } = needs;
  const request = await requests.take(id);
  if (!request) return "not-due";
  const answer = answerFor(request);
  const letter = await letterFor(needs, answer, request);
  if (letter) {
    // What nobody else can have sent: whoever lost their subscription to a stranger must hear of it at once.
    const wait = answer === "moved" || answer === "quiet" ? null : await waitForCaps(needs, request);
    if (wait) {
      await requests.delay(id, wait);
      return "delayed";
    }
    const sent = await send(post, letter);
    if (sent.kind === "unsent" && sent.cause === "withheld") {
      await requests.answered(id, "nothing");
      return "nothing";
    }
    if (!arrived(sent)) throw new Temporary("The mail server did not take the answer to a request.");
  }
  const given = letter ? answer : "nothing";
  await requests.answered(id, given);
  return given;
}

function answerFor({ kind, subscription, isSuppressed }: WaitingRequest): Answer {
  if (isSuppressed) return "nothing";
  const isKnown = subscription !== null && subscription.state !== "ended";
  if (kind === "moved" || kind === "quiet") return kind;
  if (kind === "link") return isKnown ? "link" : "nothing";
  // Who has left may still see what is kept of them, until it is erased.
  if (kind === "account") return subscription?.isErased === false ? "account" : "nothing";
  // A suspended reader bounced; asking again and confirming is how they come back.
  if (isKnown && subscription.state !== "suspended") return "already";
  return kind === "move" ? "move" : "confirmation";
}

/** Null: nothing is to be said. */
async function letterFor(needs: Needs, answer: Answer, request: WaitingRequest): Promise<Letter | null> {
  if (answer === "nothing") return null;
  return answer === "quiet" ? quietLetter(needs, request) : answerLetter(answer, request);
}

function answerLetter(
  answer: AnswerLetter["kind"],
  { id, email, askedAt, askedBy, page, takenAt, wanted, subscription }: WaitingRequest,
): AnswerLetter {
  const language = wanted?.language ?? subscription?.language ?? "en";
  const subscriptionId = subscription?.id ?? null;
  const asked = { askedAt, askedBy, page: page ?? null, takenAt };
  return { kind: answer, requestId: id, subscriptionId, email, language, ...asked };
}

/** Looked at again: hours may have gone by, in which something matched or the reader left. */
async function quietLetter({ quietReaders, shelf }: Needs, request: WaitingRequest): Promise<Letter | null> {
  const { id: requestId, email, askedAt, subscription } = request;
  const reader = subscription && (await quietReaders.told(subscription.id));
  if (!reader) return null;
  const news = quietNews(reader.filter, await shelf.recent(QUIET_DAYS), askedAt);
  const { id: subscriptionId, language } = subscription;
  return { kind: "quiet", requestId, subscriptionId, email, language, format: reader.format, askedAt, news };
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
