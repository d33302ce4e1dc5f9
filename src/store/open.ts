/** Opens the store: a database of this release, and what stands beside it in `DATA_DIR`. */
import { hostname } from "node:os";
import { join } from "node:path";
import { Permanent } from "../errors.ts";
import type { Log } from "../log.ts";
import { openParts } from "../parts.ts";
import { type Database, openDatabase } from "./database.ts";
import { openGate } from "./gate.ts";
import { openHighWater } from "./high-water.ts";
import { freeBytes, writeFault } from "./house.ts";
import { openJournal } from "./journal.ts";
import { compareHistory } from "./migrate/history.ts";
import { openPresence } from "./presence.ts";
import { scratchClock } from "./scratch-clock.ts";
import { openScratchDatabase } from "./scratch-database.ts";
import { openShelf } from "./shelf.ts";
import { storeOn } from "./store.ts";

export interface StoreOptions {
  /** Null: PostgreSQL is started in `dataDir`. */
  readonly databaseUrl: string | null;
  readonly dataDir: string;
  /** Works on an empty database that is gone afterwards. */
  readonly isScratch: boolean;
  /** What stays as this process; undefined: it does not. */
  readonly staysAs: string | undefined;
  readonly log: Log;
}

/**
 * @throws {Temporary} when the database does not answer
 * @throws {Permanent} when it lacks migrations of ours
 */
export function openStore({ databaseUrl: named, dataDir, isScratch, staysAs, log }: StoreOptions) {
  return openParts(async (open) => {
    // Loaded where it is needed alone: a worker beside a real database and mail server is smaller by 30 MB.
    const embedded = named
      ? null
      : await open(import("./embedded.ts").then(({ openEmbedded }) => openEmbedded({ dataDir, log, isScratch })));
    const server = named ?? embedded!.url;
    const databaseUrl = isScratch ? (await open(openScratchDatabase(server))).url : server;
    if (staysAs) await open(openPresence({ url: databaseUrl, name: staysAs, log }));
    if (embedded || isScratch) await import("./migrate.ts").then(({ migrate }) => migrate({ databaseUrl, log }));
    const { prisma, pool } = await open(openDatabase({ url: databaseUrl, log }));
    if (!embedded) await compareSchema(pool, log);
    // A scratch database is nothing to compare with: it is gone afterwards.
    const highWater = await open(openHighWater(prisma, isScratch ? null : join(dataDir, "high-water")));
    const journalPath = join(dataDir, "journal.jsonl");
    const journal = await open(openJournal(journalPath, highWater.databaseId));
    const store = storeOn({ prisma, pool }, log);
    return {
      ...store,
      ...{ databaseUrl, highWater, journal },
      gate: await open(openGate({ ...store, log })),
      shelf: openShelf(store.editions),
      machine: {
        ...{ host: hostname(), journalPath, freeBytes, writeFault },
        folders: [...new Set([dataDir, ...(embedded ? [embedded.dir] : [])])],
      },
      databaseNow: async () => {
        const [row] = await prisma.$queryRaw<{ now: Date }[]>`SELECT paperboy_now() AS now`;
        return row!.now;
      },
      /** Null for a database that is there to stay: its clock is nobody's to set. */
      databaseClock: isScratch ? scratchClock(pool) : null,
      ready: () => prisma.$queryRaw`SELECT 1`,
    };
  });
}

/** Migrations only add, so that a process of this release goes on beside one of the next. */
async function compareSchema(pool: Database["pool"], log: Log): Promise<void> {
  const { missing, unknown } = await compareHistory(pool);
  if (missing.length > 0)
    throw new Permanent(
      `The database lacks ${missing.length === 1 ? "a migration" : `${missing.length} migrations`} of this release, from ${missing[0]} on. Run: npm run paperboy -- migrate`,
    );
  if (unknown.length > 0)
    log.warn(
      { migrations: unknown },
      "the database is newer than this program. It goes on, as processes do that are exchanged one by one; to go back to this release for good, restore the backup from before the upgrade",
    );
}
