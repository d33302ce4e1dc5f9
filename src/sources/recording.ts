/**
 * A recording: a folder with what sources answered, one file a question. Written beside `collect`, read by `replay`; its
 * files also serve as fixtures.
 */
import { randomUUID } from "node:crypto";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { Pull } from "../core/edition-close.ts";
import type { Day, Sighting } from "../core/paper.ts";
import { Invalid } from "../errors.ts";
import type { Log } from "../log.ts";
import type { Refusal } from "./source.ts";

/** What every file of a recording says: whom we asked, when, and what came of it. */
interface Recorded {
  readonly source: string;
  readonly trending: boolean;
  /** When the round of collecting began: an edition is closed behind a whole round. */
  readonly round: Date;
  readonly startedAt: Date;
  /** When the answer was there. */
  readonly endedAt: Date;
  readonly sightings: readonly Sighting[];
  readonly refusals: readonly Refusal[];
  /** Why there is no answer; null when there is one. */
  readonly problem: string | null;
}

/** A pull: a source was asked for one UTC day. */
export interface RecordedPull extends Recorded {
  readonly kind: "pull";
  readonly day: Day;
  /** What it was judged to be when it was recorded. */
  readonly outcome: Pull["outcome"];
  /** The source itself said that it repeats another day. */
  readonly repeats: boolean;
}

/** A source was asked about single papers. */
export interface RecordedEnrichment extends Recorded {
  readonly kind: "enrichment";
  readonly arxivIds: readonly string[];
}

export type RecordedAnswer = RecordedPull | RecordedEnrichment;

/** Where answers are recorded. */
export interface Recording {
  /** Writes one answer, whole or not at all. Never fails: collecting goes on; what could not be written is counted and logged. */
  add(answer: RecordedAnswer): Promise<void>;
  readonly written: number;
  readonly unwritten: number;
}

/** Of the format; it stands first in each file, and tells ours from others. */
const VERSION = 1;

/** How a file of a recording begins, whoever indented it. */
export const OURS = /^\s*\{\s*"recording"\s*:/;

/** @throws {Invalid} when the folder cannot be written to */
export async function openRecording(folder: string, log: Log): Promise<Recording> {
  let count = 0;
  const done = { written: 0, unwritten: 0 };
  try {
    await mkdir(folder, { recursive: true });
    const probe = join(folder, `.${randomUUID()}`);
    await writeWhole(probe, probe, "");
    await rm(probe);
  } catch (error) {
    const reason = (error as Error).message;
    throw new Invalid(`Nothing can be recorded in ${folder}: ${reason}. Name a folder that may be written to.`, [], {
      cause: error,
    });
  }
  return {
    async add(answer) {
      count += 1;
      const path = join(folder, nameOf(answer, count));
      try {
        await writeWhole(
          join(folder, `.${randomUUID()}`),
          path,
          `${JSON.stringify({ recording: VERSION, ...answer }, null, 1)}\n`,
        );
        done.written += 1;
      } catch (err) {
        // The papers are stored: a full disk here is no reason to read no further.
        done.unwritten += 1;
        log.warn({ err, path }, "an answer could not be recorded");
      }
    },
    get written() {
      return done.written;
    },
    get unwritten() {
      return done.unwritten;
    },
  };
}

/** A crash leaves a file with a dot in front, which nobody reads. */
async function writeWhole(draft: string, path: string, text: string): Promise<void> {
  const file = await open(draft, "wx");
  try {
    await file.writeFile(text);
    await file.datasync();
    await file.close();
    await rename(draft, path);
  } catch (error) {
    await file.close().catch(() => {});
    await rm(draft, { force: true });
    throw error;
  }
}

/**
 * `20260415T003000000Z-000001-hugging-face-2026-04-14-1f0c9d3e5b7a.json`: sorted by name is sorted by time, answers of one
 * instant in their order, and the last part is different for everybody who writes.
 */
function nameOf(answer: RecordedAnswer, count: number): string {
  const time = answer.startedAt.toISOString().replace(/[-:.]/g, "");
  const about = answer.kind === "pull" ? answer.day : "papers";
  const plain = `${answer.source}-${about}`.toLowerCase().replace(/[^a-z0-9-]+/g, "_");
  return `${time}-${String(count).padStart(6, "0")}-${plain.slice(0, 80)}-${randomUUID().slice(-12)}.json`;
}

const instant = z.iso.datetime().transform((text) => new Date(text));
const day = z.iso.date();
const text = z.string();

const sighting = z.object({
  ...{ source: text, title: text, authors: z.array(text), categories: z.array(text), keywords: z.array(text) },
  ...{ arxivId: text.exactOptional(), abstract: text.exactOptional(), summary: text.exactOptional() },
  ...{ url: text.exactOptional(), pdfUrl: text.exactOptional(), codeUrl: text.exactOptional() },
  ...{ projectUrl: text.exactOptional(), organization: text.exactOptional(), publishedAt: instant.exactOptional() },
  ...{ listedOn: day.exactOptional(), position: z.int().exactOptional(), withdrawn: z.boolean().exactOptional() },
  signals: z.record(text, z.number()),
}) satisfies z.ZodType<Sighting>;

const recorded = {
  ...{ source: text.min(1), trending: z.boolean(), round: instant, startedAt: instant, endedAt: instant },
  ...{ sightings: z.array(sighting), refusals: z.array(z.object({ where: text, reason: text })) },
  problem: text.nullable(),
};

const answer = z.discriminatedUnion("kind", [
  z.object({
    ...recorded,
    ...{ kind: z.literal("pull"), day, outcome: z.enum(["good", "failed", "repeating"]), repeats: z.boolean() },
  }),
  z.object({ ...recorded, kind: z.literal("enrichment"), arxivIds: z.array(text) }),
]) satisfies z.ZodType<RecordedAnswer>;

/** @throws {Invalid} for what is broken, or of another version */
export function parseAnswer(json: string): RecordedAnswer {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    throw new Invalid(`not whole JSON: ${(error as Error).message.slice(0, 200)}. Was the file cut short?`, [], {
      cause: error,
    });
  }
  const { recording } = value as { recording?: unknown };
  if (recording !== VERSION)
    throw new Invalid(`its format has the version ${JSON.stringify(recording)}, and this Paperboy reads ${VERSION}.`);
  const parsed = answer.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new Invalid(`${issue!.path.join(".") || "the whole"}: ${issue!.message}`, [], { cause: parsed.error });
}
