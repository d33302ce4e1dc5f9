/** Forgetting readers: the address and what was chosen go, the row with its key stays, so that promises about it hold. */
import { Prisma, type PrismaClient } from "../../prisma/client/client.ts";
import { forgetWhoseReasons } from "./leaving-reasons.ts";

type Sql = Prisma.TransactionClient;

/** What was forgotten: rows that still held something. */
export interface Erased {
  readonly subscriptions: number;
  readonly requests: number;
}

/** Of whom to forget what until when. `at` null: everything, now. */
export interface ToErase {
  readonly addressKey: string;
  readonly at: Date | null;
}

/** Somebody who left, or whose mail came back for good, and when. */
export interface Left {
  readonly addressKey: string;
  readonly at: Date;
}

/** What is known of a report that was read: whom it is about. */
interface AppliedReport {
  readonly id: bigint;
  readonly events: readonly { readonly subscriptionId: bigint }[];
  readonly letters: readonly { readonly requestId: bigint }[];
}

/** Of a subscription: only confirming brings its reader back, and they do not move it to another address this moment. */
const hasLeft = Prisma.sql`(email IS NOT NULL AND (state = 'ended' OR (state = 'suspended' AND try_again_at IS NULL))
  AND NOT EXISTS (SELECT FROM requests r WHERE r.subscription_id = subscriptions.id AND r.kind = 'move' AND r.email IS NOT NULL
    AND r.asked_at > coalesce(subscriptions.ended_at, subscriptions.suspended_at)))`;

/** Of a request: not the notice to an address that it was moved away from, which its owner is owed until it is sent. */
const isForgettable = Prisma.sql`(kind <> 'moved' OR state <> 'waiting')`;

export type Erasure = ReturnType<typeof erasure>;

export function erasure(prisma: PrismaClient) {
  return {
    /** Whether anything is known of an address beyond its key. */
    async holds(addressKey: string): Promise<boolean> {
      const [row] = await prisma.$queryRaw<{ holds: boolean }[]>`
        SELECT EXISTS (SELECT FROM subscriptions WHERE address_key = ${addressKey} AND email IS NOT NULL)
          OR EXISTS (SELECT FROM requests WHERE address_key = ${addressKey} AND email IS NOT NULL AND ${isForgettable}) AS holds`;
      return row!.holds;
    },

    erase: (addressKey: string, via: string): Promise<Erased> =>
      prisma.$transaction((sql) => erase(sql, [{ addressKey, at: null }], via)),

    /** Those who left more than `days` ago and whose address is still here, longest ago first. */
    leftLongAgo: (days: number, limit: number): Promise<Left[]> => prisma.$queryRaw`
      SELECT address_key AS "addressKey", coalesce(ended_at, suspended_at) AS at FROM subscriptions
      WHERE ${hasLeft} AND coalesce(ended_at, suspended_at) < paperboy_now() - ${days} * interval '1 day'
      ORDER BY coalesce(ended_at, suspended_at) LIMIT ${limit}`,

    /** Erases what is of before they left; nothing when they came back after `leftLongAgo` looked. */
    eraseLeft: ({ addressKey, at }: Left): Promise<Erased> =>
      prisma.$transaction(async (sql) => {
        await sql.$executeRaw`SELECT FROM requests WHERE address_key = ${addressKey} ORDER BY id FOR UPDATE`;
        const still = await sql.$queryRaw<unknown[]>`
          SELECT id FROM subscriptions WHERE address_key = ${addressKey} AND ${hasLeft}
            AND coalesce(ended_at, suspended_at) = ${at} FOR UPDATE`;
        return still.length > 0 ? erase(sql, [{ addressKey, at }], "retention") : { subscriptions: 0, requests: 0 };
      }),

    /**
     * Deletes requests that were not confirmed, `days` after they could have been. Until then their keys are what the caps
     * on mails to an address count by, and what "this was not me" goes by.
     */
    dropUnconfirmed: (days: number, limit: number): Promise<number> => prisma.$executeRaw`
      DELETE FROM requests WHERE id IN (SELECT id FROM requests WHERE email IS NULL AND state <> 'confirmed'
        AND expires_at < paperboy_now() - ${days} * interval '1 day' ORDER BY expires_at LIMIT ${limit})`,

    /** Drops the bytes of bounces, complaints and replies, and who sent them; what they were judged to say stays. */
    dropRawReports: (days: number, limit: number): Promise<number> => prisma.$executeRaw`
      UPDATE reports SET raw = NULL, envelope_from = NULL WHERE id IN (SELECT id FROM reports WHERE raw IS NOT NULL
        AND state = 'applied' AND received_at < paperboy_now() - ${days} * interval '1 day' ORDER BY received_at LIMIT ${limit})`,

    /**
     * Deletes what proves the consent of readers who were erased more than `days` ago: their changes up to then, and the
     * requests they had confirmed. Who came back since keeps the record of that. @returns how many lives were forgotten
     */
    dropConsent: (days: number, limit: number): Promise<number> =>
      prisma.$transaction(async (sql) => {
        const gone = await sql.$queryRaw<{ id: bigint; version: number; at: Date }[]>`
          SELECT subscription_id AS id, version, at FROM subscription_changes
          WHERE what = 'erased' AND at < paperboy_now() - ${days} * interval '1 day'
          ORDER BY at LIMIT ${limit} FOR UPDATE SKIP LOCKED`;
        if (gone.length === 0) return 0;
        const ids = gone.map(({ id }) => id);
        await sql.$executeRaw`
          DELETE FROM requests r USING subscriptions s, unnest(${ids}::bigint[], ${gone.map(({ at }) => at)}::timestamptz[]) AS g(id, at)
          WHERE s.id = g.id AND r.address_key = s.address_key AND r.state = 'confirmed' AND r.confirmed_at <= g.at`;
        await sql.$executeRaw`
          DELETE FROM subscription_changes c USING unnest(${ids}::bigint[], ${gone.map(({ version }) => version)}::int[]) AS g(id, version)
          WHERE c.subscription_id = g.id AND c.version <= g.version`;
        return gone.length;
      }),
  };
}

/**
 * Forgets addresses (one a reader is moving to as well), preferences and what waits to be sent. Requests asked after `at` stay:
 * they are of a later life. So does, when the journal is replayed, a reader who came back at or after `at`; whoever else gives
 * an `at` holds the row and has seen that they did not. A second time there is nothing left to forget.
 *
 * Requests come first, as they do in confirming: two transactions that take rows in one order do not wait for each other.
 */
export async function erase(sql: Sql, entries: readonly ToErase[], via: string): Promise<Erased> {
  if (entries.length === 0) return { subscriptions: 0, requests: 0 };
  const keys = entries.map(({ addressKey }) => addressKey);
  const times = entries.map(({ at }) => at);
  const isReplay = via === "journal";
  const requests = await sql.$executeRaw`
    UPDATE requests r SET email = NULL, wanted = CASE WHEN kind = 'subscribe' THEN '{}'::jsonb END,
      asked_ip_key = CASE WHEN state = 'confirmed' THEN asked_ip_key END,
      state = CASE WHEN state IN ('waiting', 'answered') THEN 'expired' ELSE state END
    FROM unnest(${keys}::text[], ${times}::timestamptz[]) AS e(address_key, at)
    WHERE r.address_key = e.address_key AND r.email IS NOT NULL AND r.asked_at <= coalesce(e.at, paperboy_now())
      AND ${isForgettable}`;
  const erased = await sql.$queryRaw<{ id: bigint }[]>`
    WITH erased AS (
      UPDATE subscriptions s SET state = 'ended', email = NULL, filter = '{"grammar":1,"watches":[]}', cadence = 'daily',
        weekday = NULL, hour = 7, zone = 'UTC', max_papers = 10, language = 'en', format = 'html', paused_until = NULL,
        home_zone = NULL, zone_until = NULL,
        ended_at = coalesce(s.ended_at, e.at, paperboy_now()), ended_because = coalesce(s.ended_because, 'erased'),
        suspended_because = NULL, suspended_at = NULL, try_again_at = NULL, tried_at = NULL, told_quiet_at = NULL,
        version = s.version + 1
      FROM unnest(${keys}::text[], ${times}::timestamptz[]) AS e(address_key, at)
      WHERE s.address_key = e.address_key AND s.email IS NOT NULL AND NOT (${isReplay} AND EXISTS (SELECT FROM subscription_changes c
        WHERE c.subscription_id = s.id AND c.what IN ('confirmed', 'undone') AND c.at >= e.at))
      RETURNING s.id, s.version, CASE WHEN ${isReplay} THEN e.at ELSE paperboy_now() END AS at
    ), noted AS (
      INSERT INTO subscription_changes (subscription_id, version, what, preferences, via, at)
      SELECT id, version, 'erased', '{}', ${via}, at FROM erased
    ), forgotten AS (
      UPDATE subscription_changes c SET preferences = '{}' FROM erased WHERE c.subscription_id = erased.id
    )
    SELECT id FROM erased`;
  const ids = erased.map(({ id }) => id);
  if (ids.length > 0) {
    await withdraw(sql, ids);
    await forgetReports(sql, ids);
    await forgetWhoseReasons(sql, ids);
    await sql.$executeRaw`UPDATE subscriptions SET goes_on_as = NULL WHERE goes_on_as = ANY (${ids}::bigint[])`;
    await sql.$executeRaw`
      UPDATE requests SET email = NULL, wanted = NULL, asked_ip_key = CASE WHEN state = 'confirmed' THEN asked_ip_key END,
        state = CASE WHEN state IN ('waiting', 'answered') THEN 'expired' ELSE state END
      WHERE subscription_id = ANY (${ids}::bigint[]) AND email IS NOT NULL AND ${isForgettable}`;
  }
  return { subscriptions: erased.length, requests };
}

/** What may have arrived counts as sent; what is being sent this moment cannot be stopped, and is not tried again. */
async function withdraw(sql: Sql, ids: readonly bigint[]): Promise<void> {
  await sql.$executeRaw`
    UPDATE deliveries d SET state = CASE WHEN d.was_uncertain THEN 'uncertain' ELSE 'withdrawn' END, reason = 'erased',
      next_try_at = NULL, ended_at = paperboy_now()
    FROM subscription_clocks c WHERE c.subscription_id = ANY (${ids}::bigint[])
      AND d.local_day = c.last_local_day AND d.id = c.last_delivery AND d.next_try_at IS NOT NULL`;
  await sql.$executeRaw`
    UPDATE subscription_clocks SET group_id = NULL, joined_late = false WHERE subscription_id = ANY (${ids}::bigint[])`;
}

/**
 * What came back, and what servers answered, may name the address: its bytes and words go, what it was judged to say stays with the key. A report may tell
 * of several readers, and is taken in one order by all who are erased at once.
 */
async function forgetReports(sql: Sql, ids: readonly bigint[]): Promise<void> {
  await sql.$executeRaw`
    UPDATE reports SET raw = NULL, envelope_to = NULL, envelope_from = NULL, note = NULL WHERE id IN (
      SELECT id FROM reports WHERE state = 'applied' AND id IN (
        SELECT id FROM reports WHERE subscription_id = ANY (${ids}::bigint[])
        UNION ALL SELECT report_id FROM verdicts WHERE subscription_id = ANY (${ids}::bigint[]))
      ORDER BY id FOR UPDATE)`;
  await sql.$executeRaw`UPDATE verdicts SET text = '' WHERE subscription_id = ANY (${ids}::bigint[])`;
  // A server may name somebody by the part before the @ alone.
  await sql.$executeRaw`
    UPDATE deliveries SET answer = NULL
    WHERE subscription_id = ANY (${ids}::bigint[]) AND paper_ids IS NOT NULL AND answer IS NOT NULL`;
}

/** Within the transaction that applies a report: what came back after somebody was erased brings the address again. */
export async function forgetErased(sql: Sql, { id, events, letters }: AppliedReport): Promise<void> {
  await sql.$executeRaw`
    UPDATE reports SET raw = NULL, envelope_to = NULL, envelope_from = NULL WHERE id = ${id} AND (
      EXISTS (SELECT FROM subscriptions s WHERE s.id = ANY (${events.map((event) => event.subscriptionId)}::bigint[]) AND s.email IS NULL)
      OR EXISTS (SELECT FROM requests r WHERE r.id = ANY (${letters.map((letter) => letter.requestId)}::bigint[]) AND r.email IS NULL))`;
}
