/**
 * The guard of every door at which mail is asked for: form and API, subscribing and lost links, alike (docs/promises.md S6–S8). What it
 * says depends on who asks and how many asked before, never on the address that was typed.
 */
import type { Request } from "express";
import { PRESSURE, VISIT_CAPS } from "../core/caps.ts";
import type { Challenges, Checked } from "../core/challenge.ts";
import type { VisitorKeys } from "../core/visitor-key.ts";
import type { Log } from "../log.ts";
import type { Door } from "../store/door.ts";
import { openTurnstile } from "./abuse/turnstile.ts";

export type GuardApp = {
  readonly door: Pick<Door, "count" | "countOf" | "place" | "spend">;
  readonly challenges: Challenges;
  readonly visitorKeys: (ip: string) => VisitorKeys;
  /** When a proof of work is asked for: never, when many ask at once, or of everybody. */
  readonly proofOfWork: "off" | "pressure" | "always";
  readonly trustProxy: number | string;
  readonly log: Log;
  readonly now: () => Date;
};

/** Beside what is asked for. */
export interface Brought {
  /** A solved challenge (core/challenge.ts); empty: none. */
  readonly solution: string;
  /** What stands in the field that people do not see. */
  readonly honeypot?: string;
}

export type Admission =
  /** Do what is asked. */
  | { readonly kind: "welcome" }
  /** Do it then: a proof of work was asked for, and there was none, or none that counts. */
  | { readonly kind: "later"; readonly notBefore: Date; readonly because: "missing" | "spent" | Why }
  /** A program that fills in every field: say that it was done, and do nothing. */
  | { readonly kind: "program" };
type Why = NonNullable<Checked["because"]>;

export interface Guard {
  /** @throws {Refused} 429, when a cap is reached */
  admit(req: Request, brought: Brought): Promise<Admission>;
  /** Does a form that is shown now have to ask for a proof of work? A few seconds old at most. */
  isProofAsked(): Promise<boolean>;
}

/** So old may a page's knowledge of the pressure be: a page more or less with a challenge in it matters to nobody. */
const PRESSURE_KEPT_MS = 5_000;
const EVERYBODY = { key: "everybody", caps: VISIT_CAPS.everybody } as const;
/** Those who owe a proof of work and bring none: so many that they are too many are still not everybody. */
const UNPROVEN = { key: "unproven", caps: VISIT_CAPS.everybody } as const;
const TEN_MINUTES = { key: "everybody", caps: [VISIT_CAPS.everybody[0]] } as const;

export function openGuard(app: GuardApp): Guard {
  const { door, challenges, proofOfWork, now } = app;
  const turnstile = openTurnstile(app, { name: "visit", caps: VISIT_CAPS, everybody: EVERYBODY });
  /** So many of everybody in ten minutes pass without being asked for a proof. */
  const unasked = { off: undefined, pressure: PRESSURE, always: 0 }[proofOfWork];
  let pressure = { count: 0, until: 0 };

  /** @returns why it does not count; null when it does, and is used up with that */
  const objectionTo = async (solution: string) => {
    if (solution === "") return "missing";
    const checked = challenges.check(solution, now());
    if (checked.because) return checked.because;
    return (await door.spend(checked.id, checked.until)) ? null : "spent";
  };

  return {
    async admit(req, { solution, honeypot = "" }) {
      if (honeypot !== "") return { kind: "program" };
      const counts = await turnstile.pass(req, unasked);
      if (counts.some(({ key }) => key === EVERYBODY.key)) return { kind: "welcome" };
      const because = await objectionTo(solution);
      // Without a proof they wait in a queue: who floods it must not shut the door for those who bring one.
      await turnstile.passAs(req, because === null ? EVERYBODY : UNPROVEN);
      return because === null ? { kind: "welcome" } : { kind: "later", notBefore: await door.place(), because };
    },

    async isProofAsked() {
      if (proofOfWork !== "pressure") return proofOfWork === "always";
      const at = now().getTime();
      if (pressure.until <= at || pressure.until > at + PRESSURE_KEPT_MS)
        pressure = { count: await door.countOf(TEN_MINUTES), until: at + PRESSURE_KEPT_MS };
      return pressure.count >= PRESSURE;
    },
  };
}
