/** What the templates see of a form of preferences: every field with its value, its choices and what is wrong with it. */
import { FILTER_LIMITS } from "../core/filter.ts";
import type { Say, Texts } from "../core/text.ts";
import type { Catalogue } from "../core/topics.ts";
import type { Understood } from "../core/understood.ts";
import type { Problem } from "../errors.ts";
import type { View } from "./pages.ts";
import { BLANK_WATCH, fieldName, fieldOfProblem, type Typed, type TypedWatch } from "./typed.ts";
import { type FoundViews, foundViews } from "./understood-view.ts";
import { zoneRegions } from "./zones.ts";

export interface FormOptions {
  readonly catalogue: Catalogue;
  readonly texts: Texts;
  readonly say: Say;
  /** An empty watch is offered beside those that are there, up to five. */
  readonly offersMore: boolean;
  /** What the filter's words and names found, where the form says what was looked up. */
  readonly understood?: Understood;
}

export function formView(typed: Typed, problems: readonly Problem[], options: FormOptions): View {
  const { say, texts, catalogue, offersMore, understood } = options;
  const wrong = new Wrong(problems, say);
  const isRoom = typed.watches.length < FILTER_LIMITS.watches;
  const watches =
    typed.watches.length === 0 || (offersMore && isRoom) ? [...typed.watches, BLANK_WATCH] : typed.watches;
  const choices = (values: readonly string[], chosen: string, label: (value: string) => string) =>
    values.map((value) => ({ value, label: label(value), isChosen: value === chosen }));
  return {
    email: wrong.field("email", typed.email),
    watches: watches.map((watch, at) => {
      const isOffered = at >= typed.watches.length;
      const found = foundViews(understood, at, say);
      return watchView(watch, at, { isOffered, isOne: watches.length === 1, catalogue, wrong, say, found });
    }),
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

  constructor(problems: readonly Problem[], say: Say) {
    for (const { field: named, message } of problems) {
      const field = fieldOfProblem(named);
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

function watchView(
  watch: TypedWatch,
  at: number,
  context: { isOffered: boolean; isOne: boolean; catalogue: Catalogue; wrong: Wrong; say: Say; found: FoundViews },
): View {
  const { isOffered, isOne, catalogue, wrong, say, found } = context;
  const field = (name: string, value = "") => wrong.field(fieldName(at, name), value);
  const { families, topics } = catalogue;
  return {
    legend: say("page.form.watch", { number: at + 1, name: watch.name, isNamed: watch.name === "" ? "no" : "yes" }),
    isOne,
    isSpare: isOffered && !isOne,
    isNamed: !isOne || watch.name !== "",
    isRemovable: !isOne && !isOffered,
    remove: field("remove"),
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
          isChosen: watch.topics.includes(topic.id),
        })),
    })),
    include: { ...field("include", watch.include.join("\n")), found: found.include },
    exclude: { ...field("exclude", watch.exclude.join("\n")), found: found.exclude },
    authors: { ...field("authors", watch.authors.join("\n")), found: found.authors },
    categories: field("categories", watch.categories.join(" ")),
    minUpvotes: field("minUpvotes", watch.minUpvotes),
    onlyWithCode: { ...field("onlyWithCode"), isOn: watch.onlyWithCode },
    isMoreOpen:
      [watch.exclude, watch.authors, watch.categories].some((list) => list.length > 0) ||
      watch.minUpvotes !== "" ||
      watch.onlyWithCode,
  };
}

function zoneView(chosen: string) {
  let isListed = chosen === "UTC";
  const regions = zoneRegions.map(({ region, zones }) => ({
    region,
    zones: zones.map(({ id, place }) => {
      const isChosen = id === chosen;
      isListed ||= isChosen;
      return { id, place, isChosen };
    }),
  }));
  // An older name of a zone is still one, and a reader who has it keeps it.
  return { regions, isUtc: chosen === "UTC", unlisted: isListed ? "" : chosen };
}

/** A language by its own name: whoever looks for theirs can read it. */
function languageName(language: string): string {
  try {
    return new Intl.DisplayNames([language], { type: "language" }).of(language) ?? language;
  } catch {
    return language; // a RangeError: no language tag, shown as it was typed
  }
}
