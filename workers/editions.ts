import { type Needs as CloseNeeds, closeEdition, dueEditions } from "../src/actions/close-edition.ts";
import { type Needs as PlanNeeds, planDeliveries } from "../src/actions/plan-deliveries.ts";
import type { Handlers, Queue } from "../src/queue/queue.ts";
import type { Editions } from "../src/store/editions.ts";

export type EditionsApp = CloseNeeds &
  PlanNeeds & { queue: Pick<Queue, "ring">; editions: Editions; databaseNow: () => Promise<Date> };

export function editionJobs(app: EditionsApp): Handlers<"editions"> {
  return {
    "close-edition": async () => {
      const now = await app.databaseNow();
      for (const date of await dueEditions(app, now)) await closeEdition(app, date, now);
      await app.queue.ring("plan-deliveries", {});
    },
    "plan-deliveries": async () => planDeliveries(app, await app.databaseNow()),
  };
}
