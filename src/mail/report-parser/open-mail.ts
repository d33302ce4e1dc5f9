/** Raw bytes → what a report is read from: headers, the words meant for people, the parts meant for programs. Never throws. */
import { decodeHTML } from "entities";
import PostalMime, { type Attachment, type Email } from "postal-mime";

export interface OpenedMail {
  /** By lower-case name, unfolded, in order. */
  readonly headers: ReadonlyMap<string, readonly string[]>;
  readonly subject: string;
  /** The words for people: plain text, or what HTML says without its markup. */
  readonly text: string;
  /** `message/…` and `text/rfc822-headers` parts, in order. */
  readonly parts: readonly { readonly type: string; readonly text: string }[];
}

/** As much as the listener keeps of a mail (docs/promises.md §3); what a report has to say comes before the mail it returns. */
const LONGEST = 256 * 1024;
/** Notice, status and the head of the returned mail take a few hundred. Lines cost more than letters: some 15 µs each. */
const MOST_LINES = 2_000;
const MOST_PARTS = 20;
const LONGEST_PART = 64 * 1024;

export async function openMail(raw: Uint8Array): Promise<OpenedMail> {
  const bytes = withoutLead(cut(raw));
  const mail = await PostalMime.parse(bytes, {
    forceRfc822Attachments: true,
    maxNestingDepth: 20,
    maxHeadersSize: LONGEST_PART,
  }).catch(() => null); // too deep, or too large a head: read as it stands
  return mail === null ? unopened(bytes) : opened(mail, bytes);
}

/** All values of a header, or none. */
export function valuesOf(mail: OpenedMail, name: string): readonly string[] {
  return mail.headers.get(name) ?? [];
}

function opened(mail: Email, bytes: Uint8Array): OpenedMail {
  const parts = mail.attachments.flatMap((part) => {
    const isReport = part.mimeType.startsWith("message/") || part.mimeType === "text/rfc822-headers";
    return isReport ? [{ type: part.mimeType, text: textOf(part) }] : [];
  });
  const words = mail.text?.trim() ? mail.text : wordsOfHtml(mail.html ?? "");
  // A multipart without its boundary opens to nothing: everything stands in the body then.
  const isEmpty = parts.length === 0 && words.trim() === "";
  return {
    headers: byName(mail.headers.map(({ key, value }) => [key, value])),
    subject: mail.subject ?? "",
    text: (isEmpty ? bodyOf(decoded(bytes)) : words).slice(0, LONGEST_PART),
    parts: parts.slice(0, MOST_PARTS),
  };
}

function unopened(bytes: Uint8Array): OpenedMail {
  const text = decoded(bytes);
  const head = text.slice(0, text.length - bodyOf(text).length).slice(0, LONGEST_PART);
  const fields = head
    .replace(/\r?\n[ \t]+/g, " ")
    .split(/\r?\n/)
    .map((line): [string, string] => {
      const colon = line.indexOf(":");
      return [line.slice(0, Math.max(colon, 0)).trim().toLowerCase(), line.slice(colon + 1).trim()];
    });
  const headers = byName(fields);
  return { headers, subject: headers.get("subject")?.[0] ?? "", text: bodyOf(text).slice(0, LONGEST_PART), parts: [] };
}

function byName(fields: readonly (readonly [string, string])[]): Map<string, string[]> {
  const headers = new Map<string, string[]>();
  for (const [name, value] of fields) {
    const values = headers.get(name);
    if (values) values.push(value);
    else headers.set(name, [value]);
  }
  return headers;
}

function cut(raw: Uint8Array): Uint8Array {
  const bytes = raw.subarray(0, LONGEST);
  let lines = 0;
  for (let at = bytes.indexOf(10); at !== -1; at = bytes.indexOf(10, at + 1)) {
    lines += 1;
    if (lines === MOST_LINES) return bytes.subarray(0, at);
  }
  return bytes;
}

/** Without a byte order mark and blank lines, which would end the head before it begins. */
function withoutLead(bytes: Uint8Array): Uint8Array {
  let start = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  while (bytes[start] === 10 || bytes[start] === 13) start += 1;
  return bytes.subarray(start);
}

function bodyOf(text: string): string {
  const end = /\r?\n\r?\n/.exec(text);
  return end === null ? "" : text.slice(end.index + end[0].length);
}

function textOf({ content }: Attachment): string {
  return typeof content === "string" ? content.slice(0, LONGEST_PART) : decoded(new Uint8Array(content));
}

function decoded(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes.subarray(0, LONGEST_PART));
}

function wordsOfHtml(html: string): string {
  const lines = html
    .slice(0, LONGEST_PART)
    .replace(/<(?:style|script|head)\b[^<>]*>[^<]*/gi, "")
    .replace(/<(?:br|\/p|\/div|\/tr|\/h\d|\/li|hr)\b[^<>]*>/gi, "\n")
    .replace(/<[^<>]*>/g, " ");
  return decodeHTML(lines);
}
