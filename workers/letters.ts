import { type Needs as AnswerNeeds, answerRequest } from "../src/actions/answer-request.ts";
import { type Needs as NoticeNeeds, noticeRestore } from "../src/actions/notice-restore.ts";
import type { Handlers } from "../src/queue/queue.ts";

export type LettersApp = AnswerNeeds & NoticeNeeds;

export function letterJobs(app: LettersApp): Handlers<"letters"> {
  return {
    "answer-request": async ({ requestId }) => {
      await noticeRestore(app);
      await answerRequest(app, BigInt(requestId));
    },
  };
}
