import { addDays, utcDayOf } from "../core/day.ts";
import { candidateDays } from "../core/edition.ts";
import type { Pull } from "../core/edition-close.ts";
import { type Day, publicId } from "../core/paper.ts";
import type { Log } from "../log.ts";
import type { Pulled, Source } from "../sources/source.ts";
import type { Papers } from "../store/papers.ts";
import type { Pulls } from "../store/pulls.ts";

export type Needs = {
  sources: readonly Source[];
  papers: Pick<Papers, "add" | "listedOn" | "toEnrich">;
  pulls: Pick<Pulls, "add" | "complete">;
  log: Log;
  now: () => Date;
};

/** What one round of reading the sources brought. */
export interface Collected {
  /** Papers the sources told of, each counted once a day it was listed on. */
  readonly read: number;
  readonly added: number;
  readonly refused: number;
  /** Pulls that failed. */
  readonly failed: number;
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
  const today = utcDayOf(needs.now());
  const yesterday = addDays(today, -1);
  const { since } = candidateDays(yesterday);
  const total = { read: 0, added: 0, refused: 0, failed: 0 };
  for (const source of needs.sources) {
    let failures = 0;
    for (const day of await daysToAsk(source)) {
      const pulled = await pull(needs, source, day, signal);
      failures = pulled ? 0 : failures + 1;
      if (!pulled) total.failed += 1;
      if (pulled) for (const count of ["read", "added", "refused"] as const) total[count] += pulled[count];
      // Two failures in a row are a source that is down: asking six times more helps nobody.
      if (failures === 2) break;
    }
    if (failures === 0) await enrich(needs, source, since, signal);
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

/** @returns null when the source failed */
async function pull(
  { papers, pulls, log, now }: Needs,
  source: Source,
  day: Day,
  signal?: AbortSignal,
): Promise<Collected | null> {
  const startedAt = now();
  const note = (outcome: Pull["outcome"], listed: number, refused: number, problem: string | null) =>
    pulls.add({ source: source.name, day, startedAt, endedAt: now(), outcome, papers: listed, refused, problem });
  let pulled: Pulled;
  try {
    pulled = await source.fetch({ day, ...(signal ? { signal } : {}) });
  } catch (error) {
    if (signal?.aborted) throw error;
    // The round goes on without it; this record of the pull closes no edition, and raises the alarm in time.
    log.warn({ source: source.name, day, err: error }, "a source did not answer");
    await note("failed", 0, 0, error instanceof Error ? error.message : String(error));
    return null;
  }
  const { sightings, refusals } = pulled;
  for (const { where, reason } of refusals)
    log.warn({ source: source.name, day, where, reason }, "a paper was refused");
  const listed = source.trending ? sightings.filter((sighting) => sighting.listedOn === day) : sightings;
  const isRepeat =
    pulled.repeats === true || (source.trending && (await repeats(papers, source, day, listed.map(publicId))));
  // What a repeating answer says of the day it repeats is still worth hearing: votes go on.
  const heard = isRepeat ? sightings.filter((sighting) => sighting.listedOn !== day) : sightings;
  const { added } = await papers.add(heard, now());
  await note(
    isRepeat ? "repeating" : "good",
    isRepeat ? 0 : listed.length,
    refusals.length,
    refusals[0]?.reason ?? null,
  );
  return { read: heard.length, added, refused: refusals.length, failed: 0 };
}

/**
 * A day that lists nothing but what the last day before it listed is that day again, under another date. On a Sunday that
 * is Friday: Saturday's listing, a repeat itself, was not kept.
 */
async function repeats(papers: Needs["papers"], source: Source, day: Day, ids: readonly string[]): Promise<boolean> {
  if (ids.length === 0) return false;
  for (const earlier of daysDown(addDays(day, -1), candidateDays(day).since)) {
    const before = await papers.listedOn(source.name, earlier);
    if (before.size > 0) return ids.every((id) => before.has(id));
  }
  return false;
}

async function enrich({ papers, log, now }: Needs, source: Source, since: Day, signal?: AbortSignal): Promise<void> {
  if (!source.enrich) return;
  const askedBefore = new Date(now().getTime() - ASK_AGAIN_MS);
  const arxivIds = await papers.toEnrich(source.name, since, askedBefore, ENRICH);
  if (arxivIds.length === 0) return;
  try {
    const { sightings } = await source.enrich({ arxivIds, ...(signal ? { signal } : {}) });
    await papers.add(sightings, now());
  } catch (error) {
    if (signal?.aborted) throw error;
    // Categories are a help, not a need: the next round asks again.
    log.warn({ source: source.name, err: error }, "papers could not be enriched");
  }
}
