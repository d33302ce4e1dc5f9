/**
 * The brake. Of a large edition the first one in a hundred digests go first; when mail servers refuse too many of them, or
 * too many of any later ones, the edition stops until somebody has looked.
 */

/**
 * Refused mails of answered ones that are borne: Amazon SES reviews an account at 5 % bounces and may pause it at 10 %
 * (docs.aws.amazon.com/ses, "Sending review process FAQs"). A list that confirms its readers stays below 1 %.
 */
export const MOST_REFUSED = 0.05;
/** Below this an edition is over before anybody could judge it. */
export const LARGE_WAVE = 2_000;
const VANGUARD_SHARE = 0.01;
/** Of fewer answers, 5 % would be a matter of luck. */
const LEAST_VANGUARD = 100;
/** Outcomes a process looks back on while it sends: two seconds or more of one process's mail. */
const WINDOW = 500;

/** What a wave has come to before a page of deliveries is added. */
export interface WaveSoFar {
  readonly planned: number;
  readonly letThrough: number;
  readonly isReleased: boolean;
}

/**
 * How many of `rows` newly planned deliveries may go at once. Groups too small to be held alone add up, and what went
 * before the wave was large counts as its vanguard.
 */
export function letThrough(wave: WaveSoFar, rows: number): number {
  const planned = wave.planned + rows;
  if (wave.isReleased || planned < LARGE_WAVE) return rows;
  const vanguard = Math.max(LEAST_VANGUARD, Math.ceil(planned * VANGUARD_SHARE));
  return Math.min(rows, Math.max(0, vanguard - wave.letThrough));
}

/** The vanguard, counted. */
export interface Tally {
  /** No first try has ended yet. */
  readonly waiting: number;
  /** The server could not be reached, or its answer was lost: to be tried again. */
  readonly silent: number;
  /** A server said yes, no or later. */
  readonly answered: number;
  /** Of those answered: no. */
  readonly refused: number;
  /** Ended without a mail: nothing to say, or nobody to say it to. */
  readonly unsent: number;
}

export type Verdict = "wait" | "widen" | "release" | "stop";

/** What follows from a vanguard. `widen`: too few answers to judge by, because servers were away; more have to try. */
export function judgeVanguard({ waiting, silent, answered, refused, unsent }: Tally): Verdict {
  const total = waiting + silent + answered + unsent;
  if (refused > total * MOST_REFUSED) return "stop";
  if (waiting > 0) return "wait";
  if (silent > 0 && answered + unsent < LEAST_VANGUARD) return "widen";
  return refused > answered * MOST_REFUSED ? "stop" : "release";
}

/** The last outcomes of one edition in one process. */
export interface RefusalWatch {
  /** @returns whether more were refused than is borne */
  saw(isRefused: boolean): boolean;
}

/**
 * Says stop at the 26th refusal of the last 500 outcomes: after 26 mails when all are refused. Where 1 % bounce, chance
 * alone fills a window so less than once in ten billion (binomial, 500 draws), and where 2 % do, once in 70,000.
 */
export function watchRefusals(): RefusalWatch {
  const outcomes = new Uint8Array(WINDOW);
  let at = 0;
  let refused = 0;
  return {
    saw(isRefused) {
      refused += (isRefused ? 1 : 0) - outcomes[at]!;
      outcomes[at] = isRefused ? 1 : 0;
      at = (at + 1) % WINDOW;
      return refused > WINDOW * MOST_REFUSED;
    },
  };
}
