/**
 * A form of preferences as it was typed. Read from what a browser sends, turned into what the API takes (so that form and
 * API are judged by one schema, core/subscription.ts), and shown again beside its mistakes.
 */
import { FILTER_LIMITS, type Watch } from "../core/filter.ts";
import type { Preferences } from "../core/subscription.ts";
import type { FormBody } from "./bodies.ts";

export interface TypedWatch {
  readonly name: string;
  readonly topics: readonly string[];
  readonly categories: readonly string[];
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  readonly authors: readonly string[];
  readonly minUpvotes: string;
  readonly onlyWithCode: boolean;
  /** It takes every paper and is there on purpose; a blank one without this is nobody's. */
  readonly isEverything: boolean;
}

export interface Typed {
  readonly watches: readonly TypedWatch[];
  readonly email: string;
  readonly cadence: string;
  readonly weekday: string;
  readonly hour: string;
  readonly zone: string;
  readonly maxPapers: string;
  readonly language: string;
  readonly format: string;
}

export const BLANK_WATCH: TypedWatch = {
  name: "",
  topics: [],
  categories: [],
  include: [],
  exclude: [],
  authors: [],
  minUpvotes: "",
  onlyWithCode: false,
  isEverything: false,
};

/** The form before anybody touched it: the defaults of the contract. An empty zone is UTC, until a script guesses. */
export const BLANK: Typed = {
  watches: [],
  email: "",
  cadence: "daily",
  weekday: "1",
  hour: "7",
  zone: "",
  maxPapers: "10",
  language: "en",
  format: "html",
};

const WATCH_FIELDS = Object.keys(BLANK_WATCH);

/** The first watch has its fields under their own names, as in an address; the others under `watches.1.topics` and so on. */
export function fieldName(watch: number, field: string): string {
  return watch === 0 ? field : `watches.${watch}.${field}`;
}

/**
 * The form's name for the field a problem names: `filter.watches.1.include.0` → `watches.1.include`.
 *
 * @param places where each watch of the filter stands in the form ({@link placesOf})
 */
export function fieldOfProblem(problem: string, places: readonly number[]): string {
  const [, watch, field] = /^filter\.watches\.(\d+)\.(\w+)/.exec(problem) ?? [];
  if (watch !== undefined && field !== undefined) return fieldName(places[Number(watch)] ?? Number(watch), field);
  return problem.startsWith("filter") ? "watches" : problem;
}

/** @param before what stands where a form does not have a field at all */
export function readTyped(body: FormBody, before: Typed = BLANK): Typed {
  const one = (name: Exclude<keyof Typed, "watches">) => lastOf(body[name])?.trim() ?? before[name];
  return {
    watches: readWatches(body) ?? before.watches,
    email: one("email"),
    cadence: one("cadence"),
    weekday: one("weekday"),
    hour: one("hour"),
    zone: one("zone"),
    maxPapers: one("maxPapers"),
    language: one("language"),
    format: one("format"),
  };
}

/** Null when the form has no watch in it. */
function readWatches(body: FormBody): TypedWatch[] | null {
  const numbers = Array.from({ length: FILTER_LIMITS.watches + 1 }, (_, watch) => watch);
  const there = numbers.filter((watch) => WATCH_FIELDS.some((field) => body[fieldName(watch, field)] !== undefined));
  if (there.length === 0) return null;
  return there.map((watch) => readWatch((field) => [body[fieldName(watch, field)] ?? []].flat()));
}

/** The buttons of a form that change it and send nothing: `add`, and `remove.1` for its second watch. */
export function isEdit(press: string): boolean {
  return /^(?:add|remove\.\d)$/.test(press);
}

/** The form after such a press; as it was after any other. */
export function edited(typed: Typed, press: string): Typed {
  const there = typed.watches.length === 0 ? [BLANK_WATCH] : typed.watches;
  if (press === "add") return { ...typed, watches: [...there, BLANK_WATCH].slice(0, FILTER_LIMITS.watches) };
  const [, gone] = /^remove\.(\d)$/.exec(press) ?? [];
  return gone === undefined ? typed : { ...typed, watches: there.filter((_, at) => at !== Number(gone)) };
}

/** Where the watches that count stand among those of a form: a blank one is nobody's wish. */
export function placesOf({ watches }: Typed): number[] {
  return watches.flatMap((watch, at) => (watch.isEverything || !isBlank(watch) ? [at] : []));
}

function readWatch(values: (field: string) => string[]): TypedWatch {
  const lines = (field: string) =>
    values(field)
      .flatMap((text) => text.split(/\r\n|[\r\n]/))
      .map((line) => line.trim())
      .filter(Boolean);
  const tokens = (field: string) =>
    values(field)
      .flatMap((text) => text.split(/[\s,;]+/))
      .filter(Boolean);
  return {
    name: values("name").at(-1)?.trim() ?? "",
    topics: tokens("topics"),
    categories: tokens("categories"),
    include: lines("include"),
    exclude: lines("exclude"),
    authors: lines("authors"),
    minUpvotes: values("minUpvotes").at(-1)?.trim() ?? "",
    onlyWithCode: isTicked(values("onlyWithCode").at(-1)),
    isEverything: isTicked(values("isEverything").at(-1)),
  };
}

function isTicked(value: string | undefined): boolean {
  return value !== undefined && !["", "false", "0", "off", "no"].includes(value.trim().toLowerCase());
}

function lastOf(value: FormBody[string]): string | undefined {
  return [value ?? []].flat().at(-1);
}

function isBlank(watch: TypedWatch): boolean {
  return (
    JSON.stringify({ ...watch, isEverything: false, minUpvotes: watch.minUpvotes === "0" ? "" : watch.minUpvotes }) ===
    JSON.stringify(BLANK_WATCH)
  );
}

/** What the API would be sent for the same wish. Numbers that are none stay text, for the schema to refuse. */
export function wantedBy(typed: Typed): Record<string, unknown> {
  const { watches, cadence, weekday, hour, zone, maxPapers, language, format } = typed;
  const filled = Object.entries({ cadence, zone, language, format }).filter(([, text]) => text !== "");
  return {
    ...Object.fromEntries(filled),
    filter: { watches: placesOf(typed).map((at) => watchWanted(watches[at]!)) },
    ...(cadence === "weekly" && { weekday: numberIn(weekday) }),
    ...(hour !== "" && { hour: numberIn(hour) }),
    ...(maxPapers !== "" && { maxPapers: numberIn(maxPapers) }),
  };
}

function watchWanted({ isEverything: _, minUpvotes, ...watch }: TypedWatch) {
  return { ...watch, ...(minUpvotes !== "" && { minUpvotes: numberIn(minUpvotes) }) };
}

function numberIn(text: string): number | string {
  return /^-?\d{1,9}$/.test(text) ? Number(text) : text;
}

/** The form that says what these preferences say. */
export function typedOf(preferences: Preferences, email = ""): Typed {
  const { filter, cadence, weekday, hour, zone, maxPapers, language, format } = preferences;
  return {
    watches: filter.watches.map(typedWatch),
    email,
    cadence,
    weekday: String(weekday ?? 1),
    hour: String(hour),
    zone,
    maxPapers: String(maxPapers),
    language,
    format,
  };
}

export function typedWatch(watch: Watch): TypedWatch {
  const typed = { ...watch, minUpvotes: watch.minUpvotes === 0 ? "" : String(watch.minUpvotes), isEverything: false };
  return { ...typed, isEverything: isBlank(typed) };
}
