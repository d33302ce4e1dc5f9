import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { judgeWaves } from "../../src/actions/judge-waves.ts";
import { resumeSending } from "../../src/actions/resume-sending.ts";
import { sweep } from "../../src/actions/sweep.ts";
import { openGate } from "../../src/store/gate.ts";
import { incidents } from "../../src/store/incidents.ts";
import { aStore, type TestStore } from "../support/store.ts";
import { at } from "../support/time.ts";
import { aLog, aQueue } from "./press.ts";

const EDITION = "2026-04-14";
const DAY = "2026-04-15";
const READERS = 3_000;

const journal = { append: async () => {} };
let store: TestStore;
let queue: ReturnType<typeof aQueue>;
let logged: ReturnType<typeof aLog>;
let first: bigint;
beforeAll(async () => {
  store = await aStore();
  await store.sql("SELECT make_delivery_partitions('2026-04-13', '2026-04-20')");
});
afterAll(() => store.close());

/** A wave of three thousand was planned; its first hundred may go. */
beforeEach(async () => {
  queue = aQueue();
  logged = aLog();
  await store.clock.set(at("2026-04-15T07:00Z"));
  await store.sql("TRUNCATE deliveries, sending_stops, waves, wave_pages, incidents");
  const [row] = await store.sql<{ first: string }>(
    `WITH planned AS (
       INSERT INTO deliveries (local_day, subscription_id, edition_date, cadence, due_at, send_by, next_try_at)
       SELECT $1, n, $2, 'daily', '2026-04-15T07:00Z', '2026-04-16T03:00Z', '2026-04-15T07:00Z' FROM generate_series(1, $3) n
       RETURNING id
     ) SELECT min(id) AS first FROM planned`,
    [DAY, EDITION, READERS],
  );
  first = BigInt(row!.first);
  await withGate((gate) => gate.opened({ editionDate: EDITION, ...nth(1, READERS) }));
});

/** From the `from`th to the `to`th delivery, from 1. */
const nth = (from: number, to: number) => ({
  ...{ localDay: DAY, fromId: first + BigInt(from - 1), toId: first + BigInt(to - 1) },
});
/** What became of them, by their attempts to send. */
async function became(state: string, from: number, to: number, reason: string | null = null): Promise<void> {
  const { fromId, toId } = nth(from, to);
  const again = state === "retry";
  await store.sql(
    `UPDATE deliveries SET state = $3, reason = $4, attempts = 1, next_try_at = CASE WHEN $5 THEN now() END,
       claim = CASE WHEN $3 = 'claimed' THEN gen_random_uuid() END, claim_until = CASE WHEN $3 = 'claimed' THEN now() END
     WHERE id BETWEEN $1 AND $2`,
    [fromId, toId, state, reason, again],
  );
}
async function withGate<T>(work: (gate: ReturnType<typeof openGate>) => Promise<T>): Promise<T> {
  const { log } = logged;
  const gate = openGate({ ...store, incidents: incidents(store.prisma, log), log });
  try {
    return await work(gate);
  } finally {
    await gate.close();
  }
}
const judge = () => withGate((gate) => judgeWaves({ ...store, gate, queue, log: logged.log }));
const rung = () =>
  queue.rung().map(({ payload }) => [BigInt(payload.fromId!) - first + 1n, BigInt(payload.toId!) - first + 1n]);
const admitted = () => withGate((gate) => gate.admits(nth(1, READERS)));

test("nothing follows while one of the vanguard waits for its first answer", async () => {
  await became("accepted", 1, 99);
  await judge();
  await became("claimed", 100, 100);
  await judge();
  expect([rung(), await admitted()]).toEqual([[], false]);
});

test("when the vanguard was taken the others follow, rung for once, however many judge at once", async () => {
  await became("accepted", 1, 90);
  await became("refused", 91, 94, "refused-by-server");
  await became("retry", 95, 98, "deferred");
  await became("empty", 99, 100, "nothing-new");
  await Promise.all([judge(), judge(), judge()]);
  const rings = rung();
  expect([rings.length, rings[0], rings.at(-1)]).toEqual([10, [101n, 400n], [2_801n, 3_000n]]);
  expect(await admitted()).toBe(true);
  await judge();
  expect([rung(), logged.lines.map(({ level }) => level)]).toEqual([[], [30]]);
});

test("a vanguard that is refused stops its edition with one alarm; a resume sends the rest", async () => {
  await became("accepted", 1, 94);
  await became("refused", 95, 100, "refused-by-server");
  await judge();
  await judge();
  expect(await admitted()).toBe(false);
  expect(logged.lines.map(({ level, msg }) => `${level} ${msg}`)).toEqual([
    "50 Mail servers refused 6 of the first 100 digests of edition 2026-04-14, more than 5 %: it was stopped. `paperboy resume` lets it go on.",
  ]);
  expect(rung()).toEqual([]);
  const lifted = await withGate((gate) => resumeSending({ ...store, gate, queue }));
  expect(lifted.map(({ editionDate }) => editionDate)).toEqual([EDITION]);
  const covered = rung().reduce((sum, [from, to]) => sum + Number(to! - from!) + 1, 0);
  expect(covered).toBe(READERS - 100);
  await judge();
  expect([await admitted(), rung()]).toEqual([true, []]);
});

test("while servers are away a hundred more try each minute, until a hundred were answered", async () => {
  await became("retry", 1, 100, "connection-failed");
  await judge();
  await judge();
  expect(rung()).toEqual([[101n, 200n]]);
  await became("retry", 101, 200, "connection-failed");
  await store.clock.set(at("2026-04-15T07:01Z"));
  await judge();
  expect(rung()).toEqual([[201n, 300n]]);
  await became("accepted", 201, 300);
  await judge();
  expect([rung().length, await admitted()]).toEqual([9, true]);
});

test("the sweep rings again for a vanguard nobody was rung for, and for nothing that is held", async () => {
  await store.clock.set(at("2026-04-15T07:00:30Z"));
  await withGate((gate) =>
    sweep({ ...store, gate, queue, log: logged.log, journal, retentionDays: 90 }, store.clock.now()),
  );
  const [[from] = [], ...more] = rung();
  expect([from, more.every(([, to]) => to! <= 100n)]).toEqual([1n, true]);
  await withGate((gate) => gate.pause("test"));
  await withGate((gate) =>
    sweep({ ...store, gate, queue, log: logged.log, journal, retentionDays: 90 }, store.clock.now()),
  );
  expect(rung()).toEqual([]);
});

test("waves are forgotten when none of their digests is valid any more", async () => {
  const sweeping = (time: string) =>
    store.clock
      .set(at(time))
      .then(() =>
        withGate((gate) => sweep({ ...store, gate, queue, log: logged.log, journal, retentionDays: 90 }, at(time))),
      );
  await sweeping("2026-04-28T07:00Z");
  expect(await store.sql("SELECT count(*)::int AS pages FROM wave_pages")).toEqual([{ pages: 1 }]);
  await sweeping("2026-04-29T07:00Z");
  expect(await store.sql("SELECT count(*)::int AS pages FROM wave_pages")).toEqual([{ pages: 0 }]);
});

test("a tally reads the vanguard and not the wave", async () => {
  await store.sql("ANALYZE deliveries");
  const read = async () => {
    await store.sql("SELECT pg_stat_force_next_flush()");
    const [row] = await store.sql<{ rows: string }>(
      "SELECT sum(coalesce(idx_tup_fetch, 0) + coalesce(seq_tup_read, 0)) AS rows FROM pg_stat_user_tables WHERE relname LIKE 'deliveries\\_%'",
    );
    return Number(row!.rows);
  };
  const before = await read();
  expect(await store.waves.tally(EDITION)).toEqual({ waiting: 100, silent: 0, answered: 0, refused: 0, unsent: 0 });
  let after = await read();
  for (let tries = 0; after === before && tries < 100; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 50)); // each connection reports on its own, a little later
    await store.waves.holding();
    after = await read();
  }
  expect(after - before).toBeLessThan(500);
});
