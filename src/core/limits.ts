/** From which figures on somebody is told: the doctor and the watch over the house judge by the same. */

import { MOST_REFUSED } from "./wave.ts";

const DAY_MS = 86_400_000;

/** Bytes: an embedded database of a hundred thousand readers grows by some hundred megabytes a month. */
const ROOM = { scarce: 2e9, gone: 2e8 };

export type Room = "enough" | "scarce" | "gone";

/** @param bytes left on a disk */
export function judgeRoomLeft(bytes: number): Room {
  if (bytes < ROOM.gone) return "gone";
  return bytes < ROOM.scarce ? "scarce" : "enough";
}

/** A certificate is renewed a month before its end; who sees the last fortnight has a renewal that does not work. */
const LAST_DAYS = 14;

/** @returns whole days until a certificate ends, negative afterwards; null while there is time */
export function lastDaysOf(validUntil: Date, now: Date): number | null {
  const days = Math.floor((validUntil.getTime() - now.getTime()) / DAY_MS);
  return days >= LAST_DAYS ? null : days;
}

/** Seconds of difference that only a clock out of order has, and from which on links and hours go wrong. */
const DRIFT_S = { noticed: 10, harmful: 300 };

/** @returns whole seconds that `theirs` is ahead of `ours`, and what follows from it */
export function judgeDrift(theirs: Date, ours: Date): { readonly apartS: number; readonly harm: Drift } {
  const apartS = Math.round((theirs.getTime() - ours.getTime()) / 1000);
  if (Math.abs(apartS) < DRIFT_S.noticed) return { apartS, harm: "none" };
  return { apartS, harm: Math.abs(apartS) < DRIFT_S.harmful ? "noticed" : "harmful" };
}

export type Drift = "none" | "noticed" | "harmful";

/** Of fewer answers, 5 % would be a matter of luck. */
const LEAST_ANSWERED = 100;

/** Whether more were refused than {@link MOST_REFUSED} of those that servers answered. */
export function areTooManyRefused({ accepted, refused }: { accepted: number; refused: number }): boolean {
  return accepted + refused >= LEAST_ANSWERED && refused > (accepted + refused) * MOST_REFUSED;
}

/** Gmail and Yahoo want to see less than 0.1 % and never 0.3 % (support.google.com/mail/answer/81126, senders.yahooinc.com). */
export const MOST_COMPLAINTS = { wanted: 0.001, borne: 0.003 };
/** Of fewer mails a single reader would be 0.1 % or more. */
const LEAST_MAILS = 1_000;
/** One reader who is angry is not a rate. */
const LEAST_COMPLAINTS = 2;

export type Complaints = "few" | "many" | "too-many";

/** @param of one stretch of time: mails that servers took, and complaints that came in */
export function judgeComplaints({ accepted, complaints }: { accepted: number; complaints: number }): Complaints {
  if (accepted < LEAST_MAILS || complaints < LEAST_COMPLAINTS) return "few";
  if (complaints >= accepted * MOST_COMPLAINTS.borne) return "too-many";
  return complaints >= accepted * MOST_COMPLAINTS.wanted ? "many" : "few";
}

/** `NULLS NOT DISTINCT`, which one of our indexes is, came with 15. */
const OLDEST_POSTGRESQL = 15;

/** `180004` → `PostgreSQL 18.4`. */
export function postgresqlName(version: number): string {
  return `PostgreSQL ${Math.floor(version / 10_000)}.${version % 10_000}`;
}

/**
 * What is wrong with a PostgreSQL, and what to do; null when it will do.
 *
 * @param version as in `server_version_num`
 * @param encoding as in `server_encoding`, which each database of a server has its own
 */
export function postgresqlObjection({ version, encoding }: { version: number; encoding: string }): Objection | null {
  if (version < OLDEST_POSTGRESQL * 10_000)
    return {
      found: `${postgresqlName(version)} is older than ${OLDEST_POSTGRESQL}.`,
      advice: `Upgrade it to PostgreSQL ${OLDEST_POSTGRESQL} or later.`,
    };
  if (encoding !== "UTF8")
    return {
      found: `The database is encoded in ${encoding}, which has no room for every name and title.`,
      advice: "Make one in UTF-8: CREATE DATABASE paperboy ENCODING 'UTF8' TEMPLATE template0 LOCALE 'C'",
    };
  return null;
}

interface Objection {
  readonly found: string;
  readonly advice: string;
}
