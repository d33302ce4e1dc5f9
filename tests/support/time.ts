/** Time as a test sees it. */
import type pg from "pg";

/** `at("2026-03-02T01:15Z")`. @throws when it is no time */
export function at(text: string): Date {
  const date = new Date(text);
  if (Number.isNaN(date.getTime())) throw new Error(`"${text}" is no time`);
  return date;
}

/** A clock that a test sets: for the process through `now`, for its own database through `paperboy_now()`. */
export interface TestClock {
  readonly now: () => Date;
  set(to: Date): Promise<void>;
}

/** Stands still until it is set again. The database reads it from a row: a new function each time would plan every query anew. */
export async function aClock(pool: pg.Pool, start: Date): Promise<TestClock> {
  let current = start;
  const set = async (to: Date) => {
    current = to;
    await pool.query("UPDATE test_clock SET at = $1", [to]);
  };
  await pool.query("CREATE TABLE test_clock (at timestamptz)");
  await pool.query("INSERT INTO test_clock VALUES (NULL)");
  await pool.query(`CREATE OR REPLACE FUNCTION paperboy_now() RETURNS timestamptz LANGUAGE sql STABLE
    AS 'SELECT at FROM test_clock'`);
  await set(start);
  return { now: () => current, set };
}

/** Stands at `start` until `go()`, then runs `factor` times as fast as the world. */
export async function aFastClock(pool: pg.Pool, start: Date, factor: number) {
  const standing = await aClock(pool, start);
  let began: number | null = null;
  return {
    now: () => (began === null ? standing.now() : new Date(start.getTime() + (Date.now() - began) * factor)),
    set: () => Promise.reject(new Error("this clock runs by itself")),
    async go() {
      began = Date.now();
      await pool.query(`CREATE OR REPLACE FUNCTION paperboy_now() RETURNS timestamptz LANGUAGE sql STABLE
        AS $$ SELECT timestamptz '${start.toISOString()}' + (now() - timestamptz '${new Date(began).toISOString()}') * ${factor} $$`);
    },
  };
}

const HOUR_MS = 3_600_000;

/** When a wall clock in `zone` shows this hour: found by looking at what clocks show, without the product's calendar. */
export function instantIn(zone: string, day: string, hour: number): number {
  const shown = new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short", timeStyle: "short" });
  const wanted = `${day} ${String(hour).padStart(2, "0")}:00`;
  for (
    let at = Date.parse(`${day}T00:00Z`) - 15 * HOUR_MS;
    at <= Date.parse(`${day}T00:00Z`) + 40 * HOUR_MS;
    at += HOUR_MS / 4
  )
    if (shown.format(at) >= wanted) return at;
  throw new Error(`${zone} never shows ${wanted}`);
}
