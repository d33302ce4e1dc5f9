import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { addDays } from "../../src/core/day.ts";
import { quietReaders } from "../../src/store/quiet-readers.ts";
import { aFilter, preferences } from "../support/builders.ts";
import { aStore, type TestStore } from "../support/store.ts";
import { at } from "../support/time.ts";

let store: TestStore;
beforeAll(async () => {
  store = await aStore();
});
afterAll(() => store.close());
beforeEach(async () => {
  await store.sql("TRUNCATE deliveries, subscription_clocks, subscription_changes, subscriptions, requests CASCADE");
  await store.sql("SELECT make_delivery_partitions('2026-02-01', '2026-07-01')");
});

const TODAY = "2026-05-20";
const MONTH_AGO = addDays(TODAY, -30);
const filter = aFilter({ include: ["gravity"] });

/** Confirmed 40 days ago; since then each day's digest was empty, today's too. */
async function aQuietReader(): Promise<bigint> {
  await store.clock.set(at(`${addDays(TODAY, -40)}T06:00Z`));
  const id = await store.aReader(preferences({ filter, format: "text" }));
  await store.clock.set(at(`${TODAY}T07:00Z`));
  await deliveries(id, addDays(TODAY, -39), TODAY);
  return id;
}
const deliveries = (id: bigint, since: string, until: string, state = "empty", papers: number[] | null = null) =>
  store.sql(
    `INSERT INTO deliveries (local_day, subscription_id, edition_date, cadence, due_at, send_by, state, reason, paper_ids)
       SELECT day::date, $1, day::date - 1, 'daily', day, day, $4, 'nothing-matched', $5
       FROM generate_series($2::date, $3::date, interval '1 day') day`,
    [id, since, until, state, papers],
  );
/** Something with papers on one day, instead of nothing. */
async function something(id: bigint, day: string, state = "accepted") {
  await store.sql("DELETE FROM deliveries WHERE subscription_id = $1 AND local_day = $2", [id, day]);
  await deliveries(id, day, day, state, [1]);
}
const change = (id: bigint, time: string, what = "changed") =>
  store.sql(
    `INSERT INTO subscription_changes (subscription_id, version, what, preferences, via, at)
       SELECT $1, max(version) + 1, $3, '{}', 'preferences-link', $2 FROM subscription_changes WHERE subscription_id = $1`,
    [id, at(time), what],
  );
const tell = (...ids: bigint[]) => store.quietReaders.tell(ids, 30);
const letters = () =>
  store.sql<{ email: string; state: string }>("SELECT email, state FROM requests WHERE kind = 'quiet' ORDER BY id");

test("a reader who got nothing for thirty days is to be told: a request that waits, within the hour, and a mark", async () => {
  const id = await aQuietReader();
  expect(await tell(id)).toBe(1);
  const [row] = await store.sql(
    `SELECT r.kind, r.state, r.email = s.email AND r.address_key = s.address_key AS is_theirs, r.asked_by, r.wanted, r.page,
       r.asked_at, extract(epoch FROM r.not_before - r.asked_at)::int / 60 = s.id % 60 AS is_spread, r.expires_at, s.told_quiet_at
     FROM subscriptions s JOIN requests r USING (address_key) WHERE r.kind = 'quiet'`,
  );
  const now = at(`${TODAY}T07:00Z`);
  expect(row).toEqual({
    ...{ kind: "quiet", state: "waiting", is_theirs: true, asked_by: "clock", wanted: null, page: null, asked_at: now },
    ...{ is_spread: true, expires_at: at("2026-05-27T07:00Z"), told_quiet_at: now },
  });
  expect(await store.quietReaders.told(id)).toEqual({ filter, format: "text" });
});

describe("nobody is told", () => {
  const stories: Record<string, (id: bigint) => Promise<unknown>> = {
    "who was sent something 29 days ago": (id) => something(id, addDays(MONTH_AGO, 1)),
    "whose digest may have arrived": (id) => something(id, addDays(TODAY, -5), "uncertain"),
    "whose digest had papers, but was refused: something did match": (id) =>
      something(id, addDays(TODAY, -5), "refused"),
    "who confirmed less than thirty days ago": (id) =>
      store.sql("UPDATE subscriptions SET confirmed_at = $2 WHERE id = $1", [id, at(`${MONTH_AGO}T07:01Z`)]),
    "who changed something since": (id) => change(id, `${MONTH_AGO}T07:01Z`),
    "who resumed since": (id) => change(id, `${MONTH_AGO}T07:01Z`, "resumed"),
    "who left and took it back since": (id) => change(id, `${MONTH_AGO}T07:01Z`, "undone"),
    "who is paused": (id) => store.sql("UPDATE subscriptions SET state = 'paused' WHERE id = $1", [id]),
    "who is suspended": (id) => store.sql("UPDATE subscriptions SET state = 'suspended' WHERE id = $1", [id]),
    "who has left": (id) => store.sql("UPDATE subscriptions SET state = 'ended' WHERE id = $1", [id]),
    "who is erased": (id) => store.sql("UPDATE subscriptions SET state = 'ended', email = NULL WHERE id = $1", [id]),
    "for whom nobody looked a month ago": (id) =>
      store.sql("DELETE FROM deliveries WHERE subscription_id = $1 AND local_day <= $2", [id, addDays(MONTH_AGO, 7)]),
    "whose digests of a month ago came too late": (id) =>
      store.sql("UPDATE deliveries SET state = 'expired' WHERE subscription_id = $1 AND local_day <= $2", [
        ...[id, addDays(MONTH_AGO, 7)],
      ]),
  };
  test.each(Object.entries(stories))("%s", async (_, happened) => {
    const id = await aQuietReader();
    const other = await aQuietReader();
    await happened(id);
    expect(await tell(id)).toBe(0);
    expect([await letters(), await store.quietReaders.told(id)]).toEqual([[], null]);
    expect(await tell(id, other)).toBe(1);
  });

  test("but who had something thirty days ago, or changed something just before, is", async () => {
    const [had, changed] = [await aQuietReader(), await aQuietReader()];
    await something(had, MONTH_AGO);
    await change(changed, `${MONTH_AGO}T07:00Z`);
    expect(await tell(had, changed)).toBe(2);
  });
});

describe("one mail", () => {
  test("however often it is looked at, on the same day or later", async () => {
    const id = await aQuietReader();
    expect([await tell(id), await tell(id)]).toEqual([1, 0]);
    await deliveries(id, addDays(TODAY, 1), addDays(TODAY, 45));
    await store.clock.set(at(`${addDays(TODAY, 45)}T07:00Z`));
    expect([await tell(id), (await letters()).length]).toEqual([0, 1]);
  });

  test("when several look at once", async () => {
    const ids = [await aQuietReader(), await aQuietReader(), await aQuietReader()];
    const told = await Promise.all(Array.from({ length: 8 }, (_, n) => tell(...(n % 2 ? ids : ids.toReversed()))));
    expect([told.reduce((sum, one) => sum + one, 0), (await letters()).length]).toEqual([3, 3]);
  });

  test("and another after something came, or was changed, and thirty more days without", async () => {
    const [sent, changed, neither] = [await aQuietReader(), await aQuietReader(), await aQuietReader()];
    expect(await tell(sent, changed, neither)).toBe(3);
    for (const id of [sent, changed, neither]) await deliveries(id, addDays(TODAY, 1), addDays(TODAY, 40));
    await something(sent, addDays(TODAY, 1));
    await change(changed, `${addDays(TODAY, 1)}T06:00Z`);
    for (const [days, expected] of [
      [30, [0, 0, 0]],
      [31, [1, 1, 0]],
      [32, [0, 0, 0]],
    ] as const) {
      await store.clock.set(at(`${addDays(TODAY, days)}T07:00Z`));
      expect([days, await tell(sent), await tell(changed), await tell(neither)]).toEqual([days, ...expected]);
    }
  });

  test("none when the reader is just being changed: they are told with the next", async () => {
    const id = await aQuietReader();
    const client = await store.pool.connect();
    await client.query("BEGIN");
    await client.query("SELECT FROM subscriptions WHERE id = $1 FOR UPDATE", [id]);
    expect(await tell(id)).toBe(0);
    await client.query("ROLLBACK");
    client.release();
    expect(await tell(id)).toBe(1);
  });
});

test("what a letter is made from is there until something comes, changes or ends", async () => {
  for (const happened of [
    (id: bigint) => something(id, addDays(TODAY, 1)),
    (id: bigint) => change(id, `${TODAY}T07:10Z`),
    (id: bigint) => store.subscriptions.end(id, "reader", "test"),
  ]) {
    const id = await aQuietReader();
    await tell(id);
    expect(await store.quietReaders.told(id)).not.toBeNull();
    await happened(id);
    expect(await store.quietReaders.told(id)).toBeNull();
  }
});

test("of 200 readers among very many, each is looked up by indexes and nothing is read whole", async () => {
  await store.clock.set(at(`${TODAY}T07:00Z`));
  await store.sql(
    `INSERT INTO subscriptions (id, address_key, email, state, filter, cadence, hour, zone, max_papers, language, format,
         confirmed_at, told_quiet_at)
       SELECT 1000000 + n, 'key ' || n, n || '@example.org', 'active', '{}', 'daily', 7, 'UTC', 10, 'en', 'text',
         timestamptz '2026-01-01', CASE WHEN n % 2 = 0 THEN timestamptz '2026-05-01' END FROM generate_series(1, 5000) n`,
  );
  await store.sql(
    `INSERT INTO subscription_changes (subscription_id, version, what, preferences, via, at)
       SELECT id, n, 'changed', '{}', 'test', timestamptz '2026-01-01' FROM subscriptions, generate_series(1, 4) n`,
  );
  await store.sql(
    `INSERT INTO deliveries (local_day, subscription_id, edition_date, cadence, due_at, send_by, state, reason, paper_ids)
       SELECT day::date, s.id, day::date, 'daily', day, day, CASE WHEN s.id % 5 = 0 THEN 'empty' ELSE 'accepted' END, '',
         CASE WHEN s.id % 5 > 0 THEN '{1}'::int[] END
       FROM subscriptions s, generate_series(date '2026-04-15', date '2026-05-20', interval '1 day') day`,
  );
  await store.sql("ANALYZE subscriptions; ANALYZE subscription_changes; ANALYZE deliveries");
  const ids = Array.from({ length: 200 }, (_, n) => BigInt(1_000_000 + 5 * (n + 1)));
  let plan = "";
  const explained = {
    query: async (text: string, values: unknown[]) => {
      const { rows } = await store.pool.query(`EXPLAIN (ANALYZE) ${text}`, values);
      plan = rows.map((row) => row["QUERY PLAN"]).join("\n");
      return { rows, rowCount: 0 };
    },
  } as unknown as Parameters<typeof quietReaders>[0];
  await quietReaders(explained).tell(ids, 30);
  expect(plan).toMatch(/subscriptions_pkey/);
  expect(plan).toMatch(/subscription_changes_pkey/);
  expect(plan).toMatch(/deliveries_202605\d\d_subscription_id_local_day_idx/);
  // Of partitions that are empty it does not matter.
  expect(plan).not.toMatch(/Seq Scan on (?:subscription|deliveries_2026(?:0413|042|0504|051))/);
  // The months before and after are not looked into for those 30 days.
  expect(plan).toMatch(/Subplans Removed/);
}, 60_000);
