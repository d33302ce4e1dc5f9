/** Requests to subscribe: every valid one is the same insert, and waits to be answered by mail. */
import type pg from "pg";
import { Prisma, type PrismaClient } from "../../prisma/client/client.ts";
import type { Preferences, SubscriptionState } from "../core/subscription.ts";
import { gather } from "../gather.ts";
import { asFault } from "./faults.ts";
import { isForgivable, suppressIn } from "./suppressions.ts";

export interface NewRequest {
  /** Absent: `subscribe` with preferences, `link` without. */
  readonly kind?: RequestKind;
  readonly email: string;
  readonly addressKey: string;
  /** Coarser keys, under which mails are counted too; absent: the address's own counts alone. */
  readonly foldedKey?: string;
  readonly domainKey?: string;
  /** Preferences exactly as asked for; null when a link is. Of a move: those it had then. */
  readonly wanted: Preferences | null;
  readonly askedBy: "form" | "api";
  /** Path of our page it was asked on. */
  readonly page?: string | null;
  /** Of the words that were shown. */
  readonly textVersion?: string | null;
  /** Never the network address itself. */
  readonly ipKey?: string | null;
  /** For `move`: the subscription that is to go on under this address. */
  readonly subscriptionId?: bigint | null;
  /** Not answered earlier; absent: at once. */
  readonly notBefore?: Date | null;
}

/**
 * `move` asks the owner of another address to take a subscription over; `moved` tells the one it went away from. `quiet`
 * tells a reader that nothing matched for a month (quiet-readers.ts).
 */
export type RequestKind = "subscribe" | "link" | "account" | "move" | "moved" | "quiet";

/** `clock`: nobody did; it was time. */
export type AskedBy = "form" | "api" | "clock";

/** A request that this worker may answer now. */
export interface WaitingRequest extends Pick<NewRequest, "email" | "addressKey" | "wanted" | "page"> {
  readonly kind: RequestKind;
  readonly askedBy: AskedBy;
  readonly id: bigint;
  readonly askedAt: Date;
  readonly takenAt: Date;
  /** The address's subscription; null when there is none. */
  readonly subscription: {
    readonly id: bigint;
    readonly state: SubscriptionState;
    readonly language: string;
    readonly isErased: boolean;
  } | null;
  /** Not for bounces, when somebody asks to subscribe: confirming is how the owner of the address comes back. */
  readonly isSuppressed: boolean;
  /** When somebody was written to before because of a request (not what nobody asked for), newest first, over the last 30 days, or the last day: */
  readonly mailedAt: {
    /** this address */
    readonly address: readonly Date[];
    /** any spelling of it, at most 10 */
    readonly folded: readonly Date[];
    /** any address of its domain, at most 100 of a day */
    readonly domain: readonly Date[];
  };
}

export type Answer = "confirmation" | "already" | "link" | "account" | "move" | "moved" | "quiet" | "nothing";

/** How long a request waits to be confirmed (docs/promises.md §3, link purposes). */
const VALID = Prisma.sql`interval '7 days'`;

export type Requests = ReturnType<typeof requests>;

export function requests(prisma: PrismaClient, pool: pg.Pool) {
  return {
    /** In one statement with those that come at the same time. */
    add: gather((batch: readonly NewRequest[]) => addTogether(pool, batch), { most: MOST_ADDED }),

    /**
     * Takes a request to answer it, with all that the answer depends on; whoever does not manage leaves it to the next, a
     * minute later, and the longer it has waited the later: a mail server that says "not now" for days is not asked every
     * minute. Requests of one mailbox, and of one domain, are taken one after the other, so that two at once do not both find
     * that nobody was written to.
     *
     * @returns null when it is not waiting, not due yet, or another worker has it
     */
    take: (id: bigint): Promise<WaitingRequest | null> =>
      prisma.$transaction(async (sql) => {
        await sql.$executeRaw`
          SELECT pg_advisory_xact_lock(hashtext('answer-request'), hashtext(coalesce(folded_key, address_key))),
            pg_advisory_xact_lock(hashtext('answer-domain'), hashtext(domain_key))
          FROM requests WHERE id = ${id}`;
        const [row] = await sql.$queryRaw<TakenRow[]>`
          WITH taken AS (
            UPDATE requests SET taken_at = paperboy_now(), not_before = paperboy_now()
              + least(greatest((paperboy_now() - asked_at) / 2, interval '1 minute'), interval '1 hour')
            WHERE id = ${id} AND state = 'waiting' AND not_before <= paperboy_now() AND expires_at > paperboy_now()
              AND email IS NOT NULL
            RETURNING *)
          SELECT r.id, r.kind, r.email, r.address_key, r.wanted, r.asked_by, r.page, r.asked_at, r.taken_at,
            s.id AS subscription_id, s.state AS subscription_state, s.language, s.email IS NULL AS is_erased,
            EXISTS (SELECT FROM suppressions x WHERE x.address_key = r.address_key AND x.lifted_at IS NULL
              AND NOT (r.kind = 'subscribe' AND ${isForgivable})) AS is_suppressed,
            ARRAY(SELECT coalesce(o.answered_at, o.taken_at) FROM requests o
              WHERE o.address_key = r.address_key AND o.id <> r.id AND o.kind <> 'quiet' AND o.answer IS DISTINCT FROM 'nothing'
                AND coalesce(o.answered_at, o.taken_at) > paperboy_now() - interval '30 days'
              ORDER BY 1 DESC LIMIT 10) AS mailed_at,
            ARRAY(SELECT coalesce(o.answered_at, o.taken_at) FROM requests o
              WHERE o.folded_key = r.folded_key AND o.id <> r.id AND o.answer IS DISTINCT FROM 'nothing'
                AND coalesce(o.answered_at, o.taken_at) > paperboy_now() - interval '30 days'
              ORDER BY 1 DESC LIMIT 10) AS mailed_folded_at,
            ARRAY(SELECT coalesce(o.answered_at, o.taken_at) FROM requests o
              WHERE o.domain_key = r.domain_key AND o.id <> r.id AND o.answer IS DISTINCT FROM 'nothing'
                AND coalesce(o.answered_at, o.taken_at) > paperboy_now() - interval '1 day'
              ORDER BY 1 DESC LIMIT 100) AS mailed_domain_at
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
          UPDATE requests SET state = 'declined' WHERE id = ${id} AND kind IN ('subscribe', 'move')
            AND state IN ('waiting', 'answered', 'expired', 'declined')
          RETURNING address_key`;
        if (!row) return null;
        await suppressIn(sql, row.address_key, "never");
        return row.address_key;
      }),

    /** Requests waiting for an answer since before their doorbell could have been lost, at most `limit`. */
    overdue: (limit: number): Promise<{ id: bigint }[]> => prisma.$queryRaw`
      SELECT id FROM requests WHERE state = 'waiting' AND not_before <= paperboy_now() - interval '20 seconds'
        AND expires_at > paperboy_now() ORDER BY not_before LIMIT ${limit}`,

    /** Forgets the addresses of requests nobody confirmed; their keys stay for the caps. What proves a consent stays with it. */
    forgetExpired: (): Promise<number> => prisma.$executeRaw`
      UPDATE requests SET email = NULL, wanted = CASE WHEN kind = 'subscribe' THEN '{}'::jsonb END,
        asked_ip_key = CASE WHEN state = 'confirmed' THEN asked_ip_key END,
        state = CASE WHEN state IN ('waiting', 'answered') THEN 'expired' ELSE state END
      WHERE email IS NOT NULL AND expires_at < paperboy_now()`,
  };
}

/** In one statement; each may bring a filter of 100 kB. */
const MOST_ADDED = 100;

const ADD = `
  WITH given AS (
    SELECT nextval('requests_id_seq') AS id, r.* FROM ROWS FROM (jsonb_to_recordset($1) AS (kind text, email text, address_key text,
      folded_key text, domain_key text, wanted jsonb, asked_by text, page text, text_version text, asked_ip_key text,
      subscription_id bigint, not_before timestamptz)) WITH ORDINALITY AS r (kind, email, address_key, folded_key, domain_key,
      wanted, asked_by, page, text_version, asked_ip_key, subscription_id, not_before, nth)
  ), added AS (
    INSERT INTO requests (id, kind, email, address_key, folded_key, domain_key, wanted, asked_by, page, text_version, asked_ip_key,
      subscription_id, not_before, expires_at)
    SELECT id, kind, email, address_key, folded_key, domain_key, wanted, asked_by, page, text_version, asked_ip_key,
      subscription_id, coalesce(not_before, paperboy_now()), paperboy_now() + ${VALID.sql} FROM given
  )
  SELECT id FROM given ORDER BY nth`;

/** By the driver and not through Prisma, which takes longer than the statement. @returns their ids */
async function addTogether(pool: pg.Pool, batch: readonly NewRequest[]): Promise<bigint[]> {
  const rows = batch.map((asked) => ({
    ...{ kind: asked.kind ?? (asked.wanted ? "subscribe" : "link"), email: asked.email, wanted: asked.wanted },
    ...{ address_key: asked.addressKey, folded_key: asked.foldedKey, domain_key: asked.domainKey },
    ...{ asked_by: asked.askedBy, page: asked.page, text_version: asked.textVersion, asked_ip_key: asked.ipKey },
    ...{ subscription_id: asked.subscriptionId?.toString(), not_before: asked.notBefore },
  }));
  try {
    const added = await pool.query<{ id: string }>({ name: "requests-add", text: ADD, values: [JSON.stringify(rows)] });
    return added.rows.map(({ id }) => BigInt(id));
  } catch (error) {
    throw asFault(error);
  }
}

interface TakenRow {
  id: bigint;
  kind: RequestKind;
  email: string;
  address_key: string;
  wanted: Preferences | null;
  asked_by: AskedBy;
  page: string | null;
  asked_at: Date;
  taken_at: Date;
  subscription_id: bigint | null;
  subscription_state: SubscriptionState | null;
  language: string | null;
  is_erased: boolean;
  is_suppressed: boolean;
  mailed_at: Date[];
  mailed_folded_at: Date[];
  mailed_domain_at: Date[];
}

function fromRow(row: TakenRow): WaitingRequest {
  const { subscription_id: id, subscription_state: state, language } = row;
  return {
    id: row.id,
    kind: row.kind,
    email: row.email,
    addressKey: row.address_key,
    wanted: row.wanted,
    askedBy: row.asked_by,
    page: row.page,
    askedAt: row.asked_at,
    takenAt: row.taken_at,
    subscription: id === null ? null : { id, state: state!, language: language!, isErased: row.is_erased },
    isSuppressed: row.is_suppressed,
    mailedAt: { address: row.mailed_at, folded: row.mailed_folded_at, domain: row.mailed_domain_at },
  };
}
