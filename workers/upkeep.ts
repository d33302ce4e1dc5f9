import { type Needs as JudgeNeeds, judgeWaves } from "../src/actions/judge-waves.ts";
import { type Needs as SweepNeeds, sweep } from "../src/actions/sweep.ts";
import type { Handlers } from "../src/queue/queue.ts";

export type UpkeepApp = JudgeNeeds & SweepNeeds & { databaseNow: () => Promise<Date> };

export function upkeepJobs(app: UpkeepApp): Handlers<"upkeep"> {
  return {
    "judge-waves": () => judgeWaves(app),
    sweep: async () => sweep(app, await app.databaseNow()),
  };
}
