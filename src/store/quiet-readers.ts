/** Readers whose filter found nothing for a month: who is told so, once. */
import type pg from "pg";
import type { Filter } from "../core/filter.ts";
import { asFault } from "./faults.ts";
import type { SubscriptionId } from "./subscription-moves.ts";

/** What the letter to one of them is made from. */
export interface QuietReader {
  readonly filter: Filter;
  readonly format: "html" | "text";
}

/** Something with papers was on its way to them, or they changed something, after they were told. */
const HEARD_SINCE = `(
  EXISTS (SELECT FROM deliveries d WHERE d.subscription_id = s.id AND d.local_day >= s.told_quiet_at::date AND d.paper_ids IS NOT NULL)
  OR EXISTS (SELECT FROM subscription_changes c WHERE c.subscription_id = s.id AND c.at > s.told_quiet_at))`;

/**
 * Any delivery with papers counts, whatever became of it: then something did match. And there has to be an empty one of the
 * first week, or Paperboy stood still for part of that time.
 *
 * Whose row is held is changing something this moment. Letters go out over an hour: nobody waits for them, and somebody does
 * for those beside them.
 */
const TELL = `
  WITH quiet AS (
    SELECT s.id FROM subscriptions s
    WHERE s.id = ANY ($1::bigint[]) AND s.state = 'active' AND s.email IS NOT NULL
      AND s.confirmed_at <= paperboy_now() - $2 * interval '1 day'
      AND (s.told_quiet_at IS NULL OR ${HEARD_SINCE})
      AND NOT EXISTS (SELECT FROM subscription_changes c
        WHERE c.subscription_id = s.id AND c.at > paperboy_now() - $2 * interval '1 day')
      AND NOT EXISTS (SELECT FROM deliveries d
        WHERE d.subscription_id = s.id AND d.local_day > paperboy_now()::date - $2::int AND d.paper_ids IS NOT NULL)
      AND EXISTS (SELECT FROM deliveries d
        WHERE d.subscription_id = s.id AND d.local_day >= paperboy_now()::date - $2::int
          AND d.local_day <= paperboy_now()::date - $2::int + 7
          AND d.paper_ids IS NULL AND d.next_try_at IS NULL AND d.claim_until IS NULL AND d.state = 'empty')
    ORDER BY s.id FOR NO KEY UPDATE OF s SKIP LOCKED
  ), told AS (
    UPDATE subscriptions s SET told_quiet_at = paperboy_now() FROM quiet WHERE s.id = quiet.id
    RETURNING s.id, s.email, s.address_key
  )
  INSERT INTO requests (kind, email, address_key, asked_by, not_before, expires_at)
  SELECT 'quiet', email, address_key, 'clock', paperboy_now() + id % 60 * interval '1 minute', paperboy_now() + interval '7 days'
  FROM told`;

const TOLD = `
  SELECT s.filter, s.format FROM subscriptions s
  WHERE s.id = $1 AND s.state = 'active' AND s.told_quiet_at IS NOT NULL AND NOT ${HEARD_SINCE}`;

export type QuietReaders = ReturnType<typeof quietReaders>;

export function quietReaders(pool: Pick<pg.Pool, "query">) {
  const query = async <Row extends object>(text: string, values: unknown[]) => {
    try {
      return await pool.query<Row>(text, values);
    } catch (error) {
      throw asFault(error);
    }
  };

  return {
    /**
     * Of readers who get nothing today, those are to be told for whom it has been so for `days`: active, with nothing changed
     * in that time, and not told before unless there was something since. Each is a request that waits to be answered.
     *
     * @returns how many
     */
    async tell(ids: readonly SubscriptionId[], days: number): Promise<number> {
      return (await query(TELL, [ids, days])).rowCount ?? 0;
    },

    /** Null when there is something after all since they were told, or they do not want to hear of us any more. */
    async told(id: SubscriptionId): Promise<QuietReader | null> {
      return (await query<QuietReader>(TOLD, [id])).rows[0] ?? null;
    },
  };
}
