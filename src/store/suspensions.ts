/** Readers we stopped writing to because mail came back, and how they are tried again. */
import { Prisma, type PrismaClient } from "../../prisma/client/client.ts";
import { moveIn, type SubscriptionId } from "./subscription-moves.ts";

type Sql = Prisma.TransactionClient;

/** A suspended reader whose next try is due. */
export interface DueTry {
  readonly id: SubscriptionId;
  /** Since when this run of trouble lasts. */
  readonly suspendedAt: Date;
  readonly tryAgainAt: Date;
}

/** A bounce that comes late comes within five days: mail servers give up after that (RFC 5321 section 4.5.4.1). */
const BOUNCES_COME_WITHIN = Prisma.sql`interval '5 days'`;

/** Of a subscription: its address is not suppressed. */
const isWrittenTo = Prisma.sql`
  NOT EXISTS (SELECT FROM suppressions x WHERE x.address_key = subscriptions.address_key AND x.lifted_at IS NULL)`;

export type Suspensions = ReturnType<typeof suspensions>;

export function suspensions(prisma: PrismaClient) {
  return {
    /** Suspended readers who are to be tried again by now, at most `limit`, longest due first. */
    dueTries: (limit: number): Promise<DueTry[]> => prisma.$queryRaw`
      SELECT id, suspended_at AS "suspendedAt", try_again_at AS "tryAgainAt" FROM subscriptions
      WHERE state = 'suspended' AND try_again_at <= paperboy_now() AND ${isWrittenTo} ORDER BY try_again_at LIMIT ${limit}`,

    /**
     * Active once more, on trial: planning takes the reader from `tryAgainAt` on, however late we notice. What comes back next
     * is judged with all that came before. False when somebody else did it, or the reader's standing changed.
     */
    tryAgain: async ({ id, tryAgainAt }: DueTry): Promise<boolean> =>
      (await prisma.$transaction((sql) =>
        moveIn(
          sql,
          id,
          "clock",
          "tried-again",
          Prisma.sql`state = 'active', try_again_at = NULL, tried_at = paperboy_now()`,
          ["suspended"],
          Prisma.sql`AND try_again_at = ${tryAgainAt} AND ${isWrittenTo}`,
          tryAgainAt,
        ),
      )) !== null,

    /**
     * Forgets the trouble of readers, at most `limit`, who have had a mail since they were tried again that did not come back
     * within the time in which it would have.
     *
     * @returns how many are well again
     */
    forgetTrouble: (limit: number): Promise<number> => prisma.$executeRaw`
      UPDATE subscriptions SET suspended_because = NULL, suspended_at = NULL, tried_at = NULL
      WHERE id IN (
        SELECT s.id FROM subscriptions s WHERE s.state = 'active' AND s.tried_at <= paperboy_now() - ${BOUNCES_COME_WITHIN}
          AND EXISTS (SELECT FROM deliveries d WHERE d.subscription_id = s.id AND d.paper_ids IS NOT NULL
            AND d.local_day >= s.tried_at::date - 1 AND d.state = 'accepted'
            AND d.ended_at BETWEEN s.tried_at AND paperboy_now() - ${BOUNCES_COME_WITHIN}
            AND NOT EXISTS (SELECT FROM verdicts v WHERE v.subscription_id = s.id AND v.local_day = d.local_day
              AND v.delivery_id = d.id AND ${isFailure}))
        ORDER BY s.tried_at LIMIT ${limit} FOR UPDATE SKIP LOCKED)`,
  };
}

/** Of a verdict: the mail it is about did not arrive. */
export const isFailure = Prisma.sql`(class IN ('hard', 'domain', 'soft', 'unknown'))`;

/**
 * Within a transaction: no mail until `tryAgainAt`, or, where that is null, until the reader confirms anew, whatever comes
 * back after that. When the trouble began stays, and so does a later try that is set.
 */
export async function suspendIn(sql: Sql, id: SubscriptionId, because: string, tryAgainAt: Date | null): Promise<void> {
  const change = Prisma.sql`state = 'suspended', suspended_because = ${because},
    suspended_at = coalesce(suspended_at, paperboy_now()), try_again_at = ${tryAgainAt}::timestamptz, tried_at = NULL`;
  if (await moveIn(sql, id, "report", "suspended", change, ["active"])) return;
  await sql.$executeRaw`
    UPDATE subscriptions SET suspended_because = ${because},
      suspended_at = coalesce(suspended_at, paperboy_now()),
      try_again_at = CASE WHEN ${tryAgainAt}::timestamptz IS NOT NULL AND try_again_at IS NOT NULL
        THEN greatest(try_again_at, ${tryAgainAt}) END
    WHERE id = ${id} AND state = 'suspended'`;
}
