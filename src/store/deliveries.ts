/** Deliveries under way: claimed for a short while, their papers fixed, their outcome recorded by whoever holds the claim. */
import { randomUUID } from "node:crypto";
import type { PrismaClient } from "../../prisma/client/client.ts";
import type { DeliveryState } from "../core/delivery.ts";
import type { Day } from "../core/paper.ts";
import type { Preferences } from "../core/subscription.ts";
import { type PreferencesRow, preferencesOf } from "./subscriptions.ts";

/** Deliveries of one local day with ids in `[fromId, toId]`: what one doorbell rings for. */
export interface DeliveryRange {
  readonly localDay: Day;
  readonly fromId: bigint;
  readonly toId: bigint;
}

/** A delivery this process may send until `claimUntil`. */
export interface Claimed {
  readonly localDay: Day;
  readonly id: bigint;
  readonly claim: string;
  readonly claimedAt: Date;
  readonly claimUntil: Date;
  readonly subscriptionId: bigint;
  readonly email: string;
  readonly editionDate: Day;
  readonly cadence: Preferences["cadence"];
  readonly sendBy: Date;
  readonly attempts: number;
  readonly wasUncertain: boolean;
  /** What a retry reuses; null the first time. */
  readonly fixed: { readonly paperKeys: readonly number[]; readonly composedAt: Date } | null;
  /** As they were when the papers were fixed, else as they are. */
  readonly preferences: Preferences;
  readonly version: number;
}

/** What a claimed delivery came to. `planned`: given back before its mail was begun; that was no attempt. */
export interface Outcome {
  readonly state: Exclude<DeliveryState, "claimed">;
  readonly reason: string | null;
  readonly nextTryAt: Date | null;
  /** The answer to its DATA was lost. */
  readonly isUncertain: boolean;
  readonly answer: string | null;
  readonly serverId: string | null;
}

export type Deliveries = ReturnType<typeof deliveries>;

export function deliveries(prisma: PrismaClient) {
  /** Looks at up to `limit` deliveries that are due a try and judges each. @returns them all, claimed or stopped */
  const claimSome = (range: DeliveryRange, limit: number, leaseMs: number, claim: string) => prisma.$queryRaw<
    ClaimRow[]
  >`
      WITH due AS (
        SELECT d.local_day, d.id FROM deliveries d
        WHERE d.local_day = ${range.localDay}::date AND d.id BETWEEN ${range.fromId} AND ${range.toId}
          AND d.next_try_at <= paperboy_now()
        ORDER BY d.id LIMIT ${limit} FOR UPDATE SKIP LOCKED
      ), judged AS (
        SELECT d.local_day, d.id, CASE
          WHEN d.send_by < paperboy_now() THEN 'late'
          WHEN s.state <> 'active' THEN s.state
          WHEN s.email IS NULL THEN 'erased'
          WHEN EXISTS (SELECT FROM suppressions x WHERE x.address_key = s.address_key AND x.lifted_at IS NULL) THEN 'suppressed'
          END AS stop
        FROM due JOIN deliveries d ON d.local_day = due.local_day AND d.id = due.id
        JOIN subscriptions s ON s.id = d.subscription_id
      ), claimed AS (
        UPDATE deliveries d SET
          state = CASE WHEN j.stop IS NULL THEN 'claimed' WHEN d.was_uncertain THEN 'uncertain'
            WHEN j.stop = 'late' THEN 'expired' ELSE 'withdrawn' END,
          reason = coalesce(j.stop, d.reason),
          claim = CASE WHEN j.stop IS NULL THEN ${claim}::uuid END,
          claim_until = CASE WHEN j.stop IS NULL THEN now() + ${leaseMs} * interval '1 millisecond' END,
          attempts = d.attempts + CASE WHEN j.stop IS NULL THEN 1 ELSE 0 END,
          next_try_at = NULL,
          ended_at = CASE WHEN j.stop IS NOT NULL THEN paperboy_now() END
        FROM judged j WHERE d.local_day = j.local_day AND d.id = j.id
        RETURNING d.*
      )
      SELECT c.state, c.local_day::text AS local_day, c.id, c.claim::text AS claim, now() AS claimed_at, c.claim_until,
        c.subscription_id, c.edition_date::text AS edition_date, c.cadence AS delivery_cadence, c.send_by, c.attempts, c.was_uncertain,
        c.paper_ids, c.composed_at, c.version AS fixed_version, h.preferences AS fixed_preferences,
        s.email, s.filter, s.cadence, s.weekday, s.hour, s.zone, s.max_papers, s.language, s.format, s.version
      FROM claimed c JOIN subscriptions s ON s.id = c.subscription_id
      LEFT JOIN subscription_changes h ON h.subscription_id = c.subscription_id AND h.version = c.version AND c.version <> s.version
      ORDER BY c.id`;

  return {
    /**
     * Claims up to `limit` deliveries of a range that are due a try, for `leaseMs`. Consent, pause and suppression are
     * looked at in this very statement: what may not be sent any more is withdrawn, what is too late expires.
     *
     * The lease runs on the server's own clock: it is about processes that may have died, not about the product's days.
     */
    async claim(range: DeliveryRange, limit: number, leaseMs: number): Promise<Claimed[]> {
      const claim = randomUUID();
      for (;;) {
        const rows = await claimSome(range, limit, leaseMs, claim);
        const claimed = rows.filter((row) => row.state === "claimed");
        // Where all that was looked at had to be stopped, there may be more behind it.
        if (claimed.length > 0 || rows.length === 0) return claimed.map(fromRow);
      }
    },

    /**
     * Papers these readers were ever sent, by subscription: from accepted and uncertain deliveries since `since`, the
     * first local day that can hold a paper of the edition at hand.
     */
    async sentTo(subscriptionIds: readonly bigint[], since: Day): Promise<Map<bigint, Set<number>>> {
      const rows = await prisma.$queryRaw<{ subscription_id: bigint; paper_ids: number[] }[]>`
        SELECT subscription_id, paper_ids FROM deliveries
        WHERE subscription_id = ANY (${[...subscriptionIds]}::bigint[]) AND local_day >= ${since}::date
          AND (state IN ('accepted', 'uncertain') OR was_uncertain) AND paper_ids IS NOT NULL`;
      const sent = new Map<bigint, Set<number>>();
      for (const { subscription_id: id, paper_ids } of rows) {
        const keys = sent.get(id) ?? new Set();
        for (const key of paper_ids) keys.add(key);
        sent.set(id, keys);
      }
      return sent;
    },

    /** Fixes what each claimed delivery will say, before anything is sent: a retry sends the same bytes. */
    async fix(picks: readonly { delivery: Claimed; paperKeys: readonly number[]; composedAt: Date }[]): Promise<void> {
      if (picks.length === 0) return;
      await prisma.$executeRaw`
        UPDATE deliveries d SET paper_ids = p.paper_ids::int[], composed_at = p.composed_at, version = p.version
        FROM unnest(${picks.map((p) => p.delivery.localDay)}::date[], ${picks.map((p) => p.delivery.id)}::bigint[],
          ${picks.map((p) => p.delivery.claim)}::uuid[], ${picks.map((p) => `{${p.paperKeys.join(",")}}`)}::text[],
          ${picks.map((p) => p.composedAt)}::timestamptz[], ${picks.map((p) => p.delivery.version)}::int[])
          AS p(local_day, id, claim, paper_ids, composed_at, version)
        WHERE d.local_day = p.local_day AND d.id = p.id AND d.claim = p.claim`;
    },

    /** Records outcomes, many in one statement. @returns ids that were recorded: a lapsed claim records nothing */
    async record(outcomes: readonly { delivery: Claimed; outcome: Outcome }[]): Promise<Set<bigint>> {
      const of = <T>(read: (o: Outcome) => T) => outcomes.map(({ outcome }) => read(outcome));
      const rows = await prisma.$queryRaw<{ id: bigint }[]>`
        UPDATE deliveries d SET state = o.state, reason = o.reason, next_try_at = o.next_try_at, answer = o.answer,
          server_id = o.server_id, was_uncertain = d.was_uncertain OR o.is_uncertain, claim = NULL, claim_until = NULL,
          attempts = d.attempts - CASE WHEN o.state = 'planned' THEN 1 ELSE 0 END,
          ended_at = CASE WHEN o.next_try_at IS NULL THEN paperboy_now() END
        FROM unnest(${outcomes.map((o) => o.delivery.localDay)}::date[], ${outcomes.map((o) => o.delivery.id)}::bigint[],
          ${outcomes.map((o) => o.delivery.claim)}::uuid[], ${of((o) => o.state)}::text[], ${of((o) => o.reason)}::text[],
          ${of((o) => o.nextTryAt)}::timestamptz[], ${of((o) => o.answer)}::text[], ${of((o) => o.serverId)}::text[],
          ${of((o) => o.isUncertain)}::boolean[])
          AS o(local_day, id, claim, state, reason, next_try_at, answer, server_id, is_uncertain)
        WHERE d.local_day = o.local_day AND d.id = o.id AND d.claim = o.claim
        RETURNING d.id`;
      return new Set(rows.map((row) => row.id));
    },

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
      const rows = await prisma.$queryRaw<{ local_day: string; from_id: bigint; to_id: bigint }[]>`
        SELECT local_day::text AS local_day, min(id) AS from_id, max(id) AS to_id FROM deliveries
        WHERE next_try_at <= paperboy_now() - ${quietMs} * interval '1 millisecond'
        GROUP BY local_day, id / ${rangeSize} ORDER BY min(next_try_at) LIMIT ${limit}`;
      return rows.map((row) => ({ localDay: row.local_day, fromId: row.from_id, toId: row.to_id }));
    },
  };
}

interface ClaimRow extends PreferencesRow {
  state: DeliveryState;
  local_day: string;
  id: bigint;
  claim: string;
  claimed_at: Date;
  claim_until: Date;
  subscription_id: bigint;
  edition_date: string;
  delivery_cadence: Preferences["cadence"];
  send_by: Date;
  attempts: number;
  was_uncertain: boolean;
  paper_ids: number[] | null;
  composed_at: Date | null;
  fixed_version: number | null;
  fixed_preferences: Preferences | null;
  email: string;
  version: number;
}

function fromRow(row: ClaimRow): Claimed {
  return {
    localDay: row.local_day,
    id: row.id,
    claim: row.claim,
    claimedAt: row.claimed_at,
    claimUntil: row.claim_until,
    subscriptionId: row.subscription_id,
    email: row.email,
    editionDate: row.edition_date,
    cadence: row.delivery_cadence,
    sendBy: row.send_by,
    attempts: row.attempts,
    wasUncertain: row.was_uncertain,
    fixed: row.paper_ids && row.composed_at ? { paperKeys: row.paper_ids, composedAt: row.composed_at } : null,
    preferences: row.fixed_preferences ?? preferencesOf(row),
    version: row.fixed_version ?? row.version,
  };
}
