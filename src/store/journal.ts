/**
 * Leavings and suppressions, appended to a file outside the database too: a database restored from yesterday does not
 * know who left since, and must not write to them (CONTRACT §6.7). `restore` replays it.
 */
import { mkdir, open } from "node:fs/promises";
import { dirname } from "node:path";

/** One line of the journal. Addresses stand in it by their key alone. */
export type JournalEntry =
  | { readonly what: "ended"; readonly subscriptionId: string; readonly because: string; readonly at: string }
  | { readonly what: "undone"; readonly subscriptionId: string; readonly at: string }
  | { readonly what: "suppressed"; readonly addressKey: string; readonly because: string; readonly at: string };

export interface Journal {
  /** Resolves when the line is on the disk. */
  append(entry: JournalEntry): Promise<void>;
  close(): Promise<void>;
}

/** Lines are written one after the other; those that wait while one is being synced share the next sync. */
export async function openJournal(path: string): Promise<Journal> {
  await mkdir(dirname(path), { recursive: true });
  const file = await open(path, "a", 0o600);
  let waiting: string[] = [];
  let running: Promise<void> = Promise.resolve();

  const flush = async () => {
    const lines = waiting;
    waiting = [];
    if (lines.length === 0) return;
    await file.appendFile(lines.join(""));
    await file.datasync();
  };

  return {
    append(entry) {
      waiting.push(`${JSON.stringify(entry)}\n`);
      const done = running.then(flush);
      running = done.catch(() => {});
      return done;
    },
    async close() {
      await running;
      await file.close();
    },
  };
}
