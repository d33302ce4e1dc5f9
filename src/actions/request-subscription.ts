import { type Address, foldedKey } from "../core/email-address.ts";
import type { Preferences } from "../core/subscription.ts";
import { counted } from "../metrics.ts";
import type { Queue } from "../queue/queue.ts";
import type { Requests } from "../store/requests.ts";

export type Needs = {
  requests: Pick<Requests, "add">;
  queue: Pick<Queue, "ring">;
  addressKey: (address: Pick<Address, "key">) => string;
  /** Turns a network address into its key. */
  networkKey: (ip: string) => string;
};

/** What is asked of an address: to subscribe, a fresh link to what there is, or to take over a subscription. */
export interface Asked {
  readonly address: Address;
  /** Null: a fresh link. */
  readonly wanted: Preferences | null;
  /** What that link opens; the preferences unless it says otherwise. */
  readonly opens?: "account";
  /** The subscription that is to go on under this address, once its owner confirms. */
  readonly moves?: bigint;
  readonly askedBy: "form" | "api";
  /** What proves consent later; absent for what nobody asked on a page of ours. */
  readonly proof?: Proof;
  /** Its place in the queue, for who brought no proof of work; absent: answered at once. */
  readonly notBefore?: Date;
}

export interface Proof {
  /** Path of the page. */
  readonly page: string;
  /** Of the words that were shown there. */
  readonly textVersion: string;
  /** Where it came from; only its key is kept. */
  readonly ip: string | null;
}

/**
 * Keeps a wish to subscribe, or (without preferences) for a fresh link. The same insert for every address: who it is and
 * what to answer is looked at later, so that neither the answer nor its time tells anything.
 */
export async function requestSubscription(
  { requests, queue, addressKey, networkKey }: Needs,
  { address, wanted, opens, moves, askedBy, proof, notBefore }: Asked,
): Promise<void> {
  const kind = opens ?? (moves !== undefined ? "move" : wanted ? "subscribe" : "link");
  const id = await requests.add({
    kind,
    subscriptionId: moves ?? null,
    email: address.typed,
    addressKey: addressKey(address),
    foldedKey: addressKey({ key: foldedKey(address) }),
    domainKey: addressKey({ key: `@${address.domain}` }),
    wanted,
    askedBy,
    notBefore: notBefore ?? null,
    ...(proof && {
      page: proof.page,
      textVersion: proof.textVersion,
      ipKey: proof.ip === null ? null : networkKey(proof.ip),
    }),
  });
  counted.asked.inc({ kind });
  // One that has to wait is found by `sweep` when its time has come.
  if (!notBefore) await queue.ring("answer-request", { requestId: String(id) });
}
