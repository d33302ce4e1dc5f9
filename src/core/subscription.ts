/** What a reader asks for, the states of a subscription and the moves allowed between them. */
import type { Filter } from "./filter.ts";

/** When a digest falls due. `weekday` (1 Monday … 7 Sunday) belongs to `weekly` alone. */
export type Rhythm =
  | { readonly cadence: "daily" | "weekdays"; readonly weekday?: undefined }
  | { readonly cadence: "weekly"; readonly weekday: number };

/** Everything a reader chooses (CONTRACT §3). */
export type Preferences = Rhythm & {
  readonly filter: Filter;
  /** Local hour, 0–23. */
  readonly hour: number;
  /** IANA zone. */
  readonly zone: string;
  /** 1–50 papers a digest. */
  readonly maxPapers: number;
  /** BCP 47. */
  readonly language: string;
  readonly format: "html" | "text";
};
