/** Claiming, fixing, recording: the statements of the sending hour. They run on the driver itself, for Prisma takes ten times as long a row. */
import { randomUUID } from "node:crypto";
import type pg from "pg";
import type { DeliveryReason, DeliveryState } from "../core/delivery.ts";
import type { Filter } from "../core/filter.ts";
import type { Day } from "../core/paper.ts";
import type { Preferences } from "../core/subscription.ts";
import { asFault } from "./faults.ts";

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
  readonly preferences: Pick<Preferences, "filter" | "maxPapers" | "language" | "format">;
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

// The local day stands in each of these as one value, not as a column of the rows: so PostgreSQL plans for one partition
// instead of for all there are.

/** Looks at up to `$4` deliveries that are due a try and judges each: claimed, or stopped with a reason. */
const CLAIM = `
  WITH due AS (
    SELECT d.id, d.subscription_id, d.send_by FROM deliveries d
    WHERE d.local_day = $1::date AND d.id BETWEEN $2::bigint AND $3::bigint AND d.next_try_at <= paperboy_now()
    ORDER BY d.id LIMIT $4 FOR UPDATE SKIP LOCKED
  ), judged AS MATERIALIZED (
    SELECT d.id, s.email, s.filter, s.max_papers, s.language, s.format, s.version, CASE
      WHEN d.send_by < paperboy_now() THEN 'late'
      WHEN s.state <> 'active' THEN s.state
      WHEN s.email IS NULL THEN 'erased'
      WHEN EXISTS (SELECT FROM suppressions x WHERE x.address_key = s.address_key AND x.lifted_at IS NULL) THEN 'suppressed'
      END AS stop
    FROM due d JOIN subscriptions s ON s.id = d.subscription_id
  ), claimed AS (
    UPDATE deliveries d SET
      state = CASE WHEN j.stop IS NULL THEN 'claimed' WHEN d.was_uncertain THEN 'uncertain'
        WHEN j.stop = 'late' THEN 'expired' ELSE 'withdrawn' END,
      reason = coalesce(j.stop, d.reason),
      claim = CASE WHEN j.stop IS NULL THEN $5::uuid END,
      claim_until = CASE WHEN j.stop IS NULL THEN now() + $6 * interval '1 millisecond' END,
      attempts = d.attempts + CASE WHEN j.stop IS NULL THEN 1 ELSE 0 END,
      next_try_at = NULL,
      ended_at = CASE WHEN j.stop IS NOT NULL THEN paperboy_now() END
    FROM judged j WHERE d.local_day = $1::date AND d.id = j.id
    RETURNING d.*
  )
  SELECT c.state, c.id, c.subscription_id, c.edition_date::text AS edition_date, c.cadence, c.send_by, c.attempts,
    c.was_uncertain, c.paper_ids, c.composed_at, c.version AS fixed_version, h.preferences AS fixed_preferences,
    j.email, j.filter, j.max_papers, j.language, j.format, j.version
  FROM claimed c JOIN judged j ON j.id = c.id
  LEFT JOIN subscription_changes h ON h.subscription_id = c.subscription_id AND h.version = c.version AND c.version <> j.version
    AND h.preferences <> '{}'::jsonb
  ORDER BY c.id`;

const FIX = `
  UPDATE deliveries d SET paper_ids = p.paper_ids::int[], composed_at = p.composed_at, version = p.version
  FROM unnest($2::bigint[], $3::uuid[], $4::text[], $5::timestamptz[], $6::int[])
    AS p(id, claim, paper_ids, composed_at, version)
  WHERE d.local_day = $1::date AND d.id = p.id AND d.claim = p.claim
  RETURNING d.id`;

const RECORD = `
  UPDATE deliveries d SET state = o.state, reason = o.reason, next_try_at = o.next_try_at, answer = o.answer,
    server_id = o.server_id, was_uncertain = d.was_uncertain OR o.is_uncertain, claim = NULL, claim_until = NULL,
    attempts = d.attempts - CASE WHEN o.state = 'planned' THEN 1 ELSE 0 END,
    ended_at = CASE WHEN o.next_try_at IS NULL THEN paperboy_now() END
  FROM unnest($2::bigint[], $3::uuid[], $4::text[], $5::text[], $6::timestamptz[], $7::text[], $8::text[], $9::boolean[])
    AS o(id, claim, state, reason, next_try_at, answer, server_id, is_uncertain)
  WHERE d.local_day = $1::date AND d.id = o.id AND d.claim = o.claim
  RETURNING d.id`;

/**
 * The same where a server said never: what it said is a report, kept with the outcome or not at all. A statement of its own,
 * for this one takes PostgreSQL half a millisecond longer (3.7 for fifty mails) even when nothing was refused.
 */
const RECORD_REFUSALS = `
  WITH recorded AS (${RECORD}, d.subscription_id, d.reason, d.answer), reported AS (
    INSERT INTO reports (via, raw, subscription_id, local_day, delivery_id)
    SELECT 'smtp-answer', convert_to(coalesce(answer, ''), 'UTF8'), subscription_id, $1::date, id
    FROM recorded WHERE reason = '${"refused-by-server" satisfies DeliveryReason}'
  )
  SELECT id FROM recorded`;

export type Claims = ReturnType<typeof claims>;

export function claims(pool: pg.Pool) {
  // Not named, though they repeat: a plan kept from when a partition was empty would read all of it when it is full.
  const query = async <Row extends object>(text: string, values: unknown[]): Promise<Row[]> => {
    try {
      return (await pool.query<Row>(text, values)).rows;
    } catch (error) {
      throw asFault(error);
    }
  };

  return {
    /**
     * Claims up to `limit` deliveries of a range that are due a try, for `leaseMs`. Consent, pause and suppression are
     * looked at in this very statement: what may not be sent any more is withdrawn, what is too late expires.
     *
     * The lease runs on the server's own clock: it is about processes that may have died, not about the product's days.
     */
    async claim({ localDay, fromId, toId }: DeliveryRange, limit: number, leaseMs: number): Promise<Claimed[]> {
      const claim = randomUUID();
      for (;;) {
        const rows = await query<ClaimRow>(CLAIM, [localDay, fromId, toId, limit, claim, leaseMs]);
        const claimed = rows.filter((row) => row.state === "claimed");
        // Where all that was looked at had to be stopped, there may be more behind it.
        if (claimed.length > 0 || rows.length === 0) return claimed.map((row) => fromRow(row, localDay, claim));
      }
    },

    /**
     * Fixes what each claimed delivery will say, before anything is sent: a retry sends the same bytes.
     *
     * @returns ids that were fixed: a claim that has lapsed, or went with a restored backup, fixes nothing
     */
    async fix(
      picks: readonly { delivery: Claimed; paperKeys: readonly number[]; composedAt: Date }[],
    ): Promise<Set<bigint>> {
      return byDay(picks, async (localDay, some) => {
        const of = <T>(read: (pick: (typeof picks)[number]) => T) => some.map(read);
        return query<{ id: string }>(FIX, [
          localDay,
          of(({ delivery }) => delivery.id),
          of(({ delivery }) => delivery.claim),
          of(({ paperKeys }) => `{${paperKeys.join(",")}}`),
          of(({ composedAt }) => composedAt),
          of(({ delivery }) => delivery.version),
        ]);
      });
    },

    /** Records outcomes, many in one statement. @returns ids that were recorded: a lapsed claim records nothing */
    async record(outcomes: readonly { delivery: Claimed; outcome: Outcome }[]): Promise<Set<bigint>> {
      return byDay(outcomes, (localDay, some) => {
        const of = <T>(read: (delivery: Claimed, outcome: Outcome) => T) =>
          some.map(({ delivery, outcome }) => read(delivery, outcome));
        const isRefused = some.some(({ outcome }) => outcome.reason === "refused-by-server");
        return query<{ id: string }>(isRefused ? RECORD_REFUSALS : RECORD, [
          localDay,
          of((delivery) => delivery.id),
          of((delivery) => delivery.claim),
          of((_, outcome) => outcome.state),
          of((_, outcome) => outcome.reason),
          of((_, outcome) => outcome.nextTryAt),
          of((_, outcome) => outcome.answer),
          of((_, outcome) => outcome.serverId),
          of((_, outcome) => outcome.isUncertain),
        ]);
      });
    },
  };
}

/** Asks once a local day: nearly always there is one. @returns all ids that came back */
async function byDay<T extends { delivery: Claimed }>(
  all: readonly T[],
  ask: (localDay: Day, some: readonly T[]) => Promise<{ id: string }[]>,
): Promise<Set<bigint>> {
  const ids = new Set<bigint>();
  for (const localDay of new Set(all.map(({ delivery }) => delivery.localDay))) {
    const some = all.filter(({ delivery }) => delivery.localDay === localDay);
    for (const { id } of await ask(localDay, some)) ids.add(BigInt(id));
  }
  return ids;
}

interface ClaimRow {
  state: DeliveryState;
  id: string;
  subscription_id: string;
  edition_date: string;
  cadence: Preferences["cadence"];
  send_by: Date;
  attempts: number;
  was_uncertain: boolean;
  paper_ids: number[] | null;
  composed_at: Date | null;
  fixed_version: number | null;
  fixed_preferences: Preferences | null;
  email: string;
  filter: Filter;
  max_papers: number;
  language: string;
  format: "html" | "text";
  version: number;
}

function fromRow(row: ClaimRow, localDay: Day, claim: string): Claimed {
  return {
    localDay,
    id: BigInt(row.id),
    claim,
    subscriptionId: BigInt(row.subscription_id),
    email: row.email,
    editionDate: row.edition_date,
    cadence: row.cadence,
    sendBy: row.send_by,
    attempts: row.attempts,
    wasUncertain: row.was_uncertain,
    fixed: row.paper_ids && row.composed_at ? { paperKeys: row.paper_ids, composedAt: row.composed_at } : null,
    preferences: row.fixed_preferences ?? {
      filter: row.filter,
      maxPapers: row.max_papers,
      language: row.language,
      format: row.format,
    },
    version: row.fixed_version ?? row.version,
  };
}
