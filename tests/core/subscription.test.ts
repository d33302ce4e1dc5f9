import { describe, expect, test } from "vitest";
import { z } from "zod";
import type { Filter } from "../../src/core/filter.ts";
import { problemsOf } from "../../src/core/problems.ts";
import {
  groupOf,
  mayMoveSubscription,
  type Preferences,
  preferencesSchema,
  SUBSCRIPTION_MOVES,
  type SubscriptionState,
  withChanges,
} from "../../src/core/subscription.ts";

// The filter has tests of its own; here it need only be recognisable.
const anyFilter: z.ZodType<Filter> = z
  .strictObject({ watches: z.array(z.any()) })
  .transform(({ watches }) => ({ grammar: 1, watches }));
const schema = preferencesSchema(anyFilter);
const everything: Filter = { grammar: 1, watches: [] };
const defaults: Preferences = {
  filter: everything,
  cadence: "daily",
  hour: 7,
  zone: "UTC",
  maxPapers: 10,
  language: "en",
  format: "html",
};
const problems = (input: unknown) => {
  const parsed = schema.safeParse(input);
  return parsed.success ? [] : problemsOf(parsed.error);
};

describe("what a reader chooses", () => {
  test("nothing chosen is a daily digest of everything at seven", () => {
    expect(schema.parse({})).toEqual(defaults);
  });

  test("everything chosen, in the canonical letters of zone and language", () => {
    const chosen = {
      filter: { watches: [{ name: "mine" }] },
      cadence: "weekly",
      weekday: 5,
      hour: 23,
      zone: "asia/kathmandu",
      maxPapers: 50,
      language: "PT-br",
      format: "text",
    };
    expect(schema.parse(chosen)).toEqual({
      ...chosen,
      filter: { grammar: 1, watches: [{ name: "mine" }] },
      zone: "Asia/Kathmandu",
      language: "pt-BR",
    });
  });

  test("a weekday is needed for weekly, and for nothing else", () => {
    expect(problems({ cadence: "weekly" })).toEqual([
      { field: "weekday", message: "A weekly digest needs its weekday, from 1 (Monday) to 7 (Sunday)." },
    ]);
    expect(problems({ cadence: "weekdays", weekday: 1 })).toEqual([
      { field: "weekday", message: "A weekdays digest has no weekday. Leave it out." },
    ]);
  });

  test.each([
    [{ hour: 24 }, "hour", "Write a whole number from 0 to 23."],
    [{ hour: 7.5 }, "hour", "Write a whole number from 0 to 23."],
    [{ hour: "7" }, "hour", "Write a whole number from 0 to 23."],
    [{ cadence: "weekly", weekday: 0 }, "weekday", "Write a whole number from 1 (Monday) to 7 (Sunday)."],
    [{ maxPapers: 0 }, "maxPapers", "Write a whole number from 1 to 50."],
    [{ maxPapers: 51 }, "maxPapers", "Write a whole number from 1 to 50."],
    [{ cadence: "hourly" }, "cadence", "Write daily, weekdays or weekly."],
    [{ format: "pdf" }, "format", "Write html or text."],
    [{ zone: "+05:00" }, "zone", "We do not know this time zone. Write one such as Europe/Berlin or UTC."],
    [{ zone: null }, "zone", "Write a time zone such as Europe/Berlin."],
    [{ language: "english please" }, "language", "This is no language tag. Write one such as en or pt-BR."],
    [{ language: "" }, "language", "This is no language tag. Write one such as en or pt-BR."],
    [{ email: "x" }, "email", 'There is no field "email" here. Check its spelling or leave it out.'],
  ])("%j is refused at its field", (input, field, message) => {
    expect(problems(input)).toEqual([{ field, message }]);
  });

  test("a mistake in the filter is found inside the filter", () => {
    expect(problems({ filter: { wotches: [] } }).map(({ field }) => field)).toContain("filter.wotches");
  });

  test("every field has its own mistake named, all in one answer", () => {
    expect(problems({ hour: -1, maxPapers: 99, format: "pdf" }).map(({ field }) => field)).toEqual([
      "hour",
      "maxPapers",
      "format",
    ]);
  });

  test("the API reference can be made from it", () => {
    const described = z.toJSONSchema(schema, { io: "input" });
    expect(Object.keys(described.properties ?? {})).toEqual([
      "filter",
      "cadence",
      "weekday",
      "hour",
      "zone",
      "maxPapers",
      "language",
      "format",
    ]);
    expect(described.required).toBeUndefined();
  });
});

describe("a change of some preferences", () => {
  const weekly: Preferences = { ...defaults, cadence: "weekly", weekday: 5 };
  const changed = (current: Preferences, changes: Record<string, unknown>) => {
    const { filter: _, ...rest } = withChanges(current, changes);
    return schema.safeParse(rest);
  };

  test("leaves the others as they were", () => {
    expect(changed(weekly, { hour: 9 }).data).toEqual({ ...weekly, hour: 9 });
    expect(changed(weekly, { weekday: 1 }).data).toEqual({ ...weekly, weekday: 1 });
  });

  test("from weekly to daily takes the weekday away by itself, and back asks for it", () => {
    expect(changed(weekly, { cadence: "daily" }).data).toEqual(defaults);
    expect(changed(defaults, { cadence: "weekly" }).success).toBe(false);
    expect(changed(weekly, { cadence: "daily", weekday: 5 }).success).toBe(false);
  });
});

test("readers fall due with those of the same rhythm, zone and hour", () => {
  expect(groupOf(defaults)).toEqual({ cadence: "daily", zone: "UTC", hour: 7 });
  expect(groupOf({ ...defaults, cadence: "weekly", weekday: 5 })).toEqual({
    cadence: "weekly",
    weekday: 5,
    zone: "UTC",
    hour: 7,
  });
});

test("a subscription moves as the contract draws it, and comes back from its end", () => {
  const states = Object.keys(SUBSCRIPTION_MOVES) as SubscriptionState[];
  const moves = states.flatMap((from) =>
    states.filter((to) => mayMoveSubscription(from, to)).map((to) => `${from} → ${to}`),
  );
  expect(moves).toEqual([
    "active → paused",
    "active → suspended",
    "active → ended",
    "paused → active",
    "paused → ended",
    "suspended → active",
    "suspended → ended",
    "ended → active",
  ]);
});
