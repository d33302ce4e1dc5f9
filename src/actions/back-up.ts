import type { KeyPrints } from "../core/backup.ts";
import type { ArchiveEntry, writeArchive } from "../store/backup/archive.ts";
import type { Dumped, dump } from "../store/backup/dump.ts";

export type Needs = {
  dump: typeof dump;
  writeArchive: typeof writeArchive;
  databaseUrl: string;
  version: string;
  /** The keys that readers' links rest on; null when they are not on this machine. */
  keyPrints: KeyPrints | null;
  /** The file of keys that were made, not set; null when there is none. */
  secretsText: string | null;
};

export interface BackUpOptions {
  readonly withKeys: boolean;
  /** How far it has come. */
  readonly tell?: (rows: number, all: number) => void;
}

/**
 * Writes everything that is in the database, as it was at one instant, to a file, with the keys that were made for it.
 * Digests go on being sent.
 *
 * @param path `-` for standard output
 */
export async function backUp(needs: Needs, path: string, { withKeys, tell }: BackUpOptions): Promise<Dumped> {
  const { databaseUrl, version, keyPrints, secretsText } = needs;
  const secrets = withKeys ? secretsText : null;
  const entries = needs.dump({
    databaseUrl,
    about: { version, keys: keyPrints, hasKeys: secrets !== null },
    files: secrets === null ? [] : [{ name: "secrets.json", bytes: Buffer.from(secrets) }],
    ...(tell && { tell }),
  });
  let dumped: Dumped | null = null;
  await needs.writeArchive(
    path,
    (async function* (): AsyncGenerator<ArchiveEntry> {
      dumped = yield* entries;
    })(),
  );
  return dumped!;
}
