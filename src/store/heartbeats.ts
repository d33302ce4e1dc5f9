/** Signs of life, one an edition. */
import type { PrismaClient } from "../../prisma/client/client.ts";
import type { Day } from "../core/paper.ts";

/** Longer than a heartbeat that is tried three times may take. */
const LEASE_MINUTES = 5;

export type Heartbeats = ReturnType<typeof heartbeats>;

export function heartbeats(prisma: PrismaClient) {
  return {
    /** Whether the caller is to send it: true for one in five minutes, and never again once it was sent. */
    async claim(date: Day): Promise<boolean> {
      const taken = await prisma.$executeRaw`
        INSERT INTO heartbeats AS h (edition_date, not_before)
        VALUES (${date}::date, now() + ${LEASE_MINUTES}::int * interval '1 minute')
        ON CONFLICT (edition_date) DO UPDATE SET not_before = EXCLUDED.not_before
        WHERE h.sent_at IS NULL AND (h.not_before <= now() OR h.not_before > now() + interval '1 hour')`;
      return taken > 0;
    },

    sent: (date: Day): Promise<number> =>
      prisma.$executeRaw`UPDATE heartbeats SET sent_at = paperboy_now() WHERE edition_date = ${date}::date`,

    /** @returns whether it is the first time that this one was not taken */
    async failed(date: Day): Promise<boolean> {
      const first = await prisma.$executeRaw`
        UPDATE heartbeats SET failed_at = paperboy_now() WHERE edition_date = ${date}::date AND failed_at IS NULL`;
      return first > 0;
    },
  };
}
