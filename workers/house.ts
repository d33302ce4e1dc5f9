/**
 * Watches the house in every process, web or worker, tells the operator what is wrong, and sends signs of life. By a timer of
 * its own and not by the queue, which may be what is broken; and a web process alone can see that no worker plans.
 */
import { type Needs as HeartbeatNeeds, sendHeartbeat } from "../src/actions/send-heartbeat.ts";
import { type Needs as TellNeeds, tellIncidents } from "../src/actions/tell-incidents.ts";
import { type Needs as WatchNeeds, watchHouse } from "../src/actions/watch-house.ts";

export type HouseApp = WatchNeeds & TellNeeds & HeartbeatNeeds;

const EVERY_MS = 30_000;

/** @throws {Temporary} when the database does not answer at the start */
export async function startHouseWatch(app: HouseApp, everyMs = EVERY_MS): Promise<{ close(): Promise<void> }> {
  const watchedSince = await app.databaseNow();
  let underway: Promise<void> | null = null;
  // One that fails does not keep the others from their turn; in half a minute all have it again.
  const steps: [name: string, step: () => Promise<unknown>][] = [
    ["watch the house", () => watchHouse(app, watchedSince)],
    ["tell what is wrong", () => tellIncidents(app)],
    ["send a heartbeat", () => sendHeartbeat(app)],
  ];
  const round = async () => {
    for (const [name, step] of steps) await step().catch((err) => app.log.warn({ err }, `could not ${name}`));
  };
  const timer = setInterval(() => {
    underway ??= round().finally(() => {
      underway = null;
    });
  }, everyMs);
  return {
    async close() {
      clearInterval(timer);
      await underway;
    },
  };
}
