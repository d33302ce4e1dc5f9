import { addDays } from "../core/day.ts";
import { type Digest, pickDigest } from "../core/digest.ts";
import { candidateDays, type Edition } from "../core/edition.ts";
import { editionAtHand, editionDayOf } from "../core/edition-at-hand.ts";
import type { Filter } from "../core/filter.ts";
import { indexEdition } from "../core/match.ts";
import type { Day, Sighting } from "../core/paper.ts";
import type { Catalogue } from "../core/topics.ts";
import { Invalid, Temporary } from "../errors.ts";
import type { Refusal, Source } from "../sources/source.ts";
import { lastCompleteDay } from "./close-edition.ts";

export type Needs = {
  sources: readonly Source[];
  readPapersFile: (path: string) => AsyncIterable<Sighting | Refusal>;
  catalogue: Catalogue;
  now: () => Date;
};

export interface Asked {
  readonly filter: Filter;
  readonly maxPapers: number;
  /** The only source, when there are any. */
  readonly files: readonly string[];
  /** Ids of papers that are not wanted again. */
  readonly hadBefore: ReadonlySet<string>;
}

export interface TodaysDigest {
  readonly edition: Pick<Edition, "date" | "rankedBy" | "revision" | "papers">;
  readonly digest: Digest;
  /** The ids each of its papers goes by, in the order of the digest. */
  readonly names: readonly (readonly string[])[];
  /** Papers of the edition that the filter takes and that were had before. */
  readonly hadBefore: number;
  /** What did not go as it should, a sentence each. */
  readonly notes: readonly string[];
}

/** Somebody waits: what a list has not answered by then is left out. */
const LISTS_MS = 20_000;
/** The same of sources that know words, names and categories: arXiv wants to be asked once in three seconds. */
const OTHERS_MS = 30_000;

/**
 * One digest of the last complete day for one person: sources or files are read, ranked and picked from in memory. What
 * lists papers by day is asked for the seven days of an edition, all at once; what only words, names and categories can find
 * is asked when the filter has any.
 *
 * @throws {Temporary} when no source with a list answered; it says which and why
 * @throws {Invalid} for a file that cannot be read
 */
export async function makeTodaysDigest(
  needs: Needs,
  { filter, maxPapers, files, hadBefore }: Asked,
): Promise<TodaysDigest> {
  const yesterday = lastCompleteDay(needs.now());
  const heard =
    files.length > 0 ? await readFiles(needs, files, yesterday) : await askSources(needs, filter, yesterday);
  const { edition, namesOf } = editionAtHand(heard.date, heard.sightings, needs.catalogue);
  const had = [...namesOf].filter(([, names]) => names.some((name) => hadBefore.has(name))).map(([key]) => key);
  const wanted = { index: indexEdition(edition), edition, filter, cadence: "daily", maxPapers } as const;
  const digest = pickDigest({ ...wanted, sentKeys: had });
  const fresh = pickDigest({ ...wanted, maxPapers: edition.papers.length, sentKeys: had });
  return {
    edition: { ...edition, revision: 1 },
    digest,
    names: digest.items.map(({ paper }) => namesOf.get(paper.key)!),
    hadBefore: digest.matched - fresh.items.length,
    notes: heard.notes,
  };
}

interface Heard {
  readonly date: Day;
  readonly sightings: readonly Sighting[];
  readonly notes: readonly string[];
}

async function readFiles({ readPapersFile }: Needs, files: readonly string[], yesterday: Day): Promise<Heard> {
  const sightings: Sighting[] = [];
  const notes: string[] = [];
  for (const file of files) {
    const refused: Refusal[] = [];
    for await (const entry of readPapersFile(file))
      if ("reason" in entry) refused.push(entry);
      else sightings.push({ ...entry, listedOn: entry.listedOn ?? yesterday });
    if (refused.length > 0)
      notes.push(`${file}: ${refused.length} refused, the first at ${refused[0]!.where}: ${refused[0]!.reason}`);
  }
  if (sightings.length === 0) throw new Invalid(`No paper was found in ${files.join(", ")}.`);
  const newest = sightings.map(({ listedOn }) => listedOn!).reduce((a, b) => (a > b ? a : b));
  return { date: editionDayOf(newest, yesterday), sightings, notes };
}

async function askSources({ sources }: Needs, filter: Filter, date: Day): Promise<Heard> {
  const { since } = candidateDays(date);
  const days = Array.from({ length: 7 }, (_, n) => addDays(since, n));
  const lists = sources.filter((source) => source.trending);
  if (lists.length === 0)
    throw new Invalid(
      "SOURCES names nothing that lists papers by day. Write SOURCES=hugging-face, or name files: --papers FILE",
    );
  const asked = lists.flatMap((source) => days.map((day) => ({ source, day })));
  const answers = await Promise.all(
    asked.map(({ source, day }) => ask(source.name, day, (signal) => source.fetch({ day, signal }), LISTS_MS)),
  );
  const listed = answers.flatMap((answer) => answer.sightings);
  const missing = answers.flatMap(({ problem }) => problem ?? []);
  if (missing.length === answers.length) throw new Temporary(`No source answered. ${missing.at(-1)!.sentence}`);
  const others = wantsMore(filter) ? await askOthers(sources, filter, date, listed) : [];
  const problems = [...missing, ...others.flatMap(({ problem }) => problem ?? [])];
  return {
    date,
    sightings: [...listed, ...others.flatMap((answer) => answer.sightings)],
    notes: problems.map(({ sentence }) => sentence),
  };
}

/** Words, names and categories reach beyond the lists, and lists name no categories. */
function wantsMore({ watches }: Filter): boolean {
  return watches.some(({ include, authors, categories }) => include.length + authors.length + categories.length > 0);
}

function askOthers(sources: readonly Source[], filter: Filter, day: Day, listed: readonly Sighting[]) {
  const arxivIds = [
    ...new Set(listed.flatMap(({ arxivId, categories }) => (categories.length > 0 ? [] : (arxivId ?? [])))),
  ];
  const namesCategories = filter.watches.some(({ categories }) => categories.length > 0);
  // What counts something about stored papers has nothing to say here.
  const others = sources.filter((source) => !source.trending && !source.everyRound);
  return Promise.all(
    others.flatMap((source) => [
      ...(namesCategories && source.enrich && arxivIds.length > 0
        ? [ask(source.name, day, (signal) => source.enrich!({ arxivIds, signal }), OTHERS_MS)]
        : []),
      ask(source.name, day, (signal) => source.fetch({ day, signal }), OTHERS_MS),
    ]),
  );
}

interface Answer {
  readonly sightings: readonly Sighting[];
  readonly problem: { readonly sentence: string } | null;
}

/** The digest is made without what does not answer, and says so. */
async function ask(
  name: string,
  day: Day,
  question: (signal: AbortSignal) => ReturnType<Source["fetch"]>,
  withinMs: number,
): Promise<Answer> {
  const signal = AbortSignal.timeout(withinMs);
  try {
    return { sightings: (await question(signal)).sightings, problem: null };
  } catch (error) {
    const why = signal.aborted ? `no answer within ${withinMs / 1000} s` : (error as Error).message;
    return { sightings: [], problem: { sentence: `${name}, ${day}: ${why}` } };
  }
}
