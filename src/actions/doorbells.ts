import type { Queue } from "../queue/queue.ts";
import type { DeliveryRange } from "../store/claims.ts";
import { DOORBELL_ROWS } from "./plan-deliveries.ts";

/** Rings for a page of deliveries, or less: one doorbell a few hundred. */
export async function ringDoorbells(
  queue: Pick<Queue, "ring">,
  { localDay, fromId, toId }: DeliveryRange,
): Promise<void> {
  const rings: Promise<void>[] = [];
  for (let from = fromId; from <= toId; from += BigInt(DOORBELL_ROWS)) {
    const last = from + BigInt(DOORBELL_ROWS) - 1n;
    const range = { localDay, fromId: String(from), toId: String(last < toId ? last : toId) };
    rings.push(queue.ring("deliver-batch", range));
  }
  await Promise.all(rings);
}
