import { sendBy } from "../core/schedule.ts";
import { localDayOf } from "../core/zone.ts";
import { counted } from "../metrics.ts";
import type { Queue } from "../queue/queue.ts";
import type { Editions } from "../store/editions.ts";
import type { Journal } from "../store/journal.ts";
import type { Confirmed, Subscriptions } from "../store/subscriptions.ts";

export type Needs = {
  subscriptions: Pick<Subscriptions, "confirm">;
  editions: Pick<Editions, "newest">;
  queue: Pick<Queue, "ring">;
  journal: Pick<Journal, "append">;
};

/**
 * The owner of the address said yes to one request: exactly that becomes the subscription, and the newest edition goes
 * out at once, as today's digest. Bounces of before are forgiven.
 */
export async function confirm(
  { subscriptions, editions, queue, journal }: Needs,
  requestId: bigint,
  now: Date,
): Promise<Confirmed> {
  const newest = await editions.newest();
  const result = await subscriptions.confirm(
    requestId,
    ({ zone }) =>
      newest && {
        localDay: localDayOf(zone, now),
        editionDate: newest.date,
        sendBy: sendBy({ cadence: "daily", at: now }),
      },
    async (entries) => void (await Promise.all(entries.map((entry) => journal.append(entry)))),
  );
  if (result.outcome === "confirmed") counted.confirmed.inc();
  // After it: a suppression lifted in the journal alone would let a restored database write to an address that bounces.
  if (result.outcome === "confirmed" && result.forgiven)
    await journal.append({ what: "lifted", addressKey: result.forgiven, at: now.toISOString() });
  if (result.outcome === "confirmed" && result.delivery) {
    const { localDay, id } = result.delivery;
    await queue.ring("deliver-batch", { localDay, fromId: String(id), toId: String(id) });
  }
  return result;
}
