/** What a backup says of itself, and whether it may be restored here. */
import { createHash } from "node:crypto";
import { z } from "zod";
import type { SigningKey } from "./link.ts";

/** Goes up when an older release could not read the file any more. */
export const BACKUP_FORMAT = 1;

const keyPrint = z.object({ id: z.string(), print: z.string() });

/** `backup.json`, the first thing in the file. */
export const backupManifest = z.object({
  format: z.int(),
  /** The release that wrote it. */
  version: z.string(),
  takenAt: z.iso.datetime(),
  databaseId: z.uuid().nullable(),
  /** Every migration the database had had, oldest first. */
  migrations: z.array(z.string()).min(1),
  tables: z.array(z.object({ name: z.string(), columns: z.array(z.string()).min(1) })),
  /** `last` is the last number given out; not `isUsed`: the first that will be. */
  sequences: z.array(z.object({ name: z.string(), last: z.string().regex(/^\d+$/u), isUsed: z.boolean() })),
  /** First and last local day of the deliveries; null when there are none. */
  deliveryDays: z.object({ since: z.iso.date(), until: z.iso.date() }).nullable(),
  /** Whether `secrets.json` is in the file. */
  hasKeys: z.boolean(),
  /** By what the keys are known that its readers' links and addresses rest on; null: whoever wrote it had none at hand. */
  keys: z.object({ links: z.array(keyPrint), suppression: z.string() }).nullable(),
});
export type BackupManifest = z.infer<typeof backupManifest>;
export type KeyPrints = NonNullable<BackupManifest["keys"]>;

/** `rows.json`, the last but one: how many rows of each table are in the file. */
export const backupRows = z.record(z.string(), z.int().min(0));

/** A key is told from others by this, and cannot be found from it: 48 bits of a hash of 16 letters or more. */
export function keyPrints(links: readonly SigningKey[], suppressionKey: string): KeyPrints {
  const print = (secret: string) =>
    createHash("sha256").update(`paperboy key print 1\0${secret}`).digest("hex").slice(0, 12);
  return { links: links.map(({ id, secret }) => ({ id, print: print(secret) })), suppression: print(suppressionKey) };
}

/**
 * Why a backup cannot be restored by this release, or at all; null when it can.
 *
 * @param known names of the migrations this release has
 */
export function objectionTo(
  { format, version, migrations, deliveryDays }: BackupManifest,
  known: readonly string[],
): string | null {
  const later = `Restore it with release ${version} or a later one`;
  if (format > BACKUP_FORMAT)
    return `The backup has format ${format}, and this release reads up to ${BACKUP_FORMAT}. ${later}`;
  const unknown = migrations.find((name) => !known.includes(name));
  if (unknown !== undefined)
    return `The backup is newer than this program: its database had the migration ${unknown}, which this release does not know. ${later}`;
  const weeks = deliveryDays === null ? 0 : weeksBetween(deliveryDays.since, deliveryDays.until);
  if (weeks >= 0 && weeks <= MOST_WEEKS) return null;
  return `The backup says that its deliveries are of ${deliveryDays!.since} to ${deliveryDays!.until}, which are more weeks than there can be. It was altered, or a clock was wrong when it was made. Take another one`;
}

/** `RETENTION_DAYS` is ten years at most, and each week is a table: those of centuries would not fit into one transaction. */
const MOST_WEEKS = 600;

function weeksBetween(since: string, until: string): number {
  return (Date.parse(until) - Date.parse(since)) / (7 * 24 * 3_600_000);
}

/**
 * What would no longer work with the keys that are here: ids of keys whose links would not open, and whether addresses
 * would be known by other keys, so that suppressions held for nobody.
 */
export function keysLost(theirs: KeyPrints, ours: KeyPrints): { links: string[]; suppression: boolean } {
  const has = ({ id, print }: KeyPrints["links"][number]) =>
    ours.links.some((key) => key.id === id && key.print === print);
  return {
    links: theirs.links.filter((key) => !has(key)).map(({ id }) => id),
    suppression: theirs.suppression !== ours.suppression,
  };
}
