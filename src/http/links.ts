/** Links as a request brings them, and as pages give them out. */
import type { Request } from "express";
import type { Payloads, Purpose } from "../core/link-payload.ts";
import type { WebApp } from "./server.ts";

type LinkApp = Pick<WebApp, "links" | "now">;

/** The `:link` of this request's address, as it stands there. */
export function linkOf(req: Request): string {
  return [req.params.link ?? ""].flat().join("/");
}

/** What the request's link says; null when it is unknown, garbled or over: all the same to whoever asks (docs/promises.md S4). */
export function opened<P extends Purpose>({ links, now }: LinkApp, purpose: P, req: Request): Payloads[P] | null {
  const found = links.open(purpose, linkOf(req), now());
  return found && "payload" in found ? found.payload : null;
}

/** The address, on this site, of a page that a new link opens. */
export function preferencesHref({ links, now }: LinkApp, subscriptionId: bigint): string {
  return `/preferences/${links.sign("preferences", { subscriptionId }, now())}`;
}

export function unsubscribeHref({ links, now }: LinkApp, subscriptionId: bigint): string {
  return `/unsubscribe/${links.sign("unsubscribe", { subscriptionId, deliveryId: 0n }, now())}`;
}
