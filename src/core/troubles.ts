/** What is wrong in the house, found in facts that are cheap to read. Each sentence says what, and what to do. */
import type { IncidentKind } from "./alarms.ts";
import { addDays, utcDayOf } from "./day.ts";
import type { EditionState } from "./edition.ts";
import {
  areTooManyRefused,
  judgeComplaints,
  judgeDrift,
  judgeRoomLeft,
  lastDaysOf,
  MOST_COMPLAINTS,
} from "./limits.ts";
import type { Day } from "./paper.ts";
import { editionDueAt, newestEditionDue } from "./schedule.ts";
import { judgeSource, type SourceRecord, type SourceRhythm } from "./source-health.ts";

export interface Trouble {
  readonly kind: IncidentKind;
  /** What it is about; never an address of a reader. */
  readonly subject: string;
  /** One sentence or two for a person. */
  readonly words: string;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** An edition that is still open so long after its time is worth waking somebody for. */
const LATE_MS = HOUR_MS;
/** Older ones hold nothing that a later one does not have. */
const EDITIONS_BACK_DAYS = 6;

export interface KnownEdition {
  readonly date: Day;
  readonly state: EditionState;
}

/**
 * Editions that are late, and broken ones until a later one is closed.
 *
 * @param known of the last days, in any order; a day without a row, after the newest that was decided, is open too
 * @param first the first edition of the installation: it is late when it begins, and nobody waits for it
 */
export function editionTroubles(
  known: readonly KnownEdition[],
  { first, closesAt, now }: { readonly first: Day | null; readonly closesAt: string; readonly now: Date },
): Trouble[] {
  if (first === null) return [];
  const stateOf = new Map(known.map(({ date, state }) => [date, state]));
  const newest = newestEditionDue(now, closesAt);
  const closed = known.filter(({ state }) => state === "closed").map(({ date }) => date);
  const newestDecided = known.reduce((last, { date, state }) => (state !== "open" && date > last ? date : last), "");
  const troubles: Trouble[] = [];
  for (let date = addDays(newest, 1 - EDITIONS_BACK_DAYS); date <= newest; date = addDays(date, 1)) {
    if (date < first) continue;
    // A day that was passed over has no edition, and none is made of it any more.
    const state = stateOf.get(date) ?? (date > newestDecided ? "open" : "quiet");
    const isLate = now.getTime() > editionDueAt(date, closesAt).getTime() + LATE_MS;
    if (state === "open" && date > first && isLate)
      troubles.push({
        ...{ kind: "edition-late", subject: date },
        words: `The edition of ${date} is not closed yet, and readers wait for it. See what \`paperboy doctor\` says of its sources, and that a worker runs.`,
      });
    if (state === "broken" && !closed.some((other) => other > date))
      troubles.push({
        ...{ kind: "edition-broken", subject: date },
        words: `The edition of ${date} is broken: no source gave its papers, and no mail is made from it. See what \`paperboy doctor\` says of the sources.`,
      });
  }
  return troubles;
}

/** Minutes: planning looks every minute, and one that counts a million readers takes two. */
export const SILENT_MINUTES = 10;

/** Whether planning ticked of late. @param plannedAt when it did last; null: never */
export function isPlanning(plannedAt: Date | null, now: Date): boolean {
  return plannedAt !== null && now.getTime() - plannedAt.getTime() <= SILENT_MINUTES * MINUTE_MS;
}

export function planningTroubles(plannedAt: Date | null, now: Date): Trouble[] {
  if (isPlanning(plannedAt, now)) return [];
  const since = plannedAt === null ? "yet" : `since ${inUtc(plannedAt)}`;
  const words = `No worker has looked ${since} which readers are due, so no digest goes out. See that \`paperboy worker\` (or \`npm start\`) runs, that its queue answers, and what it logs.`;
  return [{ kind: "workers-silent", subject: "planning", words }];
}

/** Days of deliveries there should be room for: the sweep makes fourteen ahead. */
const PARTITION_DAYS = 7;

/** @param until the first day that has no partition; null: there is none at all */
export function partitionTroubles(until: Day | null, now: Date): Trouble[] {
  if (until !== null && until > addDays(utcDayOf(now), PARTITION_DAYS)) return [];
  const words = `The table of deliveries has partitions ${until === null ? "for no day" : `until ${until} only`}; the sweep, which makes them a fortnight ahead, does not get that far. See what the workers log.`;
  return [{ kind: "partitions", subject: "deliveries", words }];
}

/** Sources that fail, or bring far less than they usually do. */
export function sourceTroubles(
  records: readonly SourceRecord[],
  sources: readonly (SourceRhythm & { readonly name: string })[],
  now: Date,
): Trouble[] {
  return sources.flatMap(({ name, ...rhythm }): Trouble[] => {
    const record = records.find(({ source }) => source === name) ?? null;
    const state = judgeSource(record, rhythm, now);
    if (record === null) return [];
    const { failures, lastGoodAt, lastProblem, newest, usualPapers } = record;
    // Asked by nobody is the workers' silence, not the source's.
    if ((state === "late" || state === "silent") && failures > 0) {
      const last = lastGoodAt === null ? "It has never answered" : `It last answered on ${inUtc(lastGoodAt)}`;
      const problem = lastProblem?.slice(0, 300).replace(/\.$/, "") ?? "no reason";
      const pulls = failures === 1 ? "a pull of it failed" : `${failures} pulls of it in a row failed`;
      return [
        {
          ...{ kind: "source-failing", subject: name },
          words: `${name} gives no papers. ${last}; ${pulls}: ${problem}. It is asked again every hour; \`paperboy import\` takes papers from a file meanwhile.`,
        },
      ];
    }
    if (state !== "small" || newest === null) return [];
    return [
      {
        ...{ kind: "source-small", subject: name },
        words: `${name} brought ${newest.papers} papers of ${newest.day}, usually ${usualPapers}. Look at its page: if more stands there, its format has changed.`,
      },
    ];
  });
}

/** @param counts of the readers' local days that make up the last day or two */
export function refusalTroubles(counts: { readonly accepted: number; readonly refused: number }): Trouble[] {
  if (!areTooManyRefused(counts)) return [];
  const answered = counts.accepted + counts.refused;
  return [
    {
      ...{ kind: "refusal-rate", subject: "mail" },
      words: `Mail servers refused ${counts.refused} of ${answered} digests since yesterday (${percent(counts.refused / answered)}). See \`verdicts\` for their reasons: a list that confirms its readers stays below 1 %, and providers pause who stays above 5 %.`,
    },
  ];
}

/** @param counts of seven days */
export function complaintTroubles(counts: { readonly accepted: number; readonly complaints: number }): Trouble[] {
  const judged = judgeComplaints(counts);
  if (judged === "few") return [];
  const rate = `${counts.complaints} of ${counts.accepted} digests of the last seven days were reported as spam (${percent(counts.complaints / counts.accepted)})`;
  const wanted = {
    kind: "complaints" as const,
    subject: "mail",
    words: `${rate}. Gmail and Yahoo ask for less than ${percent(MOST_COMPLAINTS.wanted)}: see who complains (\`verdicts\`), and whether something changed in what they get.`,
  };
  if (judged === "many") return [wanted];
  const words = `${rate}. From ${percent(MOST_COMPLAINTS.borne)} on Gmail and Yahoo file mail as spam or refuse it. Consider \`paperboy pause\` until it is known why.`;
  return [wanted, { kind: "complaints-high", subject: "mail", words }];
}

/** @param server host and port */
export function certificateTroubles(server: string, validUntil: Date, now: Date): Trouble[] {
  const days = lastDaysOf(validUntil, now);
  if (days === null) return [];
  const when = days < 0 ? "ended" : "ends";
  const words = `The certificate of the SMTP server ${server} ${when} on ${inUtc(validUntil)}. Renew it, and look at why that did not happen by itself.`;
  return [{ kind: "certificate", subject: server, words }];
}

/** @param place host and folder */
export function roomTroubles(place: string, bytes: number): Trouble[] {
  const room = judgeRoomLeft(bytes);
  if (room === "enough") return [];
  const left = `The disk of ${place} has ${(bytes / 1e9).toFixed(1)} GB left`;
  const scarce = { kind: "disk" as const, subject: place, words: `${left}. Make room, or move DATA_DIR.` };
  if (room === "scarce") return [scarce];
  const words = `${left}. Make room now: a full disk stops the database and the journal, and nobody can leave.`;
  return [scarce, { kind: "disk-full", subject: place, words }];
}

/** @param fault what stands in the way of a line; null: nothing */
export function journalTroubles(place: string, fault: string | null): Trouble[] {
  if (fault === null) return [];
  const words = `The journal ${place} cannot be written (${fault}), so nobody can leave or be erased. Mend it: without it a restored backup would write to who has left.`;
  return [{ kind: "journal", subject: place, words }];
}

/** @param host whose clock said `ours` when the database's said `theirs` */
export function clockTroubles(host: string, theirs: Date, ours: Date): Trouble[] {
  const { apartS, harm } = judgeDrift(theirs, ours);
  if (harm !== "harmful") return [];
  const words = `The clock of ${host} is ${Math.abs(apartS)} s ${apartS < 0 ? "ahead of" : "behind"} that of the database. Set both by NTP: links and signatures carry the one, digests go by the other.`;
  return [{ kind: "clock", subject: host, words }];
}

/** @param restoration the newest there was; null: none */
export function restorationTroubles(
  restoration: { readonly number: number; readonly at: Date; readonly lostSince: Date | null } | null,
  now: Date,
): Trouble[] {
  if (restoration === null || now.getTime() - restoration.at.getTime() > 24 * HOUR_MS) return [];
  const { number, at, lostSince } = restoration;
  const lost = lostSince === null ? "" : ` What happened since ${inUtc(lostSince)} is not in it.`;
  const words = `The database was put back from a backup, seen at ${inUtc(at)}.${lost} What was due before then is not sent, who left since stays away, and every reader's next digest is the next one due. If nobody did this on purpose, find out who did.`;
  return [{ kind: "restored", subject: String(number), words }];
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function inUtc(at: Date): string {
  return `${at.toISOString().slice(0, 16).replace("T", " ")} UTC`;
}
