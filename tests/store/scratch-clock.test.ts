import pg from "pg";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { migrate } from "../../src/store/migrate.ts";
import { scratchClock } from "../../src/store/scratch-clock.ts";
import { openScratchDatabase, type ScratchDatabase } from "../../src/store/scratch-database.ts";
import { aDatabase } from "../support/database.ts";
import { at } from "../support/time.ts";

let scratch: ScratchDatabase;
let pool: pg.Pool;
beforeAll(async () => {
  scratch = await openScratchDatabase(inject("databaseServer"));
  await migrate({ databaseUrl: scratch.url });
  pool = new pg.Pool({ connectionString: scratch.url });
  pool.on("error", () => {});
});
afterAll(async () => {
  await pool.end();
  await scratch.close();
});

test("the clock of a scratch database says what it was set to, forward and back, on every connection", async () => {
  const clock = scratchClock(pool);
  for (const time of ["2026-04-15T01:00:00Z", "2031-01-01T00:00:00Z", "2026-04-01T00:00:00Z"]) {
    await clock.set(at(time));
    const told = await Promise.all([1, 2, 3].map(() => pool.query("SELECT paperboy_now() AS now, pg_sleep(0.02)")));
    expect(told.map(({ rows }) => rows[0].now)).toEqual(Array(3).fill(at(time)));
  }
});

test("any other database goes by its own clock, and says no", async () => {
  const real = await aDatabase();
  const itsPool = new pg.Pool({ connectionString: real.url });
  try {
    await expect(scratchClock(itsPool).set(at("2026-04-15T01:00Z"))).rejects.toThrow(/is no scratch database/);
    const { rows } = await itsPool.query("SELECT paperboy_now() = now() AS own");
    expect(rows).toEqual([{ own: true }]);
  } finally {
    await itsPool.end();
    await real.drop();
  }
});
