/**
 * Digest and reader become the finished message. Pure: the same input gives the same bytes, so that a mail whose answer
 * was lost can go once more as it was (docs/promises.md §6.3).
 */
import { type Digest, type DigestItem, type Section, sectionsOf } from "../core/digest.ts";
import type { Filter } from "../core/filter.ts";
import { filterToQuery } from "../core/filter-query.ts";
import { mainTopics } from "../core/in-words.ts";
import type { Day } from "../core/paper.ts";
import { fittingCount, htmlBudget } from "./fit.ts";
import { headerLines, messageIdOf } from "./headers.ts";
import { type Filling, fill, type MarkName } from "./marked.ts";
import { type Body, type Composed, type Letterhead, messageOf, PLAIN_WAYBILL, type Waybill } from "./message.ts";
import type { Contents, EditionFragments, Fragments } from "./render.ts";
import type { Sheet } from "./sheets.ts";
import type { Part } from "./templates.ts";

export interface DigestReader {
  /** As typed. */
  readonly email: string;
  readonly language: string;
  readonly format: Part;
  /** With several watches each has a section of its own. */
  readonly filter: Filter;
}

export interface DigestLinks {
  readonly unsubscribeUrl: string;
  /** Unsubscribing by mail, for programs that know no other way. */
  readonly unsubscribeMailto?: string | undefined;
  readonly preferencesUrl: string;
  readonly pauseUrl: string;
  readonly viewUrl: string;
  /** The edition's page, without a filter. */
  readonly editionUrl: string;
}

export interface DigestMail {
  readonly digest: Digest;
  readonly fragments: EditionFragments;
  readonly reader: DigestReader;
  /** Null: it stands alone, by fragments that do so too. */
  readonly links: DigestLinks | null;
  readonly letterhead: Letterhead;
  readonly waybill?: Waybill;
  /** Of whom it is sent to by subscription; for who asked for this one alone, not used. */
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
  const sections = sectionsOf(digest, reader.filter);
  const contents: Contents = {
    count: digest.items.length,
    total: digest.matched,
    topics: mainTopics(digest.items.map(({ paper }) => paper)),
  };
  const messageId = messageIdOf("digest", deliveryId, letterhead.messageIdDomain);
  const headers = headerLines(
    {
      from: letterhead.from,
      to: reader.email,
      subject: fragments.subject(sections[0]?.items[0]?.paper, Math.max(0, digest.items.length - 1), digest.cadence),
      messageId,
      composedAt: mail.composedAt,
      feedback: [compactDay(digest.editionDate), digest.cadence, fragments.say.language],
      extra: waybill.extra,
    },
    links === null
      ? undefined
      : {
          listId: mail.listId,
          listName: fragments.say("mail.name"),
          unsubscribeUrl: links.unsubscribeUrl,
          unsubscribeMailto: links.unsubscribeMailto,
        },
  );
  const parts = {
    text: bodyOf("text", mail, { sections, contents, fragments }),
    html: reader.format === "html" ? bodyOf("html", mail, { sections, contents, fragments }) : null,
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
export function fitDigest(
  digest: Digest,
  fragmentsIn: EditionFragments,
  { language, format, filter }: DigestReader,
): Digest {
  const fragments = fragmentsIn(language);
  const { watches } = filter;
  // A text part may be as long as an html one; there is no sense in a longer one.
  const sizes = digest.items.map((item) => paperBytes(format, item, fragments, watches.length));
  const headings = watches.length > 1 ? [...watches, null] : [];
  const section = fragments.section(format).bytes;
  const frame = headings.reduce(
    (sum, watch) => sum + section + fragments.watch(format, watch).length,
    fragments.frame(format, digest.cadence, true).bytes + marksReserve + 2 * (queryOf(filter)?.length ?? 0),
  );
  const count = fittingCount(frame, sizes, htmlBudget);
  return count === digest.items.length ? digest : { ...digest, items: digest.items.slice(0, count) };
}

/** Four links of at most some 500 letters, three sentences, and the address of the edition: what the marks of a frame may take. */
const marksReserve = 4_000;

function paperBytes(part: Part, item: DigestItem, fragments: Fragments, watches: number): number {
  const paper = fragments.paper(part, item.paper, watches > 1).bytes;
  return paper + fragments.reason(item, watches)[part].length + "50=\r\n".length;
}

function bodyOf(
  part: Part,
  { digest, reader, links }: DigestMail,
  {
    sections,
    contents,
    fragments,
  }: { readonly sections: readonly Section[]; readonly contents: Contents; readonly fragments: Fragments },
): Body {
  const { watches } = reader.filter;
  const hasSections = watches.length > 1;
  const isPart = contents.total > contents.count;
  const query = isPart ? queryOf(reader.filter) : null;
  const papers = (sheet: Sheet): void => {
    let number = 0;
    for (const { watch, items } of sections) {
      if (hasSections) {
        const name = fragments.watch(part, watch === null ? null : watches[watch]!);
        fill(sheet, fragments.section(part), { section: name });
      }
      for (const item of items) {
        number += 1;
        const reason = fragments.reason(item, watches.length)[part];
        fill(sheet, fragments.paper(part, item.paper, hasSections), { number: `${number}=\r\n`, reason });
      }
    }
  };
  return (sheet) =>
    fill(sheet, fragments.frame(part, digest.cadence, isPart), {
      papers,
      lead: fragments.lead(part, contents),
      ...(isPart && { more: fragments.more(part, contents) }),
      ...(links && {
        ...(isPart && {
          seeAll: fragments.seeAll(part, query === null ? null : contents.total),
          allUrl: fragments.link(part, query ? `${links.editionUrl}?${query}` : links.editionUrl),
        }),
        viewUrl: fragments.link(part, links.viewUrl),
        preferencesUrl: fragments.link(part, links.preferencesUrl),
        pauseUrl: fragments.link(part, links.pauseUrl),
        unsubscribeUrl: fragments.link(part, links.unsubscribeUrl),
      }),
    } satisfies Partial<Record<MarkName, Filling>>);
}

/** Mail programs and servers cut longer addresses; a filter of hundreds of words is not worth a dead link. */
const longestQuery = 1_500;

/** Asked for when a mail is measured, and again for each of its parts. */
const queries = new WeakMap<Filter, string>();

/** What makes the page of the edition show all papers that match; null when it is too long. */
function queryOf(filter: Filter): string | null {
  let query = queries.get(filter);
  if (query === undefined) {
    query = filterToQuery(filter);
    queries.set(filter, query);
  }
  return query.length > longestQuery ? null : query;
}

function compactDay(day: Day): string {
  return day.replaceAll("-", "");
}
