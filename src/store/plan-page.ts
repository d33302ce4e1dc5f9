/** The one statement that plans: it moves readers' marks forward and inserts a delivery for whom they moved. */
import { Prisma, type PrismaClient } from "../../prisma/client/client.ts";
import { addDays } from "../core/day.ts";
import type { Day } from "../core/paper.ts";
import type { Due } from "../core/schedule.ts";
import { holdClosed } from "./editions.ts";

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
  readonly pageSize: number;
}

/** No digest is valid for longer (core/schedule.ts): an older one that still waits is expired by whoever finds it. */
const UNDER_WAY_DAYS = 4;

/**
 * Plans the next readers of a group in the order of their numbers.
 *
 * Only a reader's last delivery can be under way. Those of a page were planned one after the other, so that looking for
 * the few that are is a short walk of an index that holds nothing else.
 *
 * @param after the last reader of the page before
 * @param busyBefore readers who were left out of the pages before
 * @returns with the last reader of this page, where another may follow
 */
export function planPage(prisma: PrismaClient, wanted: Wanted, after: bigint, busyBefore: number) {
  const { groupId, due, editionDate, sendBy, joinedBy, onlyLate, pageSize } = wanted;
  const isDue = Prisma.sql`((c.joined_at <= ${due.at} OR (c.joined_late AND c.joined_at <= ${joinedBy}))
    AND (c.last_local_day IS NULL OR c.last_local_day < ${due.localDay}::date)
    AND (c.last_edition IS NULL OR c.last_edition < ${editionDate}::date))`;
  // By their places in the table, as the page found them: by number, PostgreSQL may take an index of everybody for it. Who
  // changes in between has another place, and came late to this group if they are still in it: the next tick looks at them.
  const inPage = Prisma.sql`c.ctid = ANY (ARRAY(SELECT place FROM page)) AND c.group_id = ${groupId}`;
  const earlier = Array.from({ length: UNDER_WAY_DAYS }, (_, n) => addDays(due.localDay, -1 - n));
  const lastOfPage = Prisma.sql`d.local_day = ANY (${earlier}::date[])
    AND d.id = ANY (ARRAY(SELECT last_delivery FROM page))`;

  return prisma.$transaction(
    async (sql) => {
      // One planner at a time: which readers have a digest under way must not change between looking and planning.
      await sql.$executeRaw`SELECT pg_advisory_xact_lock(hashtext('plan-deliveries'))`;
      // Opened again since the planner looked: nothing is decided, and the next tick finds the group waiting for it.
      if (!(await holdClosed(sql, editionDate))) return { count: 0, fromId: null, toId: null, busy: 0, last: null };
      const [row] = await sql.$queryRaw<PlannedRow[]>`
        WITH page AS MATERIALIZED (
          SELECT c.subscription_id, c.last_delivery, c.ctid AS place FROM subscription_clocks c
          WHERE c.group_id = ${groupId} AND c.subscription_id > ${after} ${onlyLate ? Prisma.sql`AND c.joined_late` : Prisma.empty}
          ORDER BY c.subscription_id LIMIT ${pageSize}
        ), live AS (
          SELECT d.local_day, d.id, d.subscription_id FROM deliveries d WHERE ${lastOfPage} AND d.next_try_at IS NOT NULL
          UNION ALL
          SELECT d.local_day, d.id, d.subscription_id FROM deliveries d WHERE ${lastOfPage} AND d.claim_until IS NOT NULL
        ), under_way AS MATERIALIZED (
          SELECT live.* FROM live JOIN subscription_clocks c USING (subscription_id) WHERE c.group_id = ${groupId} AND ${isDue}
        ), superseded AS (
          UPDATE deliveries d SET state = CASE WHEN d.was_uncertain THEN 'uncertain' ELSE 'expired' END,
            reason = 'superseded', next_try_at = NULL, ended_at = paperboy_now()
          FROM under_way u WHERE d.local_day = ANY (${earlier}::date[]) AND d.local_day = u.local_day AND d.id = u.id
            AND d.state IN ('planned', 'retry')
          RETURNING d.subscription_id
        ), busy AS MATERIALIZED (
          -- With a digest that waited when we looked and was claimed before we ended it.
          SELECT subscription_id FROM under_way EXCEPT SELECT subscription_id FROM superseded
        ), moved AS (
          UPDATE subscription_clocks c SET last_local_day = ${due.localDay}::date, last_edition = ${editionDate}::date,
            last_delivery = nextval('deliveries_id_seq'), joined_late = false
          WHERE ${inPage} AND ${isDue} AND c.subscription_id NOT IN (SELECT subscription_id FROM busy)
          RETURNING c.subscription_id, c.last_delivery
        ), planned AS (
          INSERT INTO deliveries (local_day, id, subscription_id, edition_date, cadence, due_at, send_by, next_try_at)
          SELECT ${due.localDay}::date, last_delivery, subscription_id, ${editionDate}::date, ${due.cadence}, ${due.at}, ${sendBy}, paperboy_now()
          FROM moved ORDER BY last_delivery RETURNING id
        ), settled AS (
          -- In this statement, because who joins late while it runs was not looked at.
          UPDATE subscription_clocks c SET joined_late = false WHERE ${inPage} AND c.joined_late AND NOT ${isDue}
        )
        SELECT count(*) AS count, min(id) AS from_id, max(id) AS to_id, (SELECT count(*) FROM busy) AS busy,
          (SELECT max(subscription_id) FROM page HAVING count(*) = ${pageSize}) AS last FROM planned`;
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

/** Writes down what became of a local day of a group; what was planned of it adds up. */
export function decide(
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

interface PlannedRow {
  count: bigint;
  from_id: bigint | null;
  to_id: bigint | null;
  busy: bigint;
  last: bigint | null;
}
