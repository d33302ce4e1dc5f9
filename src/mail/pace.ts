/** How fast mails may begin, all processes together: SEND_RATE, DOMAIN_RATE, SEND_RAMP. */
import { type DomainRates, type PermitCounter, type Ramp, rateTo } from "../core/pace.ts";
import type { Log } from "../log.ts";
import { type Permits, rampPermits, type Source, slotPermits } from "./permits.ts";

export interface PaceLimits {
  /** Mails a second; null: no bound. */
  readonly sendRate: number | null;
  readonly domainRates: DomainRates | null;
  readonly ramp: Ramp | null;
}

export interface Pace {
  /**
   * Asks for one mail to a domain.
   *
   * @returns 0: it may begin now, and its permit is used up. Else milliseconds to wait before asking again; nothing is used
   *   up. Without any limit, and while permits are at hand, it answers at once. Never fails: no answer is a reason to wait.
   */
  take(domain: string): number | Promise<number>;
  /** Mails a second that all processes may begin at present; null: no bound; 0: none for the moment. */
  readonly perSecond: number | null;
}

/** Permits that come later than this were given for a moment that is over, such as before this process was frozen. */
const GOOD_FOR_MS = 1_000;
/** The shared clock is asked anew this often; two machines' oscillators part by less than a millisecond in it. */
const CLOCK_MS = 10_000;
/** After no answer nothing is claimed for this long. */
const REST_MS = 1_000;
/** Domains whose permits are kept at hand; forgetting one's costs a question. */
const DOMAINS_KEPT = 1_000;

/**
 * @param permits counts within seconds, and may be lost with a crash
 * @param days counts within days, and may not
 */
export function openPace(
  limits: PaceLimits,
  { permits, days, log, now }: { permits: PermitCounter; days: PermitCounter; log: Log; now: () => Date },
): Pace {
  const { sendRate, domainRates, ramp } = limits;
  const health = watchHealth(log);
  const source = openSource(permits, health);
  const all = sendRate === null ? null : slotPermits(source, "all", sendRate);
  const daily = ramp === null ? null : rampPermits(openSource(days, health), ramp, now);
  const byDomain = new Map<string, Permits>();
  const isBounded = sendRate !== null || domainRates !== null || ramp !== null;

  const permitsTo = (domain: string): Permits | null => {
    const rate = domainRates === null ? null : rateTo(domainRates, domain);
    if (rate === null) return null;
    const name = domain.toLowerCase();
    const known = byDomain.get(name) ?? slotPermits(source, `to:${name}`, rate);
    byDomain.delete(name);
    byDomain.set(name, known);
    if (byDomain.size > DOMAINS_KEPT) byDomain.delete(byDomain.keys().next().value!);
    return known;
  };

  const takeSlowly = async (needed: readonly Permits[]): Promise<number> => {
    for (;;) {
      for (const each of needed) {
        const ms = await each.ready();
        if (ms > 0) return ms;
      }
      // While one was waited for, somebody else may have used another.
      if (useAll(needed)) return 0;
    }
  };

  return {
    take(domain) {
      if (!isBounded) return 0;
      // The domain's first: who waits for that one has not kept anybody else's.
      const needed = [permitsTo(domain), daily, all].filter((each) => each !== null);
      return useAll(needed) ? 0 : takeSlowly(needed);
    },
    get perSecond() {
      if (daily?.isSpent() || health.isResting()) return 0;
      return sendRate;
    },
  };
}

function useAll(needed: readonly Permits[]): boolean {
  if (!needed.every((each) => each.isAtHand())) return false;
  for (const each of needed) each.use();
  return true;
}

interface Health {
  answered(): void;
  failed(err: unknown): void;
  isResting(): boolean;
}

/** One line when the counter falls silent, one when it answers again. */
function watchHealth(log: Log): Health {
  let isFailing = false;
  let restsUntil = 0;
  return {
    answered() {
      if (isFailing) log.info("the limits of sending are known again");
      isFailing = false;
      restsUntil = 0;
    },
    failed(err) {
      if (!isFailing)
        log.error({ err }, "what counts mails for SEND_RATE does not answer: none is begun until it does");
      isFailing = true;
      restsUntil = performance.now() + REST_MS;
    },
    isResting: () => performance.now() < restsUntil,
  };
}

function openSource(counter: PermitCounter, health: Health): Source {
  let clock: { readonly aheadMs: number; readonly askedAt: number } | null = null;
  let asking: Promise<void> | null = null;

  const askClock = async () => {
    const askedAt = performance.now();
    try {
      const ms = await counter.clock();
      const answeredAt = performance.now();
      // Told half-way between question and answer, as far as we can know. A late answer says little: the old one stays.
      if (clock === null || answeredAt - askedAt < GOOD_FOR_MS)
        clock = { aheadMs: ms - (askedAt + answeredAt) / 2, askedAt };
    } catch (err) {
      health.failed(err);
    } finally {
      asking = null;
    }
  };

  return {
    async take(key, count) {
      const askedAt = performance.now();
      try {
        const sum = await counter.take(key, count);
        health.answered();
        return performance.now() - askedAt < GOOD_FOR_MS ? sum : null;
      } catch (err) {
        health.failed(err);
        return null;
      }
    },
    now() {
      if (clock === null || performance.now() - clock.askedAt > CLOCK_MS) asking ??= askClock();
      if (clock !== null) return performance.now() + clock.aheadMs;
      return asking!.then(() => (clock === null ? null : performance.now() + clock.aheadMs));
    },
  };
}
