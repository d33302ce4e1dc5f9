/** All that may tell which of our mails a report is about. Collected widely: nothing of it is believed before it was checked. */

import { inertText } from "../../core/inert.ts";
import type { ReportKeys } from "../../core/mail-report.ts";
import type { Explanation } from "./explanation.ts";
import { decodeXtext, type Fields, readBlocks, withoutType } from "./fields.ts";
import { type OpenedMail, valuesOf } from "./open-mail.ts";

const MOST_KEYS = 40;
/** RFC 5321 4.5.3.1.3 for a path; Message-IDs are no longer in practice. */
const LONGEST_KEY = 320;
const RETURNED_PARTS = /^(?:message\/(?:rfc822|global|global-headers|partial|rfc822-headers)|text\/rfc822-headers)$/;

/** Headers a mail was addressed by on its way to us, the most telling first. */
const DELIVERED_TO = ["delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "x-delivered-to", "to"];
/** Headers of the returned mail that its envelope sender may stand in. */
const SENT_BY = [
  "return-path",
  "x-envelope-from",
  "x-envelope-sender",
  "x-original-return-path",
  "errors-to",
  "sender",
];

export function keysOf(
  mail: OpenedMail,
  explanation: Explanation,
  blocks: readonly Fields[],
  envelope: { readonly to?: string | undefined },
): ReportKeys {
  const returned = [...mail.parts.filter(({ type }) => RETURNED_PARTS.test(type)).map(({ text }) => text)]
    .concat(explanation.returned)
    .filter((text) => text !== "")
    .map(headOf);
  const inFields = (names: readonly string[], of: readonly Fields[]) =>
    names.flatMap((name) => of.flatMap((fields) => fields.get(name) ?? []));
  const envids = inFields(["original-envelope-id"], blocks).flatMap((envid) => [envid, decodeXtext(envid)]);
  const addresses = [
    envelope.to ?? "",
    ...DELIVERED_TO.flatMap((name) => valuesOf(mail, name)),
    ...inFields(["original-mail-from"], blocks).map(withoutType),
    ...inFields(SENT_BY, returned),
    ...inReceived(returned),
    ...inWords(explanation.text),
  ].flatMap(addressesIn);
  const ids = [
    ...inFields(["message-id"], returned),
    ...inFields(["x-original-message-id"], blocks),
    ...["x-original-message-id", "in-reply-to", "references"].flatMap((name) => valuesOf(mail, name)),
  ];
  return {
    returnAddresses: distinct([...addresses.slice(0, MOST_KEYS), ...envids]),
    serverIds: [],
    messageIds: distinct(ids.flatMap(idsIn)),
  };
}

/** The headers of a returned mail as fields; those in front, since a body may look like headers too. */
function headOf(text: string): Fields {
  return readBlocks(text.trimStart().slice(0, 32_768)).at(0) ?? new Map();
}

/** MTAs note the envelope in the first Received they add: `(envelope-from <…>)`, qmail `(envelope-sender <…>)`. */
function inReceived(returned: readonly Fields[]): string[] {
  return returned.flatMap((fields) => {
    const sender = /envelope-(?:from|sender) <?([^\s<>()]{3,320})>?/i.exec(fields.get("received") ?? "")?.[1];
    return sender === undefined ? [] : [sender];
  });
}

/** Notices that repeat the dialogue: `MAIL FROM:<…>`, `Original Sender: <…>`. */
function inWords(text: string): string[] {
  const found = text.matchAll(
    /(?:mail from|original sender|envelope[- ](?:from|sender))\s{0,4}:?\s{0,4}<?([^\s<>()]{3,320}@[^\s<>()]{1,255})>?/gi,
  );
  return [...found].slice(0, MOST_KEYS).map(([, address]) => address ?? "");
}

function addressesIn(value: string): string[] {
  const found = value.slice(0, 4_000).match(/[^\s<>()",;:]{1,255}@[^\s<>()",;:]{1,255}/g) ?? [];
  return found.slice(0, MOST_KEYS).filter((address) => address.length <= LONGEST_KEY);
}

function idsIn(value: string): string[] {
  const short = value.slice(0, 4_000);
  const bracketed = [...short.matchAll(/<([^\s<>]{3,320})>/g)].map(([, id]) => id ?? "");
  return bracketed.length > 0 ? bracketed : short.split(/\s+/).filter((id) => /^[^\s<>]+@[^\s<>]+$/.test(id));
}

function distinct(keys: readonly string[]): string[] {
  const clean = keys.map((key) => inertText(key)).filter((key) => key !== "" && key.length <= LONGEST_KEY);
  return [...new Set(clean)].slice(0, MOST_KEYS);
}
