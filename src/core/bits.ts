/** Sets of small whole numbers, one bit each: the papers of an edition by their place in it. */
export type Bits = Uint32Array;

/** An empty set with room for 0 … `size` − 1. */
export function noBits(size: number): Bits {
  return new Uint32Array((size + 31) >>> 5);
}

export function addBit(bits: Bits, at: number): void {
  bits[at >>> 5]! |= 1 << (at & 31);
}

export function removeBit(bits: Bits, at: number): void {
  bits[at >>> 5]! &= ~(1 << (at & 31));
}

export function hasBit(bits: Bits, at: number): boolean {
  return ((bits[at >>> 5] ?? 0) & (1 << (at & 31))) !== 0;
}

/** `into` ∪ `other`, in place. */
export function unite(into: Bits, other: Bits): void {
  for (let i = 0; i < into.length; i++) into[i]! |= other[i]!;
}

/** `into` ∩ `other`, in place. */
export function intersect(into: Bits, other: Bits): void {
  for (let i = 0; i < into.length; i++) into[i]! &= other[i]!;
}

/** `into` ∩ the union of `others`, in place. */
export function intersectAny(into: Bits, others: readonly Bits[]): void {
  for (let i = 0; i < into.length; i++) {
    let any = 0;
    for (let other = 0; other < others.length; other++) any |= others[other]![i]!;
    into[i]! &= any;
  }
}

/** `from` without `other`, in place. */
export function subtract(from: Bits, other: Bits): void {
  for (let i = 0; i < from.length; i++) from[i]! &= ~other[i]!;
}

/** The members from `from` up to but not including `to`, ascending; at most `atMost` of them. */
export function membersIn(bits: Bits, from: number, to: number, atMost = to): number[] {
  const found: number[] = [];
  for (let i = from >>> 5; i < bits.length && found.length < atMost; i++) {
    for (let word = bits[i]!; word !== 0; word &= word - 1) {
      const at = i * 32 + (31 - Math.clz32(word & -word));
      if (at >= to || found.length >= atMost) return found;
      if (at >= from) found.push(at);
    }
  }
  return found;
}

/** How many members there are. */
export function count(bits: Bits): number {
  let members = 0;
  for (let i = 0; i < bits.length; i++) for (let word = bits[i]!; word !== 0; word &= word - 1) members++;
  return members;
}

/** The members in ascending order. */
export function members(bits: Bits): number[] {
  return membersIn(bits, 0, bits.length * 32);
}
