/** Who came to the door how often, counted for all web processes; and what may be used only once. */
import type pg from "pg";
import type { Cap } from "../core/caps.ts";
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
 * Opens a window with 1, or adds 1 to the one there is. Rows are taken in the order of their keys, so that two visits never
 * wait for each other. Everybody's is not counted for whom a nearer cap refuses: one who floods must not shut out the others.
 * Nor, in none of its windows, once its first has as many as $6.
 */
const COUNT = `
  WITH near AS (
    INSERT INTO door_counts AS c (key, count, until)
    SELECT key, 1, paperboy_now() + seconds * interval '1 second' FROM unnest($1::text[], $2::float[]) AS a (key, seconds) ORDER BY key
    ON CONFLICT (key) DO UPDATE SET count = CASE WHEN c.until <= paperboy_now() THEN 1 ELSE c.count + 1 END,
      until = CASE WHEN c.until <= paperboy_now() THEN excluded.until ELSE c.until END
    RETURNING key, count, until),
  first AS (
    INSERT INTO door_counts AS c (key, count, until)
    SELECT ($4::text[])[1], 1, paperboy_now() + ($5::float[])[1] * interval '1 second'
    WHERE $6::int IS DISTINCT FROM 0
      AND NOT EXISTS (SELECT FROM near JOIN unnest($1::text[], $3::int[]) AS b (key, most) USING (key) WHERE near.count > b.most)
    ON CONFLICT (key) DO UPDATE SET count = CASE WHEN c.until <= paperboy_now() THEN 1 ELSE c.count + 1 END,
      until = CASE WHEN c.until <= paperboy_now() THEN excluded.until ELSE c.until END
      WHERE $6 IS NULL OR c.count < $6 OR c.until <= paperboy_now()
    RETURNING key, count, until),
  far AS (
    INSERT INTO door_counts AS c (key, count, until)
    SELECT key, 1, paperboy_now() + seconds * interval '1 second'
    FROM unnest(($4::text[])[2:], ($5::float[])[2:]) AS a (key, seconds) WHERE EXISTS (SELECT FROM first)
    ORDER BY key
    ON CONFLICT (key) DO UPDATE SET count = CASE WHEN c.until <= paperboy_now() THEN 1 ELSE c.count + 1 END,
      until = CASE WHEN c.until <= paperboy_now() THEN excluded.until ELSE c.until END
    RETURNING key, count, until)
  SELECT key, count, extract(epoch FROM until - paperboy_now())::float * 1000 AS left_ms
  FROM (SELECT * FROM near UNION ALL SELECT * FROM first UNION ALL SELECT * FROM far) AS counted`;

export type Door = ReturnType<typeof door>;

export function door(pool: pg.Pool) {
  const ask = async <T extends pg.QueryResultRow>(name: string, text: string, values: unknown[]): Promise<T[]> => {
    try {
      return (await pool.query<T>({ name, text, values })).rows;
    } catch (error) {
      throw asFault(error);
    }
  };

  return {
    /**
     * Counts one visit under all caps, in one statement.
     *
     * @param near each visitor's own
     * @param everybody counted when no near cap is exceeded
     * @param upTo and while its first window has fewer than this
     * @returns a count for each cap that was counted
     */
    async count(near: readonly Counted[], everybody: Counted, upTo: number | null = null): Promise<Count[]> {
      const windows = new Map([...near, everybody].flatMap(windowsOf).map((window) => [window.key, window]));
      const nearWindows = near.flatMap(windowsOf);
      const farWindows = windowsOf(everybody);
      const keys = (of: Window[]) => of.map(({ key }) => key);
      const seconds = (of: Window[]) => of.map(({ cap }) => cap.withinMs / 1000);
      const rows = await ask<{ key: string; count: number; left_ms: number }>("door-count", COUNT, [
        ...[keys(nearWindows), seconds(nearWindows), nearWindows.map(({ cap }) => cap.most)],
        ...[keys(farWindows), seconds(farWindows), upTo],
      ]);
      return rows.map(({ key, count, left_ms }) => {
        const { of, cap } = windows.get(key)!;
        return { key: of, cap, count, leftMs: left_ms };
      });
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

interface Window {
  readonly key: string;
  readonly of: string;
  readonly cap: Cap;
}

/** A row a cap: the same visitor has a window of ten minutes and one of a day. */
function windowsOf({ key, caps }: Counted): Window[] {
  return caps.map((cap) => ({ key: `${key} ${cap.withinMs}`, of: key, cap }));
}
