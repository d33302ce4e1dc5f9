/** What the operator's part of the API takes and answers. */
import { z } from "zod";
import { DELIVERY_MOVES, type DeliveryState } from "../../../core/delivery.ts";
import { SUBSCRIPTION_STATES } from "../../../core/subscription.ts";
import { VIAS } from "../../admin/reports.ts";
import { isDayOfOurTime } from "../../query.ts";
import { count, shown } from "../parameters.ts";

const day = z.iso.date();
const instant = z.iso.datetime();
const number = z.string().describe("The number of a row, as text: JSON's numbers end at 2^53.");
const many = z.int().nonnegative();
const DELIVERY_STATES = Object.keys(DELIVERY_MOVES) as [DeliveryState, ...DeliveryState[]];

function chosen<T extends string>(words: readonly [T, ...T[]], description: string) {
  const schema = z.enum(words, `Write one of: ${words.join(", ")}.`).optional();
  return schema.describe(description).meta(shown(words[0]));
}

const onDay = (description: string) =>
  z.iso
    .date({ error: "Write a day such as 2026-04-15.", abort: true })
    .refine(isDayOfOurTime, "Write a day of our time.")
    .optional()
    .describe(description)
    .meta(shown("2026-04-15"));

const rowNumber = z.string().regex(/^\d{1,18}$/, "Write a whole number.");
const ofReader = rowNumber.optional().describe("The number of a reader.").meta(shown("1"));

const limit = count({ usual: 50, most: 200 }).describe("Rows in the answer, at most.").meta(shown(2));
const after = (form: z.ZodType<string, string>, example: string) =>
  form
    .optional()
    .describe(
      "Where the page begins. `Link` in an answer leads to the next page, which may be there even when this one is empty.",
    )
    .meta(shown(example));

export const readersParameters = z.object({
  state: chosen(SUBSCRIPTION_STATES as unknown as ["active"], "Only readers in this state."),
  limit,
  after: after(rowNumber, "5"),
});

export const deliveriesParameters = z.object({
  state: chosen(DELIVERY_STATES, "Only deliveries in this state."),
  localDay: onDay("Only those of this local day."),
  edition: onDay("Only those of this edition; then the oldest come first."),
  reader: ofReader,
  limit,
  after: after(
    z.string().regex(/^(19|2\d)\d\d-\d\d-\d\d\.\d{1,18}$/, "This is no place in the list."),
    "2026-04-16.1207",
  ),
});

export const reportsParameters = z.object({
  via: chosen(VIAS, "Only those that came in this way."),
  state: chosen(["waiting", "applied"], "Only those in this state."),
  reader: ofReader,
  limit,
  after: after(rowNumber, "5"),
});

export const suppressionsParameters = z.object({
  lifted: chosen(["yes"], "`yes`: those that were lifted too."),
  limit,
  after: after(
    z
      .string()
      .max(400)
      .refine((text) => !text.includes("\0"), "This is no place in the list."),
    "9f86…",
  ),
});

export const operatorEditionsParameters = z.object({ limit, before: onDay("Only editions of days before this one.") });

export const auditParameters = z.object({
  by: chosen(["admin", "cli", "api"], "Only what was done this way."),
  limit,
  after: after(rowNumber, "5"),
});

const text = (most: number) =>
  z
    .string("Write text.")
    .max(most, `Write ${most} letters at most.`)
    .refine((said) => !said.includes("\0"), "Write text without zero bytes.");

const address = text(400).describe("An address, or the key that it is known by.");
export const findBody = z.strictObject({ address });
export const suppressBody = z.strictObject({
  address,
  note: text(2_000).describe("Why, for whoever looks.").optional(),
});
export const liftBody = z.strictObject({
  address,
  note: text(2_000).min(1, "Write why: somebody answers for it.").describe("Why, and who answers for it."),
});
export const stopBody = z.strictObject({
  because: text(500).describe("Why, for whoever looks.").default("the operator paused it"),
});
export const closeBody = z.strictObject({
  force: z.boolean("Write true or false.").describe("Close it with whatever was read so far.").default(false),
});

const counts = (states: readonly string[]) => z.object(Object.fromEntries(states.map((state) => [state, many])));
const deliveryCounts = counts(DELIVERY_STATES).describe("Its deliveries, in each state.");

const editionOfOperator = z.object({
  date: day,
  state: z.enum(["open", "closed", "quiet", "broken"]),
  because: z.string().nullable(),
  papers: many.describe("Those of trending sources."),
  revision: many,
  closedAt: instant.nullable(),
});
export const operatorEditionsAnswer = z.array(editionOfOperator);

const stop = z.object({
  edition: day.nullable().describe("The edition that the brake stopped. Null: every digest, by the operator."),
  because: z.string(),
  at: instant,
});
export const stopsAnswer = z.array(stop);

export const overviewAnswer = z.object({
  edition: editionOfOperator.extend({ deliveries: deliveryCounts }).nullable().describe("The newest one."),
  stops: stopsAnswer,
  incidents: z.array(z.object({ kind: z.string(), subject: z.string(), words: z.string(), beganAt: instant })),
  readers: counts(SUBSCRIPTION_STATES).describe("In each state; some minutes old."),
});

export const readerAnswer = z.object({
  id: number,
  address: z.string().nullable().describe("Masked in lists. Null once erased."),
  addressKey: z.string().describe("What the address is known by; stays when it is erased."),
  state: z.enum(["active", "paused", "suspended", "ended"]),
  cadence: z.enum(["daily", "weekdays", "weekly"]),
  hour: many,
  zone: z.string(),
  createdAt: instant,
  confirmedAt: instant.nullable(),
  endedAt: instant.nullable(),
  endedBecause: z.string().nullable(),
});
export const readersAnswer = z.array(readerAnswer);

export const deliveriesAnswer = z.array(
  z.object({
    localDay: day,
    id: number,
    reader: number,
    edition: day,
    state: z.enum(DELIVERY_STATES),
    reason: z.string().nullable(),
    papers: many.nullable().describe("How many. Null before they were fixed."),
    attempts: many,
    dueAt: instant,
    sendBy: instant,
    endedAt: instant.nullable(),
    answer: z.string().nullable().describe("What the mail server said last, without addresses."),
  }),
);

export const reportsAnswer = z.array(
  z.object({
    id: number,
    via: z.string(),
    receivedAt: instant,
    state: z.enum(["waiting", "applied"]),
    note: z.string().nullable().describe("What came of it."),
    reader: number.nullable().describe("Null while nobody knows, and where it tells of several."),
  }),
);

export const suppressionsAnswer = z.array(
  z.object({
    addressKey: z.string(),
    because: z.enum(["never", "complaint", "bounces", "operator"]),
    at: instant,
    note: z.string().nullable(),
    liftedAt: instant.nullable(),
    liftedNote: z.string().nullable(),
  }),
);

export const auditAnswer = z.array(
  z.object({
    id: number,
    at: instant,
    by: z.enum(["admin", "cli", "api"]),
    what: z.string(),
    about: z.string().nullable().describe("What it was done to; an address by its key alone."),
    details: z.looseObject({}),
  }),
);

export const suppressedAnswer = z.object({ status: z.enum(["suppressed", "already-suppressed"]) });
export const liftedAnswer = z.object({ status: z.enum(["lifted", "not-suppressed"]) });
export const closedAnswer = z.object({
  status: z
    .enum(["open", "closed", "quiet", "broken", "already-decided"])
    .describe("`open`: what was read is not enough yet; `force` closes it all the same."),
  because: z.string().nullable(),
});
export const reopenedAnswer = z.object({
  status: z
    .enum(["reopened", "planned", "open"])
    .describe("`planned`: too late, digests of it were planned; `open`: it was not decided."),
});
