import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { Cap } from "../../src/core/caps.ts";
import { type Count, type Counted, door } from "../../src/store/door.ts";
import { seeded } from "../support/random.ts";
import { aStore, type TestStore } from "../support/store.ts";

let store: TestStore;
beforeAll(async () => {
  store = await aStore();
});
afterAll(() => store.close());
beforeEach(() => store.sql("TRUNCATE door_counts"));

const TEN_MINUTES_MS = 600_000;
const own: readonly Cap[] = [
  { most: 3, withinMs: TEN_MINUTES_MS },
  { most: 5, withinMs: 10 * TEN_MINUTES_MS },
];
const EVERYBODY: Counted = { key: "everybody", caps: own.map((cap) => ({ ...cap, most: 10 * cap.most })) };
const visitor = (name: string): Counted => ({ key: `visit ${name}`, caps: own });

interface Visit {
  readonly near: readonly Counted[];
  readonly everybody: Counted;
  readonly upTo: number | null;
}
const rows = () => store.sql("SELECT key, count, until FROM door_counts ORDER BY key");
const byKey = (counts: readonly Count[]) =>
  [...counts].sort((a, b) => a.key.localeCompare(b.key) || a.cap.withinMs - b.cap.withinMs);

/** One after the other, and all at once: what each was told, and what is counted after. */
async function both(visits: readonly Visit[]) {
  const inTurn = [];
  for (const { near, everybody, upTo } of visits) inTurn.push(byKey(await store.door.count(near, everybody, upTo)));
  const afterTurns = await rows();
  await store.sql("TRUNCATE door_counts");
  const { pool, statements } = counting();
  const { count } = door(pool);
  const atOnce = await Promise.all(visits.map(({ near, everybody, upTo }) => count(near, everybody, upTo)));
  return { inTurn: [inTurn, afterTurns], atOnce: [atOnce.map(byKey), await rows()], statements: statements() };
}

/** The store's connections, and how many statements went to them. */
function counting() {
  let statements = 0;
  const pool = Object.assign(Object.create(store.pool), {
    query: (...of: Parameters<typeof store.pool.query>) => {
      statements += 1;
      return store.pool.query(...of);
    },
  });
  return { pool, statements: () => statements };
}

test("visits that come at once are counted in two statements, as if they had come one after the other", async () => {
  const visits = ["ada", "bob", "ada", "ada", "ada", "bob", "cyd"].map((name) => ({
    ...{ near: [visitor(name), visitor("network")], everybody: EVERYBODY, upTo: null },
  }));
  const { inTurn, atOnce, statements } = await both(visits);
  expect(atOnce).toEqual(inTurn);
  expect(statements).toBe(2);
});

test.each(Array.from({ length: 12 }, (_, seed) => seed))("so are any, with any limit: %i", async (seed) => {
  const random = seeded(seed);
  const upTo = [null, 0, 1, 4, 7][seed % 5]!;
  const visits = Array.from({ length: 25 }, () => ({
    near: ["a", "b", "c", "d"].filter(() => random() < 0.3).map(visitor),
    everybody: EVERYBODY,
    upTo,
  }));
  const { inTurn, atOnce } = await both(visits);
  expect(atOnce).toEqual(inTurn);
});

test("a window that is over begins anew with all who come at once", async () => {
  const visits = ["ada", "ada", "bob"].map((name) => ({ near: [visitor(name)], everybody: EVERYBODY, upTo: 2 }));
  await store.sql("INSERT INTO door_counts SELECT key, 30, paperboy_now() FROM unnest($1::text[]) AS a (key)", [
    [`visit ada ${TEN_MINUTES_MS}`, `everybody ${TEN_MINUTES_MS}`],
  ]);
  const counts = await Promise.all(visits.map(({ near, everybody, upTo }) => store.door.count(near, everybody, upTo)));
  expect(counts.map((told) => byKey(told).map(({ key, count }) => `${key} ${count}`))).toEqual([
    ["everybody 1", "everybody 1", "visit ada 1", "visit ada 1"],
    ["everybody 2", "everybody 2", "visit ada 2", "visit ada 2"],
    ["visit bob 1", "visit bob 1"],
  ]);
});

test("two processes that count the same visitors in other orders do not wait for each other", async () => {
  const [one, other] = [door(store.pool), door(store.pool)];
  const names = Array.from({ length: 20 }, (_, n) => visitor(String(n)));
  const rounds = Array.from({ length: 15 }, () => [
    ...names.map((name) => one.count([name], EVERYBODY)),
    ...names.toReversed().map((name) => other.count([name], EVERYBODY)),
  ]);
  await Promise.all(rounds.flat());
  expect(await store.sql("SELECT count FROM door_counts WHERE key = $1", [`visit 7 ${TEN_MINUTES_MS}`])).toEqual([
    { count: 30 },
  ]);
});
