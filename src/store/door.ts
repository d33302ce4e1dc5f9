/** Who came to the door how often, counted for all web processes; and what may be used only once. */
import type pg from "pg";
import type { Cap } from "../core/caps.ts";
import { gather } from "../gather.ts";
import { asFault } from "./faults.ts";

/** Something to be counted: a key, and the caps it is under. */
export interface Counted {
  readonly key: string;
  readonly caps: readonly Cap[];
}

/** How full a window is with this visit, and when it is over. */
export interface Count {
  readonly key: string;
  readonly cap: Cap;
  readonly count: number;
  /** Milliseconds until its window is over. */
  readonly leftMs: number;
}

/** Who has no proof of work has an answer at most every five seconds, all of them together, and not before two minutes. */
const QUEUE = { key: "queue", firstSeconds: 120, apartSeconds: 5 } as const;

/**
 * Counts visits that came together, as if one after the other: opens a window with as many as there are, or adds them to the
 * one there is. $1–$4: the number of a visit, one of its near windows, its length, its cap. Rows are taken in the order of
 * their keys, near before everybody's, so that no two statements wait for each other. Everybody's ($5, $6) is not counted for whom a nearer
 * cap refuses: one who floods must not shut out the others. Nor, in none of its windows, once its first has as many as $7.
 */
const COUNT = `
  WITH asked AS (
    SELECT *, row_number() OVER (PARTITION BY key ORDER BY visit) AS nth
    FROM unnest($1::int[], $2::text[], $3::float[], $4::int[]) AS a (visit, key, seconds, most)),
  near AS (
    INSERT INTO door_counts AS c (key, count, until)
    SELECT key, count(*), paperboy_now() + max(seconds) * interval '1 second' FROM asked GROUP BY key ORDER BY key
    ON CONFLICT (key) DO UPDATE SET count = CASE WHEN c.until <= paperboy_now() THEN excluded.count ELSE c.count + excluded.count END,
      until = CASE WHEN c.until <= paperboy_now() THEN excluded.until ELSE c.until END
    RETURNING key, count, until),
  own AS (
    SELECT visit, key, near.count - count(*) OVER (PARTITION BY key) + nth AS count, most, until FROM near JOIN asked USING (key)),
  passing AS (
    SELECT visit, row_number() OVER (ORDER BY visit) AS nth FROM generate_series(0, $8::int - 1) AS v (visit)
    WHERE NOT EXISTS (SELECT FROM own WHERE own.visit = v.visit AND own.count > own.most)),
  first AS (
    INSERT INTO door_counts AS c (key, count, until, added)
    SELECT ($5::text[])[1], least(count(*), $7::int), paperboy_now() + ($6::float[])[1] * interval '1 second', least(count(*), $7::int)
    FROM passing HAVING least(count(*), $7::int) > 0
    ON CONFLICT (key) DO UPDATE SET
      added = CASE WHEN c.until <= paperboy_now() THEN excluded.count ELSE least(excluded.count, $7 - c.count) END,
      count = CASE WHEN c.until <= paperboy_now() THEN excluded.count ELSE c.count + least(excluded.count, $7 - c.count) END,
      until = CASE WHEN c.until <= paperboy_now() THEN excluded.until ELSE c.until END
      WHERE $7 IS NULL OR c.count < $7 OR c.until <= paperboy_now()
    RETURNING key, count, until, added),
  far AS (
    INSERT INTO door_counts AS c (key, count, until)
    SELECT a.key, added, paperboy_now() + seconds * interval '1 second'
    FROM first, unnest(($5::text[])[2:], ($6::float[])[2:]) AS a (key, seconds) ORDER BY a.key
    ON CONFLICT (key) DO UPDATE SET count = CASE WHEN c.until <= paperboy_now() THEN excluded.count ELSE c.count + excluded.count END,
      until = CASE WHEN c.until <= paperboy_now() THEN excluded.until ELSE c.until END
    RETURNING key, count, until)
  SELECT visit, key, count::int, extract(epoch FROM until - paperboy_now())::float * 1000 AS left_ms
  FROM (
    SELECT visit, key, count, until FROM own
    UNION ALL SELECT visit, all_of.key, all_of.count - added + nth, all_of.until
      FROM (SELECT key, count, until FROM first UNION ALL SELECT * FROM far) AS all_of, first, passing WHERE nth <= added) AS counted`;

/** In one statement. */
const MOST_VISITS = 200;

export type Door = ReturnType<typeof door>;

export function door(pool: pg.Pool) {
  const ask = async <T extends pg.QueryResultRow>(name: string, text: string, values: unknown[]): Promise<T[]> => {
    try {
      return (await pool.query<T>({ name, text, values })).rows;
    } catch (error) {
      throw asFault(error);
    }
  };

  /** Who is counted, of each who came, as one of whom. */
  const countTogether: CountTogether = async (visits, everybody, upTo) => {
    const windows = new Map([...visits.flat(), everybody].flatMap(windowsOf).map((window) => [window.key, window]));
    const near = visits.flatMap((own, visit) => own.flatMap(windowsOf).map((window) => ({ visit, ...window })));
    const far = windowsOf(everybody);
    const seconds = (of: readonly Window[]) => of.map(({ cap }) => cap.withinMs / 1000);
    const rows = await ask<{ visit: number; key: string; count: number; left_ms: number }>("door-count", COUNT, [
      ...[near.map(({ visit }) => visit), near.map(({ key }) => key), seconds(near), near.map(({ cap }) => cap.most)],
      ...[far.map(({ key }) => key), seconds(far), upTo, visits.length],
    ]);
    const counts: Count[][] = visits.map(() => []);
    for (const { visit, key, count, left_ms } of rows) {
      const { of, cap } = windows.get(key)!;
      counts[visit]!.push({ key: of, cap, count, leftMs: left_ms });
    }
    return counts;
  };
  const counters = new Map<string, (near: readonly Counted[]) => Promise<Count[]>>();

  return {
    /**
     * Counts one visit under all caps, in one statement with those that come at the same time.
     *
     * @param near each visitor's own
     * @param everybody counted when no near cap is exceeded
     * @param upTo and while its first window has fewer than this
     * @returns a count for each cap that was counted
     */
    count(near: readonly Counted[], everybody: Counted, upTo: number | null = null): Promise<Count[]> {
      const kind = `${everybody.key} ${upTo}`;
      const counting =
        counters.get(kind) ?? gather((visits) => countTogether(visits, everybody, upTo), { most: MOST_VISITS });
      counters.set(kind, counting);
      return counting(near);
    },

    /** How full the fullest window of a key is, without a visit. */
    async countOf({ key, caps }: Counted): Promise<number> {
      const [row] = await ask<{ count: number | null }>(
        "door-count-of",
        "SELECT max(count) AS count FROM door_counts WHERE key = ANY ($1) AND until > paperboy_now()",
        [windowsOf({ key, caps }).map((window) => window.key)],
      );
      return row?.count ?? 0;
    },

    /** Takes back what was counted of keys: the visits were all right. */
    async forgive(counted: readonly Counted[]): Promise<void> {
      const keys = counted.flatMap(windowsOf).map(({ key }) => key);
      await ask("door-forgive", "DELETE FROM door_counts WHERE key = ANY ($1)", [keys]);
    },

    /** The next place in the queue of those who bring no proof of work. */
    async place(): Promise<Date> {
      const [row] = await ask<{ until: Date }>(
        "door-place",
        `INSERT INTO door_counts AS c (key, count, until) VALUES ($1, 0, paperboy_now() + $2 * interval '1 second')
         ON CONFLICT (key) DO UPDATE SET until = greatest(excluded.until, c.until + $3 * interval '1 second')
         RETURNING until`,
        [QUEUE.key, QUEUE.firstSeconds, QUEUE.apartSeconds],
      );
      return row!.until;
    },

    /** Uses up what is good once. @returns false when it was used before, by whichever process */
    async spend(id: string, until: Date): Promise<boolean> {
      const text = "INSERT INTO door_spent (id, until) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING RETURNING id";
      return (await ask("door-spend", text, [id, until])).length === 1;
    },

    async isSpent(id: string): Promise<boolean> {
      return (await ask("door-is-spent", "SELECT FROM door_spent WHERE id = $1", [id])).length === 1;
    },

    /** Deletes what is over. */
    async forget(): Promise<void> {
      await ask("door-forget-counts", "DELETE FROM door_counts WHERE until <= paperboy_now()", []);
      await ask("door-forget-spent", "DELETE FROM door_spent WHERE until <= paperboy_now()", []);
    },
  };
}

type CountTogether = (
  visits: readonly (readonly Counted[])[],
  everybody: Counted,
  upTo: number | null,
) => Promise<Count[][]>;

interface Window {
  readonly key: string;
  readonly of: string;
  readonly cap: Cap;
}

/** A row a cap: the same visitor has a window of ten minutes and one of a day. */
function windowsOf({ key, caps }: Counted): Window[] {
  return caps.map((cap) => ({ key: `${key} ${cap.withinMs}`, of: key, cap }));
}
