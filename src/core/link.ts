/**
 * Signs and opens links. Each names its purpose, and opens nothing but that (docs/promises.md §3).
 *
 * A token is `<base64url of payload and signature>.<key id>`: one path segment that ends in a letter or digit, because
 * mail programs leave a dot or underscore at the end of an address outside the link.
 */
import { timingSafeEqual } from "node:crypto";
import { Invalid } from "../errors.ts";
import { type HmacKey, hmac, hmacKey } from "./hmac.ts";
import { decodePayload, encodePayload, type Payloads, type Purpose, readVarint, varints } from "./link-payload.ts";

export interface SigningKey {
  /** 1–8 letters or digits. */
  readonly id: string;
  readonly secret: string;
  /** Opens only what lasts for ever: `unsubscribe` and `digest`. */
  readonly retired: boolean;
}

export interface Links {
  /** The same token for the same purpose, payload and time: a mail that is sent once more has the same bytes. */
  sign<P extends Purpose>(purpose: P, payload: Payloads[P], at: Date): string;
  /** What a link says; under `expired` when its time is over; null for anything that is not a link of this purpose. Never throws. */
  open<P extends Purpose>(purpose: P, token: string, now: Date): Opened<P> | null;
}

export type Opened<P extends Purpose> = { readonly payload: Payloads[P] } | { readonly expired: Payloads[P] };

const MINUTE_S = 60;
const DAY_S = 24 * 60 * MINUTE_S;

/** How long a link lasts, in seconds; null: for ever. */
export const LINK_LIFETIME_S: Readonly<Record<Purpose, number | null>> = {
  confirm: 7 * DAY_S,
  unsubscribe: null,
  digest: null,
  preferences: 30 * DAY_S,
  account: 60 * MINUTE_S,
  undo: 30 * MINUTE_S,
  never: 30 * DAY_S,
};

/** 128 bits: RFC 2104 section 5 allows half of the hash, and guessing one takes 2^127 requests. */
const MAC_BYTES = 16;
/** More than twice what fifty papers need. Longer texts are not looked at. */
const LONGEST_TOKEN = 1024;
const SHORTEST_SECRET = 16;

/** @param keys the first one signs, all of them open */
export function openLinks(keys: readonly SigningKey[]): Links {
  const macKeys = new Map(keys.map((key) => [key, hmacKey(key.secret)]));
  const mac = (key: SigningKey, purpose: Purpose, body: Uint8Array) => macOf(macKeys.get(key)!, purpose, body);
  const [signing] = keys;
  if (signing === undefined || signing.retired)
    throw new Invalid("Links need a key to sign with, and the first is retired or missing");

  return {
    sign(purpose, payload, at) {
      const lifetime = LINK_LIFETIME_S[purpose];
      const expiry = lifetime === null ? 0 : Math.floor(at.getTime() / 1000) + lifetime;
      const body = Buffer.concat([varints([BigInt(expiry)]), encodePayload(purpose, payload)]);
      return `${Buffer.concat([body, mac(signing, purpose, body)]).toString("base64url")}.${signing.id}`;
    },

    open(purpose, token, now) {
      const parts = partsOf(token);
      const key = keys.find(({ id }) => id === parts?.keyId);
      if (!parts || !key || (key.retired && LINK_LIFETIME_S[purpose] !== null)) return null;
      if (!timingSafeEqual(parts.mac, mac(key, purpose, parts.body))) return null;

      const expiry = readVarint(parts.body, 0);
      const payload = expiry && decodePayload(purpose, parts.body.subarray(expiry.next));
      if (!expiry || !payload) return null; // signed by us, in a form we no longer write
      const isOver = expiry.value > 0n && BigInt(now.getTime()) >= expiry.value * 1000n;
      return isOver ? { expired: payload } : { payload };
    },
  };
}

/**
 * Reads `SECRET_KEYS`: `id:secret` or `id:secret:retired`, separated by commas.
 *
 * @throws {Invalid} saying which key is wrong, by its place, and never what its secret is
 */
export function parseSecretKeys(text: string): SigningKey[] {
  const keys = text.split(",").map((entry, index): SigningKey => {
    const [id = "", secret = "", retired, ...rest] = entry.trim().split(":");
    const wrong = (what: string) =>
      new Invalid(`SECRET_KEYS, key ${index + 1}: ${what}. Write id:secret or id:secret:retired`);
    if (!/^[A-Za-z0-9]{1,8}$/.test(id)) throw wrong("its id is not 1 to 8 letters and digits");
    if (secret.length < SHORTEST_SECRET) throw wrong(`its secret is shorter than ${SHORTEST_SECRET} characters`);
    if (/\s/.test(secret)) throw wrong("its secret has spaces in it");
    if (rest.length > 0 || (retired !== undefined && retired !== "retired"))
      throw wrong('after its secret only ":retired" may follow, and a secret has no colon');
    return { id, secret, retired: retired === "retired" };
  });
  const [first] = keys;
  if (first?.retired)
    throw new Invalid("SECRET_KEYS: the first key signs, so it cannot be retired. Put a new one before it");
  if (new Set(keys.map(({ id }) => id)).size < keys.length)
    throw new Invalid("SECRET_KEYS: two keys have the same id. Give each its own");
  return keys;
}

function macOf(key: HmacKey, purpose: Purpose, body: Uint8Array): Buffer {
  // The first words keep this use of the secret apart from any other; no purpose contains the zero byte.
  return hmac(key, Buffer.concat([Buffer.from(`paperboy link 1 ${purpose}\0`), body])).subarray(0, MAC_BYTES);
}

function partsOf(token: string): { keyId: string; body: Buffer; mac: Buffer } | null {
  if (token.length > LONGEST_TOKEN) return null;
  // What stood around the link in a text came along: "…", (…), <…>, a full stop.
  const [, text, keyId] = /^([\w-]+)\.([A-Za-z0-9]{1,8})[^A-Za-z0-9]*$/.exec(token) ?? [];
  if (text === undefined || keyId === undefined) return null;
  const bytes = Buffer.from(text, "base64url");
  // The last letter may carry bits that no byte uses: two texts for one link are one too many.
  if (bytes.length <= MAC_BYTES || bytes.toString("base64url") !== text) return null;
  return { keyId, body: bytes.subarray(0, -MAC_BYTES), mac: bytes.subarray(-MAC_BYTES) };
}
