/** Where the demo's papers come from: files, else today's live source, else the bundled sample. */
import { fileURLToPath } from "node:url";
import { lastCompleteDay } from "./actions/close-edition.ts";
import { importPapers } from "./actions/import-papers.ts";
import type { App } from "./app.ts";
import { addDays, daysBetween } from "./core/day.ts";
import { editionDayOf } from "./core/edition-at-hand.ts";
import { FROM_FILE } from "./core/edition-close.ts";
import type { Day, Sighting } from "./core/paper.ts";
import { dateOf, type Say } from "./core/text.ts";
import { Invalid } from "./errors.ts";

export interface DemoPapers {
  readonly read: number;
  readonly from: string;
  readonly editionDate: Day;
  readonly isLive: boolean;
  /** What to say on top of the digest. */
  readonly notice: ((say: Say) => string) | null;
  /** Refusals and problems, a line each. */
  readonly told: readonly string[];
}

type Needs = Pick<App, "papers" | "pulls" | "readPapersFile" | "sources" | "texts" | "now">;

const SAMPLE = fileURLToPath(new URL("../sample/papers.jsonl", import.meta.url));
/** A live source that takes longer, or has fewer papers, makes no good first impression. */
const LIVE_MS = 3_000;
const LIVE_PAPERS = 10;

export async function demoPapers(app: Needs, files: readonly string[]): Promise<DemoPapers> {
  const yesterday = lastCompleteDay(app.now());
  if (files.length > 0) return fromFiles(app, files, yesterday);
  return (await live(app, yesterday)) ?? (await sample(app, yesterday));
}

async function fromFiles(app: Needs, files: readonly string[], yesterday: Day): Promise<DemoPapers> {
  const told: string[] = [];
  let [read, refused] = [0, 0];
  let newest: Day | null = null;
  for (const path of files) {
    const file = await importPapers(app, path, { listedOn: yesterday, seenAt: app.now() });
    if (file.problem !== null) throw new Invalid(file.problem);
    read += file.read;
    refused += file.refusals.length;
    told.push(...file.refusals.slice(0, 10).map(({ where, reason }) => `refused, ${path}, ${where}: ${reason}`));
    if (file.newestDay !== null && (newest === null || file.newestDay > newest)) newest = file.newestDay;
  }
  if (newest === null) throw new Invalid(`no paper was found in ${files.join(", ")}`);
  if (refused > 0) told.push(`${refused} refused in all`);
  return {
    ...{ read, from: files.join(", "), isLive: false, notice: null, told },
    editionDate: editionDayOf(newest, yesterday),
  };
}

async function live(app: Needs, day: Day): Promise<DemoPapers | null> {
  const [source] = app.sources;
  if (!source) return null;
  const startedAt = app.now();
  try {
    const { sightings, refusals } = await source.fetch({ day, signal: AbortSignal.timeout(LIVE_MS) });
    const listed = sightings.filter((sighting) => sighting.listedOn === day);
    if (listed.length < LIVE_PAPERS) return null;
    await app.papers.add(listed, app.now());
    const pull = { source: source.name, day, startedAt, endedAt: app.now(), outcome: "good" as const };
    await app.pulls.add({ ...pull, papers: listed.length, refused: refusals.length, problem: null });
    return {
      read: listed.length,
      from: `live, listed by Hugging Face on ${day}`,
      editionDate: day,
      isLive: true,
      notice: null,
      told: [],
    };
  } catch {
    return null; // no network, a slow one, or a source that is down: what the sample is for
  }
}

async function sample(app: Needs, yesterday: Day): Promise<DemoPapers> {
  const papers: Sighting[] = [];
  for await (const entry of app.readPapersFile(SAMPLE)) if ("signals" in entry) papers.push(entry);
  const days = papers.map((paper) => paper.listedOn!).sort();
  // The week it was taken from becomes the week that has just ended, so that age counts as it did.
  const shift = daysBetween(days.at(-1)!, yesterday);
  const moved = papers.map((paper) => ({ ...paper, listedOn: addDays(paper.listedOn!, shift) }));
  await app.papers.add(moved, app.now(), FROM_FILE);
  const taken = dateOf(days.at(-1)!);
  const english = app.texts("en");
  return {
    ...{ read: papers.length, editionDate: yesterday, isLive: false, told: [] },
    from: `the bundled sample of ${english("page.editions.month", { date: taken })}, as no live source answered in ${LIVE_MS / 1000} s with papers of ${yesterday}`,
    notice: (say) => say("mail.digest.sampleNotice", { date: taken }),
  };
}
