/** The composition of `paperboy backup` and `paperboy restore`: the database, whatever its state, and what lies beside it. */
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Config } from "./config.ts";
import { keyPrints } from "./core/backup.ts";
import { parseSecretKeys } from "./core/link.ts";
import type { Log } from "./log.ts";
import { parseSecrets, readSecrets, replaceSecrets, secretsText } from "./secrets.ts";
import { type AuditEntry, audit } from "./store/audit.ts";
import { readArchive, writeArchive } from "./store/backup/archive.ts";
import { dump } from "./store/backup/dump.ts";
import { knownMigrations, type LoadedDatabase, load, occupantOf } from "./store/backup/load.ts";
import type { Database } from "./store/database.ts";
import { openHighWater } from "./store/high-water.ts";
import { openJournal } from "./store/journal.ts";
import { restoration } from "./store/restoration.ts";

export type Vault = Awaited<ReturnType<typeof openVault>>;

/**
 * Not the application: a backup is taken without migrating, and restored where no table is yet.
 *
 * @throws {Temporary} when the database cannot be reached
 */
export async function openVault(config: Config, log: Log) {
  const dataDir = resolve(config.dataDir);
  const made = await readSecrets(dataDir);
  const secretKeys = config.secretKeys ?? made?.secretKeys;
  const suppressionKey = config.suppressionKey ?? made?.suppressionKey;
  const embedded = config.databaseUrl
    ? null
    : await import("./store/embedded.ts").then(({ openEmbedded }) => openEmbedded({ dataDir, log }));
  const databaseUrl = config.databaseUrl ?? embedded!.url;
  const withDatabase = async <T>(work: (prisma: Database["prisma"]) => Promise<T>): Promise<T> => {
    const { openDatabase } = await import("./store/database.ts");
    const { prisma, close } = await openDatabase({ url: databaseUrl, poolSize: 1, log });
    try {
      return await work(prisma);
    } finally {
      await close();
    }
  };
  return {
    ...{ databaseUrl, dump, load, readArchive, writeArchive, parseSecrets },
    version: await version(),
    keys: { secretKeys: config.secretKeys, suppressionKey: config.suppressionKey, made },
    keyPrints: secretKeys && suppressionKey ? keyPrints(parseSecretKeys(secretKeys), suppressionKey) : null,
    // Where both are set, those that were made before count for nothing.
    secretsText: made && !(config.secretKeys && config.suppressionKey) ? secretsText(made) : null,
    closesAt: config.editionClosesAt,
    now: () => new Date(),
    knownMigrations: () => knownMigrations(),
    occupant: () => occupantOf(databaseUrl),
    replaceSecrets: (secrets: Parameters<typeof replaceSecrets>[1], at: Date) => replaceSecrets(dataDir, secrets, at),
    /** Of the database that is backed up. Where no line can be left it is backed up without one: an older release's, a replica, a role that only reads. */
    audit: {
      note: (entry: AuditEntry) =>
        withDatabase(async (prisma) => {
          const [found] = await prisma.$queryRaw<{ is_open: boolean }[]>`
            SELECT NOT pg_is_in_recovery()
              AND coalesce(has_table_privilege(to_regclass('public.audit_lines'), 'INSERT'), false) AS is_open`;
          return found!.is_open ? audit(prisma).note(entry) : NO_LINE;
        }),
      outcome: async (id: bigint, details: AuditEntry["details"]) =>
        id === NO_LINE ? 0 : withDatabase((prisma) => audit(prisma).outcome(id, details)),
    },
    /** What the loaded database rests on, in the transaction that loaded it. */
    async openLoaded({ prisma }: Pick<LoadedDatabase, "prisma">) {
      const highWater = await openHighWater(prisma, join(dataDir, "high-water"));
      const journal = await openJournal(join(dataDir, "journal.jsonl"), highWater.databaseId);
      return { restoration: restoration(prisma, (work) => work(prisma)), highWater, journal, audit: audit(prisma) };
    },
    /** Once the loaded database counts. */
    adopt: (restorations: number) =>
      withDatabase(async (prisma) => (await openHighWater(prisma, join(dataDir, "high-water"))).adopt(restorations)),
    close: async () => embedded?.close(),
  };
}

const NO_LINE = 0n;

/** Of this release. */
async function version(): Promise<string> {
  return JSON.parse(await readFile(new URL("../package.json", import.meta.url), "utf8")).version;
}
