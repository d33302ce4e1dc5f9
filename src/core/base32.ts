/** Base32 in small letters and without padding (RFC 4648 section 6): what survives a mail server that folds case. */

const LETTERS = "abcdefghijklmnopqrstuvwxyz234567";
/** Two letters for each ten bits: a token is made for every mail. */
const PAIRS = Array.from({ length: 1024 }, (_, bits) => LETTERS[bits >> 5]! + LETTERS[bits & 31]!);

export function base32(bytes: Uint8Array): string {
  let text = "";
  let bits = 0;
  let count = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    bits = ((bits << 8) | bytes[at]!) & 0x3ffff;
    count += 8;
    if (count >= 10) {
      count -= 10;
      text += PAIRS[(bits >> count) & 1023];
    }
  }
  // Up to eight bits are left: two letters, or one.
  if (count > 5) return text + PAIRS[(bits << (10 - count)) & 1023];
  return count > 0 ? text + LETTERS[(bits << (5 - count)) & 31] : text;
}

/** In either case; null for whatever {@link base32} does not write, a last letter with bits that no byte uses among them. */
export function fromBase32(text: string): Buffer | null {
  const bytes: number[] = [];
  let bits = 0;
  let count = 0;
  for (const letter of text) {
    const value = numberOf(letter);
    if (value === null) return null;
    bits = ((bits << 5) | value) & 0xfff;
    count += 5;
    if (count >= 8) {
      count -= 8;
      bytes.push((bits >> count) & 255);
    }
  }
  const isWhole = count < 5 && (bits & ((1 << count) - 1)) === 0;
  return isWhole ? Buffer.from(bytes) : null;
}

/** Not by `toLowerCase`, which takes the Kelvin sign for a k. */
function numberOf(letter: string): number | null {
  if (!/^[A-Za-z2-7]$/.test(letter)) return null;
  return LETTERS.indexOf(letter.toLowerCase());
}
