import { isUtf8 } from "node:buffer";
import { Invalid } from "../errors.ts";

/**
 * The text that bytes spell; a byte order mark is left out.
 *
 * @param at where these bytes begin in what the person has before them, so that the offset named is theirs
 * @throws {Invalid} naming the first byte that is not UTF-8
 */
export function utf8Text(bytes: Buffer, at = 0): string {
  if (!isUtf8(bytes)) {
    throw new Invalid(`byte ${at + firstBadByte(bytes)} is not UTF-8 text. Convert it to UTF-8.`);
  }
  return bytes.toString("utf8").replace(/^\ufeff/, "");
}

/** Offset of the first byte that is no part of a UTF-8 character; the length when there is none. */
function firstBadByte(bytes: Buffer): number {
  // Decoding puts U+FFFD for each fault; the first one whose bytes do not themselves spell U+FFFD is it.
  const decoded = bytes.toString("utf8");
  let offset = 0;
  let from = 0;
  for (let found = decoded.indexOf("\ufffd"); found !== -1; found = decoded.indexOf("\ufffd", from)) {
    offset += Buffer.byteLength(decoded.slice(from, found));
    if (!bytes.subarray(offset, offset + 3).equals(REPLACEMENT)) return offset;
    offset += REPLACEMENT.length;
    from = found + 1;
  }
  return bytes.length;
}

const REPLACEMENT = Buffer.from("\ufffd");
