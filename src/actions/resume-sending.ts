import type { Queue } from "../queue/queue.ts";
import type { Deliveries } from "../store/deliveries.ts";
import type { Gate } from "../store/gate.ts";
import type { Stop } from "../store/stops.ts";
import { DOORBELL_ROWS, ringDoorbells } from "./doorbells.ts";

export type Needs = {
  gate: Pick<Gate, "resume" | "admitted">;
  deliveries: Pick<Deliveries, "overdue">;
  queue: Pick<Queue, "ring">;
};

/** Ranges rung for at once, a million and a half deliveries; the sweep rings for the others within a minute. */
const RANGES = 5_000;

/** Lifts every stop, and rings for what waited. @returns what was lifted */
export async function resumeSending({ gate, deliveries, queue }: Needs): Promise<Stop[]> {
  const lifted = await gate.resume();
  if (lifted.length === 0) return lifted;
  for (const range of await deliveries.overdue(0, DOORBELL_ROWS, RANGES))
    for (const part of await gate.admitted(range)) await ringDoorbells(queue, part);
  return lifted;
}
