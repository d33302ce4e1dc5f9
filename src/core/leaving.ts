/** Why a reader leaves, if they care to say. */
import { inertLine } from "./inert.ts";

/** In the order they are offered. */
export const LEAVING_REASONS = ["tooMany", "notMine", "anotherWay", "other"] as const;
export type LeavingReason = (typeof LEAVING_REASONS)[number];

/** UTF-16 units: a line, not a letter. */
export const LONGEST_WORDS = 200;

export interface SaidOnLeaving {
  readonly reason: LeavingReason;
  /** One line of their own. */
  readonly words: string | null;
}

/** Whoever writes a line and chooses nothing means something else. Null when nothing was said. */
export function readReason(reason: string, words: string): SaidOnLeaving | null {
  const line = inertLine(words, LONGEST_WORDS) || null;
  const chosen = LEAVING_REASONS.find((one) => one === reason) ?? (line === null ? null : "other");
  return chosen && { reason: chosen, words: line };
}
