/** What the columns of a list say that a reader wants: whole filters, one watch in columns, and when to send. */
import { Invalid } from "../errors.ts";
import { filterSchema } from "./filter.ts";
import { problemsOf } from "./problems.ts";
import type { Cells, Field } from "./reader-list.ts";
import { type Preferences, preferencesSchema } from "./subscription.ts";
import type { Catalogue } from "./topics.ts";

const PREFERENCES = [
  ...["filter", "topics", "categories", "include", "authors", "exclude", "minUpvotes", "onlyWithCode"],
  ...["cadence", "weekday", "hour", "zone", "maxPapers", "language", "format"],
] as Field[];
const MOST_KNOWN = 5_000;

/**
 * Reads the preferences of one line. What was read before is not read again: a list has few, however long it is.
 *
 * @throws {Invalid} naming each column at fault
 */
export function preferencesReader(catalogue: Catalogue): (cells: Cells) => Preferences {
  const schema = preferencesSchema(filterSchema(catalogue));
  const known = new Map<string, Preferences>();

  return (cells) => {
    const given = PREFERENCES.map((field) => cells(field));
    const key = JSON.stringify(given);
    let preferences = known.get(key);
    if (preferences === undefined) {
      const parsed = schema.safeParse(rawPreferences(cells));
      if (!parsed.success) throw new Invalid(problemsOf(parsed.error).map(inWords).join(" "));
      preferences = parsed.data;
      if (known.size >= MOST_KNOWN) known.clear();
      known.set(key, preferences);
    }
    return preferences;
  };
}

/** As they stand in the cells, for the schema to judge; an empty cell says nothing. */
function rawPreferences(cells: Cells): unknown {
  const raw: Record<string, unknown> = { filter: rawFilter(cells) };
  const put = (field: Field, value: (text: string) => unknown) => {
    const text = cells(field);
    if (text !== "") raw[field] = value(text);
  };
  put("cadence", (text) => text.toLowerCase());
  put("weekday", readWeekday);
  put("hour", (text) => number(text.replace(/:00(?::00)?$/, "")));
  put("zone", (text) => text);
  put("maxPapers", number);
  put("language", (text) => text);
  put("format", (text) => ({ plain: "text" })[text.toLowerCase()] ?? text.toLowerCase());
  // A weekday beside a daily digest is the column of somebody else in the list.
  if (raw.cadence !== "weekly") delete raw.weekday;
  return raw;
}

function rawFilter(cells: Cells): unknown {
  const whole = cells("filter");
  if (whole !== "") {
    try {
      return JSON.parse(whole);
    } catch {
      throw new Invalid(
        'filter: this is no JSON. Write one like {"watches": [{"topics": ["agents"]}]}, or use the other columns.',
      );
    }
  }
  const watch: Record<string, unknown> = {};
  for (const field of ["topics", "categories"] as const) put(field, /[,;|\n]/);
  for (const field of ["include", "authors", "exclude"] as const) put(field, /[;|\n]/);
  if (cells("minUpvotes") !== "") watch.minUpvotes = number(cells("minUpvotes"));
  if (cells("onlyWithCode") !== "") watch.onlyWithCode = /^(?:true|yes|1|x)$/i.test(cells("onlyWithCode"));
  return { watches: Object.keys(watch).length === 0 ? [] : [watch] };

  function put(field: "topics" | "categories" | "include" | "authors" | "exclude", separator: RegExp): void {
    const entries = cells(field)
      .split(separator)
      .map((entry) => entry.trim())
      .filter((entry) => entry !== "");
    if (entries.length > 0) watch[field] = entries;
  }
}

const WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

function readWeekday(text: string): unknown {
  const at = text.length < 3 ? -1 : WEEKDAYS.findIndex((name) => name.startsWith(text.toLowerCase()));
  return at < 0 ? number(text) : at + 1;
}

/** What is no number stays text, for the schema to refuse. */
function number(text: string): unknown {
  return /^\d+$/.test(text) ? Number(text) : text;
}

function inWords({ field, message }: { readonly field: string; readonly message: string }): string {
  return `${field.replace(/^filter\.watches\.0\./, "") || "line"}: ${message}`;
}
