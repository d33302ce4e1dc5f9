/**
 * Text that is quoted-printable already, but for marks that each reader fills.
 *
 * Encoding is what a mail costs most (1.5 ms for 30 kB), so it is done once an edition, and a mail is concatenation. In
 * the encoded text each mark stands on a line of its own between two soft line breaks, which decoding takes out again:
 * a mark may stand in the middle of a word or an attribute and its value still needs no re-wrapping of what surrounds it.
 */
import { encode, wrap } from "nodemailer/lib/qp";
import type { Sheet } from "./sheets.ts";

/** The values that differ from reader to reader, and the place of the papers. */
export type MarkName =
  | "lead"
  | "number"
  | "reason"
  | "papers"
  | "section"
  | "more"
  | "seeAll"
  | "allUrl"
  | "viewUrl"
  | "preferencesUrl"
  | "pauseUrl"
  | "unsubscribeUrl";

const names: readonly MarkName[] = [
  "lead",
  "number",
  "reason",
  "papers",
  "section",
  "more",
  "seeAll",
  "allUrl",
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
  const encoded = dotless(wrap(encode(text.replace(/\r?\n/gu, "\r\n")), LINE));
  return encoded === "" || encoded.endsWith("\r\n") ? encoded : `${encoded}=\r\n`;
}

/** What quoted-printable writes as it is; links, numbers and most reasons are, and they are what is encoded for each reader. */
const isLiteral = /^[!-<>-~](?:[ -<>-~]*[!-<>-~])?$/u;

function chunked(text: string): string {
  let lines = "";
  for (let i = 0; i < text.length; i += LINE) lines += `${text.slice(i, i + LINE)}=\r\n`;
  return dotless(lines);
}

/** Of the 76 letters of RFC 2045 6.7 one is for the "=" of a soft break, and two for a dot that is encoded. */
const LINE = 73;

/** No line begins with a dot, which SMTP would have to double (RFC 5321 4.5.2), and some relay forgets to take out again. */
function dotless(lines: string): string {
  return lines.replace(/^\./gmu, "=2E");
}

/** What stands in a mark's place: encoded by `softLines`, or written by whoever knows it. */
export type Filling = string | ((sheet: Sheet) => void);

export function fill(
  sheet: Sheet,
  { pieces, marks: places }: Marked,
  fillings: Readonly<Partial<Record<MarkName, Filling>>>,
): void {
  sheet.write(pieces[0]!);
  for (let i = 0; i < places.length; i += 1) {
    const filling = fillings[places[i]!] ?? "";
    if (typeof filling === "string") sheet.write(filling);
    else filling(sheet);
    sheet.write(pieces[i + 1]!);
  }
}
