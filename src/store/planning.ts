/** Turns "this group is due" into delivery rows, once, whoever asks and however often. */
import { Prisma, type PrismaClient } from "../../prisma/client/client.ts";
import { addDays } from "../core/day.ts";
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

/** Rows planned: their ids lie in `[fromId, toId]`. */
export interface Planned {
  readonly count: number;
  readonly fromId: bigint | null;
  readonly toId: bigint | null;
  /** Readers left out because an earlier digest of theirs is being sent this moment: ask again. */
  readonly busy: number;
}

/** What is planned for the readers of one group. */
interface Wanted {
  readonly groupId: number;
  readonly due: Due;
  readonly editionDate: Day;
  readonly sendBy: Date;
  readonly joinedBy: Date;
  readonly onlyLate: boolean;
}

/** Readers looked at in one transaction, some 0.1 s; a whole number of doorbells (actions/plan-deliveries.ts). */
export const PLAN_PAGE = 6_000;
/** No digest is valid for longer (core/schedule.ts): an older one that still waits is expired by whoever finds it. */
const UNDER_WAY_DAYS = 4;

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
      const wanted = { groupId, due, editionDate, sendBy, joinedBy, onlyLate };
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
        SELECT subscription_id, least(last_local_day, (paperboy_now() + interval '14 hours')::date) AS local_day,
          least(last_edition, paperboy_now()::date - 1) AS edition_date
        FROM subscription_clocks
        WHERE last_local_day > (paperboy_now() + interval '15 hours')::date
          OR last_edition >= (paperboy_now() + interval '1 hour')::date
      ), back AS MATERIALIZED (
        SELECT * FROM ahead WHERE NOT EXISTS (SELECT FROM deliveries d WHERE d.subscription_id = ahead.subscription_id
          AND d.local_day > ahead.local_day AND d.claim_until IS NOT NULL)
      ), ended AS (
        UPDATE deliveries d SET state = CASE WHEN d.was_uncertain THEN 'uncertain' ELSE 'expired' END,
          reason = 'superseded', next_try_at = NULL, ended_at = paperboy_now()
        FROM back WHERE d.subscription_id = back.subscription_id AND d.local_day > back.local_day AND d.next_try_at IS NOT NULL
      )
      UPDATE subscription_clocks c SET last_local_day = back.local_day, last_edition = back.edition_date
      FROM back WHERE c.subscription_id = back.subscription_id`,

    /** Forgets what was decided for hours that are still to come, while the clock stood ahead. @returns how many there were */
    forgetFutureDays: (): Promise<number> =>
      prisma.$executeRaw`DELETE FROM group_days WHERE due_at > paperboy_now() + interval '1 hour'`,

    makePartitions: (since: Day, until: Day): Promise<number> =>
      prisma.$executeRaw`SELECT make_delivery_partitions(${since}::date, ${until}::date)`,

    /**
     * Forgets weeks of deliveries that ended before a day and that as many newer weeks of deliveries have followed as lie
     * between that day and now: a clock that leaps ahead makes nothing old.
     *
     * @returns how many weeks are gone
     */
    async dropPartitions(before: Day): Promise<number> {
      const [row] = await prisma.$queryRaw<{ dropped: number }[]>`
        SELECT drop_delivery_partitions(${before}::date) AS dropped`;
      return row!.dropped;
    },
  };
}

/**
 * Plans the next readers of a group in the order of their numbers.
 *
 * A reader's live delivery is never of a later day than their mark, and whoever is due has a mark before this day: so what
 * is under way is looked for among the live ones of the days before, of which there are few or none.
 *
 * @param after the last reader of the page before
 * @param busyBefore readers who were left out of the pages before
 * @returns with the last reader of this page, where another may follow
 */
function planPage(prisma: PrismaClient, wanted: Wanted, after: bigint, busyBefore: number) {
  const { groupId, due, editionDate, sendBy, joinedBy, onlyLate } = wanted;
  const isDue = Prisma.sql`((c.joined_at <= ${due.at} OR (c.joined_late AND c.joined_at <= ${joinedBy}))
    AND (c.last_local_day IS NULL OR c.last_local_day < ${due.localDay}::date)
    AND (c.last_edition IS NULL OR c.last_edition < ${editionDate}::date))`;
  const inPage = Prisma.sql`c.group_id = ${groupId} AND c.subscription_id = ANY (ARRAY(SELECT subscription_id FROM page))`;
  const earlier = Array.from({ length: UNDER_WAY_DAYS }, (_, n) => addDays(due.localDay, -1 - n));
  const earlierOfPage = Prisma.sql`d.local_day = ANY (${earlier}::date[])
    AND d.subscription_id = ANY (ARRAY(SELECT subscription_id FROM page))`;

  return prisma.$transaction(
    async (sql) => {
      // One planner at a time: which readers have a digest under way must not change between looking and planning.
      await sql.$executeRaw`SELECT pg_advisory_xact_lock(hashtext('plan-deliveries'))`;
      const [row] = await sql.$queryRaw<PlannedRow[]>`
        WITH page AS MATERIALIZED (
          SELECT c.subscription_id FROM subscription_clocks c
          WHERE c.group_id = ${groupId} AND c.subscription_id > ${after} ${onlyLate ? Prisma.sql`AND c.joined_late` : Prisma.empty}
          ORDER BY c.subscription_id LIMIT ${PLAN_PAGE}
        ), live AS (
          SELECT d.local_day, d.id, d.subscription_id FROM deliveries d WHERE ${earlierOfPage} AND d.next_try_at IS NOT NULL
          UNION ALL
          SELECT d.local_day, d.id, d.subscription_id FROM deliveries d WHERE ${earlierOfPage} AND d.claim_until IS NOT NULL
        ), under_way AS MATERIALIZED (
          SELECT live.* FROM live JOIN subscription_clocks c USING (subscription_id) WHERE c.group_id = ${groupId} AND ${isDue}
        ), superseded AS (
          UPDATE deliveries d SET state = CASE WHEN d.was_uncertain THEN 'uncertain' ELSE 'expired' END,
            reason = 'superseded', next_try_at = NULL, ended_at = paperboy_now()
          FROM under_way u WHERE d.local_day = u.local_day AND d.id = u.id AND d.state IN ('planned', 'retry')
          RETURNING d.subscription_id
        ), busy AS MATERIALIZED (
          -- With a digest that waited when we looked and was claimed before we ended it.
          SELECT subscription_id FROM under_way EXCEPT SELECT subscription_id FROM superseded
        ), moved AS (
          UPDATE subscription_clocks c SET last_local_day = ${due.localDay}::date, last_edition = ${editionDate}::date,
            joined_late = false
          WHERE ${inPage} AND ${isDue} AND c.subscription_id NOT IN (SELECT subscription_id FROM busy)
          RETURNING c.subscription_id
        ), planned AS (
          INSERT INTO deliveries (local_day, subscription_id, edition_date, cadence, due_at, send_by, next_try_at)
          SELECT ${due.localDay}::date, subscription_id, ${editionDate}::date, ${due.cadence}, ${due.at}, ${sendBy}, paperboy_now()
          FROM moved ORDER BY subscription_id RETURNING id
        ), settled AS (
          -- In this statement, because who joins late while it runs was not looked at.
          UPDATE subscription_clocks c SET joined_late = false WHERE ${inPage} AND c.joined_late AND NOT ${isDue}
        )
        SELECT count(*) AS count, min(id) AS from_id, max(id) AS to_id, (SELECT count(*) FROM busy) AS busy,
          (SELECT max(subscription_id) FROM page HAVING count(*) = ${PLAN_PAGE}) AS last FROM planned`;
      const page = {
        count: Number(row!.count),
        fromId: row!.from_id,
        toId: row!.to_id,
        busy: Number(row!.busy),
        last: row!.last,
      };
      const isDone = page.last === null && busyBefore + page.busy === 0;
      if (isDone) await decide(sql, groupId, due, "planned", null, editionDate, page.count);
      else if (page.count > 0) await decide(sql, groupId, due, "waiting", "planning", editionDate, page.count);
      return page;
    },
    { timeout: 60_000, maxWait: 60_000 },
  );
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
    ON CONFLICT (group_id, local_day) DO UPDATE SET planned = g.planned + EXCLUDED.planned, decided_at = paperboy_now(),
      -- A planner that looked before another one planned does not take that back.
      outcome = CASE WHEN g.outcome = 'planned' THEN g.outcome ELSE EXCLUDED.outcome END,
      because = CASE WHEN g.outcome = 'planned' THEN g.because ELSE EXCLUDED.because END,
      edition_date = CASE WHEN g.outcome = 'planned' THEN g.edition_date ELSE EXCLUDED.edition_date END`;
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
  last: bigint | null;
}

function fromRow({ id, cadence, weekday, zone, hour, last_day, last_outcome, has_late }: GroupRow): GroupState {
  const group: Group = cadence === "weekly" ? { cadence, weekday, zone, hour } : { cadence, zone, hour };
  return { id, group, last: last_day ? { localDay: last_day, outcome: last_outcome! } : null, hasLate: has_late };
}
