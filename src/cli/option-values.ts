/** What options may be; what they may not be is misuse. */
import { InvalidArgumentError } from "commander";
import { isDay } from "../core/day.ts";

/** A calendar day that is there, as 30 February is not. */
export function day(text: string): string {
  if (isDay(text)) return text;
  throw new InvalidArgumentError("Write a day as 2026-04-30.");
}

/** As many papers as a digest may have. */
export function papersAtMost(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= 50) return count;
  throw new InvalidArgumentError("Write a whole number from 1 to 50.");
}
