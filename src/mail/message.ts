/** Puts headers and encoded bodies together into the bytes that go out. Pure. */
import { hash } from "node:crypto";
import { addressForWire, type Header, type Mailbox } from "./headers.ts";
import { Sheet } from "./sheets.ts";

/** RFC 5321: what the SMTP server is told, apart from what the headers say. */
export interface Envelope {
  /** Where bounces go. */
  readonly from: string;
  readonly to: string;
  /** ENVID: what a server that knows DSN quotes in what it sends back (RFC 3461 4.4). */
  readonly id?: string | undefined;
}

/** A finished message. */
export interface Composed {
  /** The whole of it, ASCII, lines ended by CRLF. */
  readonly raw: Buffer;
  readonly envelope: Envelope;
  /** Without angle brackets. */
  readonly messageId: string;
  /** The same on every try. */
  readonly composedAt: Date;
}

/** Who sends, the same for every mail of a kind. */
export interface Letterhead {
  readonly from: Mailbox;
  /** Domain of our Message-IDs, in A-labels. */
  readonly messageIdDomain: string;
}

/** What tells one mail from all others to whoever handles it on the way. */
export interface Waybill {
  /** Where bounces go; the address of `from` unless a bounce address was made for this mail. */
  readonly envelopeFrom?: string | undefined;
  readonly envelopeId?: string | undefined;
  /** What providers want to be told (profiles.ts). */
  readonly extra: readonly Header[];
}

export const PLAIN_WAYBILL: Waybill = Object.freeze({ extra: [] });

/** Writes a body where it belongs. */
export type Body = (sheet: Sheet) => void;

/** Encoded as quoted-printable and ended by CRLF; without html the mail is text alone. */
export interface Bodies {
  readonly text: Body;
  readonly html: Body | null;
}

/** @param headers each line ended by CRLF, without Content-Type */
export function messageOf(
  of: Bodies & {
    readonly headers: string;
    readonly messageId: string;
    readonly composedAt: Date;
    readonly letterhead: Letterhead;
    readonly waybill: Waybill;
    readonly to: string;
  },
): Composed {
  const sheet = new Sheet();
  sheet.write(of.headers);
  if (of.html === null) writePart(sheet, "plain", of.text);
  else writeAlternatives(sheet, of.text, of.html, of.messageId);
  return {
    raw: sheet.written(),
    envelope: {
      from: of.waybill.envelopeFrom ?? addressForWire(of.letterhead.from.address),
      to: addressForWire(of.to),
      ...(of.waybill.envelopeId === undefined ? {} : { id: of.waybill.envelopeId }),
    },
    messageId: of.messageId,
    composedAt: of.composedAt,
  };
}

/** Text first, then html: a mail program shows the last part it can (RFC 2046 5.1.4). */
function writeAlternatives(sheet: Sheet, text: Body, html: Body, messageId: string): void {
  // "=_" cannot occur in quoted-printable (RFC 2045 6.7), so no body can hold the boundary.
  const boundary = `=_${hash("sha256", messageId).slice(0, 24)}`;
  sheet.write(`Content-Type: multipart/alternative;\r\n boundary="${boundary}"\r\n\r\n--${boundary}\r\n`);
  writePart(sheet, "plain", text);
  sheet.write(`--${boundary}\r\n`);
  writePart(sheet, "html", html);
  sheet.write(`--${boundary}--\r\n`);
}

function writePart(sheet: Sheet, type: "plain" | "html", body: Body): void {
  // RFC 3676: what plain-lines.ts broke may be broken elsewhere.
  const flow = type === "plain" ? "; format=flowed; delsp=no" : "";
  sheet.write(
    `Content-Type: text/${type}; charset=utf-8${flow}\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n`,
  );
  body(sheet);
}
