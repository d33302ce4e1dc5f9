/** What whoever watches wants to know at a glance, in one small query that reads no more rows however many there are. */
import type pg from "pg";
import type { Day } from "../core/paper.ts";
import { asFault } from "./faults.ts";

export interface Vitals {
  readonly now: Date;
  /** When a sweep last began; null before the first. */
  readonly sweptAt: Date | null;
  /** Since when the digest, request and report that wait longest have been due; null where none waits. */
  readonly oldestDueAt: Date | null;
  readonly oldestRequestAt: Date | null;
  readonly oldestReportAt: Date | null;
  /** Edition of the last UTC day that has ended; null where it has no row. */
  readonly lastState: "open" | "closed" | "quiet" | "broken" | null;
  readonly newestClosed: Day | null;
  readonly newestClosedAt: Date | null;
  readonly newestPapers: number;
  /** The last day whose edition is closed or quiet. */
  readonly decidedUntil: Day | null;
  /** Standing stops and open incidents, by kind. */
  readonly stops: Readonly<Record<string, number>>;
  readonly incidents: Readonly<Record<string, number>>;
}

const VITALS = `
  WITH clock AS (SELECT paperboy_now() AS now), newest AS (
    SELECT date, closed_at FROM editions WHERE state = 'closed' ORDER BY date DESC LIMIT 1
  )
  SELECT now, (SELECT seen_at FROM clock_watch) AS "sweptAt",
    (SELECT min(next_try_at) FROM deliveries WHERE next_try_at IS NOT NULL) AS "oldestDueAt",
    (SELECT min(not_before) FROM requests WHERE state = 'waiting') AS "oldestRequestAt",
    (SELECT min(not_before) FROM reports WHERE state = 'waiting') AS "oldestReportAt",
    (SELECT state FROM editions WHERE date = (now AT TIME ZONE 'UTC')::date - 1) AS "lastState",
    (SELECT date::text FROM newest) AS "newestClosed", (SELECT closed_at FROM newest) AS "newestClosedAt",
    (SELECT count(*) FROM edition_papers WHERE edition_date = (SELECT date FROM newest))::int AS "newestPapers",
    (SELECT date::text FROM editions WHERE state IN ('closed', 'quiet') ORDER BY date DESC LIMIT 1) AS "decidedUntil",
    (SELECT coalesce(jsonb_object_agg(kind, n), '{}') FROM (
      SELECT kind, count(*) AS n FROM sending_stops WHERE lifted_at IS NULL GROUP BY kind) standing) AS stops,
    (SELECT coalesce(jsonb_object_agg(kind, n), '{}') FROM (
      SELECT kind, count(*) AS n FROM incidents WHERE ended_at IS NULL GROUP BY kind) open) AS incidents
  FROM clock`;

export function vitals(pool: pg.Pool) {
  return {
    /** @throws {Temporary} when the database does not answer */
    async read(): Promise<Vitals> {
      try {
        return (await pool.query<Vitals>(VITALS)).rows[0]!;
      } catch (error) {
        throw asFault(error);
      }
    },

    /** Connections of this process, by what they do; `waiting`: queries that have none yet. */
    connections: () => ({
      busy: pool.totalCount - pool.idleCount,
      idle: pool.idleCount,
      waiting: pool.waitingCount,
    }),
  };
}

export type VitalSigns = ReturnType<typeof vitals>;
