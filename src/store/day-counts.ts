/** What happened on each of the last days, for charts, and how many readers there are: numbers for the operator's first page. */
import type { PrismaClient } from "../../prisma/client/client.ts";
import { addDays } from "../core/day.ts";
import type { Day } from "../core/paper.ts";
import type { SubscriptionState } from "../core/subscription.ts";

export interface DayOfReaders {
  readonly day: Day;
  /** Subscriptions confirmed, or taken up again. */
  readonly joined: number;
  readonly left: number;
  /** Bounces of all kinds, and complaints. */
  readonly bounces: number;
  readonly complaints: number;
}

export type ReaderCounts = Readonly<Record<SubscriptionState, number>>;

export type DayCounts = ReturnType<typeof dayCounts>;

/** Counting a million readers takes PostgreSQL a tenth of a second: done again after so many times as long as it took. */
const KEEP_TIMES = 1_000;
/** Nothing is written any more about a day that ended so long ago. */
const SETTLED_MS = 60 * 60_000;

/** Days that are over are counted once, in this process. */
export function dayCounts(prisma: PrismaClient, { clock = () => performance.now() } = {}) {
  const settled = new Map<Day, DayOfReaders>();
  let readers: { readonly until: number; readonly counts: Promise<ReaderCounts> } | null = null;

  const count = async (since: Day, until: Day): Promise<DayOfReaders[]> => {
    const rows = await prisma.$queryRaw<DayRow[]>`
      WITH days AS (SELECT generate_series(${since}::date, ${until}::date, '1 day')::date AS day),
      growth AS (
        SELECT (at AT TIME ZONE 'UTC')::date AS day, (count(*) FILTER (WHERE what <> 'ended'))::int AS joined,
          (count(*) FILTER (WHERE what = 'ended'))::int AS "left"
        FROM subscription_changes WHERE what IN ('confirmed', 'undone', 'ended')
          AND at >= ${since}::date::timestamp AT TIME ZONE 'UTC' AND at < (${until}::date + 1)::timestamp AT TIME ZONE 'UTC'
        GROUP BY 1
      ), returned AS (
        SELECT (at AT TIME ZONE 'UTC')::date AS day, (count(*) FILTER (WHERE class IN ('hard', 'domain', 'soft')))::int AS bounces,
          (count(*) FILTER (WHERE class = 'complaint'))::int AS complaints
        FROM verdicts WHERE at >= ${since}::date::timestamp AT TIME ZONE 'UTC'
          AND at < (${until}::date + 1)::timestamp AT TIME ZONE 'UTC' GROUP BY 1
      )
      SELECT day::text AS day, coalesce(joined, 0) AS joined, coalesce("left", 0) AS "left", coalesce(bounces, 0) AS bounces,
        coalesce(complaints, 0) AS complaints, paperboy_now() AS now
      FROM days LEFT JOIN growth USING (day) LEFT JOIN returned USING (day) ORDER BY days.day`;
    return rows.map(({ now, ...row }) => {
      const endedAt = Date.parse(`${addDays(row.day, 1)}T00:00:00Z`);
      if (now.getTime() - endedAt > SETTLED_MS) settled.set(row.day, row);
      return row;
    });
  };

  return {
    /** Every UTC day from `since` to `until`, both included, oldest first. */
    async days(since: Day, until: Day): Promise<DayOfReaders[]> {
      const known: DayOfReaders[] = [];
      let next = since;
      for (; next <= until; next = addDays(next, 1)) {
        const day = settled.get(next);
        if (!day) break;
        known.push(day);
      }
      for (const day of settled.keys()) if (day < since) settled.delete(day);
      return next > until ? known : [...known, ...(await count(next, until))];
    },

    /** Readers in each state; where they are many, as they were a minute or two ago. */
    readers(): Promise<ReaderCounts> {
      if (readers && clock() < readers.until) return readers.counts;
      const began = clock();
      const counts = prisma.$queryRaw<{ state: SubscriptionState; count: number }[]>`
        SELECT state, count(*)::int AS count FROM subscriptions GROUP BY state`.then((rows) => {
        mine.until = clock() + KEEP_TIMES * (clock() - began);
        const none: ReaderCounts = { active: 0, paused: 0, suspended: 0, ended: 0 };
        return { ...none, ...Object.fromEntries(rows.map(({ state, count: many }) => [state, many])) };
      });
      const mine = { until: Number.POSITIVE_INFINITY, counts };
      readers = mine;
      counts.catch(() => {
        readers = null;
      });
      return counts;
    },
  };
}

type DayRow = DayOfReaders & { readonly now: Date };
