/** Deliveries: claimed and recorded by whoever sends them, and what is left lying picked up again. */
import type pg from "pg";
import type { PrismaClient } from "../../prisma/client/client.ts";
import type { Day } from "../core/paper.ts";
import { claims, type DeliveryRange } from "./claims.ts";

export type Deliveries = ReturnType<typeof deliveries>;

export function deliveries(prisma: PrismaClient, pool: pg.Pool) {
  return {
    ...claims(pool),

    /**
     * Takes back claims whose holder did not report in time. It may have sent: with the same bytes once more is right
     * (a double at most, never a loss), unless that once more is what it was doing. A deadline hours away was set by a
     * clock that has gone back since: no lease is as long.
     */
    returnLapsed: (limit: number): Promise<number> => prisma.$executeRaw`
      UPDATE deliveries d SET
        state = CASE WHEN d.was_uncertain THEN 'uncertain' ELSE 'retry' END, reason = 'claim-lapsed',
        next_try_at = CASE WHEN d.was_uncertain THEN NULL ELSE paperboy_now() END,
        claim = NULL, claim_until = NULL, ended_at = CASE WHEN d.was_uncertain THEN paperboy_now() END
      FROM (SELECT local_day, id FROM deliveries WHERE claim_until < now()
          OR claim_until > now() + interval '1 hour' ORDER BY claim_until LIMIT ${limit}
        FOR UPDATE SKIP LOCKED) lapsed
      WHERE d.local_day = lapsed.local_day AND d.id = lapsed.id`,

    /** Ends what is too late to begin. */
    expireLate: (limit: number): Promise<number> => prisma.$executeRaw`
      UPDATE deliveries d SET state = CASE WHEN d.was_uncertain THEN 'uncertain' ELSE 'expired' END, reason = 'late',
        next_try_at = NULL, ended_at = paperboy_now()
      FROM (SELECT local_day, id FROM deliveries WHERE next_try_at IS NOT NULL AND send_by < paperboy_now()
        LIMIT ${limit} FOR UPDATE SKIP LOCKED) late
      WHERE d.local_day = late.local_day AND d.id = late.id`,

    /** Ranges of deliveries that are due a try since at least `quietMs`: their doorbell was lost, or never rang. */
    async overdue(quietMs: number, rangeSize: number, limit: number): Promise<DeliveryRange[]> {
      const rows = await prisma.$queryRaw<RangeRow[]>`
        SELECT local_day::text AS local_day, min(id) AS from_id, max(id) AS to_id FROM deliveries
        WHERE next_try_at <= paperboy_now() - ${quietMs} * interval '1 millisecond'
        GROUP BY local_day, id / ${rangeSize} ORDER BY min(next_try_at) LIMIT ${limit}`;
      return rows.map(asRange);
    },

    /** Ranges of deliveries of one edition that are due a try. Nothing of another edition lies in any of them. */
    async overdueOf(editionDate: Day, limit: number): Promise<DeliveryRange[]> {
      // Without those of other editions, which may lie between: neighbours differ from their place among them alike.
      const rows = await prisma.$queryRaw<RangeRow[]>`
        SELECT local_day::text AS local_day, min(id) AS from_id, max(id) AS to_id FROM (
          SELECT local_day, id, id - row_number() OVER (PARTITION BY local_day ORDER BY id) AS island FROM deliveries
          WHERE next_try_at <= paperboy_now() AND edition_date = ${editionDate}::date) mine
        GROUP BY local_day, island ORDER BY 1, 2 LIMIT ${limit}`;
      return rows.map(asRange);
    },
  };
}

interface RangeRow {
  readonly local_day: Day;
  readonly from_id: bigint;
  readonly to_id: bigint;
}

function asRange({ local_day, from_id, to_id }: RangeRow): DeliveryRange {
  return { localDay: local_day, fromId: from_id, toId: to_id };
}
