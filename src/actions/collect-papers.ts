import { addDays, utcDayOf } from "../core/day.ts";
import { candidateDays } from "../core/edition.ts";
import type { Pull } from "../core/edition-close.ts";
import { type Day, publicId } from "../core/paper.ts";
import type { Log } from "../log.ts";
import { counted } from "../metrics.ts";
import type { RecordedEnrichment, RecordedPull, Recording } from "../sources/recording.ts";
import type { Source } from "../sources/source.ts";
import type { Papers } from "../store/papers.ts";
import type { Pulls } from "../store/pulls.ts";

export type Needs = {
  sources: readonly Source[];
  papers: Pick<Papers, "add" | "listedOn" | "toEnrich">;
  pulls: Pick<Pulls, "add" | "complete">;
  /** Where every answer is kept besides; absent: nowhere. */
  recording?: Pick<Recording, "add">;
  log: Log;
  now: () => Date;
  /** Told which source is about to be asked for which day. */
  onAsk?: (source: string, day: Day) => void;
};

/** What one round of reading the sources brought. */
export interface Collected {
  /** Papers the sources told of, each counted once a day it was listed on. */
  readonly read: number;
  readonly added: number;
  readonly refused: number;
  /** Pulls that failed. */
  readonly failed: number;
  /** What the newest pull of each source met that failed, by the name of the source. */
  readonly problems: Readonly<Record<string, string>>;
}

/** Papers asked for by id in one round: two requests of arXiv's hundred, six seconds. */
const ENRICH = 200;
/** A paper that was withdrawn leaves within a day: of a week's 200 candidates all are asked about again in one round. */
const ASK_AGAIN_MS = 20 * 60 * 60 * 1000;

/**
 * Reads every source: the trending ones for today and each day whose papers are still candidates, so that late listings
 * and votes that rise late are seen; those that count for yesterday; the others once for each of those days that is
 * over. A source that fails is noted and leaves the rest alone.
 */
export async function collectPapers(needs: Needs, signal?: AbortSignal): Promise<Collected> {
  const round = needs.now();
  const today = utcDayOf(round);
  const yesterday = addDays(today, -1);
  const { since } = candidateDays(yesterday);
  const total = { read: 0, added: 0, refused: 0, failed: 0, problems: {} as Record<string, string> };
  for (const source of needs.sources) {
    let failures = 0;
    for (const day of await daysToAsk(source)) {
      needs.onAsk?.(source.name, day);
      const pulled = await pull(needs, source, { day, round }, signal);
      failures = pulled.problem === null ? 0 : failures + 1;
      for (const count of ["read", "added", "refused"] as const) total[count] += pulled[count];
      if (pulled.problem !== null) {
        total.failed += 1;
        total.problems[source.name] = pulled.problem;
      }
      // Two failures in a row are a source that is down: asking six times more helps nobody.
      if (failures === 2) break;
    }
    if (failures === 0) await enrich(needs, source, { since, round }, signal);
  }
  return total;

  /** Yesterday first: its edition waits for it. */
  async function daysToAsk(source: Source): Promise<Day[]> {
    const before = daysDown(addDays(yesterday, -1), since);
    if (source.trending) return [yesterday, today, ...before];
    if (source.everyRound) return [yesterday];
    const done = await needs.pulls.complete(source.name, since);
    return [yesterday, ...before].filter((day) => !done.has(day));
  }
}

function daysDown(from: Day, to: Day): Day[] {
  const days: Day[] = [];
  for (let day = from; day >= to; day = addDays(day, -1)) days.push(day);
  return days;
}

/** Asks a source for a day. */
async function pull(
  needs: Needs,
  source: Source,
  { day, round }: { readonly day: Day; readonly round: Date },
  signal?: AbortSignal,
): Promise<Heard & Pick<Answer, "problem">> {
  const { log, now, recording } = needs;
  const asked = { source: source.name, trending: source.trending, day, startedAt: now() };
  let answer: Answer;
  try {
    const { sightings, refusals, repeats = false } = await source.fetch({ day, ...(signal ? { signal } : {}) });
    answer = { ...asked, endedAt: now(), sightings, refusals, repeats, problem: null };
  } catch (error) {
    if (signal?.aborted) throw error;
    // The round goes on without it; this record of the pull closes no edition, and raises the alarm in time.
    log.warn({ source: source.name, day, err: error }, "a source did not answer");
    const problem = error instanceof Error ? error.message : String(error);
    answer = { ...asked, endedAt: now(), sightings: [], refusals: [], repeats: false, problem };
  }
  const { outcome, ...heard } = await hear(needs, answer);
  await recording?.add({ kind: "pull", ...answer, round, outcome });
  return { ...heard, problem: answer.problem };
}

type Heard = Pick<Collected, "read" | "added" | "refused">;

/** What a source answered for a day, or that it did not. */
type Answer = Omit<RecordedPull, "kind" | "round" | "outcome">;

/** Judges what a source answered for a day and keeps it, and the record of the pull. */
export async function hear(
  { papers, pulls, log, now }: Pick<Needs, "papers" | "pulls" | "log" | "now">,
  { source, trending, day, startedAt, sightings, refusals, repeats, problem }: Answer,
): Promise<Heard & Pick<Pull, "outcome">> {
  const note = (outcome: Pull["outcome"], listed: number, problem: string | null) => {
    counted.pulls.inc({ source, outcome });
    const ended = { endedAt: now(), outcome, papers: listed, refused: refusals.length, problem };
    return pulls.add({ source, day, startedAt, ...ended });
  };
  if (problem !== null) {
    await note("failed", 0, problem);
    return { outcome: "failed", read: 0, added: 0, refused: 0 };
  }
  for (const { where, reason } of refusals) log.warn({ source, day, where, reason }, "a paper was refused");
  const listed = trending ? sightings.filter((sighting) => sighting.listedOn === day) : sightings;
  const isRepeat = repeats || (trending && (await isEarlierDay(papers, source, day, listed.map(publicId))));
  // What a repeating answer says of the day it repeats is still worth hearing: votes go on.
  const heard = isRepeat ? sightings.filter((sighting) => sighting.listedOn !== day) : sightings;
  const { added } = await papers.add(heard, now());
  const outcome = isRepeat ? "repeating" : "good";
  await note(outcome, isRepeat ? 0 : listed.length, refusals[0]?.reason ?? null);
  return { outcome, read: heard.length, added, refused: refusals.length };
}

/**
 * A day that lists nothing but what the last day before it listed is that day again, under another date. On a Sunday that
 * is Friday: Saturday's listing, a repeat itself, was not kept.
 */
async function isEarlierDay(
  papers: Needs["papers"],
  source: string,
  day: Day,
  ids: readonly string[],
): Promise<boolean> {
  if (ids.length === 0) return false;
  for (const earlier of daysDown(addDays(day, -1), candidateDays(day).since)) {
    const before = await papers.listedOn(source, earlier);
    if (before.size > 0) return ids.every((id) => before.has(id));
  }
  return false;
}

async function enrich(
  needs: Needs,
  source: Source,
  { since, round }: { readonly since: Day; readonly round: Date },
  signal?: AbortSignal,
): Promise<void> {
  const { papers, log, now, recording } = needs;
  if (!source.enrich) return;
  const askedBefore = new Date(now().getTime() - ASK_AGAIN_MS);
  const arxivIds = await papers.toEnrich(source.name, since, askedBefore, ENRICH);
  if (arxivIds.length === 0) return;
  const asked = { source: source.name, trending: source.trending, arxivIds, round, startedAt: now() };
  let answer: Omit<RecordedEnrichment, "kind">;
  try {
    const { sightings, refusals } = await source.enrich({ arxivIds, ...(signal ? { signal } : {}) });
    answer = { ...asked, endedAt: now(), sightings, refusals, problem: null };
    await papers.add(sightings, now());
  } catch (error) {
    if (signal?.aborted) throw error;
    // Categories are a help, not a need: the next round asks again.
    log.warn({ source: source.name, err: error }, "papers could not be enriched");
    const problem = error instanceof Error ? error.message : String(error);
    answer = { ...asked, endedAt: now(), sightings: [], refusals: [], problem };
  }
  await recording?.add({ kind: "enrichment", ...answer });
}
