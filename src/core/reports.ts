/**
 * What follows from a bounce or a complaint: keep counting, suspend, suppress, or look at our own house. Only reports that
 * a live token of ours, or an authenticated provider, tied to a mail come here; without one nothing changes.
 */
import type { MailReport } from "./mail-report.ts";
import { type ReportClass, readReport } from "./report-class.ts";
import { mayMoveSubscription, type SubscriptionState } from "./subscription.ts";

export type { ReportClass } from "./report-class.ts";

/** A report on one reader as its row remembers it. */
export interface ClassedReport {
  readonly class: ReportClass;
  /** From {@link namesNoUser}: its words say that there is no such mailbox. */
  readonly namesNoUser: boolean;
  /** When it came in. */
  readonly at: Date;
  /** When the mail it is about was accepted, or refused: the same for every notice of that mail; `at` where it is not known. */
  readonly mailAt: Date;
}

/** All that is known of a reader when a report on them is judged. */
export interface ReportedReader {
  readonly now: Date;
  /** Of the last {@link HISTORY_DAYS} days, newest last; the newest is the one to judge. */
  readonly reports: readonly ClassedReport[];
  /** When mails were accepted that no hard, domain, soft or unknown report is about; of the same days, in any order. */
  readonly accepted: readonly Date[];
  readonly state: SubscriptionState;
  /**
   * When this run of trouble first suspended the reader. A try keeps it, even where the state is `active` meanwhile; null
   * when never suspended, or when all was well again.
   */
  readonly suspendedAt: Date | null;
}

export type Verdict =
  /** It says nothing about the address. */
  | "nothing"
  /** Remembered, and no more. */
  | "count"
  /** No mail until `tryAgainAt`, then one. */
  | "suspend"
  /** No mail any more: on the suppression list as `because` says; who complained has left, whose mail bounced stays suspended. */
  | "suppress"
  /** Our own house: tell the operator, leave the reader alone. */
  | "alarm"
  /** Ended after tries in vain; not suppressed, so the reader may come back. */
  | "end"
  /** The reader left by their mail program or provider. */
  | "leave";

export interface Judgement {
  readonly verdict: Verdict;
  /** The class that led there; for `suppress` the reason of the suppression, `bounces` or `complaint`. */
  readonly because: ReportClass | "bounces";
  /** For `suspend`: from then on the reader may be sent one mail. */
  readonly tryAgainAt: Date | null;
}

const DAY_MS = 86_400_000;
/** How long each patience lasts. A far end may err for days: RFC 5321 4.5.4.1 has mails tried for four or five. */
const PATIENCE = {
  /** From a hard bounce to the one try that may save the address. */
  hardTryDays: 3,
  /** A domain that is not found is believed gone when it was for this long. */
  domainDays: 3,
  /** So many soft days within the window suspend. */
  softDays: 5,
  softWindowDays: 14,
  softTryDays: 7,
  /** Tries end so long after they began. */
  softEndDays: 60,
} as const;

/** How far back {@link judge} has to look: the whole of the tries, and the window before them. */
export const HISTORY_DAYS = PATIENCE.softEndDays + PATIENCE.softWindowDays;

export function classOf(report: MailReport): ReportClass {
  return readReport(report).class;
}

/** Whether its words say that there is no such mailbox and its code does not deny it: no second report is waited for. */
export function namesNoUser(report: MailReport): boolean {
  return readReport(report).namesNoUser;
}

/**
 * What follows from the newest report. The same reports give the same answer, so judging twice, or a notice that comes twice
 * for one mail, moves nothing. Only `complaint`, `hard` and `domain` reports can suppress.
 */
export function judge(reader: ReportedReader): Judgement {
  const newest = reader.reports.at(-1);
  if (newest === undefined) return { verdict: "nothing", because: "nothing", tryAgainAt: null };
  switch (newest.class) {
    case "complaint":
      return { verdict: "suppress", because: "complaint", tryAgainAt: null };
    case "left":
      return { verdict: reader.state === "ended" ? "nothing" : "leave", because: "left", tryAgainAt: null };
    case "nothing":
      return { verdict: "nothing", because: "nothing", tryAgainAt: null };
    case "ours":
      return { verdict: "alarm", because: "ours", tryAgainAt: null };
    default:
      return judgeFailure(reader, newest);
  }
}

function judgeFailure(reader: ReportedReader, newest: ClassedReport): Judgement {
  const counted: Judgement = { verdict: "count", because: newest.class, tryAgainAt: null };
  if (reader.state === "ended") return counted;
  const run = runOfTrouble(reader, newest);
  const judgement = judgeHard(run, newest) ?? judgeSoft(reader, run, newest);
  const maySuspend = reader.state === "suspended" || mayMoveSubscription(reader.state, "suspended");
  // A paused reader gets no mail anyway; the first one after the pause will tell.
  return judgement === null || (judgement.verdict === "suspend" && !maySuspend) ? counted : judgement;
}

/**
 * Failures since a mail last got through, oldest first. What counts is when the mails went out: one that was accepted after
 * the mail this report is about may still come back.
 */
function runOfTrouble({ reports, accepted }: ReportedReader, newest: ClassedReport): ClassedReport[] {
  const gotThrough = Math.max(...before(accepted, newest.mailAt), Number.NEGATIVE_INFINITY);
  return reports.filter(({ class: found, mailAt }) => FAILURES.has(found) && mailAt.getTime() > gotThrough);
}

const FAILURES: ReadonlySet<ReportClass> = new Set(["hard", "domain", "soft", "unknown"]);

function judgeHard(run: readonly ClassedReport[], newest: ClassedReport): Judgement | null {
  const domainSince = run.find((report) => report.class === "domain")?.at ?? newest.at;
  const condemning = run.filter(
    (report) =>
      report.class === "hard" ||
      (report.class === "domain" && report.at.getTime() >= daysAfter(domainSince, PATIENCE.domainDays).getTime()),
  );
  const first = condemning[0];
  if (first === undefined || !condemning.includes(newest)) return null;
  const tryAgainAt = daysAfter(first.at, PATIENCE.hardTryDays);
  // Earlier mails were under way when we learnt of it: only the try can be the second one.
  const triedInVain = newest.mailAt.getTime() >= tryAgainAt.getTime();
  return newest.namesNoUser || triedInVain
    ? { verdict: "suppress", because: "bounces", tryAgainAt: null }
    : { verdict: "suspend", because: newest.class, tryAgainAt };
}

function judgeSoft(reader: ReportedReader, run: readonly ClassedReport[], newest: ClassedReport): Judgement | null {
  const { suspendedAt } = reader;
  if (suspendedAt !== null && before(reader.accepted, newest.mailAt).every((at) => at <= suspendedAt.getTime())) {
    if (reader.now.getTime() >= daysAfter(suspendedAt, PATIENCE.softEndDays).getTime())
      return { verdict: "end", because: newest.class, tryAgainAt: null };
    // The next weekly turn after the mail that came back, so that a delay and a failure of one mail agree on it.
    const weeks = Math.floor((newest.mailAt.getTime() - suspendedAt.getTime()) / (PATIENCE.softTryDays * DAY_MS));
    const tryAgainAt = daysAfter(suspendedAt, (Math.max(weeks, 0) + 1) * PATIENCE.softTryDays);
    return { verdict: "suspend", because: newest.class, tryAgainAt };
  }
  if (softDays(run, newest) < PATIENCE.softDays) return null;
  return { verdict: "suspend", because: newest.class, tryAgainAt: daysAfter(newest.at, PATIENCE.softTryDays) };
}

/** Days of the window with a failure, each mail counted once however many notices it brought. */
function softDays(run: readonly ClassedReport[], newest: ClassedReport): number {
  const days = new Set<number>();
  const mails = new Set<number>();
  for (const { at, mailAt } of run) {
    const day = Math.floor(at.getTime() / DAY_MS);
    const isOld = at.getTime() <= daysAfter(newest.at, -PATIENCE.softWindowDays).getTime();
    if (isOld || days.has(day) || mails.has(mailAt.getTime())) continue;
    days.add(day);
    mails.add(mailAt.getTime());
  }
  return days.size;
}

/** Those of `instants` before `at`, in milliseconds. */
function before(instants: readonly Date[], at: Date): number[] {
  return instants.map((instant) => instant.getTime()).filter((time) => time < at.getTime());
}

function daysAfter(at: Date, days: number): Date {
  return new Date(at.getTime() + days * DAY_MS);
}
