/** Readers: one row an address for ever, every change of it recorded as it happens. */
import { Prisma, type PrismaClient } from "../../prisma/client/client.ts";
import type { Filter } from "../core/filter.ts";
import type { Day } from "../core/paper.ts";
import type { Preferences, SubscriptionState } from "../core/subscription.ts";

export type SubscriptionId = bigint;
type Sql = Prisma.TransactionClient;

/** A subscription as doors and actions see it. */
export interface Subscription {
  readonly id: SubscriptionId;
  /** Null once erased. */
  readonly email: string | null;
  readonly state: SubscriptionState;
  readonly preferences: Preferences;
  readonly version: number;
  readonly pausedUntil: Date | null;
  readonly endedAt: Date | null;
}

/** The welcome digest that goes out on confirming; null when there is no edition with papers yet. */
export type Welcome = { readonly localDay: Day; readonly editionDate: Day; readonly sendBy: Date } | null;

/** A delivery that was planned, by its key. */
export interface PlannedDelivery {
  readonly localDay: Day;
  readonly id: bigint;
}

export type Confirmed =
  | { readonly outcome: "confirmed"; readonly id: SubscriptionId; readonly delivery: PlannedDelivery | null }
  | { readonly outcome: "already"; readonly id: SubscriptionId | null }
  | { readonly outcome: "unknown" };

export type Subscriptions = ReturnType<typeof subscriptions>;

export function subscriptions(prisma: PrismaClient) {
  const read = async (where: Prisma.Sql): Promise<Subscription | null> => {
    const [row] = await prisma.$queryRaw<Row[]>`SELECT * FROM subscriptions WHERE ${where}`;
    return row ? fromRow(row) : null;
  };

  return {
    findById: (id: SubscriptionId) => read(Prisma.sql`id = ${id}`),
    findByAddressKey: (addressKey: string) => read(Prisma.sql`address_key = ${addressKey}`),

    /**
     * Activates exactly what one request asked for, once, and plans the welcome digest with it.
     *
     * `already` when that request was confirmed before, or the address is subscribed by another one;
     * `unknown` when the request expired, was declined or never existed, or its address is suppressed.
     */
    confirm: (requestId: bigint, welcome: (preferences: Preferences) => Welcome): Promise<Confirmed> =>
      prisma.$transaction(async (sql) => {
        const [request] = await sql.$queryRaw<{ email: string; address_key: string; wanted: Preferences }[]>`
          UPDATE requests SET state = 'confirmed', confirmed_at = paperboy_now()
          WHERE id = ${requestId} AND kind = 'subscribe' AND state IN ('waiting', 'answered') AND email IS NOT NULL AND expires_at > paperboy_now()
            AND NOT EXISTS (SELECT FROM suppressions x WHERE x.address_key = requests.address_key AND x.lifted_at IS NULL)
          RETURNING email, address_key, wanted`;
        if (!request) {
          const [earlier] = await sql.$queryRaw<{ id: bigint }[]>`
            SELECT s.id FROM requests r JOIN subscriptions s USING (address_key)
            WHERE r.id = ${requestId} AND r.state = 'confirmed'`;
          return earlier ? { outcome: "already", id: earlier.id } : { outcome: "unknown" };
        }
        const id = await activate(sql, request.address_key, request.email, request.wanted);
        if (id === null) return { outcome: "already", id: null };
        await record(sql, id, "confirmed", "confirmation-link", requestId);
        await joinGroup(sql, id, { late: false });
        return { outcome: "confirmed", id, delivery: await planWelcome(sql, id, welcome(request.wanted)) };
      }),

    /** Replaces the preferences; null when the subscription has ended. */
    change: (id: SubscriptionId, preferences: Preferences, via: string): Promise<Subscription | null> =>
      prisma.$transaction(async (sql) => {
        const [before] = await sql.$queryRaw<Row[]>`SELECT * FROM subscriptions WHERE id = ${id} FOR UPDATE`;
        if (!before || before.state === "ended") return null;
        const [row] = await sql.$queryRaw<Row[]>`
          UPDATE subscriptions SET ${columnsOf(preferences)}, version = version + 1 WHERE id = ${id} RETURNING *`;
        await record(sql, id, "changed", via);
        if (row!.state === "active" && !sameSchedule(before, row!)) await joinGroup(sql, id, { late: true });
        return fromRow(row!);
      }),

    /** `until` null: until the reader comes back. Null when it was neither active nor paused. */
    pause: (id: SubscriptionId, until: Date | null, via: string) =>
      move(prisma, id, via, "paused", Prisma.sql`state = 'paused', paused_until = ${until}`, ["active", "paused"]),

    resume: (id: SubscriptionId, via: string) =>
      move(prisma, id, via, "resumed", Prisma.sql`state = 'active', paused_until = NULL`, ["paused"]),

    /**
     * Ends a pause that was to last until `pausedUntil`, however late we notice: the reader falls due again from then on.
     * Null when they have changed it since.
     */
    endPause: (id: SubscriptionId, pausedUntil: Date) =>
      move(
        prisma,
        id,
        "clock",
        "resumed",
        Prisma.sql`state = 'active', paused_until = NULL`,
        ["paused"],
        Prisma.sql`AND paused_until = ${pausedUntil}`,
        pausedUntil,
      ),

    end: (id: SubscriptionId, because: string, via: string) =>
      move(
        prisma,
        id,
        via,
        "ended",
        Prisma.sql`state = 'ended', ended_at = paperboy_now(), ended_because = ${because}, paused_until = NULL`,
        ["active", "paused", "suspended"],
      ),

    /** Active again, with everything chosen as it was before leaving. Null when it had not ended, or was erased since. */
    undo: (id: SubscriptionId, via: string) =>
      move(
        prisma,
        id,
        via,
        "undone",
        Prisma.sql`state = 'active', ended_at = NULL, ended_because = NULL`,
        ["ended"],
        Prisma.sql`AND email IS NOT NULL
          AND NOT EXISTS (SELECT FROM suppressions x WHERE x.address_key = subscriptions.address_key AND x.lifted_at IS NULL)`,
      ),

    /** Subscriptions whose pause is over, at most `limit`. */
    pausesOver: (limit: number): Promise<{ id: SubscriptionId; pausedUntil: Date }[]> => prisma.$queryRaw`
      SELECT id, paused_until AS "pausedUntil" FROM subscriptions WHERE state = 'paused' AND paused_until <= paperboy_now() ORDER BY paused_until LIMIT ${limit}`,
  };
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

interface Row extends PreferencesRow {
  id: bigint;
  email: string | null;
  state: SubscriptionState;
  version: number;
  paused_until: Date | null;
  ended_at: Date | null;
}

function fromRow(row: Row): Subscription {
  return {
    id: row.id,
    email: row.email,
    state: row.state,
    preferences: preferencesOf(row),
    version: row.version,
    pausedUntil: row.paused_until,
    endedAt: row.ended_at,
  };
}

/** The preferences in a row of `subscriptions`, or of a join with it. */
function preferencesOf(row: PreferencesRow): Preferences {
  const { filter, cadence, weekday, hour, zone, max_papers: maxPapers, language, format } = row;
  const rhythm = cadence === "weekly" ? { cadence, weekday: weekday! } : { cadence };
  return { ...rhythm, filter, hour, zone, maxPapers, language, format };
}

function columnsOf(p: Preferences): Prisma.Sql {
  return Prisma.sql`filter = ${JSON.stringify(p.filter)}::jsonb, cadence = ${p.cadence},
    weekday = ${p.weekday ?? null}::int, hour = ${p.hour}, zone = ${p.zone}, max_papers = ${p.maxPapers},
    language = ${p.language}, format = ${p.format}`;
}

function sameSchedule(a: Row, b: Row): boolean {
  return a.cadence === b.cadence && a.weekday === b.weekday && a.hour === b.hour && a.zone === b.zone;
}

/** @returns null when the address is subscribed already: nothing was changed */
async function activate(sql: Sql, addressKey: string, email: string, p: Preferences): Promise<SubscriptionId | null> {
  const [row] = await sql.$queryRaw<{ id: bigint }[]>`
    INSERT INTO subscriptions AS s (address_key, email, state, filter, cadence, weekday, hour, zone, max_papers,
      language, format, confirmed_at)
    SELECT ${addressKey}, ${email}, 'active', ${JSON.stringify(p.filter)}::jsonb, ${p.cadence}, ${p.weekday ?? null}::int,
      ${p.hour}, ${p.zone}, ${p.maxPapers}, ${p.language}, ${p.format}, paperboy_now()
    WHERE NOT EXISTS (SELECT FROM suppressions WHERE address_key = ${addressKey} AND lifted_at IS NULL)
    ON CONFLICT (address_key) DO UPDATE SET email = ${email}, state = 'active', ${columnsOf(p)},
      version = s.version + 1, confirmed_at = paperboy_now(), ended_at = NULL, ended_because = NULL, paused_until = NULL
      WHERE s.state IN ('ended', 'suspended')
    RETURNING id`;
  return row?.id ?? null;
}

/**
 * One conditional move between states; whoever gets the row did it.
 *
 * @param since when the reader fell due again from, if that was before now
 */
function move(
  prisma: PrismaClient,
  id: SubscriptionId,
  via: string,
  what: "paused" | "resumed" | "ended" | "undone",
  change: Prisma.Sql,
  from: readonly SubscriptionState[],
  condition: Prisma.Sql = Prisma.empty,
  since: Date | null = null,
): Promise<Subscription | null> {
  return prisma.$transaction(async (sql) => {
    const [row] = await sql.$queryRaw<Row[]>`
      UPDATE subscriptions SET ${change}, version = version + 1
      WHERE id = ${id} AND state = ANY (${from}) ${condition} RETURNING *`;
    if (!row) return null;
    await record(sql, id, what, via);
    if (row.state === "active") await joinGroup(sql, id, { late: what === "undone" || since !== null, since });
    else
      await sql.$executeRaw`UPDATE subscription_clocks SET group_id = NULL, joined_late = false WHERE subscription_id = ${id}`;
    return fromRow(row);
  });
}

async function record(sql: Sql, id: SubscriptionId, what: string, via: string, requestId: bigint | null = null) {
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

/** The welcome digest is that local day's digest: none when the reader had one that day, before leaving and coming back. */
async function planWelcome(sql: Sql, id: SubscriptionId, welcome: Welcome): Promise<PlannedDelivery | null> {
  if (!welcome) return null;
  const { localDay, editionDate, sendBy } = welcome;
  await sql.$executeRaw`SELECT make_delivery_partitions(${localDay}::date, ${localDay}::date)`;
  const [row] = await sql.$queryRaw<{ id: bigint }[]>`
    WITH moved AS (
      UPDATE subscription_clocks c
      SET last_local_day = ${localDay}::date, last_edition = greatest(last_edition, ${editionDate}::date),
        last_delivery = nextval('deliveries_id_seq')
      WHERE subscription_id = ${id} AND (last_local_day IS NULL OR last_local_day < ${localDay}::date)
        AND NOT EXISTS (SELECT FROM deliveries d WHERE d.local_day = c.last_local_day AND d.id = c.last_delivery
          AND d.state IN ('planned', 'claimed', 'retry'))
      RETURNING subscription_id, last_delivery)
    INSERT INTO deliveries (local_day, id, subscription_id, edition_date, cadence, is_welcome, due_at, send_by, next_try_at)
    SELECT ${localDay}::date, last_delivery, s.id, ${editionDate}::date, s.cadence, true, paperboy_now(), ${sendBy}, paperboy_now()
    FROM moved JOIN subscriptions s ON s.id = moved.subscription_id
    RETURNING id`;
  return row ? { localDay, id: row.id } : null;
}
