import type { Queue } from "../queue/queue.ts";
import type { DeliveryRange } from "../store/claims.ts";

/** Rows one doorbell rings for. A job costs about a millisecond on PostgreSQL queues, a mail about half of one. */
export const DOORBELL_ROWS = 300;

/** Rings for a range of deliveries, one doorbell a few hundred. */
export async function ringDoorbells(
  queue: Pick<Queue, "ring">,
  { localDay, fromId, toId }: DeliveryRange,
): Promise<void> {
  const rings: Promise<void>[] = [];
  for (let from = fromId; from <= toId; from += BigInt(DOORBELL_ROWS)) {
    const last = from + BigInt(DOORBELL_ROWS) - 1n;
    rings.push(
      queue.ring("deliver-batch", { localDay, fromId: String(from), toId: String(last < toId ? last : toId) }),
    );
  }
  await Promise.all(rings);
}
