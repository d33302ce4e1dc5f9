import { type Needs as DeliverNeeds, deliverBatch } from "../src/actions/deliver-batch.ts";
import { type Needs as NoticeNeeds, noticeRestore } from "../src/actions/notice-restore.ts";
import type { Handlers } from "../src/queue/queue.ts";

export type MailApp = DeliverNeeds & NoticeNeeds;

export function mailJobs(app: MailApp): Handlers<"mail"> {
  return {
    // A database can be put back from a backup under a worker that runs; no mail goes out from it before that was seen to.
    "deliver-batch": async ({ localDay, fromId, toId }, signal) => {
      await noticeRestore(app);
      await deliverBatch(app, { localDay, fromId: BigInt(fromId), toId: BigInt(toId) }, signal);
    },
  };
}
