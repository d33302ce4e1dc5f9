/** What the templates see of a form of preferences: every field with its value, its choices and what is wrong with it. */
import type { Preview } from "../actions/preview.ts";
import { FILTER_LIMITS } from "../core/filter.ts";
import type { Say, Texts } from "../core/text.ts";
import { catalogueIn } from "../core/topic-names.ts";
import type { Catalogue } from "../core/topics.ts";
import type { Problem } from "../errors.ts";
import type { View } from "./pages.ts";
import { BLANK_WATCH, fieldName, fieldOfProblem, placesOf, type Typed, type TypedWatch } from "./typed.ts";
import { type FoundViews, foundViews } from "./understood-view.ts";
import { zoneRegions } from "./zones.ts";

export interface FormOptions {
  readonly catalogue: Catalogue;
  readonly texts: Texts;
  readonly say: Say;
  /** What the filter brings, and what its words and names found; where the form shows that. */
  readonly shown?: Pick<Preview, "papersPerDay" | "perWatch" | "understood">;
  /** Where a press that adds or removes a watch is sent. */
  readonly edits?: string;
  /** Papers a day, by topic. */
  readonly perTopic?: ReadonlyMap<string, number>;
  /** How old the edition is at the hour that is chosen, in words. */
  readonly freshness?: string;
}

export function formView(typed: Typed, problems: readonly Problem[], options: FormOptions): View {
  const { say, texts, catalogue, shown, perTopic = new Map(), freshness = "", edits = "" } = options;
  const places = placesOf(typed);
  const wrong = new Wrong(problems, say, places);
  const watches = typed.watches.length === 0 ? [BLANK_WATCH] : typed.watches;
  const choices = (values: readonly string[], chosen: string, label: (value: string) => string) =>
    values.map((value) => ({ value, label: label(value), isChosen: value === chosen }));
  return {
    email: wrong.field("email", typed.email),
    watches: watches.map((watch, at) => {
      const place = places.indexOf(at);
      const isSpare = place < 0 && watches.length > 1;
      const found = foundViews(shown?.understood, place, say);
      // One watch that says nothing takes everything.
      const perDay = places.length === 0 && !isSpare ? shown?.papersPerDay : shown?.perWatch[place];
      const isOne = watches.length === 1;
      return watchView(watch, at, { isSpare, isOne, catalogue, wrong, say, found, perDay, perTopic, edits });
    }),
    isRoom: watches.length < FILTER_LIMITS.watches,
    freshness,
    edits,
    tooMany: wrong.field("watches", ""),
    cadences: choices(["daily", "weekdays", "weekly"], typed.cadence, (cadence) =>
      say("page.form.cadences", { cadence }),
    ),
    cadence: wrong.field("cadence", typed.cadence),
    weekdays: choices(["1", "2", "3", "4", "5", "6", "7"], typed.weekday, (day) => say("page.form.weekdays", { day })),
    weekday: wrong.field("weekday", typed.weekday),
    hours: choices(HOURS, typed.hour, (hour) => `${hour.padStart(2, "0")}:00`),
    hour: wrong.field("hour", typed.hour),
    zone: { ...wrong.field("zone", typed.zone), ...zoneView(typed.zone) },
    maxPapers: wrong.field("maxPapers", typed.maxPapers),
    languages: choices(
      [...new Set([...texts.languages, typed.language])].filter(Boolean),
      typed.language,
      languageName,
    ),
    language: wrong.field("language", typed.language),
    formats: choices(["html", "text"], typed.format, (format) => say("page.form.formats", { format })),
    format: wrong.field("format", typed.format),
    problems: wrong.all(),
  };
}

const HOURS = Array.from({ length: 24 }, (_, hour) => String(hour));

/** Fields and their problems, said in the page's language; what the core says more exactly stands beside it, in English. */
class Wrong {
  readonly #byField = new Map<string, { message: string; detail: string }>();

  constructor(problems: readonly Problem[], say: Say, places: readonly number[]) {
    for (const { field: named, message } of problems) {
      const field = fieldOfProblem(named, places);
      const kind = field.split(".").at(-1)!;
      // Of a field of many lines each wrong one is named.
      const before = this.#byField.get(field);
      const detail = before === undefined ? message : `${before.detail} ${message}`;
      this.#byField.set(field, { message: say("page.wrong", { field: kind }), detail });
    }
  }

  field(name: string, value: string) {
    const { message = "", detail = "" } = this.#byField.get(name) ?? {};
    return { name, id: `field-${name.replaceAll(".", "-")}`, value, wrong: message, detail };
  }

  all() {
    return [...this.#byField.keys()].map((name) => this.field(name, ""));
  }
}

/** One field outside the big form. */
export function fieldView(name: string, value: string, problems: readonly Problem[], say: Say) {
  return new Wrong(problems, say, []).field(name, value);
}

interface WatchContext {
  /** Blank beside others: it counts for nothing yet. */
  readonly isSpare: boolean;
  readonly isOne: boolean;
  readonly catalogue: Catalogue;
  readonly wrong: Wrong;
  readonly say: Say;
  readonly found: FoundViews;
  readonly perDay: number | undefined;
  readonly perTopic: ReadonlyMap<string, number>;
  readonly edits: string;
}

function watchView(watch: TypedWatch, at: number, context: WatchContext): View {
  const { isSpare, isOne, catalogue, wrong, say, found, perDay, perTopic, edits } = context;
  const field = (name: string, value = "") => wrong.field(fieldName(at, name), value);
  const { families, topics } = catalogueIn(say, catalogue);
  return {
    legend: say("page.form.watch", { number: at + 1, name: watch.name, isNamed: watch.name === "" ? "no" : "yes" }),
    isOne,
    isSpare,
    isNamed: !isOne || watch.name !== "",
    isRemovable: !isOne,
    edits,
    remove: `remove.${at}`,
    removeLabel: say("page.form.remove", {
      number: at + 1,
      name: watch.name,
      isNamed: watch.name === "" ? "no" : "yes",
    }),
    live: `watch-${at}-count`,
    perDay: perDay === undefined || isSpare ? "" : say("page.form.perDay", { count: rounded(perDay) }),
    everything: { ...field("isEverything"), isOn: watch.isEverything && !isOne },
    name: field("name", watch.name),
    topics: field("topics"),
    families: families.map(({ id, name }) => ({
      name,
      topics: topics
        .filter(({ family }) => family === id)
        .map((topic) => ({
          ...field("topics", topic.id),
          label: topic.name,
          description: topic.description,
          day: `${field("topics").id}-${topic.id}`,
          perDay: perTopic.get(topic.id) ? say("page.form.aDay", { count: rounded(perTopic.get(topic.id)!) }) : "",
          isChosen: watch.topics.includes(topic.id),
        })),
    })),
    include: { ...field("include", watch.include.join("\n")), found: found.include },
    authors: { ...field("authors", watch.authors.join("\n")), found: found.authors },
    exclude: { ...field("exclude", watch.exclude.join("\n")), found: found.exclude },
    categories: { ...field("categories", watch.categories.join(" ")), found: [] },
    minUpvotes: { ...field("minUpvotes", watch.minUpvotes), found: [] },
    onlyWithCode: { ...field("onlyWithCode"), isOn: watch.onlyWithCode },
    isMoreOpen:
      [watch.include, watch.exclude, watch.authors, watch.categories].some((list) => list.length > 0) ||
      watch.minUpvotes !== "" ||
      watch.onlyWithCode,
  };
}

/** A mean as a person says it: 12, 3, 0.4. */
export function rounded(mean: number): number {
  return mean < 1 ? Math.round(mean * 10) / 10 : Math.round(mean);
}

/** The zones of a field, and the one that is chosen among them. @param chosen empty: none was yet */
export function zoneView(chosen: string) {
  let isListed = chosen === "UTC";
  const regions = zoneRegions.map(({ region, zones }) => ({
    region,
    zones: zones.map(({ id, place, formerly }) => {
      const isChosen = id === chosen;
      isListed ||= isChosen;
      return { id, place, formerly, isChosen };
    }),
  }));
  // An older name of a zone is still one, and a reader who has it keeps it.
  return { regions, isOpen: chosen === "", isUtc: chosen === "UTC", unlisted: isListed ? "" : chosen };
}

/** A language by its own name: whoever looks for theirs can read it. */
function languageName(language: string): string {
  try {
    return new Intl.DisplayNames([language], { type: "language" }).of(language) ?? language;
  } catch {
    return language; // a RangeError: no language tag, shown as it was typed
  }
}
