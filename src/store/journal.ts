/**
 * Leavings and suppressions, appended to a file outside the database too: a database restored from yesterday does not
 * know who left since, and must not write to them (CONTRACT §6.7). `restore` replays it.
 */
import { type FileHandle, mkdir, open } from "node:fs/promises";
import { dirname } from "node:path";

/** One line of the journal. Addresses stand in it by their key alone. */
export type JournalEntry =
  | { readonly what: "ended"; readonly subscriptionId: string; readonly because: string; readonly at: string }
  | { readonly what: "undone"; readonly subscriptionId: string; readonly at: string }
  | { readonly what: "suppressed"; readonly addressKey: string; readonly because: string; readonly at: string };

export interface Journal {
  /** Resolves when the line is on the disk; rejects when it is not. */
  append(entry: JournalEntry): Promise<void>;
  close(): Promise<void>;
}

/** Lines are written one after the other; those that wait while one is being synced share the next sync, and its fate. */
export async function openJournal(path: string): Promise<Journal> {
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
      waiting.push(`${JSON.stringify(entry)}\n`);
      if (next === null) {
        next = running.then(flush);
        running = next.catch(() => {}); // told to those who wait for these lines; the next ones try anew
      }
      return next;
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
