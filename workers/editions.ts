import { type Needs as CloseNeeds, closeEdition, dueEditions } from "../src/actions/close-edition.ts";
import { type Needs as PlanNeeds, planDeliveries } from "../src/actions/plan-deliveries.ts";
import type { Handlers, Queue } from "../src/queue/queue.ts";
import type { Editions } from "../src/store/editions.ts";
import type { Ticks } from "../src/store/ticks.ts";

export type EditionsApp = CloseNeeds &
  PlanNeeds & {
    queue: Pick<Queue, "ring">;
    editions: Editions;
    /** Tells whoever watches that somebody plans. */
    ticks: Pick<Ticks, "note">;
    databaseNow: () => Promise<Date>;
  };

export function editionJobs(app: EditionsApp): Handlers<"editions"> {
  return {
    "close-edition": async ({ date }) => {
      const now = await app.databaseNow();
      const faults: unknown[] = [];
      // One that cannot be closed does not hold back the others, nor their readers.
      for (const due of date ? [date] : await dueEditions(app, now))
        await closeEdition(app, due, now).catch((fault) => faults.push(fault));
      await app.queue.ring("plan-deliveries", {});
      if (faults.length > 0) throw faults[0];
    },
    "plan-deliveries": async () => {
      await planDeliveries(app, await app.databaseNow());
      await app.ticks.note("plan");
    },
  };
}
