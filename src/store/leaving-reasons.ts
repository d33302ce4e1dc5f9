/** Why readers left: theirs until they are erased, then a number in a month. */
import { Prisma, type PrismaClient } from "../../prisma/client/client.ts";
import type { LeavingReason, SaidOnLeaving } from "../core/leaving.ts";
import type { Sql, SubscriptionId } from "./subscription-moves.ts";

/** How many gave one reason in one month. */
export interface ReasonCount {
  /** `2026-04`, in UTC. */
  readonly month: string;
  readonly reason: LeavingReason;
  readonly count: number;
}

/** A reason with what its reader knows already: when they left. */
export interface ReasonRecord {
  readonly leftAt: Date;
  readonly reason: LeavingReason;
  readonly words: string | null;
}

export type LeavingReasons = ReturnType<typeof leavingReasons>;

export function leavingReasons(prisma: PrismaClient) {
  return {
    /** One for a leaving. False when the reader has not left, or was erased since. */
    async keep(id: SubscriptionId, { reason, words }: SaidOnLeaving): Promise<boolean> {
      // The row is held, so that whoever is erased this moment is erased with it.
      const kept = await prisma.$executeRaw`
        INSERT INTO leaving_reasons (subscription_id, left_at, reason, words)
        SELECT id, ended_at, ${reason}, ${words} FROM subscriptions
        WHERE id = ${id} AND state = 'ended' AND email IS NOT NULL FOR NO KEY UPDATE
        ON CONFLICT (subscription_id, left_at) DO UPDATE SET reason = EXCLUDED.reason, words = EXCLUDED.words`;
      return kept > 0;
    },

    /** Totals of the last `months` months that anybody gave a reason in, newest first, the most frequent reason first. */
    reasons: (months: number): Promise<ReasonCount[]> => prisma.$queryRaw`
      WITH counted AS (SELECT ${month} AS month, reason, count(*)::int AS count FROM leaving_reasons GROUP BY 1, 2)
      SELECT month, reason, count FROM counted
      WHERE month IN (SELECT DISTINCT month FROM counted ORDER BY month DESC LIMIT ${months})
      ORDER BY month DESC, count DESC, reason`,

    /** The newest lines that readers wrote, without whose they are. */
    lines: (limit: number): Promise<{ month: string; reason: LeavingReason; words: string }[]> => prisma.$queryRaw`
      SELECT ${month} AS month, reason, words FROM leaving_reasons WHERE words IS NOT NULL
      ORDER BY left_at DESC LIMIT ${limit}`,

    /** One reader's own, oldest first, those after an instant. */
    ofReader: (id: SubscriptionId, after: Date, limit: number): Promise<ReasonRecord[]> => prisma.$queryRaw`
      SELECT left_at AS "leftAt", reason, words FROM leaving_reasons
      WHERE subscription_id = ${id} AND left_at > ${after} ORDER BY left_at LIMIT ${limit}`,
  };
}

const month = Prisma.sql`to_char(left_at AT TIME ZONE 'UTC', 'YYYY-MM')`;

/** Within the transaction that undoes a leaving: who stays has given no reason to leave. */
export async function takeBackReason(sql: Sql, id: SubscriptionId, leftAt: Date): Promise<void> {
  await sql.$executeRaw`DELETE FROM leaving_reasons WHERE subscription_id = ${id} AND left_at = ${leftAt}`;
}

/** Within the transaction that erases readers: what stays is one more in the total of a month. */
export async function forgetWhoseReasons(sql: Sql, ids: readonly SubscriptionId[]): Promise<void> {
  await sql.$executeRaw`
    UPDATE leaving_reasons SET subscription_id = NULL, words = NULL,
      left_at = date_trunc('month', left_at AT TIME ZONE 'UTC') AT TIME ZONE 'UTC'
    WHERE subscription_id = ANY (${ids}::bigint[])`;
}
