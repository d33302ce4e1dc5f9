import { asksToLeave } from "../core/incoming.ts";
import type { ReturnAddresses } from "../core/return-address.ts";
import { type Needs as ReceiveNeeds, receiveReport } from "./receive-report.ts";
import { type Needs as UnsubscribeNeeds, unsubscribe } from "./unsubscribe.ts";

export type Needs = ReceiveNeeds &
  UnsubscribeNeeds & { readonly returnAddresses: ReturnAddresses; readonly now: () => Date };

type Received = Parameters<typeof receiveReport>[1] & { readonly via: "smtp" | "raw" };

/**
 * A mail to the bounce domain. What comes to the unsubscribe address of a reader ends their subscription, however often it
 * comes; everything else is kept as a report, and what is no report (a reply, a note to postmaster) is there for the operator.
 *
 * Resolves when it is stored.
 */
export async function receiveMail(needs: Needs, mail: Received): Promise<"ended" | "already-ended" | "kept"> {
  const now = needs.now();
  const { to = null, from = null } = mail.envelope ?? {};
  const named = to === null ? null : needs.returnAddresses.open(to, now);
  if (named?.kind === "leave" && asksToLeave(from, Buffer.from(mail.raw)))
    return unsubscribe(needs, named.subscriptionId, "mailto", now);
  await receiveReport(needs, mail);
  return "kept";
}
