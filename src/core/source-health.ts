/** Whether a source of papers does what it usually does, from the record of its pulls. */
import { restOn } from "./arxiv-holidays.ts";
import type { Day } from "./paper.ts";

/** What the record says of one source, over the last six weeks. */
export interface SourceRecord {
  readonly source: string;
  readonly firstPullAt: Date;
  readonly lastPullAt: Date;
  /** When the newest good pull ended; null: none. */
  readonly lastGoodAt: Date | null;
  /** The newest day that has a good pull from after its end, and the most papers that such a pull brought; null: none. */
  readonly newest: { readonly day: Day; readonly papers: number } | null;
  /** The median of that number over the days before it of its kind (weekdays, or weekends); null when they are fewer than three. */
  readonly usualPapers: number | null;
  /** Failed pulls since the newest that did not fail. */
  readonly failures: number;
  /** What the newest failed pull met; null: none failed. */
  readonly lastProblem: string | null;
}

/** How a source is asked (sources/source.ts). */
export interface SourceRhythm {
  readonly trending: boolean;
  readonly everyRound?: boolean;
}

/**
 * `unread`: never asked. `unanswered`: asked of late, and it never gave an answer. `late`: asked, and without a good answer for
 * too long; `silent`: for so long that an edition suffers, asked or not. `unasked`: nobody asked it when its time came, so
 * nothing is known of it. `small`: it answers, with far fewer papers than usual.
 */
export type SourceState = "well" | "unread" | "unanswered" | "unasked" | "late" | "silent" | "small";

const HOUR_MS = 60 * 60 * 1000;
/** A round comes every hour; two may fail, as an edition has patience for six hours. */
const LATE_HOURS = 3;
/** Of a source that has no listings, each day is read once, in the first round after it. */
const DAY_HOURS = 24;
/** By then a whole day is missing, and its edition is broken or closed without it. */
const SILENT_HOURS = 24;
/** A day of Hugging Face's in April 2026 had at least half of the median of its weekdays. */
const SMALL = 1 / 3;
/** Of fewer, a third is chance. */
const FEWEST = 9;

/** @param record null: it was never asked, or not in six weeks */
export function judgeSource(record: SourceRecord | null, rhythm: SourceRhythm, now: Date): SourceState {
  if (record === null) return "unread";
  const isHourly = rhythm.trending || rhythm.everyRound === true;
  const lateMs = (isHourly ? LATE_HOURS : DAY_HOURS + LATE_HOURS) * HOUR_MS;
  const sinceMs = (at: Date) => now.getTime() - at.getTime();
  const silentMs = sinceMs(record.lastGoodAt ?? record.firstPullAt);
  if (rhythm.trending && silentMs > SILENT_HOURS * HOUR_MS) return "silent";
  if (sinceMs(record.lastPullAt) > lateMs) return "unasked";
  if (silentMs > lateMs) return "late";
  // Patience is for a source that has proved itself; a wrong address fails at the first pull as it will at the last.
  if (record.lastGoodAt === null && record.failures > 0) return "unanswered";
  return !rhythm.everyRound && isSmall(record) ? "small" : "well";
}

/** What a holiday brings says nothing; of a source that counts, nor does any day: its rounds share the work. */
function isSmall({ newest, usualPapers }: SourceRecord): boolean {
  if (newest === null || usualPapers === null || usualPapers < FEWEST || restOn(newest.day) === "holiday") return false;
  return newest.papers < usualPapers * SMALL;
}
