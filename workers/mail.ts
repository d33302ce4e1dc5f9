import { type Needs as DeliverNeeds, deliverBatch } from "../src/actions/deliver-batch.ts";
import { type Needs as NoticeNeeds, noticeRestore } from "../src/actions/notice-restore.ts";
import { Temporary } from "../src/errors.ts";
import type { Handlers } from "../src/queue/queue.ts";

export type MailApp = DeliverNeeds & NoticeNeeds;

/**
 * What a closing worker had claimed and not begun is due again after a second (actions/deliver-batch.ts). Then whoever works
 * next goes on with its doorbells: until the sweep rings, a minute might pass in which nobody sends them.
 */
const GIVEN_BACK_MS = 1_500;

export function mailJobs(app: MailApp): Handlers<"mail"> {
  return {
    // A database can be put back from a backup under a worker that runs; no mail goes out from it before that was seen to.
    "deliver-batch": async ({ localDay, fromId, toId }, signal) => {
      await noticeRestore(app);
      await deliverBatch(app, { localDay, fromId: BigInt(fromId), toId: BigInt(toId) }, signal);
      if (signal.aborted) throw new Temporary("The worker closes", { retryAfterMs: GIVEN_BACK_MS });
    },
  };
}
