import { createHmac } from "node:crypto";
// node:net reads nothing here: isIP is a pure function.
import { isIP } from "node:net";
import { utcDayOf } from "./day.ts";

/** What a visitor is counted under. */
export interface VisitorKeys {
  readonly visitor: string;
  /** The /64 an IPv6 address lies in; null for IPv4. */
  readonly network: string | null;
}

/**
 * Keys that cannot be turned back into an IP address without the secret, and that nobody can tie together from one UTC day
 * to the next.
 *
 * @param ip as a socket or a trusted proxy names it; anything else is one visitor of that name
 */
export function visitorKeys(ip: string, at: Date, secret: string): VisitorKeys {
  const key = (kind: string, text: string) =>
    createHmac("sha256", secret)
      .update(`paperboy ${kind} 1 ${utcDayOf(at)} ${text}`)
      .digest()
      .subarray(0, 16)
      .toString("base64url");
  const address = ip.replace(/%.*$/, ""); // the interface of a link-local address
  if (isIP(address) !== 6) return { visitor: key("visitor", address), network: null };
  const groups = groupsOf(address);
  // IPv4 in IPv6 clothes (RFC 4291 section 2.5.5.2), as a socket that listens for both shows it.
  if (groups.slice(0, 6).join(":") === "0:0:0:0:0:ffff")
    return { visitor: key("visitor", dotted(groups[6]!, groups[7]!)), network: null };
  return { visitor: key("visitor", groups.join(":")), network: key("network", groups.slice(0, 4).join(":")) };
}

/** The eight groups of an IPv6 address, without leading zeros. */
function groupsOf(address: string): string[] {
  // A URL's host is written in the one canonical way (RFC 5952).
  const [head = "", tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split("::");
  const groups = (text = "") => text.split(":").filter(Boolean);
  const [before, after] = [groups(head), groups(tail)];
  return [...before, ...Array<string>(8 - before.length - after.length).fill("0"), ...after];
}

function dotted(high: string, low: string): string {
  const [a, b] = [Number.parseInt(high, 16), Number.parseInt(low, 16)];
  return [a >> 8, a & 255, b >> 8, b & 255].join(".");
}
