/** What a reader asks for, the states of a subscription and the moves allowed between them. */
import { z } from "zod";
import type { Filter } from "./filter.ts";
import type { Group } from "./schedule.ts";
import { canonicalZone } from "./zone.ts";

/** When a digest falls due. `weekday` (1 Monday … 7 Sunday) belongs to `weekly` alone. */
export type Rhythm =
  | { readonly cadence: "daily" | "weekdays"; readonly weekday?: undefined }
  | { readonly cadence: "weekly"; readonly weekday: number };

/** Everything a reader chooses (docs/promises.md §3). */
export type Preferences = Rhythm & {
  readonly filter: Filter;
  /** Local hour, 0–23. */
  readonly hour: number;
  /** IANA zone. */
  readonly zone: string;
  /** 1–50 papers a digest. */
  readonly maxPapers: number;
  /** BCP 47. */
  readonly language: string;
  readonly format: "html" | "text";
};

export type SubscriptionState = "active" | "paused" | "suspended" | "ended";

/**
 * Where a subscription may go from each state (docs/promises.md §4). `suspended` is our doing, after bounces; `paused` the
 * reader's. `ended → active` is a reader who came back: undo, or a new request that they confirmed.
 */
export const SUBSCRIPTION_MOVES: Readonly<Record<SubscriptionState, readonly SubscriptionState[]>> = {
  active: ["paused", "suspended", "ended"],
  paused: ["active", "ended"],
  suspended: ["active", "ended"],
  ended: ["active"],
};

export const SUBSCRIPTION_STATES = Object.keys(SUBSCRIPTION_MOVES) as readonly SubscriptionState[];

export function mayMoveSubscription(from: SubscriptionState, to: SubscriptionState): boolean {
  return SUBSCRIPTION_MOVES[from].includes(to);
}

/** The readers this one falls due with. */
export function groupOf(preferences: Rhythm & Pick<Preferences, "zone" | "hour">): Group {
  const { zone, hour } = preferences;
  return preferences.cadence === "weekly"
    ? { cadence: "weekly", weekday: preferences.weekday, zone, hour }
    : { cadence: preferences.cadence, zone, hour };
}

/**
 * What a reader may choose, from outside: absent fields take their default, unknown ones are refused, zone and language
 * come out in their canonical letters. `weekday` is there for `weekly` and for nothing else.
 *
 * @param filter the schema of a filter over the catalogue in use (core/filter.ts)
 */
export function preferencesSchema(filter: z.ZodType<Filter>) {
  return z.strictObject(preferenceFields(filter)).transform(({ cadence, weekday, ...rest }, context): Preferences => {
    const refuse = (message: string) => {
      context.addIssue({ code: "custom", path: ["weekday"], message, input: weekday });
      return z.NEVER;
    };
    if (cadence !== "weekly")
      return weekday === undefined ? { ...rest, cadence } : refuse(`A ${cadence} digest has no weekday. Leave it out.`);
    if (weekday === undefined) return refuse("A weekly digest needs its weekday, from 1 (Monday) to 7 (Sunday).");
    return { ...rest, cadence, weekday };
  });
}

/** The fields of {@link preferencesSchema}, each with what it means and what it is when absent. */
export function preferenceFields(filter: z.ZodType<Filter>) {
  return {
    filter: filter.prefault({ watches: [] }),
    cadence: z
      .enum(["daily", "weekdays", "weekly"], "Write daily, weekdays or weekly.")
      .describe("How often a digest falls due; `weekdays` is Monday to Friday.")
      .default("daily"),
    weekday: wholeNumber(1, 7, "from 1 (Monday) to 7 (Sunday)")
      .describe("From 1, Monday, to 7, Sunday: with `weekly`, and with nothing else.")
      .optional(),
    hour: wholeNumber(0, 23, "from 0 to 23")
      .describe("The hour of the day in `zone` at which it falls due.")
      .default(7),
    zone: z
      .string("Write a time zone such as Europe/Berlin.")
      .describe("A time zone by its IANA name, such as `Europe/Berlin`.")
      .transform(readZone)
      .prefault("UTC"),
    maxPapers: wholeNumber(1, 50, "from 1 to 50").describe("Papers in a digest, at most.").default(10),
    language: z
      .string("Write a language such as en.")
      .describe("A language tag (BCP 47), such as `en` or `pt-BR`. What there are no words for is said in English.")
      .transform(readLanguage)
      .prefault("en"),
    format: z
      .enum(["html", "text"], "Write html or text.")
      .describe("`html` has a part in plain text too.")
      .default("html"),
  };
}

/**
 * Preferences with some fields changed, still to be read by {@link preferencesSchema}. The weekday goes with `weekly`:
 * whoever turns to another cadence need not take it back.
 */
export function withChanges(current: Preferences, changes: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { weekday, ...rest } = current;
  const changed: Record<string, unknown> = { ...rest, ...changes };
  if (weekday !== undefined && changed.cadence === "weekly" && !("weekday" in changes)) changed.weekday = weekday;
  return changed;
}

function wholeNumber(least: number, most: number, range: string) {
  const message = `Write a whole number ${range}.`;
  return z.int(message).min(least, message).max(most, message);
}

function readZone(text: string, context: z.RefinementCtx): string {
  const zone = canonicalZone(text);
  if (zone !== null) return zone;
  context.addIssue({
    code: "custom",
    message: "We do not know this time zone. Write one such as Europe/Berlin or UTC.",
  });
  return z.NEVER;
}

function readLanguage(text: string, context: z.RefinementCtx): string {
  try {
    const [language] = Intl.getCanonicalLocales(text);
    if (language !== undefined && language.length <= LONGEST_LANGUAGE) return language;
  } catch {
    // a RangeError is how Intl says that it is no language tag
  }
  context.addIssue({ code: "custom", message: "This is no language tag. Write one such as en or pt-BR." });
  return z.NEVER;
}

/** RFC 5646 section 4.4.1: room for every tag that is not made for its length. */
const LONGEST_LANGUAGE = 35;
