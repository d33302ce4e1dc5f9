import { type Needs as AnswerNeeds, answerRequest } from "../src/actions/answer-request.ts";
import { type Needs as DeliverNeeds, deliverBatch } from "../src/actions/deliver-batch.ts";
import type { Handlers } from "../src/queue/queue.ts";

export type MailApp = AnswerNeeds & DeliverNeeds;

export function mailJobs(app: MailApp): Handlers<"mail"> {
  return {
    "answer-request": ({ requestId }) => answerRequest(app, BigInt(requestId)),
    "deliver-batch": ({ localDay, fromId, toId }, signal) =>
      deliverBatch(app, { localDay, fromId: BigInt(fromId), toId: BigInt(toId) }, signal),
  };
}
