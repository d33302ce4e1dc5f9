/** Lists in pages, each behind a key of the page beside it: no page is dearer than the first, and nothing is counted. */
import { Prisma } from "../../prisma/client/client.ts";

/** Where a page begins: behind this key, read on in the order of the list, or back towards its beginning. */
export interface Place<Key> {
  readonly key: Key;
  readonly isBack: boolean;
}

/** What is asked of any list. `place` null: the first page. */
export interface Paging<Key> {
  readonly place: Place<Key> | null;
  /** Rows a page. */
  readonly limit: number;
}

/** Some rows in the order of the list; null where there is no page before or behind them. */
export interface ListPage<Row, Key> {
  readonly rows: readonly Row[];
  readonly previous: Place<Key> | null;
  readonly next: Place<Key> | null;
}

/**
 * Rows one page looks at where no index finds what is asked for; then it ends, with what it found, and the next goes on from
 * there. Some 30 ms of PostgreSQL's time.
 */
export const MOST_WALKED = 20_000;

/** `<` and `DESC`, or `>` and `ASC`: how rows are read on from a place. */
export function wayOf({ place }: Paging<unknown>, order: "newest-first" | "oldest-first") {
  const isDown = (order === "newest-first") !== (place?.isBack ?? false);
  return isDown
    ? { behind: Prisma.raw("<"), order: Prisma.raw("DESC") }
    : { behind: Prisma.raw(">"), order: Prisma.raw("ASC") };
}

/**
 * @param found in the order they were read, one more than a page holds if there are so many
 * @param stoppedAt the key of the last row that was looked at, when the walk ended for having looked at enough
 */
export function pageOf<Row, Key>(
  found: readonly Row[],
  { place, limit }: Paging<Key>,
  keyOf: (row: Row) => Key,
  stoppedAt: Key | null = null,
): ListPage<Row, Key> {
  const read = found.slice(0, limit);
  const goesOn = found.length > limit ? keyOf(read.at(-1)!) : stoppedAt;
  const cameFrom = place === null || read.length === 0 ? null : keyOf(read[0]!);
  const at = (key: Key | null, isBack: boolean) => (key === null ? null : { key, isBack });
  return place?.isBack
    ? { rows: read.reverse(), previous: at(goesOn, true), next: at(cameFrom, false) }
    : { rows: read, previous: at(cameFrom, true), next: at(goesOn, false) };
}
