/** Permits to send, counted in PostgreSQL for all processes. */
import type pg from "pg";
import { RateLimiterPostgres } from "rate-limiter-flexible";
import type { PermitCounter } from "../core/pace.ts";

/** An answer that takes longer is none: whoever asks for permits waits rather than sends. */
const ANSWERS_WITHIN_MS = 2_000;

export type Limits = ReturnType<typeof limits>;

export function limits(pool: pg.Pool) {
  const storeClient = {
    query(asked: pg.QueryConfig) {
      // A time limit of one query: pg knows it (lib/client.js), its types do not.
      const limited: pg.QueryConfig & { query_timeout: number } = { ...asked, query_timeout: ANSWERS_WITHIN_MS };
      return pool.query<{ ms: string }>(limited);
    },
  };
  const counterIn = (tableName: "send_permits" | "send_days"): PermitCounter => {
    const limiter = new RateLimiterPostgres({
      ...{ storeClient, storeType: "pool", tableName, tableCreated: true, keyPrefix: "" },
      points: Number.MAX_SAFE_INTEGER,
      // It expires rows by the clock of whichever process asks. Ours never expire, and are deleted by the database's.
      ...{ duration: 0, clearExpiredByTimeout: false },
    });
    return {
      take: async (key, count) => (await limiter.penalty(key, count)).consumedPoints,
      async clock() {
        const asked = { text: "SELECT extract(epoch FROM clock_timestamp()) * 1000 AS ms" };
        const { rows } = await storeClient.query(asked);
        return Number(rows[0]!.ms);
      },
    };
  };

  return {
    /** Permits of a tenth of a second: gone after a crash of the database. */
    permits: counterIn("send_permits"),
    /** Mails of a day: they survive one. */
    days: counterIn("send_days"),
    /** Deletes what nobody asks about any more. */
    async forget(): Promise<void> {
      await pool.query("DELETE FROM send_permits WHERE made_at < now() - interval '1 minute'");
      await pool.query("DELETE FROM send_days WHERE made_at < now() - interval '7 days'");
    },
  };
}
