import pg from "pg";
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { Temporary } from "../../src/errors.ts";
import { history } from "../../src/store/history.ts";
import { buffersOf, explaining, readingOf } from "../bench/scale/figures.ts";
import { aStore, type TestStore } from "../support/store.ts";

let store: TestStore;
beforeAll(async () => {
  store = await aStore();
  await store.planning.makePartitions("2026-04-01", "2026-04-15");
});
afterAll(() => store.close());
beforeEach(() => store.sql("TRUNCATE deliveries"));

/** A delivery of a day that came to an end, or waits for another try. */
const aDelivery = (
  reader: bigint,
  day: string,
  papers: readonly number[] | null,
  state = "accepted",
  wasUncertain = false,
) =>
  store.sql(
    `INSERT INTO deliveries (local_day, subscription_id, edition_date, cadence, due_at, send_by, state, reason, was_uncertain,
       next_try_at, paper_ids) VALUES ($1::date, $2, $1::date, 'daily', now(), now(), $4::text, 'test', $5,
       CASE WHEN $4 = 'retry' THEN now() END, $3)`,
    [day, reader, papers, state, wasUncertain],
  );
const sentTo = async (readers: readonly bigint[], since = "2026-04-01") => {
  const sent = await history(store.pool).sentTo(readers, since);
  return readers.map((reader) => [...sent.of(reader)].sort((a, b) => a - b));
};

test("a paper was sent when its mail was accepted or is uncertain, and not when it ended otherwise", async () => {
  await aDelivery(1n, "2026-04-10", [11]);
  await aDelivery(1n, "2026-04-11", [12], "uncertain");
  await aDelivery(1n, "2026-04-12", [13], "retry", true);
  for (const state of ["refused", "expired", "empty", "withdrawn", "retry"])
    await aDelivery(1n, "2026-04-13", [99], state);
  expect(await sentTo([1n])).toEqual([[11, 12, 13]]);
});

test("each reader has what they were sent over the weeks, and who was sent nothing has nothing", async () => {
  await aDelivery(1n, "2026-04-03", [5, 1_000_000]);
  await aDelivery(1n, "2026-04-14", [7, 8, 2_147_483_647]);
  await aDelivery(9_000_000_000n, "2026-04-14", [7]);
  await aDelivery(3n, "2026-04-14", []);
  await aDelivery(4n, "2026-04-14", null);
  await aDelivery(5n, "2026-04-14", [6]);
  const sent = await sentTo([1n, 2n, 3n, 4n, 9_000_000_000n]);
  expect(sent).toEqual([[5, 7, 8, 1_000_000, 2_147_483_647], [], [], [], [7]]);
});

test("what lies before the first day asked for is left out; asking for nobody finds nothing", async () => {
  await aDelivery(1n, "2026-04-09", [1]);
  await aDelivery(1n, "2026-04-10", [2]);
  expect(await sentTo([1n], "2026-04-10")).toEqual([[2]]);
  expect(await sentTo([])).toEqual([]);
});

test("C16: three hundred readers are looked up in one statement that reads hardly more than it needs", async () => {
  await store.sql(`INSERT INTO deliveries (local_day, subscription_id, edition_date, cadence, due_at, send_by, state, paper_ids)
    SELECT date '2026-04-06' + day, n, '2026-04-06', 'daily', now(), now(), 'accepted', ARRAY[day, day + 1]
    FROM generate_series(0, 6) day, generate_series(1, 20000) n`);
  await store.sql("ANALYZE deliveries");
  const readers = Array.from({ length: 300 }, (_, n) => BigInt(1 + 60 * n));

  const asked = vi.spyOn(pg.Client.prototype, "query");
  const sent = await sentTo(readers);
  expect(asked).toHaveBeenCalledTimes(1);
  asked.mockRestore();
  expect([sent.filter((keys) => keys.length > 0).length, sent[1]]).toEqual([
    300,
    [0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7],
  ]);

  const client = await store.pool.connect();
  await client.query("BEGIN");
  const plans = await explaining(
    () => "history",
    async () => void (await history(client as unknown as pg.Pool).sentTo(readers, "2026-04-01")),
  );
  await client.query("ROLLBACK");
  client.release();
  const plan = plans.get("history")!;
  const { rowsPerRow, buffersPerRow } = readingOf(buffersOf(plan), [plan], 7 * 300);
  expect(rowsPerRow).toBeLessThanOrEqual(3);
  expect(buffersPerRow).toBeLessThanOrEqual(3);
});

test("a database that does not answer is a passing fault", async () => {
  const pool = new pg.Pool({ connectionString: "postgresql://nobody@127.0.0.1:1/none" });
  await expect(history(pool).sentTo([1n], "2026-04-01")).rejects.toBeInstanceOf(Temporary);
  await pool.end();
});
