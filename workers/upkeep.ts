import { type Needs, sweep } from "../src/actions/sweep.ts";
import type { Handlers } from "../src/queue/queue.ts";

export type UpkeepApp = Needs & { databaseNow: () => Promise<Date> };

export function upkeepJobs(app: UpkeepApp): Handlers<"upkeep"> {
  return { sweep: async () => sweep(app, await app.databaseNow()) };
}
