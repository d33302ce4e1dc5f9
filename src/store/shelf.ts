/** Editions laid out for matching, kept at hand: pages and previews ask for the same few again and again. */
import { type EditionIndex, indexEdition } from "../core/match.ts";
import type { Day } from "../core/paper.ts";
import type { Editions, StoredEdition } from "./editions.ts";

export interface Shelved {
  readonly edition: StoredEdition;
  readonly index: EditionIndex;
}

export interface Shelf {
  /** Null when there is no row for that day. */
  get(date: Day): Promise<Shelved | null>;
  /** The newest closed edition that has papers. */
  newest(): Promise<Shelved | null>;
  /**
   * The day of that one, as it was known a minute ago: for what stands on every page, which waits for it once a process and
   * never fails for it. Null while there is none.
   */
  latest(): Promise<Day | null>;
  /** The newest `count` closed editions, newest first. */
  recent(count: number): Promise<Shelved[]>;
  /** Lets go of everything: the database under it is another one now. */
  forget(): void;
}

export interface ShelfOptions {
  /** Editions kept; an index of 200 papers takes about 2 MB. */
  readonly size?: number;
  /** Milliseconds since any fixed point. */
  readonly clock?: () => number;
}

/** The newest edition is where late merges show. */
const FRESH_MS = 60_000;
/** A closed edition is frozen, but its papers may yet turn out to be others, or get a better title. */
const SETTLED_MS = 30 * 60_000;
/** How many days are looked through for closed editions, quiet ones between them: more than twice what is asked for. */
const PAGE = 80;

type Standing = Awaited<ReturnType<Editions["standing"]>>;

interface Entry {
  readonly shelved: Promise<Shelved | null>;
  until: number;
}

export function openShelf(
  editions: Pick<Editions, "find" | "list" | "newest" | "standing">,
  { size = 40, clock = () => performance.now() }: ShelfOptions = {},
): Shelf {
  // In the order of last use: a Map keeps insertion order, and whatever is used is inserted anew.
  const entries = new Map<Day, Entry>();
  let newestDate: Day | null = null;
  /** The first time that {@link Shelf.latest} looked, and when it is to look again. */
  let firstLook: Promise<unknown> | null = null;
  let lookAgainAt = Number.NEGATIVE_INFINITY;

  /** @param standing as it is now, by whoever has read it already */
  const get = async (date: Day, standing?: Standing | null): Promise<Shelved | null> => {
    const found = entries.get(date);
    if (found && found.until > clock() && (await isAsKnown(date, found, standing))) {
      // Used last, unless another was put in its place meanwhile.
      if (entries.get(date) === found) {
        entries.delete(date);
        entries.set(date, found);
      }
      return found.shelved;
    }
    const other = entries.get(date);
    if (other && other !== found) return other.shelved;
    entries.delete(date);
    const entry = fetched(date);
    entries.set(date, entry);
    return entry.shelved;
  };

  /** Opened again and closed, it is another edition: digests are not sent from the ranking that was. */
  const isAsKnown = async (date: Day, { shelved, until }: Entry, standing?: Standing | null): Promise<boolean> => {
    if (until === Number.POSITIVE_INFINITY) return true; // it is being read this moment
    const [known, now] = await Promise.all([shelved, standing ?? editions.standing(date)]);
    return (
      known !== null && now !== null && known.edition.state === now.state && known.edition.revision === now.revision
    );
  };

  /** Whoever asks while it is on its way waits for the same one. */
  const fetched = (date: Day): Entry => {
    const entry: Entry = { shelved: editions.find(date).then(shelve), until: Number.POSITIVE_INFINITY };
    const letGo = () => {
      if (entries.get(date) === entry) entries.delete(date);
    };
    entry.shelved.then((shelved) => {
      // Days without an edition are endless: kept, they would push the real ones out. One that is open may close in the
      // next moment, and a delivery of it must not be told that it has no papers.
      if (shelved === null || shelved.edition.state === "open") return letGo();
      entry.until = clock() + (date === newestDate ? FRESH_MS : SETTLED_MS);
      if (entries.size > size) entries.delete(entries.keys().next().value!);
    }, letGo);
    return entry;
  };

  return {
    get,
    async newest() {
      const newest = await editions.newest();
      newestDate = newest?.date ?? null;
      return newestDate === null ? null : get(newestDate, newest);
    },
    async latest() {
      if (clock() >= lookAgainAt) {
        lookAgainAt = clock() + FRESH_MS;
        const look = editions.newest().then(
          (newest) => {
            newestDate = newest?.date ?? null;
          },
          () => {}, // whoever needs the database on this page says so; a date at its top is no reason to
        );
        firstLook ??= look;
      }
      await firstLook;
      return newestDate;
    },
    async recent(count) {
      const rows = await editions.list(Math.max(count, PAGE), null);
      const closed = rows.filter(({ state }) => state === "closed").slice(0, count);
      const shelved: Shelved[] = [];
      // One after the other: laying out thirty editions at once would hold up everybody else's request.
      for (const row of closed) {
        const one = await get(row.date, row);
        if (one !== null) shelved.push(one);
      }
      return shelved;
    },
    forget() {
      entries.clear();
      newestDate = null;
      firstLook = null;
      lookAgainAt = Number.NEGATIVE_INFINITY;
    },
  };
}

function shelve(edition: StoredEdition | null): Shelved | null {
  return edition && { edition, index: indexEdition(edition) };
}
