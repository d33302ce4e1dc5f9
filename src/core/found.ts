import { type Bits, noBits } from "./bits.ts";

/**
 * 10 MB at most for an edition of 6,000 papers, and as much for what is not in it. All of them make room at once: taking
 * the oldest from a Map of many walks over those that were taken before, and that cost a third of the matching.
 */
const MOST_FOUND = 10_000;
const MOST_ASKED = 100_000;

/**
 * What entries were found to mean: readers share their words and people, so each is looked up once an edition. Most find
 * nothing, and nothing takes no room.
 */
export class Found {
  readonly #byEntry = new Map<string, Bits>();
  readonly #nothing: Bits;
  #found = 0;

  constructor(papers: number) {
    this.#nothing = noBits(papers);
  }

  /** What was found before, else what `find` finds now. Not to be changed. */
  get(entry: string, find: () => Bits): Bits {
    const known = this.#byEntry.get(entry);
    if (known !== undefined) return known;
    const bits = find();
    const isFound = bits.some((word) => word !== 0);
    if (this.#found >= MOST_FOUND || this.#byEntry.size >= MOST_ASKED) this.clear();
    if (isFound) this.#found += 1;
    const kept = isFound ? bits : this.#nothing;
    this.#byEntry.set(entry, kept);
    return kept;
  }

  clear(): void {
    this.#byEntry.clear();
    this.#found = 0;
  }
}
