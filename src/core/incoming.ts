/** Mail to the bounce domain: whom it is for, and whether it asks to leave. */
import { domainToASCII } from "node:url";
import type { Named, ReturnAddresses } from "./return-address.ts";

/** `operator`: what RFC 5321 4.5.1 and RFC 2142 want read at every domain that takes mail. */
export type Recipient = Named | { readonly kind: "operator" };

const OPERATOR = ["postmaster", "abuse"];

/**
 * @param address as in `RCPT TO`, the domain in A-labels or as people write it
 * @returns null for everything else: nothing is relayed, and no two strangers' guesses are told apart
 */
export function recipientOf(address: string, returnAddresses: ReturnAddresses, now: Date): Recipient | null {
  const [local = "", domain, ...more] = address.toLowerCase().split("@");
  // RFC 5321 4.1.1.3: the one name that is taken without a domain.
  if (domain === undefined) return local === "postmaster" ? { kind: "operator" } : null;
  if (more.length > 0 || returnAddresses.domain === null || domainToASCII(domain) !== returnAddresses.domain)
    return null;
  if (OPERATOR.includes(local)) return { kind: "operator" };
  return returnAddresses.open(local, now);
}

/**
 * Whether a mail to an unsubscribe address is the reader's wish. Mail programs write these by themselves (RFC 2369 3.2), so
 * being automatic does not matter; what a mail server says of a mail it could not deliver is no wish.
 *
 * @param from the envelope sender, empty for a null sender; null when nobody said: then the mail's own `Return-Path` counts
 * @param raw the mail, of which the header lines matter
 */
export function asksToLeave(from: string | null, raw: Buffer): boolean {
  const text = raw.toString("latin1", 0, LONGEST_HEADERS);
  const [headers = ""] = text.split(/\r?\n\r?\n/, 1);
  // RFC 5321 4.4: the server that delivers writes the envelope sender there.
  const sender = from ?? /^return-path:\s*<([^<>\r\n]*)>/im.exec(headers)?.[1]?.trim();
  if (sender === "" || /^(?:mailer-daemon|postmaster)(?:@|$)/i.test(sender ?? "")) return false;
  return !/^content-type:\s*multipart\/report\b/im.test(headers);
}

const LONGEST_HEADERS = 64 * 1024;
