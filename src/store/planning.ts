/** Turns "this group is due" into delivery rows, once, whoever asks and however often. */
import { Prisma, type PrismaClient } from "../../prisma/client/client.ts";
import type { Day } from "../core/paper.ts";
import type { Due, Group } from "../core/schedule.ts";

/** A group that has active readers, with what was decided for it last. */
export interface GroupState {
  readonly id: number;
  readonly group: Group;
  /** The newest local day that has a decision; null for a group that never fell due. */
  readonly last: { readonly localDay: Day; readonly outcome: GroupOutcome } | null;
  /** Some readers took this schedule after it may have been planned for today. */
  readonly hasLate: boolean;
}

export type GroupOutcome = "waiting" | "planned" | "nothing" | "missed";

/** Rows planned by one statement: their ids lie in `[fromId, toId]`. */
export interface Planned {
  readonly count: number;
  readonly fromId: bigint | null;
  readonly toId: bigint | null;
  /** Readers left out because an earlier digest of theirs is being sent this moment: ask again. */
  readonly busy: number;
}

export type Planning = ReturnType<typeof planning>;

export function planning(prisma: PrismaClient) {
  return {
    async groups(): Promise<GroupState[]> {
      const rows = await prisma.$queryRaw<GroupRow[]>`
        SELECT g.id, g.cadence, g.weekday, g.zone, g.hour, last.local_day::text AS last_day, last.outcome AS last_outcome,
          EXISTS (SELECT FROM subscription_clocks c WHERE c.group_id = g.id AND c.joined_late) AS has_late
        FROM delivery_groups g
        LEFT JOIN LATERAL (SELECT local_day, outcome FROM group_days d WHERE d.group_id = g.id
          ORDER BY local_day DESC LIMIT 1) last ON true
        WHERE EXISTS (SELECT FROM subscription_clocks c WHERE c.group_id = g.id)
        ORDER BY g.id`;
      return rows.map(fromRow);
    },

    /**
     * Plans one local day of one group: moves its readers' marks forward and inserts a delivery for whom they moved.
     *
     * Who took this schedule after it fell due is not due yet, unless they came to it from another one that day.
     *
     * @param joinedBy until when such late joiners still count
     * @param onlyLate looks only at readers who joined late: the rest of the group was planned before
     */
    plan: (
      groupId: number,
      due: Due,
      editionDate: Day,
      sendBy: Date,
      joinedBy: Date,
      onlyLate: boolean,
    ): Promise<Planned> =>
      prisma.$transaction(
        async (sql) => {
          // One planner at a time: which readers have a digest under way must not change between looking and planning.
          await sql.$executeRaw`SELECT pg_advisory_xact_lock(hashtext('plan-deliveries'))`;
          await sql.$executeRaw`SELECT make_delivery_partitions(${due.localDay}::date, ${due.localDay}::date)`;
          const late = onlyLate ? Prisma.sql`AND c.joined_late` : Prisma.empty;
          const [row] = await sql.$queryRaw<PlannedRow[]>`
            WITH due AS MATERIALIZED (
              SELECT c.subscription_id, EXISTS (
                SELECT FROM deliveries d WHERE d.subscription_id = c.subscription_id
                  AND d.local_day > ${due.localDay}::date - 5 AND d.state = 'claimed') AS is_busy, EXISTS (
                SELECT FROM deliveries d WHERE d.subscription_id = c.subscription_id
                  AND d.local_day > ${due.localDay}::date - 5 AND d.state IN ('planned', 'retry')) AS has_waiting
              FROM subscription_clocks c
              WHERE c.group_id = ${groupId} ${late}
                AND (c.joined_at <= ${due.at} OR (c.joined_late AND c.joined_at <= ${joinedBy}))
                AND (c.last_local_day IS NULL OR c.last_local_day < ${due.localDay}::date)
                AND (c.last_edition IS NULL OR c.last_edition < ${editionDate}::date)
            ), superseded AS (
              UPDATE deliveries d SET state = CASE WHEN d.was_uncertain THEN 'uncertain' ELSE 'expired' END, reason = 'superseded', next_try_at = NULL, ended_at = paperboy_now()
              FROM due WHERE NOT due.is_busy AND d.subscription_id = due.subscription_id
                AND d.local_day > ${due.localDay}::date - 5 AND d.state IN ('planned', 'retry')
              RETURNING d.subscription_id
            ), free AS (
              -- A digest that waited when we looked and was claimed before we ended it makes its reader busy too.
              SELECT subscription_id FROM due WHERE NOT is_busy
                AND (NOT has_waiting OR subscription_id IN (SELECT subscription_id FROM superseded))
            ), moved AS (
              UPDATE subscription_clocks c SET last_local_day = ${due.localDay}::date, last_edition = ${editionDate}::date,
                joined_late = false
              FROM free WHERE c.subscription_id = free.subscription_id
                AND (c.last_local_day IS NULL OR c.last_local_day < ${due.localDay}::date)
              RETURNING c.subscription_id
            ), planned AS (
              INSERT INTO deliveries (local_day, subscription_id, edition_date, cadence, due_at, send_by, next_try_at)
              SELECT ${due.localDay}::date, subscription_id, ${editionDate}::date, ${due.cadence}, ${due.at}, ${sendBy}, paperboy_now()
              FROM moved RETURNING id
            ), settled AS (
              -- In this statement, because who joins late while it runs was not looked at.
              UPDATE subscription_clocks c SET joined_late = false WHERE c.group_id = ${groupId} AND c.joined_late
                AND NOT EXISTS (SELECT FROM due WHERE due.subscription_id = c.subscription_id)
            )
            SELECT count(*) AS count, min(id) AS from_id, max(id) AS to_id,
              (SELECT count(*) FROM due) - (SELECT count(*) FROM free) AS busy FROM planned`;
          const planned = {
            count: Number(row!.count),
            fromId: row!.from_id,
            toId: row!.to_id,
            busy: Number(row!.busy),
          };
          if (planned.busy === 0) await decide(sql, groupId, due, "planned", null, editionDate, planned.count);
          return planned;
        },
        { timeout: 120_000, maxWait: 60_000 },
      ),

    /** Those who joined late were looked at, and there was nothing for them. */
    settleLate: (groupId: number): Promise<number> => settleLate(prisma, groupId),

    /** Records why a group's readers get nothing on a local day, or that they wait for an edition. */
    decide: (groupId: number, due: Due, outcome: GroupOutcome, because: string, editionDate: Day | null = null) =>
      prisma.$transaction(async (sql) => {
        await decide(sql, groupId, due, outcome, because, editionDate, 0);
        if (outcome !== "waiting") await settleLate(sql, groupId);
      }),

    /** Pulls marks that a leaping clock left in the future back to today. @returns how many readers had one */
    pullBackMarks: (): Promise<number> => prisma.$executeRaw`
      UPDATE subscription_clocks SET last_local_day = least(last_local_day, (paperboy_now() + interval '14 hours')::date),
        last_edition = least(last_edition, paperboy_now()::date - 1)
      WHERE last_local_day > (paperboy_now() + interval '15 hours')::date
        OR last_edition >= (paperboy_now() + interval '1 hour')::date`,

    /** Forgets what was decided for hours that are still to come, while the clock stood ahead. @returns how many there were */
    forgetFutureDays: (): Promise<number> =>
      prisma.$executeRaw`DELETE FROM group_days WHERE due_at > paperboy_now() + interval '1 hour'`,

    makePartitions: (since: Day, until: Day): Promise<number> =>
      prisma.$executeRaw`SELECT make_delivery_partitions(${since}::date, ${until}::date)`,

    dropPartitions: (before: Day): Promise<number> =>
      prisma.$executeRaw`SELECT drop_delivery_partitions(${before}::date)`,
  };
}

function settleLate(sql: Prisma.TransactionClient, groupId: number) {
  return sql.$executeRaw`UPDATE subscription_clocks SET joined_late = false WHERE group_id = ${groupId} AND joined_late`;
}

function decide(
  sql: Prisma.TransactionClient,
  groupId: number,
  due: Due,
  outcome: GroupOutcome,
  because: string | null,
  editionDate: Day | null,
  planned: number,
) {
  return sql.$executeRaw`
    INSERT INTO group_days AS g (group_id, local_day, due_at, outcome, because, edition_date, planned)
    VALUES (${groupId}, ${due.localDay}::date, ${due.at}, ${outcome}, ${because}, ${editionDate}::date, ${planned})
    ON CONFLICT (group_id, local_day) DO UPDATE SET outcome = EXCLUDED.outcome, because = EXCLUDED.because,
      edition_date = EXCLUDED.edition_date, planned = g.planned + EXCLUDED.planned, decided_at = paperboy_now()
    -- A planner that looked before another one planned does not take that back.
    WHERE g.outcome <> 'planned' OR EXCLUDED.outcome = 'planned'`;
}

interface GroupRow {
  id: number;
  cadence: "daily" | "weekdays" | "weekly";
  weekday: number;
  zone: string;
  hour: number;
  last_day: string | null;
  last_outcome: GroupOutcome | null;
  has_late: boolean;
}

interface PlannedRow {
  count: bigint;
  from_id: bigint | null;
  to_id: bigint | null;
  busy: bigint;
}

function fromRow({ id, cadence, weekday, zone, hour, last_day, last_outcome, has_late }: GroupRow): GroupState {
  const group: Group = cadence === "weekly" ? { cadence, weekday, zone, hour } : { cadence, zone, hour };
  return { id, group, last: last_day ? { localDay: last_day, outcome: last_outcome! } : null, hasLate: has_late };
}
