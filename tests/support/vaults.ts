/** Backups as `paperboy backup` and `paperboy restore` make them, between databases of the test's. */
import { readConfig } from "../../src/config.ts";
import { openLog } from "../../src/log.ts";
import { type ArchiveEntry, readArchive, writeArchive } from "../../src/store/backup/archive.ts";
import { type DumpOptions, dump } from "../../src/store/backup/dump.ts";
import { openVault, type Vault } from "../../src/vault.ts";

export const ABOUT = { version: "0.0.0-test", hasKeys: false, keys: null };

/** @param env on top of where database and DATA_DIR are */
export function aVault(
  databaseUrl: string,
  dataDir: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Vault> {
  const config = readConfig({ DATABASE_URL: databaseUrl, DATA_DIR: dataDir, ...env });
  return openVault(config, openLog({ level: "silent" }));
}

export async function writeBackup(
  path: string,
  databaseUrl: string,
  options: Partial<DumpOptions> = {},
): Promise<void> {
  await writeArchive(path, dump({ databaseUrl, about: ABOUT, files: [], ...options }));
}

export async function entriesIn(path: string): Promise<ArchiveEntry[]> {
  const entries: ArchiveEntry[] = [];
  for await (const entry of readArchive(path)) entries.push(entry);
  return entries;
}

/** Every table with its rows in an order of their own, and every sequence: equal for databases that hold the same. */
export async function contentsOf(path: string): Promise<Record<string, unknown>> {
  const texts = new Map<string, string>();
  let sequences: unknown;
  for (const { name, bytes } of await entriesIn(path)) {
    const [, table] = /^tables\/([^/]+)\//.exec(name) ?? [];
    if (table) texts.set(table, (texts.get(table) ?? "") + bytes.toString());
    if (name === "backup.json") sequences = JSON.parse(bytes.toString()).sequences;
  }
  const rows = [...texts].map(([table, text]) => [table, text.split("\n").sort()] as const);
  return { sequences, ...Object.fromEntries(rows) };
}
