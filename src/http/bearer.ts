/** A token of the operator's in `Authorization: Bearer` (RFC 6750): what a request brings, and whether it is the one. */
import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";

/** What stands there, whatever the case of the scheme (RFC 9110 11.1); empty: no token. */
export function bearerOf({ headers }: Pick<IncomingMessage, "headers">): string {
  return /^bearer +(\S+) *$/i.exec(headers.authorization ?? "")?.[1] ?? "";
}

/** Compares with a token in a time that shows neither its length nor its beginning: both are hashed. */
export function isToken(token: string): (given: string) => boolean {
  const expected = sha256(token);
  return (given) => timingSafeEqual(sha256(given), expected);
}

function sha256(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
