/**
 * Digest and reader become the finished message. Pure: the same input gives the same bytes, so that a mail whose answer
 * was lost can go once more as it was (docs/promises.md §6.3).
 */
import type { Digest, DigestItem } from "../core/digest.ts";
import type { Day } from "../core/paper.ts";
import { fittingCount, htmlBudget } from "./fit.ts";
import { headerLines, messageIdOf } from "./headers.ts";
import { type Filling, fill, type MarkName } from "./marked.ts";
import { type Body, type Composed, type Letterhead, messageOf, PLAIN_WAYBILL, type Waybill } from "./message.ts";
import type { EditionFragments, Fragments } from "./render.ts";
import type { Sheet } from "./sheets.ts";
import type { Part } from "./templates.ts";

export interface DigestReader {
  /** As typed. */
  readonly email: string;
  readonly language: string;
  readonly format: Part;
  /** How many watches the reader has: with several, each reason names its watch. */
  readonly watches: number;
}

export interface DigestLinks {
  readonly unsubscribeUrl: string;
  /** Unsubscribing by mail, for programs that know no other way. */
  readonly unsubscribeMailto?: string | undefined;
  readonly preferencesUrl: string;
  readonly pauseUrl: string;
  readonly viewUrl: string;
}

export interface DigestMail {
  readonly digest: Digest;
  readonly fragments: EditionFragments;
  readonly reader: DigestReader;
  readonly links: DigestLinks;
  readonly letterhead: Letterhead;
  readonly waybill?: Waybill;
  readonly listId: string;
  /** Names the message: the same on every try. Letters, digits and `._-`. */
  readonly deliveryId: string;
  readonly composedAt: Date;
}

/**
 * The digest as a message. All of its papers are in it: what does not fit is left out before, by `fitDigest`.
 *
 * @throws {Invalid} for an address that cannot be written to
 */
export function composeDigest(mail: DigestMail): Composed {
  const { digest, reader, links, letterhead, waybill = PLAIN_WAYBILL, deliveryId } = mail;
  const fragments = mail.fragments(reader.language);
  const messageId = messageIdOf("digest", deliveryId, letterhead.messageIdDomain);
  const headers = headerLines(
    {
      from: letterhead.from,
      to: reader.email,
      subject: fragments.subject(digest.items[0]?.paper, Math.max(0, digest.items.length - 1)),
      messageId,
      composedAt: mail.composedAt,
      feedback: [compactDay(digest.editionDate), digest.cadence, fragments.say.language],
      extra: waybill.extra,
    },
    {
      listId: mail.listId,
      listName: fragments.say("mail.name"),
      unsubscribeUrl: links.unsubscribeUrl,
      unsubscribeMailto: links.unsubscribeMailto,
    },
  );
  const parts = {
    text: bodyOf("text", mail, fragments),
    html: reader.format === "html" ? bodyOf("html", mail, fragments) : null,
  };
  return messageOf({
    ...{ headers, ...parts, messageId, letterhead, waybill },
    composedAt: mail.composedAt,
    to: reader.email,
  });
}

/**
 * The digest cut to what one mail may hold (docs/promises.md §6.10): papers are dropped from the end, so that what was cut
 * was not sent and may come another day. To be asked before the papers of a delivery are fixed.
 */
export function fitDigest(digest: Digest, fragmentsIn: EditionFragments, reader: DigestReader): Digest {
  const fragments = fragmentsIn(reader.language);
  // A text part may be as long as an html one; there is no sense in a longer one.
  const sizes = digest.items.map((item) => paperBytes(reader.format, item, fragments, reader.watches));
  const frame = fragments.frame(reader.format, digest.cadence).bytes + linksReserve;
  const count = fittingCount(frame, sizes, htmlBudget);
  return count === digest.items.length ? digest : { ...digest, items: digest.items.slice(0, count) };
}

/** Four links of at most some 500 letters and the first line: what the marks of a frame may take. */
const linksReserve = 4_000;

function paperBytes(part: Part, item: DigestItem, fragments: Fragments, watches: number): number {
  return (
    fragments.paper(part, item.paper).bytes + fragments.reason(item.because, watches)[part].length + "50=\r\n".length
  );
}

function bodyOf(part: Part, { digest, reader, links }: DigestMail, fragments: Fragments): Body {
  const papers = (sheet: Sheet): void => {
    for (const { number, paper, because } of digest.items) {
      const reason = fragments.reason(because, reader.watches)[part];
      fill(sheet, fragments.paper(part, paper), { number: `${number}=\r\n`, reason });
    }
  };
  return (sheet) =>
    fill(sheet, fragments.frame(part, digest.cadence), {
      papers,
      lead: fragments.lead(part, digest.items.length),
      viewUrl: fragments.link(part, links.viewUrl),
      preferencesUrl: fragments.link(part, links.preferencesUrl),
      pauseUrl: fragments.link(part, links.pauseUrl),
      unsubscribeUrl: fragments.link(part, links.unsubscribeUrl),
    } satisfies Partial<Record<MarkName, Filling>>);
}

function compactDay(day: Day): string {
  return day.replaceAll("-", "");
}
