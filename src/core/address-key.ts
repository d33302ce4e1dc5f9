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
