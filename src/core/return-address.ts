/**
 * Addresses that mail comes back to, each naming what it is about in a token that nobody else can make (VERP). They survive
 * case folding, and the local part stays under 64 letters (RFC 5321 4.5.3.1.1).
 */
import { timingSafeEqual } from "node:crypto";
import { Invalid } from "../errors.ts";
import { base32, fromBase32 } from "./base32.ts";
import { addDays, daysBetween, utcDayOf } from "./day.ts";
import { type HmacKey, hmac, hmacKey } from "./hmac.ts";
import type { SigningKey } from "./link.ts";
import { readVarint, varints } from "./link-payload.ts";
import type { Day } from "./paper.ts";

export type Named =
  | { readonly kind: "delivery"; readonly localDay: Day; readonly deliveryId: bigint; readonly subscriptionId: bigint }
  | { readonly kind: "letter"; readonly requestId: bigint }
  | { readonly kind: "leave"; readonly subscriptionId: bigint; readonly deliveryId: bigint };

export interface ReturnAddresses {
  /** Where they are: BOUNCE_DOMAIN. Null: mail comes back to the address in From, and only tokens are made. */
  readonly domain: string | null;
  /**
   * `bounce+TOKEN@bounce.example.org`, the envelope sender of one mail; opens for 14 days, for `leave` (`unsubscribe+TOKEN`)
   * for ever. The same text for the same mail: a delivery's does not depend on `at`.
   *
   * @throws {Invalid} without a domain
   */
  of(named: Named, at: Date): string;
  /** What stands behind the plus: 24 to 55 small letters and digits, for an ENVID and the metadata of providers. */
  tokenOf(named: Named, at: Date): string;
  /** The address around a token that `tokenOf` made. @throws {Invalid} without a domain */
  withToken(kind: Named["kind"], token: string): string;
  /** What an address, its local part or an ENVID names; null for whatever we did not sign, or when its time is over. Never throws. */
  open(text: string, now: Date): Named | null;
}

/** Whole days after the local day of a delivery, or the UTC day a letter was asked for: mail servers give up after five (RFC 5321 4.5.4.1), and some tell it late. */
const OPENS_FOR_DAYS = 14;

/** 96 bits: what is left of 64 letters beside the largest ids (RFC 2104 section 5 asks for 80 at least). */
const MAC_BYTES = 12;

/** Keeps this use of the secret apart from links. */
const PURPOSE = Buffer.from("paperboy return address 1\0");

const WORDS = { delivery: "bounce", letter: "bounce", leave: "unsubscribe" } as const;

/** The first number of a token. What a later form says differently gets another number. */
const KINDS = ["delivery", "letter", "leave"] as const;

const EPOCH: Day = "1970-01-01";

/** An address is 254 letters at most (RFC 5321 4.5.3.1.3). Longer texts are not looked at. */
const LONGEST_TEXT = 400;

/**
 * @param keys the first one signs, all of them open; a retired one opens `leave` only, which lasts for ever
 */
export function openReturnAddresses({
  keys,
  domain,
}: {
  readonly keys: readonly SigningKey[];
  readonly domain: string | null;
}): ReturnAddresses {
  const macKeys = keys.map(({ secret, retired }) => ({ key: hmacKey(secret), retired }));
  const [signing] = macKeys;
  if (signing === undefined || signing.retired)
    throw new Invalid("Return addresses need a key to sign with, and the first is retired or missing");

  const tokenOf: ReturnAddresses["tokenOf"] = (named, at) => {
    const body = varints([BigInt(KINDS.indexOf(named.kind)), ...numbersOf(named, at)]);
    return base32(Buffer.concat([body, macOf(signing.key, body)]));
  };

  const withToken: ReturnAddresses["withToken"] = (kind, token) => {
    if (domain === null) throw new Invalid("There are no return addresses without BOUNCE_DOMAIN");
    return `${WORDS[kind]}+${token}@${domain}`;
  };

  return {
    domain,
    tokenOf,
    withToken,
    of: (named, at) => withToken(named.kind, tokenOf(named, at)),

    open(text, now) {
      const parts = partsOf(text);
      if (parts === null) return null;
      // Which key it was stands nowhere: its id would take letters that the signature needs, and there are few to try.
      const signedBy = macKeys.find(({ key }) => timingSafeEqual(parts.mac, macOf(key, parts.body)));
      const said = signedBy && namedBy(parts.body);
      if (!said || (parts.word !== null && parts.word !== WORDS[said.named.kind])) return null;
      const isOver = said.since !== null && daysBetween(said.since, utcDayOf(now)) > OPENS_FOR_DAYS;
      return isOver || (signedBy.retired && said.since !== null) ? null : said.named;
    },
  };
}

function numbersOf(named: Named, at: Date): bigint[] {
  switch (named.kind) {
    case "delivery":
      return [dayNumber(named.localDay), named.deliveryId, named.subscriptionId];
    case "letter":
      return [dayNumber(utcDayOf(at)), named.requestId];
    case "leave":
      return [named.subscriptionId, named.deliveryId];
  }
}

/** What a signed body says, and the day its time began; `since` null: it lasts for ever. Null for a form we no longer write. */
function namedBy(body: Uint8Array): { readonly named: Named; readonly since: Day | null } | null {
  const numbers: bigint[] = [];
  for (let from = 0; from < body.length; ) {
    const read = readVarint(body, from);
    if (!read) return null;
    numbers.push(read.value);
    from = read.next;
  }
  const [kind, a, b, c, ...rest] = numbers;
  if (kind === undefined || a === undefined || b === undefined || rest.length > 0) return null;
  switch (KINDS[Number(kind)]) {
    case "delivery": {
      if (c === undefined) return null;
      const localDay = dayOf(a);
      return { named: { kind: "delivery", localDay, deliveryId: b, subscriptionId: c }, since: localDay };
    }
    case "letter":
      return { named: { kind: "letter", requestId: b }, since: dayOf(a) };
    case "leave":
      return { named: { kind: "leave", subscriptionId: a, deliveryId: b }, since: null };
    default:
      return null;
  }
}

function macOf(key: HmacKey, body: Uint8Array): Buffer {
  return hmac(key, Buffer.concat([PURPOSE, body])).subarray(0, MAC_BYTES);
}

function partsOf(text: string): { word: string | null; body: Buffer; mac: Buffer } | null {
  if (text.length > LONGEST_TEXT) return null;
  // The plus of an ENVID comes back as +2B (xtext, RFC 3461 section 4). No token begins with a 2, so they are told apart.
  const match = /^\s*<?(?:(bounce|unsubscribe)(?:\+2b|\+))?([a-z2-7]{24,55})(?:@[^\s<>@]*)?>?\s*$/i.exec(text);
  const bytes = match && fromBase32(match[2]!);
  if (!bytes || bytes.length <= MAC_BYTES) return null;
  return {
    word: match[1]?.toLowerCase() ?? null,
    body: bytes.subarray(0, -MAC_BYTES),
    mac: bytes.subarray(-MAC_BYTES),
  };
}

function dayNumber(day: Day): bigint {
  return BigInt(daysBetween(EPOCH, day));
}

function dayOf(number: bigint): Day {
  return addDays(EPOCH, Number(number));
}
