/** What a look at something found, and what to do about it. */

/** `green`: as it should be. `amber`: works, or was not looked at. `red`: mail or readers suffer until it is mended. */
export type Level = "green" | "amber" | "red";

export interface Verdict {
  readonly level: Level;
  /** One sentence: what is there. */
  readonly found: string;
  /** What to do, with the record to paste or the setting to write; null where there is nothing to do. */
  readonly advice: string | null;
}

export interface Finding extends Verdict {
  /** What was looked at, in one or two words. */
  readonly check: string;
}

export const green = (found: string): Verdict => ({ level: "green", found, advice: null });
export const amber = (found: string, advice: string | null = null): Verdict => ({ level: "amber", found, advice });
export const red = (found: string, advice: string): Verdict => ({ level: "red", found, advice });

/** Nobody looked, so nobody knows: never red. */
export const notLookedAt = (why: string): Verdict => amber(`Not looked at: ${why}.`);

/** Thrown by a look that this machine cannot take: no network, no name server. */
export class OutOfSight extends Error {}
