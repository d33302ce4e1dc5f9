/** One reader's moves between states, each within somebody's transaction: the row, its line in the record, its group. */
import { Prisma } from "../../prisma/client/client.ts";
import type { Filter } from "../core/filter.ts";
import type { Preferences, SubscriptionState } from "../core/subscription.ts";

export type SubscriptionId = bigint;
export type Sql = Prisma.TransactionClient;

/** A subscription as doors and actions see it. */
export interface Subscription {
  readonly id: SubscriptionId;
  /** Null once erased. */
  readonly email: string | null;
  readonly state: SubscriptionState;
  readonly preferences: Preferences;
  readonly version: number;
  readonly pausedUntil: Date | null;
  /** They are in the zone of their preferences until then, and at home in this one; null: they are at home. */
  readonly elsewhere: { readonly homeZone: string; readonly until: Date } | null;
  readonly endedAt: Date | null;
}

/**
 * One conditional move between states; whoever gets the row did it.
 *
 * @param since when the reader fell due again from, if that was before now
 */
export async function moveIn(
  sql: Sql,
  id: SubscriptionId,
  via: string,
  what: "paused" | "resumed" | "suspended" | "tried-again" | "ended" | "undone",
  change: Prisma.Sql,
  from: readonly SubscriptionState[],
  condition: Prisma.Sql = Prisma.empty,
  since: Date | null = null,
): Promise<Subscription | null> {
  const [row] = await sql.$queryRaw<Row[]>`
    UPDATE subscriptions SET ${change}, version = version + 1
    WHERE id = ${id} AND state = ANY (${from}) ${condition} RETURNING *`;
  if (!row) return null;
  await record(sql, id, what, via);
  if (row.state === "active") await joinGroup(sql, id, { late: what === "undone" || since !== null, since });
  else
    await sql.$executeRaw`UPDATE subscription_clocks SET group_id = NULL, joined_late = false WHERE subscription_id = ${id}`;
  return fromRow(row);
}

/** Within a transaction. Null when it had ended, or never was. */
export function endIn(sql: Sql, id: SubscriptionId, because: string, via: string): Promise<Subscription | null> {
  const change = Prisma.sql`state = 'ended', ended_at = paperboy_now(), ended_because = ${because}, paused_until = NULL`;
  return moveIn(sql, id, via, "ended", change, ["active", "paused", "suspended"]);
}

/** Writes what the row is by now, and how it came to be, into the record of consent. */
export async function record(sql: Sql, id: SubscriptionId, what: string, via: string, requestId: bigint | null = null) {
  await sql.$executeRaw`
    INSERT INTO subscription_changes (subscription_id, version, what, preferences, via, request_id)
    SELECT id, version, ${what}, jsonb_strip_nulls(jsonb_build_object('filter', filter, 'cadence', cadence, 'weekday', weekday,
      'hour', hour, 'zone', zone, 'maxPapers', max_papers, 'language', language, 'format', format)), ${via}, ${requestId}::bigint
    FROM subscriptions WHERE id = ${id}`;
}

/** Puts an active subscription among the readers it falls due with. Its two marks stay: they outlive every change. */
export async function joinGroup(sql: Sql, id: SubscriptionId, { late, since }: { late: boolean; since?: Date | null }) {
  await sql.$executeRaw`
    INSERT INTO delivery_groups (cadence, weekday, zone, hour)
    SELECT cadence, coalesce(weekday, 0), zone, hour FROM subscriptions WHERE id = ${id}
    ON CONFLICT DO NOTHING`;
  await sql.$executeRaw`
    INSERT INTO subscription_clocks AS c (subscription_id, group_id, joined_at, joined_late)
    SELECT s.id, g.id, coalesce(${since ?? null}::timestamptz, paperboy_now()), ${late} FROM subscriptions s JOIN delivery_groups g
      ON (g.cadence, g.weekday, g.zone, g.hour) = (s.cadence, coalesce(s.weekday, 0), s.zone, s.hour)
    WHERE s.id = ${id}
    ON CONFLICT (subscription_id) DO UPDATE
      SET group_id = EXCLUDED.group_id, joined_at = EXCLUDED.joined_at, joined_late = EXCLUDED.joined_late`;
}

/** The columns of `subscriptions` that hold what a reader chose. */
interface PreferencesRow {
  filter: Filter;
  cadence: Preferences["cadence"];
  weekday: number | null;
  hour: number;
  zone: string;
  max_papers: number;
  language: string;
  format: "html" | "text";
}

export interface Row extends PreferencesRow {
  id: bigint;
  email: string | null;
  state: SubscriptionState;
  version: number;
  paused_until: Date | null;
  home_zone: string | null;
  zone_until: Date | null;
  ended_at: Date | null;
}

export function fromRow(row: Row): Subscription {
  return {
    id: row.id,
    email: row.email,
    state: row.state,
    preferences: preferencesOf(row),
    version: row.version,
    pausedUntil: row.paused_until,
    elsewhere:
      row.home_zone !== null && row.zone_until !== null ? { homeZone: row.home_zone, until: row.zone_until } : null,
    endedAt: row.ended_at,
  };
}

/** The preferences in a row of `subscriptions`, or of a join with it. */
function preferencesOf(row: PreferencesRow): Preferences {
  const { filter, cadence, weekday, hour, zone, max_papers: maxPapers, language, format } = row;
  const rhythm = cadence === "weekly" ? { cadence, weekday: weekday! } : { cadence };
  return { ...rhythm, filter, hour, zone, maxPapers, language, format };
}
