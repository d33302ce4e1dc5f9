import { collectPapers, type Needs } from "../src/actions/collect-papers.ts";
import type { Handlers, Queue } from "../src/queue/queue.ts";

export type PapersApp = Needs & { queue: Pick<Queue, "ring"> };

export function paperJobs(app: PapersApp): Handlers<"papers"> {
  return {
    "collect-papers": async (_, signal) => {
      await collectPapers(app, signal);
      await app.queue.ring("close-edition", {});
    },
  };
}
