import { type Needs as AnswerNeeds, answerRequest } from "../src/actions/answer-request.ts";
import { type Needs as NoticeNeeds, noticeRestore } from "../src/actions/notice-restore.ts";
import type { Handlers } from "../src/queue/queue.ts";
import { calm } from "./calm.ts";

export type LettersApp = AnswerNeeds & NoticeNeeds;

/** In a rush of visitors each letter waits for a gap between them, but its reader waits for it too. */
const GIVES_WAY_MS = 2_000;

export function letterJobs(app: LettersApp): Handlers<"letters"> {
  return {
    "answer-request": async ({ requestId }) => {
      await calm(GIVES_WAY_MS);
      await noticeRestore(app);
      await answerRequest(app, BigInt(requestId));
    },
  };
}
