/** How many deliveries are in which state, from numbers that are kept beside them: nobody counts a million rows. */
import type { PrismaClient } from "../../prisma/client/client.ts";
import { DELIVERY_MOVES, type DeliveryState } from "../core/delivery.ts";
import type { Day } from "../core/paper.ts";

/** Deliveries in each state; 0 where there are none. */
export type DeliveryCounts = Readonly<Record<DeliveryState, number>>;

export interface DayTally {
  readonly localDay: Day;
  readonly counts: DeliveryCounts;
}

export type Tallies = ReturnType<typeof tallies>;

/**
 * Triggers append by how much each statement changed a number; these are added up once a minute. Read together, in one
 * statement, they say at any moment what counting would, and still say it of weeks whose deliveries were dropped.
 */
export function tallies(prisma: PrismaClient) {
  return {
    /** What became of the digests of one edition, so far. */
    async byEdition(date: Day): Promise<DeliveryCounts> {
      const rows = await prisma.$queryRaw<StateRow[]>`
        SELECT state, sum(count)::float8 AS count FROM (
          SELECT state, count FROM delivery_tallies WHERE edition_date = ${date}::date
          UNION ALL SELECT state, change FROM delivery_deltas WHERE edition_date = ${date}::date
        ) numbers GROUP BY state`;
      return countsOf(rows);
    },

    /** The same by readers' local days, `since` and `until` included, oldest first; days on which nothing fell due are left out. */
    async byDay({ since, until }: { since: Day; until: Day }): Promise<DayTally[]> {
      const rows = await prisma.$queryRaw<(StateRow & { local_day: Day })[]>`
        SELECT local_day::text AS local_day, state, sum(count)::float8 AS count FROM (
          SELECT local_day, state, count FROM delivery_tallies WHERE local_day BETWEEN ${since}::date AND ${until}::date
          UNION ALL
          SELECT local_day, state, change FROM delivery_deltas WHERE local_day BETWEEN ${since}::date AND ${until}::date
        ) numbers GROUP BY local_day, state HAVING sum(count) <> 0 ORDER BY local_day`;
      const days = [...new Set(rows.map((row) => row.local_day))];
      return days.map((localDay) => ({ localDay, counts: countsOf(rows.filter((row) => row.local_day === localDay)) }));
    },

    /** Adds up to `limit` changes to the numbers, oldest first; whoever reads them sees no difference. */
    async addUp(limit: number): Promise<void> {
      await prisma.$executeRaw`
        WITH taken AS (
          DELETE FROM delivery_deltas WHERE id IN (
            SELECT id FROM delivery_deltas ORDER BY id LIMIT ${limit} FOR UPDATE SKIP LOCKED
          ) RETURNING edition_date, local_day, state, change
        )
        INSERT INTO delivery_tallies AS t (edition_date, local_day, state, count)
        SELECT edition_date, local_day, state, sum(change) FROM taken GROUP BY edition_date, local_day, state
        ORDER BY edition_date, local_day, state -- so that two who add up at once wait for each other in one order
        ON CONFLICT (edition_date, local_day, state) DO UPDATE SET count = t.count + EXCLUDED.count`;
    },
  };
}

interface StateRow {
  state: DeliveryState;
  count: number;
}

function countsOf(rows: readonly StateRow[]): DeliveryCounts {
  const counted = new Map(rows.map(({ state, count }) => [state, count]));
  const states = Object.keys(DELIVERY_MOVES) as DeliveryState[];
  return Object.fromEntries(states.map((state) => [state, counted.get(state) ?? 0])) as Record<DeliveryState, number>;
}
