/** How many mails may begin when: the arithmetic of SEND_RATE, DOMAIN_RATE and SEND_RAMP. */
import { addDays, daysBetween, utcDayOf, utcStartOf } from "./day.ts";
import type { Day } from "./paper.ts";

/** Mails a second to one recipient domain. */
export interface DomainRates {
  /** By domain, in small letters. */
  readonly named: ReadonlyMap<string, number>;
  /** To each domain that is not named; null: no bound. */
  readonly others: number | null;
}

/** A sending domain that nobody knows yet: so many mails on its first UTC day, twice as many on each day after. */
export interface Ramp {
  readonly startsOn: Day;
  readonly mails: number;
}

/** What counts permits for all processes at once. */
export interface PermitCounter {
  /** Adds `count` permits to those taken under `key`. @returns all that were taken, these included. @throws when it cannot tell */
  take(key: string, count: number): Promise<number>;
  /** The clock all processes share, in milliseconds. */
  clock(): Promise<number>;
}

/**
 * Permits are handed out by slots of this length, all processes out of one: so a window of one second holds a tenth more
 * than the rate at most, where a counter a second would let through twice as many around each full second.
 */
export const SLOT_MS = 100;

/** Slower than a mail in a hundred seconds, every claim would lapse before its mail may begin. */
export const LOWEST_RATE = 0.01;
/** Ten times the readers one installation was measured with; a ramp that allows more is over. */
const RAMP_ENDS_ABOVE = 10_000_000;

/** Permits of one slot, counted from the epoch. Over many slots they add up to the rate exactly, fractions included. */
export function permitsIn(perSecond: number, slot: number): number {
  return permitsBefore(perSecond, slot + 1) - permitsBefore(perSecond, slot);
}

/** The first slot from `slot` on that has a permit. */
export function slotWithPermit(perSecond: number, slot: number): number {
  if (permitsIn(perSecond, slot) > 0) return slot;
  const found = Math.floor(((permitsBefore(perSecond, slot) + 1) * 1000) / (perSecond * SLOT_MS)) - 1;
  // Division and multiplication round differently: the answer is this slot or a neighbour.
  let next = Math.max(found - 1, slot + 1);
  while (permitsIn(perSecond, next) === 0) next += 1;
  return next;
}

function permitsBefore(perSecond: number, slot: number): number {
  return Math.floor((slot * SLOT_MS * perSecond) / 1000);
}

/** Mails a second to `domain`; null: no bound. */
export function rateTo({ named, others }: DomainRates, domain: string): number | null {
  return named.get(domain.toLowerCase()) ?? others;
}

/** Mails of a UTC day; before the ramp starts, as on its first day. Null: no bound any more. */
export function rampAllowance({ startsOn, mails }: Ramp, day: Day): number | null {
  const allowance = mails * 2 ** Math.max(0, daysBetween(startsOn, day));
  return allowance > RAMP_ENDS_ABOVE ? null : allowance;
}

/** Milliseconds until the next UTC day. */
export function msToNextDay(at: Date): number {
  return utcStartOf(addDays(utcDayOf(at), 1)).getTime() - at.getTime();
}

/** `0.5`, `20`: mails a second. Null when it is none. */
export function parseRate(text: string): number | null {
  if (!/^\s*\d+(\.\d+)?\s*$/.test(text)) return null;
  const rate = Number(text);
  return rate >= LOWEST_RATE && rate <= 100_000 ? rate : null;
}

/** `20` for every domain, or `gmail.com=20,outlook.com=5,*=50`. Null when it is neither, or names a domain twice. */
export function parseDomainRates(text: string): DomainRates | null {
  const forAll = parseRate(text);
  if (forAll !== null) return { named: new Map(), others: forAll };
  const rates = new Map<string, number>();
  for (const entry of text.split(",")) {
    const [name = "", given = "", ...more] = entry.split("=").map((part) => part.trim().toLowerCase());
    const rate = parseRate(given);
    if (rate === null || more.length > 0 || rates.has(name) || !isDomainOrStar(name)) return null;
    rates.set(name, rate);
  }
  const others = rates.get("*") ?? null;
  rates.delete("*");
  return { named: rates, others };
}

function isDomainOrStar(name: string): boolean {
  return name === "*" || /^[^\s@.*]+(\.[^\s@.*]+)+$/.test(name);
}

/** `2026-12-01:500`: first day and its mails. Null when it is not of that form. */
export function parseRamp(text: string): Ramp | null {
  const [, startsOn = "", mails = ""] = /^\s*(\d{4}-\d\d-\d\d):(\d{1,7})\s*$/.exec(text) ?? [];
  const isDay = !Number.isNaN(Date.parse(`${startsOn}T00:00:00Z`)) && addDays(startsOn, 0) === startsOn;
  return isDay && Number(mails) > 0 ? { startsOn, mails: Number(mails) } : null;
}
