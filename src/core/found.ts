import { type Bits, noBits } from "./bits.ts";

/**
 * 10 MB at most for an edition of 6,000 papers, and as much for what is not in it. All of them make room at once: taking
 * the oldest from a Map of many walks over those that were taken before, and that cost a third of the matching.
 */
const MOST_FOUND = 10_000;
const MOST_NOT_FOUND = 100_000;

/**
 * What entries were found to mean: readers share their words and people, so each is looked up once an edition. Most find
 * nothing, and nothing takes no room.
 */
export class Found {
  readonly #some = new Map<string, Bits>();
  readonly #none = new Set<string>();
  readonly #nothing: Bits;

  constructor(papers: number) {
    this.#nothing = noBits(papers);
  }

  /** What was found before, else what `find` finds now. Not to be changed. */
  get(entry: string, find: () => Bits): Bits {
    const known = this.#none.has(entry) ? this.#nothing : this.#some.get(entry);
    if (known !== undefined) return known;
    const bits = find();
    if (bits.some((word) => word !== 0)) {
      if (this.#some.size >= MOST_FOUND) this.#some.clear();
      this.#some.set(entry, bits);
      return bits;
    }
    if (this.#none.size >= MOST_NOT_FOUND) this.#none.clear();
    this.#none.add(entry);
    return this.#nothing;
  }

  clear(): void {
    this.#some.clear();
    this.#none.clear();
  }
}
