/** Requests to subscribe: every valid one is the same insert, and waits to be answered by mail. */
import { Prisma, type PrismaClient } from "../../prisma/client/client.ts";
import type { Preferences, SubscriptionState } from "../core/subscription.ts";

export interface NewRequest {
  readonly email: string;
  readonly addressKey: string;
  /** Preferences exactly as asked for; null: a fresh link to those there are. */
  readonly wanted: Preferences | null;
  readonly askedBy: "form" | "api";
}

/** A request that this worker may answer now. */
export interface WaitingRequest extends NewRequest {
  readonly id: bigint;
  readonly askedAt: Date;
  readonly takenAt: Date;
  /** The address's subscription; null when there is none. */
  readonly subscription: { readonly id: bigint; readonly state: SubscriptionState; readonly language: string } | null;
  readonly isSuppressed: boolean;
  /** When this address was written to before because of a request, newest first, over the last 30 days. */
  readonly mailedAt: readonly Date[];
}

export type Answer = "confirmation" | "already" | "link" | "nothing";

/** How long a request waits to be confirmed (CONTRACT §3, link purposes). */
const VALID = Prisma.sql`interval '7 days'`;

export type Requests = ReturnType<typeof requests>;

export function requests(prisma: PrismaClient) {
  return {
    async add({ email, addressKey, wanted, askedBy }: NewRequest): Promise<bigint> {
      const [row] = await prisma.$queryRaw<{ id: bigint }[]>`
        INSERT INTO requests (kind, email, address_key, wanted, asked_by, expires_at)
        VALUES (${wanted ? "subscribe" : "link"}, ${email}, ${addressKey}, ${wanted && JSON.stringify(wanted)}::jsonb, ${askedBy},
          paperboy_now() + ${VALID})
        RETURNING id`;
      return row!.id;
    },

    /**
     * Takes a request to answer it, with all that the answer depends on; whoever does not manage leaves it to the next, a
     * minute later, and the longer it has waited the later: a mail server that says "not now" for days is not asked every
     * minute. Requests of one address are taken one after the other, so that two at once do not both find that nobody was
     * written to.
     *
     * @returns null when it is not waiting, not due yet, or another worker has it
     */
    take: (id: bigint): Promise<WaitingRequest | null> =>
      prisma.$transaction(async (sql) => {
        await sql.$executeRaw`
          SELECT pg_advisory_xact_lock(hashtext('answer-request'), hashtext(address_key)) FROM requests WHERE id = ${id}`;
        const [row] = await sql.$queryRaw<TakenRow[]>`
          WITH taken AS (
            UPDATE requests SET taken_at = paperboy_now(), not_before = paperboy_now()
              + least(greatest((paperboy_now() - asked_at) / 2, interval '1 minute'), interval '1 hour')
            WHERE id = ${id} AND state = 'waiting' AND not_before <= paperboy_now() AND expires_at > paperboy_now()
              AND email IS NOT NULL
            RETURNING *)
          SELECT r.id, r.email, r.address_key, r.wanted, r.asked_by, r.asked_at, r.taken_at,
            s.id AS subscription_id, s.state AS subscription_state, s.language,
            EXISTS (SELECT FROM suppressions x WHERE x.address_key = r.address_key AND x.lifted_at IS NULL) AS is_suppressed,
            ARRAY(SELECT coalesce(o.answered_at, o.taken_at) FROM requests o
              WHERE o.address_key = r.address_key AND o.id <> r.id AND o.answer IS DISTINCT FROM 'nothing'
                AND coalesce(o.answered_at, o.taken_at) > paperboy_now() - interval '30 days'
              ORDER BY 1 DESC LIMIT 10) AS mailed_at
          FROM taken r LEFT JOIN subscriptions s USING (address_key)`;
        return row ? fromRow(row) : null;
      }),

    /** Records the answer. False when another worker recorded one before: then its mail was the answer. */
    async answered(id: bigint, answer: Answer): Promise<boolean> {
      return (
        1 ===
        (await prisma.$executeRaw`
        UPDATE requests SET state = 'answered', answer = ${answer}, answered_at = paperboy_now()
        WHERE id = ${id} AND state = 'waiting'`)
      );
    },

    async delay(id: bigint, until: Date): Promise<void> {
      await prisma.$executeRaw`
        UPDATE requests SET not_before = ${until}, taken_at = NULL WHERE id = ${id} AND state = 'waiting'`;
    },

    /**
     * "This was not me, never write again": the request is declined and the address suppressed. Who opens its link has the
     * mail, so a request that still waits was answered too, by a worker that did not get to say so.
     *
     * @returns the address's key; null when the request is unknown, erased or belongs to a confirmed subscription
     */
    decline: (id: bigint): Promise<string | null> =>
      prisma.$transaction(async (sql) => {
        const [row] = await sql.$queryRaw<{ address_key: string }[]>`
          UPDATE requests SET state = 'declined' WHERE id = ${id} AND kind = 'subscribe' AND state IN ('waiting', 'answered', 'expired', 'declined')
          RETURNING address_key`;
        if (!row) return null;
        await sql.$executeRaw`
          INSERT INTO suppressions (address_key, because) VALUES (${row.address_key}, 'never')
          ON CONFLICT (address_key) DO UPDATE SET because = 'never', at = paperboy_now(), lifted_at = NULL, lifted_note = NULL
            WHERE suppressions.lifted_at IS NOT NULL`;
        return row.address_key;
      }),

    /** Requests waiting for an answer since before their doorbell could have been lost, at most `limit`. */
    overdue: (limit: number): Promise<{ id: bigint }[]> => prisma.$queryRaw`
      SELECT id FROM requests WHERE state = 'waiting' AND not_before <= paperboy_now() - interval '20 seconds'
        AND expires_at > paperboy_now() ORDER BY not_before LIMIT ${limit}`,

    /** Forgets the addresses of requests nobody confirmed; their keys stay for the caps. */
    forgetExpired: (): Promise<number> => prisma.$executeRaw`
      UPDATE requests SET email = NULL, wanted = CASE WHEN kind = 'subscribe' THEN '{}'::jsonb END,
        state = CASE WHEN state IN ('waiting', 'answered') THEN 'expired' ELSE state END
      WHERE email IS NOT NULL AND expires_at < paperboy_now()`,
  };
}

interface TakenRow {
  id: bigint;
  email: string;
  address_key: string;
  wanted: Preferences | null;
  asked_by: "form" | "api";
  asked_at: Date;
  taken_at: Date;
  subscription_id: bigint | null;
  subscription_state: SubscriptionState | null;
  language: string | null;
  is_suppressed: boolean;
  mailed_at: Date[];
}

function fromRow(row: TakenRow): WaitingRequest {
  const { subscription_id: id, subscription_state: state, language } = row;
  return {
    id: row.id,
    email: row.email,
    addressKey: row.address_key,
    wanted: row.wanted,
    askedBy: row.asked_by,
    askedAt: row.asked_at,
    takenAt: row.taken_at,
    subscription: id === null ? null : { id, state: state!, language: language! },
    isSuppressed: row.is_suppressed,
    mailedAt: row.mailed_at,
  };
}
