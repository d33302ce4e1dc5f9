/** Turns "this group is due" into delivery rows, once, whoever asks and however often. */
import type { Prisma, PrismaClient } from "../../prisma/client/client.ts";
import type { Day } from "../core/paper.ts";
import type { Due, Group } from "../core/schedule.ts";
import { READING_LOCK } from "./locks.ts";
import { decide, type GroupOutcome, type Planned, planPage } from "./plan-page.ts";

/** A group that has active readers, with what was decided for it last. */
export interface GroupState {
  readonly id: number;
  readonly group: Group;
  /** The newest local day that has a decision; null for a group that never fell due. */
  readonly last: { readonly localDay: Day; readonly outcome: GroupOutcome } | null;
  /** Some readers took this schedule after it may have been planned for today. */
  readonly hasLate: boolean;
}

/** Some 0.1 s of PostgreSQL's time, and a whole number of doorbells (actions/plan-deliveries.ts). */
const PLAN_PAGE = 6_000;

export type Planning = ReturnType<typeof planning>;

/** @param pageSize readers planned in one transaction */
export function planning(prisma: PrismaClient, { pageSize = PLAN_PAGE }: { pageSize?: number } = {}) {
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
     * Plans one local day of one group, a page of readers after the other: moves their marks forward and inserts a delivery
     * for whom they moved. Each page is committed by itself; cut short anywhere, the next call does the rest.
     *
     * Who took this schedule after it fell due is not due yet, unless they came to it from another one that day.
     *
     * @param joinedBy until when such late joiners still count
     * @param onlyLate looks only at readers who joined late: the rest of the group was planned before
     * @param onPage what was planned of a page, while the next one is not begun
     */
    async plan(
      groupId: number,
      due: Due,
      editionDate: Day,
      sendBy: Date,
      joinedBy: Date,
      onlyLate: boolean,
      onPage: (page: Planned) => Promise<void> = async () => {},
    ): Promise<Planned> {
      const wanted = { groupId, due, editionDate, sendBy, joinedBy, onlyLate, pageSize };
      await prisma.$executeRaw`SELECT make_delivery_partitions(${due.localDay}::date, ${due.localDay}::date)`;
      let whole: Planned = { count: 0, fromId: null, toId: null, busy: 0 };
      for (let after: bigint | null = 0n; after !== null; ) {
        const { last, ...page } = await planPage(prisma, wanted, after, whole.busy);
        whole = {
          count: whole.count + page.count,
          fromId: whole.fromId ?? page.fromId,
          toId: page.toId ?? whole.toId,
          busy: whole.busy + page.busy,
        };
        if (page.count > 0) await onPage(page);
        after = last;
      }
      return whole;
    },

    /** Those who joined late were looked at, and there was nothing for them. */
    settleLate: (groupId: number): Promise<number> => settleLate(prisma, groupId),

    /** Records why a group's readers get nothing on a local day, or that they wait for an edition. */
    decide: (groupId: number, due: Due, outcome: GroupOutcome, because: string, editionDate: Day | null = null) =>
      prisma.$transaction(async (sql) => {
        await decide(sql, groupId, due, outcome, because, editionDate, 0);
        if (outcome !== "waiting") await settleLate(sql, groupId);
      }),

    /**
     * Pulls marks that a leaping clock left in the future back to today, and ends what waits there, so that nobody's
     * digest waits for a day beyond their mark. Whose future digest is being sent this moment has their turn next time.
     *
     * @returns how many readers had one
     */
    pullBackMarks: (): Promise<number> => prisma.$executeRaw`
      WITH ahead AS MATERIALIZED (
        SELECT subscription_id, last_local_day AS planned_for, last_delivery AS id,
          least(last_local_day, (paperboy_now() + interval '14 hours')::date) AS local_day,
          least(last_edition, paperboy_now()::date - 1) AS edition_date
        FROM subscription_clocks c
        WHERE (last_local_day > (paperboy_now() + interval '15 hours')::date
            OR last_edition >= (paperboy_now() + interval '1 hour')::date)
          AND NOT EXISTS (SELECT FROM deliveries d WHERE d.local_day = c.last_local_day AND d.id = c.last_delivery
            AND d.claim_until IS NOT NULL)
      ), ended AS (
        UPDATE deliveries d SET state = CASE WHEN d.was_uncertain THEN 'uncertain' ELSE 'expired' END,
          reason = 'superseded', next_try_at = NULL, ended_at = paperboy_now()
        FROM ahead a WHERE a.planned_for > a.local_day AND d.local_day = a.planned_for AND d.id = a.id
          AND d.next_try_at IS NOT NULL
      )
      UPDATE subscription_clocks c SET last_local_day = a.local_day, last_edition = a.edition_date
      FROM ahead a WHERE c.subscription_id = a.subscription_id`,

    /** Forgets what was decided for hours that are still to come, while the clock stood ahead. @returns how many there were */
    forgetFutureDays: (): Promise<number> =>
      prisma.$executeRaw`DELETE FROM group_days WHERE due_at > paperboy_now() + interval '1 hour'`,

    makePartitions: (since: Day, until: Day): Promise<number> =>
      prisma.$executeRaw`SELECT make_delivery_partitions(${since}::date, ${until}::date)`,

    /**
     * Forgets weeks of deliveries that ended before a day and that as many newer weeks of deliveries have followed as lie
     * between that day and now: a clock that leaps ahead makes nothing old. Not while a backup is read: to drop a week
     * that is being read would stop everybody who wants any other until it is read.
     *
     * @returns how many weeks are gone
     */
    async dropPartitions(before: Day): Promise<number> {
      const [row] = await prisma.$queryRaw<{ dropped: number }[]>`
        SELECT CASE WHEN pg_try_advisory_xact_lock(${READING_LOCK}::bigint)
          THEN drop_delivery_partitions(${before}::date) ELSE 0 END AS dropped`;
      return row!.dropped;
    },
  };
}

function settleLate(sql: Prisma.TransactionClient, groupId: number) {
  return sql.$executeRaw`UPDATE subscription_clocks SET joined_late = false WHERE group_id = ${groupId} AND joined_late`;
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

function fromRow({ id, cadence, weekday, zone, hour, last_day, last_outcome, has_late }: GroupRow): GroupState {
  const group: Group = cadence === "weekly" ? { cadence, weekday, zone, hour } : { cadence, zone, hour };
  return { id, group, last: last_day ? { localDay: last_day, outcome: last_outcome! } : null, hasLate: has_late };
}
