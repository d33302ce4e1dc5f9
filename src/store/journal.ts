/**
 * Leavings, suppressions and erasures, appended to a file outside the database too: a database restored from yesterday does
 * not know who left since, and must not write to them (docs/promises.md §6.7). It is read again after a restoration.
 */
import { type FileHandle, mkdir, open } from "node:fs/promises";
import { dirname } from "node:path";
import { z } from "zod";

/** One line of the journal. Addresses stand in it by their key alone. */
export type JournalEntry =
  | { readonly what: "ended"; readonly subscriptionId: string; readonly because: string; readonly at: string }
  | { readonly what: "undone"; readonly subscriptionId: string; readonly at: string }
  | { readonly what: "suppressed"; readonly addressKey: string; readonly because: string; readonly at: string }
  | { readonly what: "lifted"; readonly addressKey: string; readonly at: string }
  | { readonly what: "erased"; readonly addressKey: string; readonly at: string };

/** Some lines of the journal, in their order. */
export interface JournalPart {
  readonly entries: readonly JournalEntry[];
  /** Lines a crash tore, or that a newer release wrote. */
  readonly unreadable: number;
}

export interface Journal {
  /** Resolves when the line is on the disk; rejects when it is not. */
  append(entry: JournalEntry): Promise<void>;
  /** Everything that was appended about this database until now, oldest first, in parts that fit into memory. */
  read(): AsyncGenerator<JournalPart>;
  close(): Promise<void>;
}

/**
 * Lines are written one after the other; those that wait while one is being synced share the next sync, and its fate.
 *
 * @param databaseId stands in each line: numbers of another database mean other readers
 */
export async function openJournal(path: string, databaseId: string): Promise<Journal> {
  await mkdir(dirname(path), { recursive: true });
  const file = await open(path, "a+", 0o600);
  let isTorn = await endsTorn(file);
  let waiting: string[] = [];
  let next: Promise<void> | null = null;
  let running: Promise<void> = Promise.resolve();

  const flush = async () => {
    const lines = waiting.join("");
    waiting = [];
    next = null;
    const begun = isTorn ? `\n${lines}` : lines;
    isTorn = true; // until we know better: what broke off in the middle must not swallow the line after it
    await file.appendFile(begun);
    isTorn = false;
    await file.datasync();
  };

  return {
    append(entry) {
      waiting.push(`${JSON.stringify({ ...entry, database: databaseId })}\n`);
      if (next === null) {
        next = running.then(flush);
        running = next.catch(() => {}); // told to those who wait for these lines; the next ones try anew
      }
      return next;
    },
    async *read() {
      await running;
      const { size } = await file.stat();
      let entries: JournalEntry[] = [];
      let unreadable = 0;
      for await (const line of linesOf(file, size)) {
        const entry = parse(line);
        if (entry === null) unreadable += 1;
        else if (entry.database === databaseId) entries.push(entry);
        if (entries.length + unreadable < PART_LINES) continue;
        yield { entries, unreadable };
        entries = [];
        unreadable = 0;
      }
      yield { entries, unreadable };
    },
    async close() {
      await running;
      await file.close();
    },
  };
}

/** Whoever wrote last was killed in the middle of a line. */
async function endsTorn(file: FileHandle): Promise<boolean> {
  const { size } = await file.stat();
  if (size === 0) return false;
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, size - 1);
  return buffer[0] !== 0x0a;
}

const PART_LINES = 1_000;
const CHUNK_BYTES = 65_536;
/** No line of ours is as long by far: what is longer is damage, and is not gathered. */
const LONGEST_LINE_BYTES = 16_384;

/** The first `size` bytes of a file, line by line without their ends; an empty line is none. */
async function* linesOf(file: FileHandle, size: number): AsyncGenerator<string> {
  const chunk = Buffer.alloc(CHUNK_BYTES);
  let begun: Buffer[] = [];
  let begunBytes = 0;
  const keep = (piece: Buffer) => {
    begunBytes += piece.length;
    if (begunBytes <= LONGEST_LINE_BYTES) begun.push(Buffer.from(piece));
  };
  const line = () => {
    const text = begunBytes <= LONGEST_LINE_BYTES ? Buffer.concat(begun).toString() : "(too long)";
    begun = [];
    begunBytes = 0;
    return text;
  };
  for (let at = 0; at < size; ) {
    const { bytesRead } = await file.read(chunk, 0, Math.min(CHUNK_BYTES, size - at), at);
    if (bytesRead === 0) break;
    at += bytesRead;
    let from = 0;
    for (let end = chunk.indexOf(0x0a); end >= 0 && end < bytesRead; end = chunk.indexOf(0x0a, from)) {
      keep(chunk.subarray(from, end));
      from = end + 1;
      const text = line();
      if (text !== "") yield text;
    }
    keep(chunk.subarray(from, bytesRead));
  }
  const rest = line();
  if (rest !== "") yield rest;
}

const subscriptionId = z.string().regex(/^\d{1,18}$/u);
const at = z.iso.datetime();
const lineSchema = z.discriminatedUnion("what", [
  z.object({ what: z.literal("ended"), subscriptionId, because: z.string(), at, database: z.string() }),
  z.object({ what: z.literal("undone"), subscriptionId, at, database: z.string() }),
  z.object({ what: z.literal("suppressed"), addressKey: z.string(), because: z.string(), at, database: z.string() }),
  z.object({ what: z.literal("lifted"), addressKey: z.string(), at, database: z.string() }),
  z.object({ what: z.literal("erased"), addressKey: z.string(), at, database: z.string() }),
]);

function parse(line: string): (JournalEntry & { readonly database: string }) | null {
  try {
    return lineSchema.parse(JSON.parse(line));
  } catch {
    return null; // counted: whoever reads says so
  }
}
