import { type Needs as ApplyNeeds, applyReport } from "../src/actions/apply-report.ts";
import { type Needs as NoticeNeeds, noticeRestore } from "../src/actions/notice-restore.ts";
import type { Handlers } from "../src/queue/queue.ts";

export type ReportsApp = ApplyNeeds & NoticeNeeds;

export function reportJobs(app: ReportsApp): Handlers<"reports"> {
  return {
    // The numbers in a token may be another reader's in a database that was put back and not seen to yet.
    "apply-report": async ({ reportId }) => {
      await noticeRestore(app);
      await applyReport(app, BigInt(reportId));
    },
  };
}
