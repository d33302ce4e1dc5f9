import { createHmac } from "node:crypto";

/**
 * What the database knows an address by: it stays when the address itself is erased, and cannot be turned back into it
 * without SUPPRESSION_KEY.
 *
 * @param canonical `key` of a parsed address (core/email-address.ts)
 * @returns 64 hexadecimal letters, HMAC-SHA-256
 */
export function addressKey(canonical: string, suppressionKey: string): string {
  return createHmac("sha256", suppressionKey).update(canonical).digest("hex");
}

/**
 * What a request's record knows the network address by that it came from: enough to recognise an address that somebody names
 * in a dispute, and no address.
 *
 * @param ip as the socket or a trusted proxy gives it; IPv4 in IPv6 clothes (RFC 4291 section 2.5.5.2) counts as IPv4
 * @returns 64 hexadecimal letters; the prefix keeps this use of the key apart from mail addresses, which have no spaces
 */
export function networkKey(ip: string, suppressionKey: string): string {
  const plain = ip.toLowerCase().replace(/^::ffff:(?=\d+\.)/, "");
  return createHmac("sha256", suppressionKey).update(`ip ${plain}`).digest("hex");
}
