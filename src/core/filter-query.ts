/** A filter as parameters of an address: one watch spelled out, several as `filter=` (docs/promises.md §3). */
import { Invalid, type Problem } from "../errors.ts";
import { type Filter, normaliseFilter, parseFilter } from "./filter.ts";
import type { Catalogue } from "./topics.ts";

/** Lists whose entries hold no comma, so one parameter carries them all: `topics=agents,code`. */
const COMMA_LISTS = ["topics", "categories"] as const;
/** Lists that repeat their parameter: `include=x&include=y`. */
const REPEATED_LISTS = ["include", "authors", "exclude"] as const;

/** The parameters that make up a filter. */
export const FILTER_PARAMETERS = [
  "filter",
  "name",
  ...COMMA_LISTS,
  ...REPEATED_LISTS,
  "minUpvotes",
  "onlyWithCode",
] as const;

/** What a query parser hands over: each name with its value or values. */
export type QueryParameters = URLSearchParams | Readonly<Record<string, string | readonly string[] | undefined>>;

/**
 * Reads a filter from the parameters of an address. Empty parameters count as absent: a form sends all its fields.
 *
 * @param others names of parameters that belong to somebody else; any further one is refused
 * @throws {Invalid} with a problem for each parameter at fault, by its name as it stands in the address
 */
export function filterFromQuery(
  parameters: QueryParameters,
  catalogue: Catalogue,
  others: readonly string[] = [],
): Filter {
  const values = valuesOf(parameters);
  const problems = strangersIn([...values.keys()], [...FILTER_PARAMETERS, ...others]);
  if (problems.length > 0) throw new Invalid("The filter cannot be used as it is.", problems);
  const encoded = single(values, "filter");
  if (encoded === undefined) return watchFromQuery(values, catalogue);
  if (FILTER_PARAMETERS.some((name) => name !== "filter" && values.has(name))) {
    throw mistake("filter", "filter= stands for the whole filter. Leave out either it or the other parameters.");
  }
  const json = decode(encoded);
  return prefixed("filter.", () => parseFilter(json, catalogue));
}

/** The address parameters of a filter, without `?`: the shortest that {@link filterFromQuery} reads back as the same. */
export function filterToQuery(filter: Filter): string {
  const { watches } = normaliseFilter(filter);
  const [watch, ...more] = watches;
  if (watch === undefined) return "";
  const query = new URLSearchParams();
  if (more.length > 0) {
    query.set("filter", Buffer.from(JSON.stringify({ watches })).toString("base64url"));
    return query.toString();
  }
  if (watch.name !== "") query.set("name", watch.name);
  for (const name of COMMA_LISTS) if (watch[name].length > 0) query.set(name, watch[name].join(","));
  for (const name of REPEATED_LISTS) for (const entry of watch[name]) query.append(name, entry);
  if (watch.minUpvotes > 0) query.set("minUpvotes", String(watch.minUpvotes));
  if (watch.onlyWithCode) query.set("onlyWithCode", "true");
  return query.toString();
}

function valuesOf(parameters: QueryParameters): Map<string, string[]> {
  const pairs: (readonly [string, string | readonly string[] | undefined])[] =
    parameters instanceof URLSearchParams
      ? [...new Set(parameters.keys())].map((name) => [name, parameters.getAll(name)])
      : Object.entries(parameters);
  const values = pairs.map(
    ([name, value]) => [name, [value ?? []].flat().filter((text) => text.trim() !== "")] as const,
  );
  return new Map(values.filter(([, texts]) => texts.length > 0).map(([name, texts]) => [name, [...texts]]));
}

/** A problem for each name of a parameter that is none of those there are. */
export function strangersIn(names: readonly string[], known: readonly string[]): Problem[] {
  return names
    .filter((name) => !known.includes(name))
    .map((name) => ({
      field: name,
      message: `There is no parameter ${JSON.stringify(name)}. Write one of: ${known.join(", ")}.`,
    }));
}

function watchFromQuery(values: ReadonlyMap<string, string[]>, catalogue: Catalogue): Filter {
  const watch: Record<string, unknown> = {};
  for (const name of COMMA_LISTS) {
    const entries = values.get(name)?.flatMap((value) => value.split(","));
    if (entries) watch[name] = entries.filter((entry) => entry.trim() !== "");
  }
  for (const name of REPEATED_LISTS) if (values.has(name)) watch[name] = values.get(name);
  const name = single(values, "name");
  if (name !== undefined) watch.name = name;
  const minUpvotes = single(values, "minUpvotes");
  if (minUpvotes !== undefined)
    watch.minUpvotes = /^\d{1,9}$/.test(minUpvotes.trim()) ? Number(minUpvotes) : minUpvotes;
  const onlyWithCode = single(values, "onlyWithCode");
  if (onlyWithCode !== undefined) watch.onlyWithCode = SWITCH.get(onlyWithCode.trim().toLowerCase()) ?? onlyWithCode;
  return Object.keys(watch).length === 0
    ? parseFilter({}, catalogue)
    : withoutPrefix("watches.0.", () => parseFilter({ watches: [watch] }, catalogue));
}

/** `on` is what a ticked box sends. */
const SWITCH: ReadonlyMap<string, boolean> = new Map([
  ...["true", "1", "on", "yes"].map((word) => [word, true] as const),
  ...["false", "0", "off", "no"].map((word) => [word, false] as const),
]);

function single(values: ReadonlyMap<string, string[]>, name: string): string | undefined {
  const found = values.get(name);
  if (found !== undefined && found.length > 1) throw mistake(name, moreThanOnce(name));
  return found?.[0];
}

/** What is said of a parameter that may stand in an address once. */
export function moreThanOnce(name: string): string {
  return `${name} stands in the address more than once. Leave one.`;
}

function decode(encoded: string): unknown {
  const hint = "This is not a filter in base64url. Write the JSON of the filter, encoded so.";
  if (!/^[\w-]+={0,2}$/.test(encoded)) throw mistake("filter", hint);
  try {
    return JSON.parse(Buffer.from(encoded, "base64url").toString("utf8"));
  } catch (cause) {
    throw mistake("filter", hint, cause);
  }
}

function mistake(field: string, message: string, cause?: unknown): Invalid {
  return new Invalid("The filter cannot be used as it is.", [{ field, message }], cause === undefined ? {} : { cause });
}

function prefixed(prefix: string, parse: () => Filter): Filter {
  return renaming((field) => (prefix + field).replace(/\.$/, ""), parse);
}

function withoutPrefix(prefix: string, parse: () => Filter): Filter {
  return renaming((field) => (field.startsWith(prefix) ? field.slice(prefix.length) : field), parse);
}

/** Problems name fields as their sender wrote them, and in an address that is the parameter. */
function renaming(rename: (field: string) => string, parse: () => Filter): Filter {
  try {
    return parse();
  } catch (fault) {
    if (!(fault instanceof Invalid)) throw fault;
    const problems = fault.problems.map(({ field, message }) => ({ field: rename(field), message }));
    throw new Invalid(fault.message, problems, { cause: fault });
  }
}
