/** When an edition is closed, quiet or broken: never from half a day, never silently from none (docs/promises.md §6, promise 9). */
import { restOn } from "./arxiv-holidays.ts";
import { addDays, utcStartOf } from "./day.ts";
import type { Day } from "./paper.ts";
import { editionDueAt } from "./schedule.ts";

/** One answer to "what did you list on this day". */
export interface Pull {
  /** Name of a trending source, or {@link FROM_FILE}. */
  readonly source: string;
  readonly startedAt: Date;
  /** `repeating`: it gave another day's listing again. */
  readonly outcome: "good" | "failed" | "repeating";
  /** How many papers it listed on the day. */
  readonly papers: number;
}

/** The source that papers imported from a file count under. */
export const FROM_FILE = "file";

/** What an edition should become, and why; `open` is to be asked again. */
export type Decision =
  | { readonly state: "open"; readonly because: "day-not-over" | "before-closing-time" | "waiting-for-source" }
  /** `incomplete`: some source never answered for the whole day, and patience ran out (or the close was forced). */
  | { readonly state: "closed"; readonly because: "complete" | "incomplete" }
  | { readonly state: "quiet"; readonly because: "weekend" | "holiday" }
  /** `vanished`: papers seen during the day were gone after it. */
  | { readonly state: "broken"; readonly because: "empty" | "failing" | "repeating" | "not-pulled" | "vanished" };

/**
 * How long after its nominal close an edition waits for a source that fails, repeats or is empty on a working day. Sources
 * recover within hours, and a reader in Europe who waits gets the digest in the morning rather than not at all; longer
 * would hold it back from those whose hour comes later and who could have the edition of the day before. A day that is
 * given up loses no paper: the next six editions still have it as a candidate.
 */
export const PATIENCE_HOURS = 6;

/** A day's papers are candidates of so many editions, its own among them; so long every round of collecting asks for it. */
const CANDIDATE_DAYS = 7;

/**
 * Decides the edition of `date` from what was pulled for it.
 *
 * It needs, of each trending source, a good pull that began after the UTC day ended. A file is whole whenever it is
 * imported, so it may come earlier, and a day that has papers from files alone closes on them once every source has
 * answered. On a weekend or arXiv holiday all may be empty; a source that repeats the last working day then has nothing
 * new to say and counts as empty.
 *
 * @param pulls of this day, in any order
 * @param options.closesAt `HH:MM`, UTC, on the next day
 * @param options.sources the trending sources that are configured, files not among them
 * @param options.force decide now instead of waiting; a day that is not over stays open even so
 */
export function decide(
  date: Day,
  pulls: readonly Pull[],
  now: Date,
  options: { readonly closesAt: string; readonly sources: readonly string[]; readonly force?: boolean },
): Decision {
  const dayEnds = utcStartOf(addDays(date, 1));
  const closesAt = editionDueAt(date, options.closesAt);
  if (now < dayEnds) return { state: "open", because: "day-not-over" };
  if (now < closesAt && !options.force) return { state: "open", because: "before-closing-time" };

  const rest = restOn(date);
  const pullsOf = (source: string) => pulls.filter((pull) => pull.source === source);
  const answers = options.sources.map((source) => judge(pullsOf(source), dayEnds, rest !== null));
  const hasPapers =
    answers.includes("papers") || pullsOf(FROM_FILE).some((pull) => pull.outcome === "good" && pull.papers > 0);

  const isComplete = answers.every(isAnswer) && (hasPapers || rest !== null);
  if (isComplete && hasPapers) return { state: "closed", because: "complete" };
  if (isComplete && rest !== null) return { state: "quiet", because: rest };

  // Patience is with a source that was asked. One that nobody asked since the day ended (a fresh start, a long absence)
  // says nothing yet; it is asked for as long as the day's papers are candidates.
  const willBeAsked = answers.includes("not-pulled") && now < utcStartOf(addDays(date, CANDIDATE_DAYS));
  const patienceEnds = closesAt.getTime() + PATIENCE_HOURS * 60 * 60 * 1000;
  if ((now.getTime() < patienceEnds || willBeAsked) && !options.force)
    return { state: "open", because: "waiting-for-source" };
  if (hasPapers) return { state: "closed", because: "incomplete" };
  return { state: "broken", because: answers.find((answer) => !isAnswer(answer)) ?? "empty" };
}

type Fault = Extract<Decision, { state: "broken" }>["because"];
type Answer = "papers" | Fault;

function isAnswer(answer: Answer): answer is "papers" | "empty" {
  return answer === "papers" || answer === "empty";
}

/** What a source's pulls of one day come to. */
function judge(pulls: readonly Pull[], dayEnds: Date, isRest: boolean): Answer {
  const after = pulls.filter((pull) => pull.startedAt >= dayEnds);
  if (after.some((pull) => pull.outcome === "good" && pull.papers > 0)) return "papers";
  const isEmpty = (pull: Pull) =>
    (pull.outcome === "good" && pull.papers === 0) || (isRest && pull.outcome === "repeating");
  if (after.some(isEmpty)) {
    const wasEmptyThroughout = pulls.every((pull) => pull.outcome !== "good" || pull.papers === 0);
    return wasEmptyThroughout ? "empty" : "vanished";
  }
  if (after.some((pull) => pull.outcome === "repeating")) return "repeating";
  return after.length > 0 ? "failing" : "not-pulled";
}
