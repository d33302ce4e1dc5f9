/** How often is often enough: every cap on asking and on answering, in one table (docs/promises.md S6). */

/** At most so many in any stretch (mails) or window (visits) of this length. */
export interface Cap {
  readonly most: number;
  readonly withinMs: number;
}

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/**
 * Mails that answer requests. They delay: nobody learns from an answer that an address was asked for before, and a mail
 * that may go later goes later.
 */
export const MAIL_CAPS = {
  /** One inbox. A mail that got lost is asked for again after ten minutes, and three a month is all a reader needs. */
  address: [
    { most: 1, withinMs: 10 * MINUTE_MS },
    { most: 3, withinMs: 30 * DAY_MS },
  ],
  /** The same inbox in other spellings, j.doe+1@…: twice as many, since at some providers they are several people's. */
  folded: [
    { most: 2, withinMs: 10 * MINUTE_MS },
    { most: 6, withinMs: 30 * DAY_MS },
  ],
  /** One mail server, which may be small. A class that subscribes together has its mails within half an hour. */
  domain: [
    { most: 20, withinMs: 10 * MINUTE_MS },
    { most: 100, withinMs: DAY_MS },
  ],
} as const satisfies Record<string, readonly Cap[]>;

/** Requests that are answered by mail. They refuse, with 429, before anything is known of the address. */
export const VISIT_CAPS = {
  /** One IP address: a household, an office, a school behind one router. */
  visitor: [
    { most: 20, withinMs: 10 * MINUTE_MS },
    { most: 100, withinMs: DAY_MS },
  ],
  /** One IPv6 network of 64 bits: what a provider hands to one customer (RFC 6177), who has all addresses in it. */
  network: [
    { most: 40, withinMs: 10 * MINUTE_MS },
    { most: 200, withinMs: DAY_MS },
  ],
  /** Everybody: the breaker. A mail a second is a very good day, and as much as a sender's name stands when all bounce. */
  everybody: [
    { most: 600, withinMs: 10 * MINUTE_MS },
    { most: 20_000, withinMs: DAY_MS },
  ],
} as const satisfies Record<string, readonly Cap[]>;

/** Of the breaker's ten minutes: from here on a proof of work is asked for, so that the other half costs something. */
export const PRESSURE = VISIT_CAPS.everybody[0].most / 2;

/** Tries to log in. Slow enough that even a short password lasts, and an operator who mistypes is back after a coffee. */
export const LOGIN_CAPS = {
  visitor: [{ most: 5, withinMs: 15 * MINUTE_MS }],
  network: [{ most: 5, withinMs: 15 * MINUTE_MS }],
  /** A browser that was logged in before: its own, wherever it is, so that strangers' guesses do not keep the operator out. */
  device: [{ most: 5, withinMs: 15 * MINUTE_MS }],
  /** From many addresses at once. Higher, for it keeps the operator out of a browser that never was in. */
  everybody: [{ most: 100, withinMs: 15 * MINUTE_MS }],
} as const satisfies Record<string, readonly Cap[]>;

/**
 * The first instant at which all caps allow one more.
 *
 * @param at when there were some before, newest first; only as many as the largest cap counts matter
 * @returns null: now
 */
export function allowedAt(at: readonly Date[], caps: readonly Cap[], now: Date): Date | null {
  const until = Math.max(...caps.map(({ most, withinMs }) => (at[most - 1]?.getTime() ?? 0) + withinMs));
  return until > now.getTime() ? new Date(until) : null;
}
