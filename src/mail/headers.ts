/** The header lines of our mails. Whatever stands in a title or a name, no line of its own comes of it. Pure. */
import { domainToASCII } from "node:url";
import addressparser from "nodemailer/lib/addressparser";
import { encodeWord, foldLines, quoteString } from "nodemailer/lib/mime-funcs";
import { inertText } from "../core/inert.ts";
import { Invalid } from "../errors.ts";

/** Who a mail is from or to; an empty name shows the address alone. */
export interface Mailbox {
  readonly name: string;
  readonly address: string;
}

/** What every mail of ours says of itself. */
export interface MessageHeaders {
  readonly from: Mailbox;
  readonly to: string;
  readonly subject: string;
  readonly messageId: string;
  readonly composedAt: Date;
  /** Three fields that name the campaign and never the mail, for Gmail's complaint figures (Feedback-ID a:b:c:sender). */
  readonly feedback: readonly [string, string, string];
  /** What providers on the way want to be told: names and values, ASCII. */
  readonly extra: readonly Header[];
}

export type Header = readonly [name: string, value: string];

/** What a digest says besides: how to leave it, and which list it is of. */
export interface ListHeaders {
  /** One, stable for the life of the list, under our domain (RFC 2919): `digest.example.org`. */
  readonly listId: string;
  readonly listName: string;
  /** RFC 8058: one https address (http on loopback only); a mailto may follow it. */
  readonly unsubscribeUrl: string;
  readonly unsubscribeMailto?: string | undefined;
}

/** The stable sender of Feedback-ID: 5–15 letters (support.google.com/mail/answer/6254652). */
const feedbackSender = "paperboy";

/** All header lines but those of the body's type, each ended by CRLF; one of each name. */
export function headerLines(message: MessageHeaders, list?: ListHeaders): string {
  const lines = [
    fromLine(message.from),
    header("To", addressForWire(message.to)),
    header("Subject", words(message.subject)),
    header("Date", dateLine(message.composedAt)),
    header("Message-ID", `<${message.messageId}>`),
    header("MIME-Version", "1.0"),
    // RFC 3834: keeps holiday replies away.
    header("Auto-Submitted", "auto-generated"),
    header("Feedback-ID", [...message.feedback, feedbackSender].map(token).join(":")),
    ...message.extra.map(([name, value]) => header(name, value)),
  ];
  if (list !== undefined) {
    const ways = [list.unsubscribeUrl, list.unsubscribeMailto].filter((way) => way !== undefined);
    lines.push(
      header("List-Id", `${phrase(list.listName)} <${token(list.listId)}>`),
      header("List-Unsubscribe", ways.map((way) => `<${wireUrl(way)}>`).join(", ")),
      header("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
    );
  }
  return lines.join("");
}

/**
 * `Paperboy <digest@example.org>` or an address alone, as settings write it.
 *
 * @throws {Invalid} unless it is exactly one address
 */
export function parseMailbox(text: string): Mailbox {
  const [only, ...more] = addressparser(text);
  if (only?.address === undefined || more.length > 0 || !only.address.includes("@")) {
    throw new Invalid(`"${text}" is not one mail address. Write Paperboy <digest@example.org>`);
  }
  addressForWire(only.address);
  return { name: only.name, address: only.address };
}

/**
 * An address as SMTP and headers write it: the domain in A-labels.
 *
 * @throws {Invalid} for a local part outside ASCII, which needs a far end with SMTPUTF8 (RFC 6531) and is bounced or
 *   mangled by any other, and for anything that could end the address early
 */
export function addressForWire(address: string): string {
  const at = address.lastIndexOf("@");
  const [local, domain] = [address.slice(0, at), asciiDomain(address.slice(at + 1))];
  if (at < 1 || domain === "" || !/^[\w.!#$%&'*+/=?^`{|}~-]+$/u.test(local)) {
    throw new Invalid(
      `"${inertText(address)}" cannot be written to: an address is letters, digits and .!#$%&'*+/=?^_\`{|}~- before the @`,
    );
  }
  return `${local}@${domain}`;
}

/** `digest.KEY@domain`: made from the delivery, so a retry carries the same one (RFC 5322 3.6.4). */
export function messageIdOf(kind: string, key: string, domain: string): string {
  return `${token(kind)}.${token(key)}@${asciiDomain(domain)}`;
}

/** In A-labels; empty for what is no domain. The ordinary ones are not parsed as an address would be: three a mail cost 20 µs. */
function asciiDomain(domain: string): string {
  return /^[a-z0-9-]+(?:\.[a-z0-9-]+)*$/u.test(domain) ? domain : domainToASCII(domain);
}

const fromLines = new WeakMap<Mailbox, string>();

/** The same in every mail of a kind. */
function fromLine(from: Mailbox): string {
  let line = fromLines.get(from);
  if (line === undefined) {
    line = header("From", mailbox(from));
    fromLines.set(from, line);
  }
  return line;
}

/** One header, folded at spaces to 76 letters, its value free of line breaks. */
function header(name: string, value: string): string {
  return `${foldLines(`${name}: ${value}`, 76)}\r\n`;
}

/** Free text. Encoded as a whole unless it is plain: a title that holds `=?utf-8?…?=` must be shown, not decoded. */
function words(text: string): string {
  const inert = inertText(text);
  return isPlain(inert) && !/\S{60}/u.test(inert) ? inert : encodeWord(inert, "B", 52);
}

/** A display name: a phrase, quoted where RFC 5322 asks. */
function phrase(name: string): string {
  const inert = inertText(name);
  if (!isPlain(inert)) return encodeWord(inert, "B", 52);
  return /^[\w !#$%&'*+/=?^`{|}~-]*$/u.test(inert) ? inert : quoteString(inert);
}

function isPlain(text: string): boolean {
  return /^[\x20-\x7E]*$/u.test(text) && !text.includes("=?");
}

function mailbox({ name, address }: Mailbox): string {
  const wire = addressForWire(address);
  return inertText(name) === "" ? wire : `${phrase(name)} <${wire}>`;
}

/** Wed, 01 Apr 2026 07:00:00 +0000 (RFC 5322 3.3; "GMT" is its obsolete form). */
function dateLine(at: Date): string {
  return at.toUTCString().replace("GMT", "+0000");
}

/** @throws {Invalid} for what cannot stand in an id or inside angle brackets */
function token(text: string): string {
  if (!/^[A-Za-z0-9._-]+$/u.test(text))
    throw new Invalid(`"${inertText(text)}" cannot stand in a mail header. Use letters, digits and ._-`);
  return text;
}

/** @throws {Invalid} for an address that could end the angle brackets around it */
function wireUrl(url: string): string {
  if (!/^(?:https?|mailto):[!-;=?-~]+$/u.test(url))
    throw new Invalid(`"${inertText(url)}" is not an https or mailto address`);
  return url;
}
