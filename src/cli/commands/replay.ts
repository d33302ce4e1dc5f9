import { readFile } from "node:fs/promises";
import { Command } from "commander";
import { replay as play, type Replay } from "../../actions/replay.ts";
import type { App } from "../../app.ts";
import { utcDayOf } from "../../core/day.ts";
import { parseReaderKinds, TWELVE_KINDS } from "../../core/reader-kinds.ts";
import { tally } from "../../core/replayed.ts";
import { Invalid } from "../../errors.ts";
import type { RecordedFolder } from "../../sources/read-recording.ts";
import { examples, json, type Terminal, table } from "../terminal.ts";

interface Options {
  readonly readers?: string;
  readonly json?: boolean;
}

/** The application on an empty database that is gone afterwards, without sources, with a clock that is set. */
export type PlayedApp = App & { setClock(to: Date): Promise<void> };

/** Where a replay takes place. */
export interface Stage extends Pick<Terminal, "print" | "complain"> {
  readRecording(folder: string): Promise<RecordedFolder>;
  onStage<T>(work: (app: PlayedApp) => Promise<T>): Promise<T>;
  /** Overwrites one line, where a person looks on; empty: it is gone. */
  show(line: string): void;
}

export const replay = (stage: Stage) =>
  new Command("replay")
    .description("what each kind of reader would have got of a recording; nothing is asked, kept or sent")
    .argument("<folder>", "what `collect --record` wrote, or files that `import` reads, such as 2026-04-01.json")
    .option("--readers <file>", "kinds of readers as JSON, in place of our twelve")
    .option("--json", "print one JSON object, with every digest")
    .addHelpText("after", examples("paperboy replay sample", "paperboy replay answers --readers kinds.json --json"))
    .action(async (folder: string, { readers, json: asJson }: Options) => {
      const kindsGiven = readers === undefined ? TWELVE_KINDS : await readJson(readers);
      stage.show(`reading ${folder}`);
      const recorded = await stage.readRecording(folder);
      const { played, seconds } = await stage.onStage(async (app) => {
        const kinds = parseReaderKinds(kindsGiven, app.catalogue);
        const begunAt = performance.now();
        const played = await play(app, recorded, kinds, progress(stage, recorded));
        return { played, seconds: (performance.now() - begunAt) / 1000 };
      });
      stage.show("");
      if (recorded.refused > 0)
        stage.complain(`Refused papers in plain files: ${recorded.refused}. \`paperboy import\` says why.`);
      stage.print(asJson ? json(asObject(played)) : `${summary(played, seconds)}\n\n${tableOf(played)}`);
    });

/** @throws {Invalid} for a file that is not there or not JSON */
async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, "utf8"));
  } catch (error) {
    throw new Invalid(`${path}: ${(error as Error).message}. Write a JSON list of kinds of readers.`, [], {
      cause: error,
    });
  }
}

function progress(stage: Stage, { heard }: RecordedFolder) {
  const from = heard[0]!.at.getTime();
  let shown = "";
  return (now: Date, until: Date) => {
    const percent = Math.floor((100 * (now.getTime() - from)) / (until.getTime() - from));
    const line = `playing ${utcDayOf(now)}, ${percent} %`;
    if (line !== shown) stage.show(line);
    shown = line;
  };
}

function summary({ from, until, editions }: Replay, seconds: number): string {
  const count = (state: string) => editions.filter((edition) => edition.state === state).length;
  const states = ["closed", "quiet", "broken", "open"].filter((state) => count(state) > 0 || state === "closed");
  return `${minute(from)} to ${minute(until)}, played in ${seconds.toFixed(0)} s. Editions: ${states.map((state) => `${count(state)} ${state}`).join(", ")}.`;
}

function minute(at: Date): string {
  return at.toISOString().slice(0, 16).replace("T", " ");
}

const HEAD = [
  ...["kind", "due", "digests", "papers", "a digest", "nothing new", "no edition", "weeks without", "repeats"],
  ...["one topic", "followed"],
];

/** A line for each kind, under a line that says what is counted. */
export function tableOf({ kinds }: Pick<Replay, "kinds">): string {
  const rows = kinds.map((played) => {
    const told = tally(played);
    return [
      played.kind.name,
      ...[told.due, told.digests, told.papers, told.papersPerDigest?.toFixed(1) ?? "–"],
      ...[told.empty, told.withoutEdition, told.weeksWithout, told.repeats],
      ...[told.largestShare === null ? "–" : `${Math.round(told.largestShare * 100)} %`, told.followed],
    ];
  });
  return table([HEAD, ...rows]);
}

function asObject({ from, until, editions, kinds }: Replay) {
  return {
    ...{ from, until, editions },
    kinds: kinds.map((played) => ({
      name: played.kind.name,
      preferences: played.kind.preferences,
      ...tally(played),
      sent: played.digests.map((digest) => ({ ...digest, papers: digest.papers.map(({ id }) => id) })),
      nothingFor: played.empty,
    })),
  };
}
