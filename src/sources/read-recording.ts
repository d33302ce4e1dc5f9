/** Reads a recording back: what was heard when, in that order. */
import { createReadStream } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { addDays, utcStartOf } from "../core/day.ts";
import type { Day, Sighting } from "../core/paper.ts";
import { Invalid } from "../errors.ts";
import { readPapersFile } from "./paper-files.ts";
import { OURS, parseAnswer, type RecordedAnswer } from "./recording.ts";
import type { Refusal } from "./source.ts";

/** One thing to be heard, without what it says: a month of hourly pulls is too much to hold. */
export type Heard = {
  readonly path: string;
  /** When its answer was there; of a plain file, the moment its day was over. */
  readonly at: Date;
  /** The day it is about; null when it is about single papers. */
  readonly day: Day | null;
} & (
  | {
      readonly kind: "answer";
      readonly source: string;
      readonly trending: boolean;
      /** No answer of the same round comes after it. */
      readonly endsRound: boolean;
    }
  | { readonly kind: "file"; readonly day: Day }
);

export interface RecordedFolder {
  /** By time; what came at the same time, by name. Never empty. */
  readonly heard: readonly Heard[];
  /** Papers of plain files that were refused. */
  readonly refused: number;
  /** What a file of a recording says. */
  answer(of: Heard): Promise<RecordedAnswer>;
  /** Papers that a plain file has for one day, and refusals. */
  papers(of: Heard): AsyncIterable<Sighting | Refusal>;
}

/**
 * A folder of files that `collect --record` wrote, and of plain ones in any format that `import` reads. A plain file holds
 * whole days. One with a day at the head of its name is heard when that day is over, and its papers without a day of
 * their own belong to it; one without is heard day by day, as each day in it is over. Hidden files and folders are passed over.
 *
 * @throws {Invalid} naming the folder or the file, and what is wrong with it
 */
export async function readRecording(folder: string): Promise<RecordedFolder> {
  const names = await list(folder);
  const heard: (Heard & { readonly round?: string })[] = [];
  let refused = 0;
  for (const name of names) {
    const path = join(folder, name);
    if (await isOurs(path)) {
      const { kind, source, trending, endedAt, round, ...rest } = await readAnswer(path);
      const day = kind === "pull" ? (rest as { day: Day }).day : null;
      heard.push({ kind: "answer", path, at: endedAt, day, source, trending, endsRound: false, round: round.toJSON() });
    } else {
      const found = await daysOf(path);
      refused += found.refused;
      heard.push(...found.days.map((day) => ({ kind: "file" as const, path, day, at: utcStartOf(addDays(day, 1)) })));
    }
  }
  heard.sort((a, b) => a.at.getTime() - b.at.getTime() || (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  const last = new Map(heard.map(({ round }, at) => [round, at]));
  return {
    heard: heard.map(({ round, ...one }, at) =>
      one.kind === "answer" ? { ...one, endsRound: last.get(round) === at } : one,
    ),
    refused,
    answer: ({ path }) => readAnswer(path),
    papers: ({ path, day }) => papersOf(path, day!),
  };
}

async function list(folder: string): Promise<string[]> {
  let names: string[];
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    names = entries.filter((entry) => !entry.isDirectory() && !entry.name.startsWith(".")).map(({ name }) => name);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reason = { ENOENT: "there is no such folder", ENOTDIR: "this is no folder" }[code ?? ""] ?? message;
    throw new Invalid(
      `${folder}: ${reason}. Name one that \`collect --record\` wrote, or one of files with papers.`,
      [],
      {
        cause: error,
      },
    );
  }
  if (names.length > 0) return names.sort();
  throw new Invalid(`${folder}: there is no file in it. \`paperboy collect --record ${folder}\` puts some there.`);
}

async function isOurs(path: string): Promise<boolean> {
  let head = "";
  // What cannot be read is told by whoever reads it as papers.
  try {
    for await (const chunk of createReadStream(path, { end: 199, encoding: "utf8" })) head += chunk;
  } catch {
    return false;
  }
  return OURS.test(head);
}

async function readAnswer(path: string): Promise<RecordedAnswer> {
  try {
    return parseAnswer(await readFile(path, "utf8"));
  } catch (error) {
    if (!(error instanceof Invalid)) throw error;
    throw new Invalid(`${path}: ${error.message}`, [], { cause: error });
  }
}

/** The days a plain file is about, each once. */
async function daysOf(path: string): Promise<{ readonly days: readonly Day[]; readonly refused: number }> {
  const named = dayInName(path);
  const days = new Set<Day>();
  let [papers, refused] = [0, 0];
  let reason = "";
  for await (const entry of readPapersFile(path)) {
    if ("reason" in entry) {
      refused += 1;
      reason ||= ` (${entry.where}: ${entry.reason})`;
      continue;
    }
    papers += 1;
    if (entry.listedOn !== undefined) days.add(entry.listedOn);
    else if (named === null)
      throw new Invalid(
        `${path}: neither its name nor all of its papers say when they were listed. Call it 2026-04-30.json, or as its day was.`,
      );
  }
  if (papers === 0 && refused > 0)
    throw new Invalid(`${path}: there is no paper in it${reason}. Take it out of the folder.`);
  if (named !== null) return { days: [named], refused };
  if (papers > 0) return { days: [...days], refused };
  throw new Invalid(`${path}: it is empty, and its name says no day. Call it 2026-04-30.json, or as its day was.`);
}

function dayInName(path: string): Day | null {
  const [day] = /^\d{4}-\d{2}-\d{2}(?!\d)/.exec(basename(path)) ?? [];
  return day !== undefined && !Number.isNaN(Date.parse(day)) && utcStartOf(day).toISOString().startsWith(day)
    ? day
    : null;
}

async function* papersOf(path: string, day: Day): AsyncGenerator<Sighting | Refusal> {
  const isWhole = dayInName(path) !== null;
  for await (const entry of readPapersFile(path)) {
    if (isWhole || ("signals" in entry && entry.listedOn === day)) yield entry;
  }
}
