/** Permits of this process: fetched a slice at a time from what all processes share, and handed out mail by mail. */
import { utcDayOf } from "../core/day.ts";
import { msToNextDay, permitsIn, type Ramp, rampAllowance, SLOT_MS, slotWithPermit } from "../core/pace.ts";

/** What must be had for a mail to begin. */
export interface Permits {
  isAtHand(): boolean;
  /** Uses up the one at hand. */
  use(): void;
  /** Gets some. @returns 0 when one is at hand, else the milliseconds until it makes sense to ask again */
  ready(): Promise<number>;
}

/** The counter and the clock that all processes share, as permits ask them. */
export interface Source {
  /** Adds to a key. @returns the sum with it; null when the counter does not answer, or too late to be of use */
  take(key: string, count: number): Promise<number | null>;
  /** Milliseconds of the shared clock; null when it was never told. At once, but for the first time. */
  now(): number | Promise<number | null>;
}

/** Asked again this soon when the counter does not answer. */
const TROUBLE_MS = 1_000;
/** Permits that were reserved are good this long after their slot: a busy process begins its mails a little late. */
const LATE_SLOTS = 5;

/**
 * So many permits a second over all processes. In a slot a process asks for as many as its callers wait for, or as it used
 * in the slot before; when a slot is spent it reserves in the next one, for those it turned away.
 */
export function slotPermits(source: Source, name: string, perSecond: number): Permits {
  let held = { slot: -1, count: 0 };
  let used = { slot: -1, count: 0 };
  let turnedAway = { slot: -1, count: 0 };
  /** The newest slot of which nothing is left. */
  let spent = -1;
  let lastSlot = -1;
  let waiting = 0;
  let asking: Promise<boolean> | null = null;

  const isGoodIn = (slot: number) => held.count > 0 && held.slot <= slot && slot - held.slot <= LATE_SLOTS;
  const slotAt = (ms: number) => Math.floor(ms / SLOT_MS);

  const fetch = async (slot: number, isReserving: boolean): Promise<boolean> => {
    // Whoever asks in the same turn of the event loop shares the question.
    await new Promise((resolve) => setImmediate(resolve));
    const callers = isReserving ? turnedAway.count : waiting;
    const expected = used.slot === slot - 1 ? used.count : used.slot === slot ? Math.ceil(used.count / 4) : 0;
    const most = permitsIn(perSecond, slot);
    const count = Math.min(most, Math.max(1, callers, expected));
    const sum = await source.take(`${name}:${slot}`, count);
    if (sum === null) return false;
    if (sum >= most) spent = Math.max(spent, slot);
    const granted = Math.min(count, Math.max(0, most - (sum - count)));
    if (granted > 0) held = { slot, count: granted + (held.slot === slot ? held.count : 0) };
    return true;
  };
  /** One question at a time. @returns whether it was answered */
  const ask = (slot: number, isReserving: boolean): Promise<boolean> => {
    asking ??= fetch(slot, isReserving).finally(() => {
      asking = null;
    });
    return asking;
  };

  const ready = async (): Promise<number> => {
    waiting += 1;
    try {
      for (;;) {
        const now = await source.now();
        if (now === null) return TROUBLE_MS;
        const slot = slotAt(now);
        // A shared clock that was set back: what we know is about slots to come.
        if (slot < lastSlot - LATE_SLOTS) [spent, held] = [-1, { slot: -1, count: 0 }];
        lastSlot = slot;
        if (isGoodIn(slot)) return 0;
        const isReserved = held.count > 0 && held.slot > slot;
        const next = isReserved ? held.slot : slotWithPermit(perSecond, Math.max(slot, spent + 1));
        if (next > slot) {
          turnedAway = { slot: next, count: turnedAway.slot === next ? turnedAway.count + 1 : 1 };
          if (!isReserved) void ask(next, true);
          return Math.max(1, Math.ceil(next * SLOT_MS - now));
        }
        if (!(await ask(next, false))) return TROUBLE_MS;
      }
    } finally {
      waiting -= 1;
    }
  };

  return {
    ready,
    isAtHand() {
      const now = source.now();
      return typeof now === "number" && isGoodIn(slotAt(now));
    },
    use() {
      held.count -= 1;
      if (used.slot !== held.slot) used = { slot: held.slot, count: 0 };
      used.count += 1;
    },
  };
}

/** Permits of a ramp are fetched so many at once: what a process loses of them when it ends. */
const RAMP_SLICE = 20;

export interface RampPermits extends Permits {
  /** Nothing is left of today, as far as this process has heard. */
  isSpent(): boolean;
}

/** So many permits a UTC day over all processes; without end once the ramp is over. */
export function rampPermits(source: Pick<Source, "take">, ramp: Ramp, now: () => Date): RampPermits {
  let held = { day: "", count: 0 };
  let spentOn = "";
  let waiting = 0;
  let asking: Promise<boolean> | null = null;

  const isAtHandOn = (day: string) => rampAllowance(ramp, day) === null || (held.day === day && held.count > 0);

  const fetch = async (day: string, most: number): Promise<boolean> => {
    await new Promise((resolve) => setImmediate(resolve));
    const count = Math.min(Math.max(waiting, Math.min(RAMP_SLICE, Math.ceil(most / 100))), most);
    const sum = await source.take(day, count);
    if (sum === null) return false;
    if (sum >= most) spentOn = day;
    const granted = Math.min(count, Math.max(0, most - (sum - count)));
    held = { day, count: granted + (held.day === day ? held.count : 0) };
    return true;
  };

  const ready = async (): Promise<number> => {
    waiting += 1;
    try {
      for (;;) {
        const day = utcDayOf(now());
        const most = rampAllowance(ramp, day);
        if (most === null || isAtHandOn(day)) return 0;
        if (spentOn === day) return msToNextDay(now());
        asking ??= fetch(day, most).finally(() => {
          asking = null;
        });
        if (!(await asking)) return TROUBLE_MS;
      }
    } finally {
      waiting -= 1;
    }
  };

  return {
    ready,
    isAtHand: () => isAtHandOn(utcDayOf(now())),
    use() {
      if (held.count > 0) held.count -= 1;
    },
    isSpent() {
      const day = utcDayOf(now());
      return spentOn === day && !isAtHandOn(day);
    },
  };
}
