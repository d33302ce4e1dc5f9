import type { Address } from "../core/email-address.ts";
import type { Preferences } from "../core/subscription.ts";
import type { Queue } from "../queue/queue.ts";
import type { Requests } from "../store/requests.ts";

export type Needs = {
  requests: Pick<Requests, "add">;
  queue: Pick<Queue, "ring">;
  addressKey: (address: Address) => string;
};

/**
 * Keeps a wish to subscribe, or (without preferences) for a fresh link. The same insert for every address: who it is and
 * what to answer is looked at later, so that neither the answer nor its time tells anything.
 */
export async function requestSubscription(
  { requests, queue, addressKey }: Needs,
  asked: { address: Address; wanted: Preferences | null; askedBy: "form" | "api" },
): Promise<void> {
  const { address, wanted, askedBy } = asked;
  const id = await requests.add({ email: address.typed, addressKey: addressKey(address), wanted, askedBy });
  await queue.ring("answer-request", { requestId: String(id) });
}
