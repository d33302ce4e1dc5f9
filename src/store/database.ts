import { PrismaPg } from "@prisma/adapter-pg";
import pg from "pg";
import { PrismaClient } from "../../prisma/client/client.ts";
import type { Log } from "../log.ts";
import { asFault } from "./faults.ts";
import { SESSION } from "./session.ts";
import { assertUsable } from "./usable.ts";

export type Database = {
  readonly prisma: PrismaClient;
  /** The connections below Prisma, for what it cannot say: COPY, LISTEN, a session of one's own. */
  readonly pool: pg.Pool;
  close(): Promise<void>;
};

/**
 * Opens the database of `url`, which has been migrated.
 *
 * @param poolSize connections at most; PostgreSQL has 100 to share among all processes unless told otherwise
 * @throws {Temporary} when it cannot be reached
 * @throws {Permanent} when it lets us in no more than that, or cannot serve us
 */
export async function openDatabase({
  url,
  poolSize = 10,
  log,
}: {
  url: string;
  poolSize?: number;
  log?: Log;
}): Promise<Database> {
  const pool = new pg.Pool({
    connectionString: url,
    max: poolSize,
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
    onConnect: async (client) => {
      await client.query(SESSION);
    },
  });
  // An idle connection that breaks is replaced by the next query; without a listener it would end the process.
  // One that was being closed when its server stopped hears so after the pool has let go of it.
  pool.on("error", (error) =>
    log?.[pool.ending ? "debug" : "warn"]({ err: error }, "The database closed an idle connection"),
  );
  try {
    await assertUsable(pool, url);
  } catch (error) {
    await pool.end();
    throw error;
  }
  const prisma = faulting(new PrismaClient({ adapter: new PrismaPg(pool) }));
  return {
    prisma,
    pool,
    async close() {
      await prisma.$disconnect();
      await pool.end();
    },
  };
}

/** Every query of it, in a transaction or not, fails with one of our faults where the database is to blame. */
function faulting(prisma: PrismaClient): PrismaClient {
  const extended = prisma.$extends({
    query: {
      async $allOperations({ args, query }) {
        try {
          return await query(args);
        } catch (error) {
          throw asFault(error);
        }
      },
    },
  });
  // An extension changes the client's type, not what it does.
  return extended as unknown as PrismaClient;
}
