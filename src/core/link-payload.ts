/** What each kind of link says, packed into as few bytes as a mail's plain text deserves. */
import { addDays, daysBetween } from "./day.ts";
import type { Day } from "./paper.ts";

export interface Payloads {
  readonly confirm: { readonly requestId: bigint };
  readonly never: { readonly requestId: bigint };
  /** `deliveryId` 0: not from a digest. */
  readonly unsubscribe: { readonly subscriptionId: bigint; readonly deliveryId: bigint };
  readonly digest: { readonly editionDate: Day; readonly paperKeys: readonly number[] };
  readonly preferences: { readonly subscriptionId: bigint };
  readonly account: { readonly subscriptionId: bigint };
  readonly undo: { readonly subscriptionId: bigint };
}

export type Purpose = keyof Payloads;

interface Form<T> {
  readonly pack: (payload: T) => readonly bigint[];
  /** Null when there are too few or too many numbers. */
  readonly unpack: (numbers: readonly bigint[]) => T | null;
}

const EPOCH: Day = "1970-01-01";

const ofRequest: Form<{ readonly requestId: bigint }> = {
  pack: ({ requestId }) => [requestId],
  unpack: ([requestId, ...rest]) => (requestId !== undefined && rest.length === 0 ? { requestId } : null),
};

const ofSubscription: Form<{ readonly subscriptionId: bigint }> = {
  pack: ({ subscriptionId }) => [subscriptionId],
  unpack: ([subscriptionId, ...rest]) =>
    subscriptionId !== undefined && rest.length === 0 ? { subscriptionId } : null,
};

const FORMS: { readonly [P in Purpose]: Form<Payloads[P]> } = {
  confirm: ofRequest,
  never: ofRequest,
  unsubscribe: {
    pack: ({ subscriptionId, deliveryId }) => [subscriptionId, deliveryId],
    unpack: ([subscriptionId, deliveryId, ...rest]) =>
      subscriptionId !== undefined && deliveryId !== undefined && rest.length === 0
        ? { subscriptionId, deliveryId }
        : null,
  },
  digest: {
    pack: ({ editionDate, paperKeys }) => [BigInt(daysBetween(EPOCH, editionDate)), ...paperKeys.map(BigInt)],
    unpack: ([day, ...paperKeys]) =>
      day === undefined ? null : { editionDate: addDays(EPOCH, Number(day)), paperKeys: paperKeys.map(Number) },
  },
  preferences: ofSubscription,
  account: ofSubscription,
  undo: ofSubscription,
};

/** @throws {RangeError} for a number that is negative or no whole one: a mistake of ours, not of a reader */
export function encodePayload<P extends Purpose>(purpose: P, payload: Payloads[P]): Buffer {
  return varints(FORMS[purpose].pack(payload));
}

/** Null for bytes that {@link encodePayload} does not make for this purpose. */
export function decodePayload<P extends Purpose>(purpose: P, bytes: Uint8Array): Payloads[P] | null {
  const numbers: bigint[] = [];
  for (let from = 0; from < bytes.length; ) {
    const read = readVarint(bytes, from);
    if (!read) return null;
    numbers.push(read.value);
    from = read.next;
  }
  return FORMS[purpose].unpack(numbers);
}

/** Each number seven bits a byte, lowest first; the eighth bit says that more of it follow. */
export function varints(values: readonly bigint[]): Buffer {
  const bytes: number[] = [];
  for (const value of values) {
    if (value < 0n) throw new RangeError(`A link holds no negative number, so not ${value}`);
    let rest = value;
    for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
    bytes.push(Number(rest));
  }
  return Buffer.from(bytes);
}

/** The number that begins at `from`, and where the next one does; null when the bytes end inside it. */
export function readVarint(bytes: Uint8Array, from: number): { readonly value: bigint; readonly next: number } | null {
  let value = 0n;
  for (let at = from, shift = 0n; ; at++, shift += 7n) {
    const byte = bytes[at];
    if (byte === undefined) return null;
    value |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) return { value, next: at + 1 };
  }
}
