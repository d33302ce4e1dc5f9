/** Tells a clock that runs from one that leapt. What is deleted because it is old must not be deleted by a wrong clock. */
import type { PrismaClient } from "../../prisma/client/client.ts";

export type ClockWatch = ReturnType<typeof clockWatch>;

export function clockWatch(prisma: PrismaClient) {
  return {
    /**
     * Looks at the clock; called every minute.
     *
     * @returns true when it has run for a day without a leap. Time that nobody looked on is not told from a leap ahead, so
     *   two days of it pass: whoever switches the machine off each night, or over the weekend, still has old things deleted
     */
    async isSteady(): Promise<boolean> {
      const [row] = await prisma.$queryRaw<{ steady: boolean }[]>`
        INSERT INTO clock_watch AS w (seen_at, steady_since) VALUES (paperboy_now(), paperboy_now())
        ON CONFLICT (single) DO UPDATE SET seen_at = EXCLUDED.seen_at,
          steady_since = CASE WHEN EXCLUDED.seen_at BETWEEN w.seen_at - interval '1 minute' AND w.seen_at + interval '2 days'
            THEN w.steady_since ELSE EXCLUDED.steady_since END
        RETURNING seen_at - steady_since >= interval '1 day' AS steady`;
      return row!.steady;
    },
  };
}
