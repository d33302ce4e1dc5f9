import { z } from "zod";

/** How long after a `Temporary` failure a job is tried again: `firstMs`, doubled each time, at most `mostMs`. */
export type BackOff = { firstMs: number; mostMs: number };

const day = z.iso.date();
/** A bigint key: JSON has no integers beyond 2^53. */
const key = z.string().regex(/^\d{1,19}$/);

const SOON = { attempts: 5, backOff: { firstMs: 2_000, mostMs: 60_000 } };
const PATIENT = { attempts: 6, backOff: { firstMs: 30_000, mostMs: 900_000 } };

/**
 * Every job there is. A job is a doorbell: the row says what is to be done, and ringing twice, late or not at all harms
 * nobody, for `sweep` rings again. So a payload has ids only, never an address.
 *
 * What a stranger waits for (`SOON`) is tried again within seconds; what asks other people's servers is `PATIENT`.
 */
export const JOBS = {
  /** Pulls what the sources list now; with a day, what they list for that day. */
  "collect-papers": { queue: "papers", payload: z.strictObject({ day: day.optional() }), ...PATIENT },
  /** Closes the editions that are due; with a date, that one. */
  "close-edition": { queue: "editions", payload: z.strictObject({ date: day.optional() }), ...SOON },
  "plan-deliveries": { queue: "editions", payload: z.strictObject({}), ...SOON },
  /** Sends the planned deliveries of one local day whose id is in `fromId … toId`, both included. */
  "deliver-batch": { queue: "mail", payload: z.strictObject({ localDay: day, fromId: key, toId: key }), ...SOON },
  "answer-request": { queue: "letters", payload: z.strictObject({ requestId: z.string().min(1) }), ...SOON },
  "apply-report": { queue: "reports", payload: z.strictObject({ reportId: z.string().min(1) }), ...SOON },
  /** Lets a wave follow its vanguard, or stops it. */
  "judge-waves": { queue: "upkeep", payload: z.strictObject({}), ...SOON },
  /** Looks for what fell between the chairs and rings for it. */
  sweep: { queue: "upkeep", payload: z.strictObject({}), ...SOON },
} as const satisfies Record<string, JobDefinition>;

type JobDefinition = { queue: string; payload: z.ZodType; attempts: number; backOff: BackOff };

export type JobName = keyof typeof JOBS;
export type QueueName = (typeof JOBS)[JobName]["queue"];
export type Payload<N extends JobName> = z.infer<(typeof JOBS)[N]["payload"]>;
/** The jobs that ring in one queue. */
export type JobsOf<Q extends QueueName> = { [N in JobName]: (typeof JOBS)[N]["queue"] extends Q ? N : never }[JobName];

export const QUEUES = [...new Set(Object.values(JOBS).map((job) => job.queue))] as readonly QueueName[];

/** An older or newer release may have left jobs of other names. */
export function isJobName(name: string): name is JobName {
  return Object.hasOwn(JOBS, name);
}
