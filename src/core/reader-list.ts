/** A list of readers as a file holds it: which column means what, what a line says, and how ours are written. */
import { Invalid } from "../errors.ts";
import { fromCsvField } from "./csv.ts";
import type { DomainList } from "./domain-list.ts";
import { type Address, parseAddress } from "./email-address.ts";
import type { Filter, Watch } from "./filter.ts";
import { cutAtWord, inertText } from "./inert.ts";
import { preferencesReader } from "./listed-preferences.ts";
import type { Preferences } from "./subscription.ts";
import type { Catalogue } from "./topics.ts";

/** One reader of a list, ready to be taken in. */
export interface ListedReader {
  readonly address: Address;
  readonly preferences: Preferences;
  readonly isPaused: boolean;
  /** Null: until they come back. */
  readonly pausedUntil: Date | null;
  /** When or how they agreed, in the list's own words. */
  readonly consent: string;
  /** Null when its words name no date. */
  readonly consentedAt: Date | null;
}

/** Where each thing stands in a line; several places for what several columns may say, the best first. */
export type Columns = Readonly<Record<Field, readonly number[]>>;

export type Field = keyof typeof NAMES;

/** What a line says in the best of the columns for a field; empty where it says nothing. */
export type Cells = (field: Field) => string;

/**
 * The names a column goes by, the clearest first, in small letters and digits alone. Those of our own export, and of others':
 * listmonk (email, status), Mailchimp (Email Address, CONFIRM_TIME, OPTIN_TIME, TIMEZONE, UNSUB_TIME, CLEAN_TIME), Ghost
 * (email, subscribed_to_emails, deleted_at).
 */
const NAMES = {
  email: ["email", "emailaddress", "mail", "mailaddress", "address"],
  status: ["status"],
  pausedUntil: ["pauseduntil"],
  filter: ["filter"],
  topics: ["topics", "topic"],
  categories: ["categories", "category", "arxivcategories"],
  include: ["include", "words", "phrases", "keywords"],
  authors: ["authors", "author"],
  exclude: ["exclude", "not", "without"],
  minUpvotes: ["minupvotes", "upvotes", "votes"],
  onlyWithCode: ["onlywithcode", "withcode"],
  cadence: ["cadence", "frequency"],
  weekday: ["weekday", "day"],
  hour: ["hour", "deliveryhour", "time"],
  zone: ["zone", "timezone", "tz"],
  maxPapers: ["maxpapers", "papers"],
  language: ["language", "lang", "locale"],
  format: ["format", "emailformat"],
  consent: ["consent", "consentedat", "consentdate", "confirmtime", "confirmedat", "optintime", "optin", "optedinat"],
  left: ["unsubtime", "unsubscribedat", "cleantime", "deletedat", "endedat"],
  subscribed: ["subscribedtoemails", "subscribed"],
} as const;

/**
 * @param header the fields of the first line
 * @param consentColumn the column that says when or how consent was given; null: one whose name says so
 * @throws {Invalid} for a header that names no address or no consent, or a column twice
 */
export function readColumns(header: readonly string[], consentColumn: string | null): Columns {
  const there = header.map(keyOf);
  const named = header.filter((name) => name.trim() !== "").join(", ");
  const placesOf = (name: string): number[] => {
    const places = there.flatMap((key, at) => (key === name ? [at] : []));
    if (places.length > 1)
      throw new Invalid(
        `The column ${JSON.stringify(header[places[0]!]!.trim())} stands in the first line twice. Rename or remove one.`,
      );
    return places;
  };
  const columns = Object.fromEntries(
    Object.entries(NAMES).map(([field, names]) => [field, names.flatMap(placesOf)]),
  ) as unknown as Record<Field, readonly number[]>;
  if (consentColumn !== null) {
    columns.consent = keyOf(consentColumn) === "" ? [] : placesOf(keyOf(consentColumn));
    if (columns.consent.length === 0)
      throw new Invalid(`There is no column ${JSON.stringify(consentColumn)}. The first line has: ${named}`);
  }
  if (columns.email.length === 0)
    throw new Invalid(`No column of the first line is an address: ${named}. Call it email.`);
  if (columns.consent.length === 0)
    throw new Invalid(
      `No column says when or how consent was given, and without that nobody may be written to (GDPR, Art. 7). Name it: --consent-column NAME. The first line has: ${named}`,
    );
  return columns;
}

function keyOf(name: string): string {
  return name
    .normalize("NFKC")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, "");
}

/**
 * What each line says.
 *
 * @returns the reader, or in words why the line is refused, without any address
 */
export function readerReader(
  columns: Columns,
  {
    catalogue,
    refusedDomains,
    now,
  }: { readonly catalogue: Catalogue; readonly refusedDomains: DomainList; readonly now: Date },
): (fields: readonly string[]) => ListedReader | { readonly refused: string } {
  const preferencesIn = preferencesReader(catalogue);
  const width = Math.max(...Object.values(columns).flat()) + 1;

  return (fields) => {
    const places = (field: Field) => columns[field].map((at) => fromCsvField((fields[at] ?? "").trim()).trim());
    const cells: Cells = (field) => places(field).find((text) => text !== "") ?? "";
    try {
      if (fields.some((text, at) => at < width && text.includes("\ufffd")))
        refuse("It is not in UTF-8. Save the file as UTF-8.");
      const address = parseAddress(cells("email"));
      if (refusedDomains.has(address.domain)) refuse("Addresses of this domain are refused (REFUSE_DISPOSABLE).");
      const isPaused = readStatus(cells);
      const until = cells("pausedUntil");
      const pausedUntil = isPaused && until !== "" ? readInstant(until, "paused until") : null;
      const preferences = preferencesIn(cells);
      const { consent, consentedAt } = readConsent(cells("consent"), now);
      return { address, preferences, isPaused, pausedUntil, consent, consentedAt };
    } catch (error) {
      // A line that is shifted has addresses where nobody looks for them.
      if (error instanceof Invalid) return { refused: withoutAddresses(error.message, fields) };
      throw error;
    }
  };
}

/** Ours, which show how to write one, stay. */
function withoutAddresses(reason: string, fields: readonly string[]): string {
  return reason.replace(/[^\s"]+@[^\s"]+/gu, (word) => (fields.some((text) => text.includes(word)) ? "•••" : word));
}

/** Proof in words: a sentence or two. */
const LONGEST_CONSENT = 500;

const TAKEN = new Set(["", "active", "enabled", "subscribed", "confirmed"]);

/** Whether they are paused. @throws {Invalid} for who left */
function readStatus(cells: Cells): boolean {
  const status = cells("status").toLowerCase();
  if (cells("left") !== "") refuse("They left that list.");
  if (/^(?:false|no|0)$/i.test(cells("subscribed"))) refuse("They are not subscribed there.");
  if (status === "paused") return true;
  if (!TAKEN.has(status))
    refuse(`Their status is ${JSON.stringify(status.slice(0, 40))}: only who is active, or paused, is taken in.`);
  return false;
}

const NO_CONSENT =
  /^(?:no|false|0|n|none|null|never|nein|n\/?a|unknown|undefined|opt(?:ed)?[ _-]?out|unsubscribed|declined|denied|refused|rejected|revoked|withdrawn|-+)$/i;
/** A word that stands for a tick in a box, or no letter and no digit at all. */
const NEITHER = /^(?:yes|true|1|y|x|ok|ja|[^\p{L}\p{N}]+)$/iu;

function readConsent(text: string, now: Date): Pick<ListedReader, "consent" | "consentedAt"> {
  const words = inertText(text);
  if (words === "") refuse("Nothing says when or how consent was given.");
  if (NO_CONSENT.test(words)) refuse("The list says that no consent was given.");
  if (NEITHER.test(words))
    refuse(`${JSON.stringify(words)} says neither when nor how consent was given. Write a date, or how.`);
  const consentedAt = instantIn(words);
  if (consentedAt === null && /^\d{4}-\d{2}-\d{2}/.test(words))
    refuse(`Consent begins with ${JSON.stringify(words.slice(0, 10))}, and there is no such day or time.`);
  if (consentedAt !== null && consentedAt > now) refuse("Consent lies in the future.");
  return { consent: words.length > LONGEST_CONSENT ? cutAtWord(words, LONGEST_CONSENT) : words, consentedAt };
}

/** The date that a text begins with, in UTC unless it says otherwise. */
function instantIn(text: string): Date | null {
  const [, day, time = "00:00", zone = "Z"] =
    /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?) ?(Z|UTC|[+-]\d{2}:?\d{2})?)?(?!\d)/.exec(text) ??
    [];
  if (day === undefined) return null;
  const at = new Date(`${day}T${time}${zone === "UTC" ? "Z" : zone.replace(/^(...)(\d\d)$/, "$1:$2")}`);
  return Number.isNaN(at.getTime()) ? null : at;
}

function readInstant(text: string, what: string): Date {
  return instantIn(text) ?? refuse(`${what}: write a time such as 2026-12-24T07:00Z.`);
}

function refuse(reason: string): never {
  throw new Invalid(reason);
}

/** What an export has of one reader. */
export interface ExportedReader {
  readonly email: string;
  readonly state: string;
  readonly pausedUntil: Date | null;
  readonly preferences: Preferences;
  /** How they agreed; null where no record of it is kept. */
  readonly consent: string | null;
}

/** The columns of our own export; `readColumns` knows them all. */
export const EXPORTED = [
  ...["email", "status", "paused until", "cadence", "weekday", "hour", "zone", "max papers", "language", "format"],
  ...["topics", "categories", "include", "authors", "exclude", "min upvotes", "only with code", "filter", "consent"],
] as const;

/** One line of it. A filter that columns cannot say, such as one of several watches, stands in `filter` as JSON. */
export function exportedRow(reader: ExportedReader): (string | number | null)[] {
  const { email, state, pausedUntil, preferences, consent } = reader;
  const { cadence, weekday = null, hour, zone, maxPapers, language, format, filter } = preferences;
  const watch = asColumns(filter);
  const { topics, categories, include, authors, exclude } = watch ?? NO_WATCH;
  return [
    ...[email, state, pausedUntil?.toISOString() ?? null, cadence, weekday, hour, zone, maxPapers, language, format],
    ...[topics.join(", "), categories.join(", "), include.join("; "), authors.join("; "), exclude.join("; ")],
    ...[watch && watch.minUpvotes > 0 ? watch.minUpvotes : null, watch?.onlyWithCode ? "yes" : null],
    ...[watch === null ? JSON.stringify(filter) : null, consent],
  ];
}

const NO_WATCH: Pick<Watch, "topics" | "categories" | "include" | "authors" | "exclude"> = {
  ...{ topics: [], categories: [], include: [], authors: [], exclude: [] },
};

/** The one nameless watch that columns can say, or that of a filter without any; null: they cannot. */
function asColumns({ watches }: Filter): (typeof NO_WATCH & Partial<Watch> & { minUpvotes: number }) | null {
  const [watch = { ...NO_WATCH, minUpvotes: 0, onlyWithCode: false, name: "" }, ...others] = watches;
  const { include, authors, exclude, name } = watch;
  const isPlain = [...include, ...authors, ...exclude].every(
    (entry) => !/[;|\n]/.test(entry) && entry.trim() === entry,
  );
  return others.length === 0 && name === "" && isPlain ? watch : null;
}
