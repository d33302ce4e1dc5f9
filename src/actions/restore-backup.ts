import {
  type BackupManifest,
  backupManifest,
  backupRows,
  type KeyPrints,
  keyPrints,
  keysLost,
  objectionTo,
} from "../core/backup.ts";
import { parseSecretKeys } from "../core/link.ts";
import { Invalid } from "../errors.ts";
import type { Audit } from "../store/audit.ts";
import type { readArchive } from "../store/backup/archive.ts";
import type { Loaded, LoadedDatabase, load, Occupant } from "../store/backup/load.ts";
import type { HighWater, Mark } from "../store/high-water.ts";
import type { Journal } from "../store/journal.ts";
import type { Restoration, Settled } from "../store/restoration.ts";
import { passedHoursOf } from "./after-restore.ts";

/** A backup that was read to its end, and found whole and fit for this release and its keys. */
export interface CheckedBackup {
  readonly path: string;
  readonly manifest: BackupManifest;
  readonly rows: Readonly<Record<string, number>>;
  /** Keys to be put into DATA_DIR; null: those that are there stay. */
  readonly secrets: Secrets | null;
  /** Ids of keys that are gone: links they signed do not open. */
  readonly keysLost: readonly string[];
}

type Secrets = { readonly secretKeys: string; readonly suppressionKey: string };

/** The keys here: those that are set, and those that were made. */
export interface Keys {
  readonly secretKeys: string | null;
  readonly suppressionKey: string | null;
  readonly made: Secrets | null;
}

export type CheckNeeds = {
  readArchive: typeof readArchive;
  knownMigrations: () => Promise<readonly string[]>;
  parseSecrets: (text: string) => Secrets;
  keys: Keys;
};

/**
 * Reads a backup from beginning to end before anything is changed.
 *
 * @param withKeys whether keys in it are taken, and missed when they are not in it
 * @throws {Invalid} for one that is cut off, altered, of a newer release, or of other keys than are set here
 */
export async function checkBackup(needs: CheckNeeds, path: string, withKeys: boolean): Promise<CheckedBackup> {
  let manifest: BackupManifest | null = null;
  let brought: Secrets | null = null;
  let rows: Record<string, number> | null = null;
  const known = await needs.knownMigrations();
  const notOurs = (cause?: unknown) => new Invalid(`${path} is no backup of Paperboy.`, [], { cause });
  for await (const { name, bytes } of needs.readArchive(path)) {
    if (manifest === null && name !== "backup.json") throw notOurs();
    try {
      if (name === "backup.json") manifest = readManifest(bytes, known);
      else if (name === "secrets.json") brought = needs.parseSecrets(bytes.toString());
      else if (name === "rows.json") rows = backupRows.parse(JSON.parse(bytes.toString()));
    } catch (cause) {
      throw cause instanceof Invalid ? cause : notOurs(cause);
    }
  }
  if (manifest === null || rows === null) throw notOurs();
  return { path, manifest, rows, ...judgeKeys(manifest, withKeys ? brought : null, needs.keys, withKeys) };
}

/** @throws {Invalid} when this release cannot restore it */
function readManifest(bytes: Buffer, known: readonly string[]): BackupManifest {
  const json: unknown = JSON.parse(bytes.toString());
  // A later format may look different in all but these.
  const { format = 0, version = "?" } = (json ?? {}) as Partial<BackupManifest>;
  const later = objectionTo(
    { format, version, migrations: [], deliveryDays: null } as unknown as BackupManifest,
    known,
  );
  if (later !== null) throw new Invalid(later);
  const manifest = backupManifest.parse(json);
  const objection = objectionTo(manifest, known);
  if (objection !== null) throw new Invalid(objection);
  return manifest;
}

/** What is set stands above what the file brings, and what it brings above what was made here. */
function judgeKeys(
  { keys: theirs }: BackupManifest,
  brought: Secrets | null,
  keys: Keys,
  isStrict: boolean,
): Pick<CheckedBackup, "secrets" | "keysLost"> {
  const isUsed = brought !== null && (keys.secretKeys === null || keys.suppressionKey === null);
  const isNew = isUsed && JSON.stringify(brought) !== JSON.stringify(keys.made);
  const secrets = isNew ? brought : null;
  if (theirs === null) return { secrets, keysLost: [] };
  const made = isUsed ? brought : keys.made;
  const secretKeys = keys.secretKeys ?? made?.secretKeys;
  const suppressionKey = keys.suppressionKey ?? made?.suppressionKey;
  const ours: KeyPrints =
    secretKeys && suppressionKey
      ? keyPrints(parseSecretKeys(secretKeys), suppressionKey)
      : { links: [], suppression: "" };
  const lost = keysLost(theirs, ours);
  if (isStrict && lost.suppression)
    throw new Invalid(
      `The readers of this backup are known by another SUPPRESSION_KEY than ${keys.suppressionKey ? "the one that is set" : "there is here"}: suppressions would hold for nobody. ${remedy(brought)}`,
    );
  if (isStrict && lost.links.length > 0)
    throw new Invalid(
      `Links that were signed by key ${lost.links.join(", ")} would not open: it is not in ${keys.secretKeys ? "SECRET_KEYS" : "DATA_DIR/secrets.json"}. ${remedy(brought)}`,
    );
  return { secrets, keysLost: lost.links };
}

function remedy(brought: Secrets | null): string {
  return brought
    ? "The backup holds the keys: unset SECRET_KEYS and SUPPRESSION_KEY, or set them to what `tar xzOf FILE secrets.json` shows; or restore with --without-keys."
    : "Set SECRET_KEYS and SUPPRESSION_KEY as they were when the backup was made, or put its secrets.json into DATA_DIR; or restore with --without-keys.";
}

export type RestoreNeeds = {
  databaseUrl: string;
  readArchive: typeof readArchive;
  load: typeof load;
  openLoaded: (loaded: LoadedDatabase) => Promise<{
    restoration: Pick<Restoration, "schedules" | "settle">;
    highWater: Pick<HighWater, "mark" | "wasThere">;
    journal: Pick<Journal, "read" | "close">;
    audit: Pick<Audit, "note">;
  }>;
  /** Notes in DATA_DIR how far the database has come. */
  adopt: (restorations: number) => Promise<void>;
  replaceSecrets: (secrets: Secrets, at: Date) => Promise<Swapped>;
  closesAt: string;
  now: () => Date;
};

interface Swapped {
  readonly keptAs: string | null;
  undo(): Promise<void>;
}

export interface Restored extends Omit<Loaded<unknown>, "settled"> {
  readonly settled: Settled;
  /** A process of this machine looked at the database before it was backed up, or wrote of it: the journal tells who left since. */
  readonly hasJournal: boolean;
  /** What was replaced was the same database at a later time, and told who had left by then. */
  readonly hasReplaced: boolean;
  /** Where the keys are that were here before. */
  readonly keysKeptAs: string | null;
}

/**
 * Puts a checked backup into the database, with all that follows from a restoration: all of it, or nothing.
 *
 * @param mayReplace what is there may go, readers and all
 * @throws {Invalid} when somebody's data is in the way, or a process runs on the database
 */
export async function restoreBackup(
  needs: RestoreNeeds,
  { path, manifest, secrets }: CheckedBackup,
  { mayReplace, tell }: { mayReplace: boolean; tell?: (rows: number) => void },
): Promise<Restored> {
  const swaps: Swapped[] = [];
  try {
    const { settled, ...loaded } = await needs.load({
      databaseUrl: needs.databaseUrl,
      manifest,
      entries: () => needs.readArchive(path),
      permit: (occupant) => permit(occupant, mayReplace),
      settle: (database, occupant) => settle(needs, database, manifest.takenAt, pastOf(occupant, manifest)),
      // Before: a fresh machine that was killed right after would make keys of its own.
      beforeCommit: async () => {
        if (secrets) swaps.push(await needs.replaceSecrets(secrets, needs.now()));
      },
      ...(tell && { tell }),
    });
    await needs.adopt(settled.settled.restorations);
    return { ...loaded, ...settled, keysKeptAs: swaps[0]?.keptAs ?? null };
  } catch (error) {
    for (const swapped of swaps) await swapped.undo();
    throw error;
  }
}

/**
 * Nothing that was due before now is sent, and who left since the backup stays away, as far as the journal here knows, and
 * what was replaced.
 */
async function settle(needs: RestoreNeeds, database: LoadedDatabase, takenAt: string, past: Past | null) {
  const { restoration, highWater, journal, audit } = await needs.openLoaded(database);
  try {
    const now = await database.now();
    const passed = await passedHoursOf({ restoration, closesAt: needs.closesAt }, now);
    let known = 0;
    const counted = async function* () {
      for await (const part of journal.read()) {
        known += part.entries.length;
        yield part;
      }
      if (database.leavings) yield* database.leavings();
    };
    const wasThere = await highWater.wasThere();
    const mark = newest(highWater.mark(), past);
    const settled = await restoration.settle({ mark, passed, journal: counted(), now, isSure: true });
    // What was noted since the backup is gone with what was there; this line says that, and what was done again.
    const { left, cameBack, suppressed, lifted, erased } = settled!;
    const details = { takenAt, left, cameBack, suppressed, lifted, erased };
    await audit.note({ by: "cli", what: "restore", about: null, details });
    return { settled: settled!, hasJournal: wasThere || known > 0, hasReplaced: database.leavings !== null };
  } finally {
    await journal.close();
  }
}

type Past = Pick<Mark, "lastIds" | "restorations">;

/** What DATA_DIR notes, and what the database said that was replaced, whichever knows more. */
function newest(mark: Past | null, past: Past | null): Past | null {
  if (mark === null || past === null) return mark ?? past;
  const names = new Set([...Object.keys(mark.lastIds), ...Object.keys(past.lastIds)]);
  const last = (name: string) =>
    [mark, past].map((one) => BigInt(one.lastIds[name] ?? 0)).reduce((a, b) => (a > b ? a : b));
  return {
    lastIds: Object.fromEntries([...names].map((name) => [name, String(last(name))])),
    restorations: Math.max(mark.restorations, past.restorations),
  };
}

/** @throws {Invalid} when what is there must stay */
export function permit(occupant: Occupant, mayReplace: boolean): void {
  if (occupant.is === "foreign")
    throw new Invalid(
      `The database holds tables that are not Paperboy's: ${occupant.tables.slice(0, 5).join(", ")}. Restore into a database of its own.`,
    );
  if (occupant.is === "ours" && occupant.readers > 0 && !mayReplace)
    throw new Invalid(
      `The database has ${occupant.readers} reader${occupant.readers === 1 ? "" : "s"}. Restore into an empty one, or write --replace: what is there goes.`,
    );
}

/** Only of the same database: numbers of another one name other things. */
function pastOf(occupant: Occupant, manifest: BackupManifest): Past | null {
  return occupant.is === "ours" && occupant.databaseId === manifest.databaseId ? occupant.past : null;
}
