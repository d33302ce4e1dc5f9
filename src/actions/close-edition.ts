import { addDays, utcDayOf } from "../core/day.ts";
import { rankEdition } from "../core/edition.ts";
import { type Decision, decide, FROM_FILE, type Pull } from "../core/edition-close.ts";
import type { Day } from "../core/paper.ts";
import { newestEditionDue } from "../core/schedule.ts";
import { normOf } from "../core/score.ts";
import { type Catalogue, topicsOfAll } from "../core/topics.ts";
import type { Log } from "../log.ts";
import type { Source } from "../sources/source.ts";
import type { CandidateStore } from "../store/candidates.ts";
import type { Editions } from "../store/editions.ts";
import type { Papers } from "../store/papers.ts";
import type { Pulls } from "../store/pulls.ts";

export type Needs = {
  sources: readonly Pick<Source, "name" | "trending">[];
  papers: Pick<Papers, "fromFiles">;
  pulls: Pick<Pulls, "of">;
  candidates: CandidateStore;
  editions: Pick<Editions, "bounds" | "open" | "decide" | "medians">;
  catalogue: Catalogue;
  log: Log;
  closesAt: string;
  retentionDays: number;
};

/** Editions made up after a long absence: older ones could not be delivered any more. */
const MOST_OVERDUE = 8;

/** The days whose edition is due and not decided, oldest first; an empty installation begins with the newest. */
export async function dueEditions(
  { editions, closesAt }: { editions: Pick<Editions, "bounds" | "undecided">; closesAt: string },
  now: Date,
): Promise<Day[]> {
  const newest = newestEditionDue(now, closesAt);
  const { newestDecided } = await editions.bounds();
  const due = new Set((await editions.undecided()).filter((date) => date <= newest));
  const oldest = addDays(newest, 1 - MOST_OVERDUE);
  let next = newestDecided === null ? newest : addDays(newestDecided, 1);
  if (next < oldest) next = oldest;
  for (; next <= newest; next = addDays(next, 1)) due.add(next);
  return [...due].sort();
}

/** Decides one edition, and freezes its ranking when there is one. Whoever comes second finds it decided. */
export async function closeEdition(
  needs: Needs,
  date: Day,
  now: Date,
  options: { readonly force?: boolean } = {},
): Promise<Decision | "already-decided"> {
  const { pulls, papers, editions, log, closesAt, sources } = needs;
  const files = await papers.fromFiles(FROM_FILE, date);
  const seen: Pull[] = await pulls.of(date);
  if (files) seen.push({ source: FROM_FILE, startedAt: files.since, outcome: "good", papers: files.papers });
  const trending = sources.filter((source) => source.trending).map((source) => source.name);

  const decision = decide(date, seen, now, { closesAt, sources: trending, ...options });
  // An open row of a day to come would be the newest edition there is, for as long as that takes.
  if (decision.because === "day-not-over") return decision;
  await editions.open(date);
  // That it is late, or broken, wakes somebody: the watch over the house sees it in its row.
  if (decision.state === "open") return decision;
  const ranking = decision.state === "closed" ? await rank(needs, date) : { rankedBy: "trend" as const, papers: [] };
  if (!(await editions.decide(date, { ...decision, ...ranking }))) return "already-decided";
  const facts = { edition: date, because: decision.because, papers: ranking.papers.length };
  if (decision.state === "broken") log.warn(facts, "an edition is broken: no mail is made from it");
  else log.info(facts, `edition ${decision.state}`);
  return decision;
}

async function rank({ candidates, editions, catalogue, retentionDays }: Needs, date: Day) {
  const knownSince = addDays(date, 7 - retentionDays);
  const found = await candidates.of(date, knownSince);
  const topics = topicsOfAll(found.candidates, catalogue);
  const withTopics = found.candidates.map((candidate, n) => ({ ...candidate, topics: topics[n]!.map(({ id }) => id) }));
  const { editions: recorded, byAge } = await editions.medians(date);
  return rankEdition({ date, candidates: withTopics, previous: found.previous, norm: normOf(recorded, byAge) });
}

/** The newest day that is over: papers without a date of their own count as listed on it. */
export function lastCompleteDay(now: Date): Day {
  return addDays(utcDayOf(now), -1);
}
