/**
 * Text that is quoted-printable already, but for marks that each reader fills.
 *
 * Encoding is what a mail costs most (1.5 ms for 30 kB), so it is done once an edition, and a mail is concatenation. In
 * the encoded text each mark stands on a line of its own between two soft line breaks, which decoding takes out again:
 * a mark may stand in the middle of a word or an attribute and its value still needs no re-wrapping of what surrounds it.
 */
import { encode, wrap } from "nodemailer/lib/qp";

/** The values that differ from reader to reader, and the place of the papers. */
export type MarkName =
  | "lead"
  | "number"
  | "reason"
  | "papers"
  | "viewUrl"
  | "preferencesUrl"
  | "pauseUrl"
  | "unsubscribeUrl";

const names: readonly MarkName[] = [
  "lead",
  "number",
  "reason",
  "papers",
  "viewUrl",
  "preferencesUrl",
  "pauseUrl",
  "unsubscribeUrl",
];

// Private-use characters: core/inert.ts takes them out of all outside text, so no title can bring a mark.
const open = "\uE000";
const close = "\uE001";
const markPattern = /\uE000([a-zA-Z]+)\uE001/u;

/** What a template is given in the place of a reader's values. */
export const marks = Object.fromEntries(names.map((name) => [name, `${open}${name}${close}`])) as Readonly<
  Record<MarkName, string>
>;

/** A part of a message: bytes that many mails share, or ASCII of this one's own. */
export type Piece = Buffer | string;

/** Pieces of quoted-printable with a mark between each two: one piece more than marks. */
export interface Marked {
  readonly pieces: readonly Buffer[];
  readonly marks: readonly MarkName[];
  /** Bytes of the pieces together, without the values. */
  readonly bytes: number;
}

/** Encodes everything but the marks; ends in a line break, soft or hard, so that anything may follow. */
export function markedQuotedPrintable(text: string): Marked {
  const parts = text.split(markPattern);
  const pieces = parts.filter((_, i) => i % 2 === 0).map((part) => Buffer.from(softLines(part), "latin1"));
  return {
    pieces,
    marks: parts.filter((_, i) => i % 2 === 1) as MarkName[],
    bytes: pieces.reduce((sum, piece) => sum + piece.length, 0),
  };
}

/** Quoted-printable that ends in a soft line break, so that anything may follow; empty text stays empty. */
export function softLines(text: string): string {
  if (isLiteral.test(text)) return chunked(text);
  // 75, not 76 (RFC 2045 6.7): the "=" of the soft break comes on top.
  const encoded = wrap(encode(text.replace(/\r?\n/gu, "\r\n")), 75);
  return encoded === "" || encoded.endsWith("\r\n") ? encoded : `${encoded}=\r\n`;
}

/** What quoted-printable writes as it is; links, numbers and most reasons are, and they are what is encoded for each reader. */
const isLiteral = /^[!-<>-~](?:[ -<>-~]*[!-<>-~])?$/u;

function chunked(text: string): string {
  let lines = "";
  for (let i = 0; i < text.length; i += 75) lines += `${text.slice(i, i + 75)}=\r\n`;
  return lines;
}

/** @param values each encoded by `softLines`, or pieces of such */
export function filled(
  { pieces, marks: places }: Marked,
  values: Readonly<Partial<Record<MarkName, string | readonly Piece[]>>>,
): Piece[] {
  const all: Piece[] = [pieces[0]!];
  for (let i = 0; i < places.length; i += 1) {
    const value = values[places[i]!] ?? "";
    if (typeof value === "string") all.push(value);
    else for (const piece of value) all.push(piece);
    all.push(pieces[i + 1]!);
  }
  return all;
}

/** The bytes of all of them: one copy, where strings would be put together, flattened and encoded. */
export function joined(pieces: readonly Piece[]): Buffer {
  let length = 0;
  for (const piece of pieces) length += piece.length;
  const whole = Buffer.allocUnsafe(length);
  let at = 0;
  for (const piece of pieces) {
    if (typeof piece === "string") whole.write(piece, at, "latin1");
    else whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
