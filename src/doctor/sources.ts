/** The sites that papers come from, what time they think it is, and what they have given of late. */
import { judgeSource, type SourceRecord, type SourceRhythm } from "../core/source-health.ts";
import { Permanent, Temporary } from "../errors.ts";
import type { Fetch, Fetched } from "../fetch.ts";
import type { DatabaseFacts } from "../store/examine-database.ts";
import { amber, green, notLookedAt, red, type Verdict } from "./finding.ts";
import { judgeClock } from "./parts.ts";

export interface Site {
  /** "Hugging Face" */
  readonly name: string;
  /** Asks for as little as can be. */
  readonly url: string;
}

export interface Visit {
  readonly site: Site;
  readonly outcome: { readonly answer: Fetched; readonly askedAt: Date } | { readonly fault: unknown };
}

const PATIENCE_MS = 8_000;

export async function visit(fetch: Fetch, site: Site, now: () => Date): Promise<Visit> {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(new Temporary(`${site.name} does not answer.`)), PATIENCE_MS);
  try {
    const answer = await fetch.get(site.url, { signal: stop.signal });
    return { site, outcome: { answer, askedAt: now() } };
  } catch (fault) {
    return { site, outcome: { fault } };
  } finally {
    clearTimeout(timer);
  }
}

/** @param visits none where this machine knows none of the sites */
export function judgeVisits(visits: readonly Visit[]): Verdict[] {
  return visits.length === 0
    ? [notLookedAt("the sites that papers come from are out of reach from here")]
    : visits.map(judgeVisit);
}

/** A site that is away for an hour is asked again: only an address we do not go to is a mistake of ours. */
function judgeVisit({ site, outcome }: Visit): Verdict {
  if ("answer" in outcome) return green(`${site.name} answers.`);
  const { fault } = outcome;
  if (fault instanceof Permanent)
    return red(
      `${site.name} gives no papers: ${fault.message}`,
      "Correct SOURCES, HUGGING_FACE_URL, ARXIV_URL, FEED_URLS or GITHUB_URL.",
    );
  return notLookedAt(`${site.name} is out of reach from here`);
}

/** By the first site that answered: they are set by NTP, and a second is all they tell. */
export function judgeOwnClock(visits: readonly Visit[]): Verdict {
  for (const { site, outcome } of visits) {
    const date = "answer" in outcome ? Date.parse(outcome.answer.headers.date ?? "") : Number.NaN;
    if ("answer" in outcome && !Number.isNaN(date))
      return judgeClock(
        site.name,
        new Date(date),
        outcome.askedAt,
        "Set this machine by NTP: signatures and links carry its time.",
      );
  }
  return notLookedAt("no source of papers is there to compare with");
}

/** Whether each source that is configured gives papers as it usually does. */
export function judgeRecords(
  facts: DatabaseFacts,
  sources: readonly (SourceRhythm & { readonly name: string })[],
): Verdict[] {
  if (!facts.isReached || facts.sources === null)
    return [notLookedAt("the record of what was read is in the database")];
  const { now, sources: records } = facts;
  if (sources.length === 0) return [green("SOURCES names no source: papers come from files alone.")];
  return sources.map(({ name, ...rhythm }) => {
    const record = records.find(({ source }) => source === name) ?? null;
    return judgeRecord(name, record, rhythm, now);
  });
}

function judgeRecord(name: string, record: SourceRecord | null, rhythm: SourceRhythm, now: Date): Verdict {
  const state = judgeSource(record, rhythm, now);
  if (record === null || state === "unread")
    return amber(`${name} has not been read yet.`, "A worker reads it in its first round, within the hour.");
  const { newest, usualPapers, lastGoodAt, lastPullAt } = record;
  const usually = usualPapers === null ? "" : `, usually ${usualPapers}`;
  const brought = newest === null ? "" : `: ${newest.papers} papers of ${newest.day}${usually}`;
  const nothing =
    lastGoodAt === null ? `${name} has never answered` : `${name} last answered ${ago(lastGoodAt, now)} ago`;
  switch (state) {
    case "well":
      return green(`${nothing}${brought}.`);
    case "small":
      return amber(`${nothing}${brought}.`, "Look at its page: if more stands there, its format has changed.");
    case "unasked":
      return amber(`${name} was last asked ${ago(lastPullAt, now)} ago.`, WORKER);
    case "unanswered":
    case "late":
      return amber(`${nothing}${failuresOf(record)}.`, "It is asked again every hour. Mend what it says if it lasts.");
    case "silent":
      return red(`${nothing}${failuresOf(record)}.`, record.failures > 0 ? FILES : WORKER);
  }
}

const WORKER = "See that a worker runs, and what it logs: npm start, or paperboy worker.";
const FILES = "Mend what it says. Meanwhile papers may come from a file: npm run paperboy -- import FILE";

function failuresOf({ failures, lastProblem }: SourceRecord): string {
  if (failures === 0) return "";
  const problem = lastProblem?.slice(0, 300).replace(/\.$/, "") ?? "no reason";
  return failures === 1 ? `; a pull failed: ${problem}` : `; ${failures} pulls failed, the last: ${problem}`;
}

function ago(at: Date, now: Date): string {
  const minutes = Math.max(Math.round((now.getTime() - at.getTime()) / 60_000), 0);
  if (minutes < 120) return `${minutes} min`;
  return minutes < 48 * 60 ? `${Math.round(minutes / 60)} h` : `${Math.round(minutes / 60 / 24)} days`;
}
