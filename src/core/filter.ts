/** A reader's filter: up to five watches; a paper belongs when any watch takes it (CONTRACT §3). */

/** Inside a watch every filled field must match, inside a field any entry will do, and no `exclude` may. */
export interface Watch {
  readonly name: string;
  readonly topics: readonly string[];
  readonly categories: readonly string[];
  readonly include: readonly string[];
  readonly authors: readonly string[];
  readonly exclude: readonly string[];
  readonly minUpvotes: number;
  readonly onlyWithCode: boolean;
}

export interface Filter {
  /** Version of the phrase grammar it was written in. */
  readonly grammar: 1;
  readonly watches: readonly Watch[];
}

/** Which watch took a paper and what in it did. Empty lists: the watch takes everything. */
export interface Because {
  /** Index of the watch in the filter; -1 for a filter without watches. */
  readonly watch: number;
  readonly name: string;
  /** Topic ids of the watch that the paper has. */
  readonly topics: readonly string[];
  readonly categories: readonly string[];
  /** Entries of `include` as the reader wrote them. */
  readonly include: readonly string[];
  readonly authors: readonly string[];
}
