/**
 * A reader's filter: up to five watches; a paper belongs when any watch takes it (docs/promises.md §3).
 *
 * Here: what a filter is, how outside data becomes one, and the key under which equal filters meet. Its words are read in
 * phrase.ts, its matching is in match.ts, its form in an address in filter-query.ts.
 */
import { createHash } from "node:crypto";
import { z } from "zod";
import { Invalid } from "../errors.ts";
import { parseName } from "./people.ts";
import { GRAMMAR, parsePhrase } from "./phrase.ts";
import { problemsOf } from "./problems.ts";
import type { Catalogue } from "./topics.ts";

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

/** The watch that asks for nothing, as it stands before anybody fills it in. */
export const blankWatch: Watch = Object.freeze({
  name: "",
  topics: [],
  categories: [],
  include: [],
  authors: [],
  exclude: [],
  minUpvotes: 0,
  onlyWithCode: false,
});

/** The filter of a reader who chose nothing: every trending paper. */
export const everything: Filter = Object.freeze({ grammar: GRAMMAR, watches: Object.freeze([]) });

/** What a filter may hold. Far above what a person types; low enough that the worst filter is matched in milliseconds. */
export const FILTER_LIMITS = {
  watches: 5,
  entries: 50,
  entryLetters: 100,
  nameLetters: 60,
  minUpvotes: 1_000_000,
} as const;

/**
 * A filter from outside. Absent fields are filled, entries tidied and said once; topics must be in the catalogue.
 *
 * @throws {Invalid} with a problem for each field at fault
 */
export function parseFilter(input: unknown, catalogue: Catalogue): Filter {
  const parsed = filterSchema(catalogue).safeParse(input);
  if (parsed.success) return parsed.data;
  throw new Invalid("The filter cannot be used as it is.", problemsOf(parsed.error));
}

/** The zod schema behind {@link parseFilter}, for whoever embeds a filter in a larger body: one for each catalogue. */
export function filterSchema(catalogue: Catalogue): FilterSchema {
  const known = schemas.get(catalogue);
  if (known !== undefined) return known;
  const schema = newFilterSchema(catalogue);
  schemas.set(catalogue, schema);
  return schema;
}

type FilterSchema = ReturnType<typeof newFilterSchema>;

/** Made once a catalogue: zod compiles what it is given, which took longer than all else of a request. */
const schemas = new WeakMap<Catalogue, FilterSchema>();

function newFilterSchema(catalogue: Catalogue) {
  return z
    .strictObject(
      {
        grammar: z
          .literal(GRAMMAR, `The grammar of filters has the version ${GRAMMAR}. Leave it out.`)
          .describe("Version of the grammar of phrases. A filter that is kept carries it.")
          .default(GRAMMAR),
        watches: z
          .array(watchSchema(catalogue), "Write a list of watches: [{…}].")
          .max(FILTER_LIMITS.watches, `A filter has at most ${FILTER_LIMITS.watches} watches. Put some together.`)
          .describe("A paper belongs when any of them takes it. None: every trending paper.")
          .default([]),
      },
      needsObject("a filter", '{"watches": […]}'),
    )
    .transform(normaliseFilter)
    .describe(
      "Up to five watches. A paper belongs when any of them takes it; without watches, every trending paper does.",
    );
}

/** One watch: in every field that is filled something must match, in a field any entry will do, and no `exclude` may. */
export function watchSchema(catalogue: Catalogue) {
  const topicIds = new Set(catalogue.topics.map((topic) => topic.id));
  return z.strictObject(
    {
      name: z
        .string("Write text.")
        .overwrite(tidy)
        .max(FILTER_LIMITS.nameLetters, `A watch has a name of at most ${FILTER_LIMITS.nameLetters} letters.`)
        .describe("What its reader calls it. Said as the reason when several watches take papers.")
        .default(""),
      topics: entries(
        "Ids of topics, as `GET /api/v1/topics` lists them.",
        (id) =>
          topicIds.has(id)
            ? null
            : `There is no topic ${JSON.stringify(id)}. Write one of: ${[...topicIds].join(", ")}.`,
        (id) => id.toLowerCase(),
      ),
      categories: entries(
        "Categories of arXiv, such as `cs.CL`, or whole archives, such as `cs`.",
        (category) =>
          CATEGORY.test(category)
            ? null
            : `${JSON.stringify(category)} is not an arXiv category. Write one like cs.CL or stat.ML, or a whole archive like cs.`,
        spellCategory,
      ),
      include: entries(
        "Phrases in title or abstract. ` + ` between phrases asks for all of them, `title:` before one for the title alone, quotes for these letters.",
        mistakeInPhrase,
      ),
      authors: entries(
        "Names in full, such as `Ada Lovelace` or `Lovelace, Ada`; `A. Lovelace` takes all with this initial.",
        (name) =>
          parseName(name).squashed === ""
            ? `There is no name in ${JSON.stringify(name)}. Write a full name, like Ada Lovelace.`
            : null,
      ),
      exclude: entries("Phrases, written as those of `include`, that no paper may have.", mistakeInPhrase),
      minUpvotes: z
        .int("Write a whole number, 0 or more.")
        .min(0, "Write a whole number, 0 or more.")
        .max(FILTER_LIMITS.minUpvotes, `Write a number up to ${FILTER_LIMITS.minUpvotes}.`)
        .describe("Votes a paper has to have.")
        .default(0),
      onlyWithCode: z.boolean("Write true or false.").describe("Only papers whose code is public.").default(false),
    },
    needsObject("a watch", '{"topics": ["agents"]}'),
  );
}

function needsObject(what: string, example: string) {
  // Unknown fields are named one by one where the problems are written.
  return {
    error: ({ code }: { readonly code?: string | undefined }) =>
      code === "invalid_type" ? `This is not ${what}. Write one like ${example}.` : undefined,
  };
}

/** A list of short texts, each tidied, then spelled our way, then judged by `mistakeIn` (null: fine). */
function entries(
  meaning: string,
  mistakeIn: (entry: string) => string | null,
  spell: (entry: string) => string = (entry) => entry,
) {
  const entry = z
    .string("Write text.")
    .overwrite((text) => spell(tidy(text)))
    .min(1, "This entry is empty. Write something or leave it out.")
    .max(FILTER_LIMITS.entryLetters, `An entry has at most ${FILTER_LIMITS.entryLetters} letters. Write a shorter one.`)
    .check((context) => {
      // Only one complaint an entry: what is empty or too long has had its own.
      if (context.issues.length > 0) return;
      const mistake = mistakeIn(context.value);
      if (mistake !== null) context.issues.push({ code: "custom", message: mistake, input: context.value });
    });
  return z
    .array(entry, 'Write a list of texts: ["…"].')
    .max(
      FILTER_LIMITS.entries,
      `A field has at most ${FILTER_LIMITS.entries} entries. Leave some out, or use another watch.`,
    )
    .describe(meaning)
    .default([]);
}

function mistakeInPhrase(entry: string): string | null {
  const phrase = parsePhrase(entry);
  return "mistake" in phrase ? phrase.mistake : null;
}

// An archive (cs, hep-th) or one of its classes (cs.CL, physics.ao-ph): arxiv.org/category_taxonomy.
const CATEGORY = /^[a-z]+(?:-[a-z]+)?(?:\.(?:[A-Z]{2}|[a-z]+(?:-[a-z]+)*))?$/;

/** `CS.cl` → `cs.CL`, `physics.AO-PH` → `physics.ao-ph`: classes of two letters are in capitals, longer ones are not. */
function spellCategory(category: string): string {
  const [archive = "", ...rest] = category.split(".");
  const name = rest.join(".");
  return [
    archive.toLowerCase(),
    ...(rest.length > 0 ? [name.length === 2 ? name.toUpperCase() : name.toLowerCase()] : []),
  ].join(".");
}

/** One line of visible text: control and direction marks, which could disguise a name, are gone, white space is single. */
function tidy(text: string): string {
  return text
    .normalize("NFC")
    .replace(/[\p{Cf}\p{Cs}\p{Co}]/gu, "")
    .replace(/[\p{Cc}\s]+/gu, " ")
    .trim();
}

/**
 * The same filter with each entry said once (the first spelling stays); a lone nameless watch that asks for nothing is no
 * watch. Takes nothing away from what the filter means.
 */
export function normaliseFilter(filter: Filter): Filter {
  const watches = filter.watches.map((watch) => ({
    ...watch,
    topics: once(watch.topics),
    categories: once(watch.categories),
    include: once(watch.include),
    authors: once(watch.authors),
    exclude: once(watch.exclude),
  }));
  return { grammar: filter.grammar, watches: watches.length === 1 && isBlank(watches[0]!) ? [] : watches };
}

function once(entries: readonly string[]): string[] {
  const seen = new Map<string, string>();
  for (const entry of entries) if (!seen.has(entry.toLowerCase())) seen.set(entry.toLowerCase(), entry);
  return [...seen.values()];
}

function isBlank(watch: Watch): boolean {
  const { topics, categories, include, authors, exclude } = watch;
  const isEmpty = [topics, categories, include, authors, exclude].every((list) => list.length === 0);
  return isEmpty && watch.name === "" && watch.minUpvotes === 0 && !watch.onlyWithCode;
}

/**
 * A name for what a filter asks: SHA-256 in hex, of 64 letters.
 *
 * Filters with the same key take the same papers and give the same reasons, but for the order of entries and of watches,
 * which the key ignores. Names of watches and the spelling of entries are in the reasons, so they are in the key.
 */
export function filterKey(filter: Filter): string {
  const { grammar, watches } = normaliseFilter(filter);
  const canonical = watches.map((watch) =>
    JSON.stringify([
      watch.name,
      [...watch.topics].sort(),
      [...watch.categories].sort(),
      [...watch.include].sort(),
      [...watch.authors].sort(),
      [...watch.exclude].sort(),
      watch.minUpvotes,
      watch.onlyWithCode,
    ]),
  );
  return createHash("sha256")
    .update(JSON.stringify([grammar, canonical.sort()]))
    .digest("hex");
}
