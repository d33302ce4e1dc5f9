/** Readers: one row an address for ever, every change of it recorded as it happens. */
import { Prisma, type PrismaClient } from "../../prisma/client/client.ts";
import type { Day } from "../core/paper.ts";
import type { Preferences } from "../core/subscription.ts";
import { carryOver, leaving, type ToJournal } from "./carry-over.ts";
import { holdClosed } from "./editions.ts";
import { takeBackReason } from "./leaving-reasons.ts";
import {
  endIn,
  fromRow,
  joinGroup,
  moveIn,
  type Row,
  record,
  type Sql,
  type Subscription,
  type SubscriptionId,
} from "./subscription-moves.ts";
import { forgiveIn, isForgivable } from "./suppressions.ts";

export type { Subscription, SubscriptionId } from "./subscription-moves.ts";

/** The welcome digest that goes out on confirming; null when there is no edition with papers yet. */
export type Welcome = { readonly localDay: Day; readonly editionDate: Day; readonly sendBy: Date } | null;

/** A delivery that was planned, by its key. */
export interface PlannedDelivery {
  readonly localDay: Day;
  readonly id: bigint;
}

export type Confirmed =
  | {
      readonly outcome: "confirmed";
      readonly id: SubscriptionId;
      readonly delivery: PlannedDelivery | null;
      /** Key of the address, when a suppression for bounces was lifted by this. */
      readonly forgiven: string | null;
    }
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
    /** The one that this one goes on as, under the address it moved to; itself, when it did not move. */
    findGoingOn: (id: SubscriptionId) =>
      read(Prisma.sql`id = (SELECT coalesce(o.goes_on_as, o.id) FROM subscriptions o WHERE o.id = ${id})`),
    findByAddressKey: (addressKey: string) => read(Prisma.sql`address_key = ${addressKey}`),

    /**
     * Activates exactly what one request asked for, once, and plans the welcome digest with it.
     *
     * `already` when that request was confirmed before, or the address is subscribed by another one;
     * `unknown` when the request expired, was declined or never existed, or its address is suppressed for more than bounces.
     */
    confirm: (
      requestId: bigint,
      welcome: (preferences: Preferences) => Welcome,
      journal: ToJournal,
    ): Promise<Confirmed> =>
      prisma.$transaction(async (sql) => {
        const [request] = await sql.$queryRaw<ConfirmedRequest[]>`
          UPDATE requests SET state = 'confirmed', confirmed_at = paperboy_now()
          WHERE id = ${requestId} AND kind IN ('subscribe', 'move') AND state IN ('waiting', 'answered') AND email IS NOT NULL AND expires_at > paperboy_now()
            AND NOT EXISTS (SELECT FROM suppressions x WHERE x.address_key = requests.address_key AND x.lifted_at IS NULL
              AND NOT ${isForgivable})
          RETURNING email, address_key, wanted, subscription_id AS moves`;
        if (!request) {
          const [earlier] = await sql.$queryRaw<{ id: bigint }[]>`
            SELECT s.id FROM requests r JOIN subscriptions s USING (address_key)
            WHERE r.id = ${requestId} AND r.state = 'confirmed'`;
          return earlier ? { outcome: "already", id: earlier.id } : { outcome: "unknown" };
        }
        const from = request.moves === null ? null : await leaving(sql, request.moves);
        if (request.moves !== null && from === null) return { outcome: "unknown" };
        const wanted = from?.preferences ?? request.wanted;
        const id = await activate(sql, request.address_key, request.email, wanted);
        if (id === null) return { outcome: "already", id: null };
        const isForgiven = await forgiveIn(sql, request.address_key);
        await record(sql, id, "confirmed", "confirmation-link", requestId);
        const isMove = from !== null && from.id !== id;
        await joinGroup(sql, id, { late: isMove });
        if (isMove) await carryOver(sql, from, id, journal);
        const delivery = isMove ? null : await planWelcome(sql, id, welcome(wanted));
        return { outcome: "confirmed", id, delivery, forgiven: isForgiven ? request.address_key : null };
      }),

    /** Replaces the preferences, and whoever chooses another zone is at home there; null when the subscription has ended. */
    change: (id: SubscriptionId, preferences: Preferences, via: string): Promise<Subscription | null> =>
      prisma.$transaction(async (sql) => {
        const [before] = await sql.$queryRaw<Row[]>`SELECT * FROM subscriptions WHERE id = ${id} FOR UPDATE`;
        if (!before || before.state === "ended") return null;
        const [row] = await sql.$queryRaw<Row[]>`
          UPDATE subscriptions SET ${columnsOf(preferences)}, version = version + 1,
            home_zone = CASE WHEN zone = ${preferences.zone} THEN home_zone END,
            zone_until = CASE WHEN zone = ${preferences.zone} THEN zone_until END
          WHERE id = ${id} RETURNING *`;
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

    /** Another zone until `until`, at the same local hour. Null when the subscription has ended. */
    goElsewhere: (id: SubscriptionId, zone: string, until: Date, via: string): Promise<Subscription | null> =>
      changeZone(
        prisma,
        id,
        via,
        Prisma.sql`zone = ${zone}, home_zone = coalesce(home_zone, zone), zone_until = ${until}`,
        Prisma.sql`state <> 'ended'`,
      ),

    /**
     * Back in the zone they are at home in. With `until`: because that time has come, however late we notice, and unless
     * they have changed it since. Null when they were not away.
     */
    comeHome: (id: SubscriptionId, via: string, until: Date | null = null): Promise<Subscription | null> =>
      changeZone(
        prisma,
        id,
        via,
        Prisma.sql`zone = home_zone, home_zone = NULL, zone_until = NULL`,
        Prisma.sql`state <> 'ended' AND zone_until IS NOT NULL AND (${until}::timestamptz IS NULL OR zone_until = ${until})`,
        until,
      ),

    /** Readers whose time elsewhere is over, at most `limit`. */
    staysOver: (limit: number): Promise<{ id: SubscriptionId; until: Date }[]> => prisma.$queryRaw`
      SELECT id, zone_until AS until FROM subscriptions WHERE zone_until <= paperboy_now() AND state <> 'ended'
      ORDER BY zone_until LIMIT ${limit}`,

    end: (id: SubscriptionId, because: string, via: string): Promise<Subscription | null> =>
      prisma.$transaction((sql) => endIn(sql, id, because, via)),

    /**
     * As it was before leaving, with everything chosen; suspended, if it was. Null when it had not ended, or was erased since.
     */
    undo: (id: SubscriptionId, via: string): Promise<Subscription | null> =>
      prisma.$transaction(async (sql) => {
        const [left] = await sql.$queryRaw<{ at: Date | null }[]>`
          SELECT ended_at AS at FROM subscriptions WHERE id = ${id} FOR UPDATE`;
        const undone = await moveIn(
          sql,
          id,
          via,
          "undone",
          Prisma.sql`state = CASE WHEN try_again_at IS NULL THEN 'active' ELSE 'suspended' END, ended_at = NULL, ended_because = NULL`,
          ["ended"],
          Prisma.sql`AND email IS NOT NULL
            AND NOT EXISTS (SELECT FROM suppressions x WHERE x.address_key = subscriptions.address_key AND x.lifted_at IS NULL)`,
        );
        if (undone && left?.at) await takeBackReason(sql, id, left.at);
        return undone;
      }),

    /** Subscriptions whose pause is over, at most `limit`. */
    pausesOver: (limit: number): Promise<{ id: SubscriptionId; pausedUntil: Date }[]> => prisma.$queryRaw`
      SELECT id, paused_until AS "pausedUntil" FROM subscriptions WHERE state = 'paused' AND paused_until <= paperboy_now() ORDER BY paused_until LIMIT ${limit}`,
  };
}

interface ConfirmedRequest {
  email: string;
  address_key: string;
  wanted: Preferences;
  /** The subscription that goes on under this address, with what its reader has chosen by now. */
  moves: bigint | null;
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
    WHERE NOT EXISTS (SELECT FROM suppressions WHERE address_key = ${addressKey} AND lifted_at IS NULL AND NOT ${isForgivable})
    ON CONFLICT (address_key) DO UPDATE SET email = ${email}, state = 'active', ${columnsOf(p)},
      version = s.version + 1, confirmed_at = paperboy_now(), ended_at = NULL, ended_because = NULL, goes_on_as = NULL, paused_until = NULL,
      home_zone = NULL, zone_until = NULL, suspended_because = NULL, suspended_at = NULL, try_again_at = NULL, tried_at = NULL
      WHERE s.state IN ('ended', 'suspended')
    RETURNING id`;
  return row?.id ?? null;
}

/** A change of zone keeps state and marks; the reader falls due with others from then on. */
function changeZone(
  prisma: PrismaClient,
  id: SubscriptionId,
  via: string,
  change: Prisma.Sql,
  condition: Prisma.Sql,
  since: Date | null = null,
): Promise<Subscription | null> {
  return prisma.$transaction(async (sql) => {
    const [row] = await sql.$queryRaw<Row[]>`
      UPDATE subscriptions SET ${change}, version = version + 1 WHERE id = ${id} AND ${condition} RETURNING *`;
    if (!row) return null;
    await record(sql, id, "changed", via);
    if (row.state === "active") await joinGroup(sql, id, { late: true, since });
    return fromRow(row);
  });
}

/** One move, in a transaction of its own. */
function move(prisma: PrismaClient, ...of: DropFirst<Parameters<typeof moveIn>>): Promise<Subscription | null> {
  return prisma.$transaction((sql) => moveIn(sql, ...of));
}

type DropFirst<T extends unknown[]> = T extends [unknown, ...infer Rest] ? Rest : never;

/** The welcome digest is that local day's digest: none when the reader had one that day, before leaving and coming back. */
async function planWelcome(sql: Sql, id: SubscriptionId, welcome: Welcome): Promise<PlannedDelivery | null> {
  if (!welcome) return null;
  const { localDay, editionDate, sendBy } = welcome;
  if (!(await holdClosed(sql, editionDate))) return null;
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
