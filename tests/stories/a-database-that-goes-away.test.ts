/** PostgreSQL is away for a second while four jobs of one worker send on the same connections. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { deliverBatch } from "../../src/actions/deliver-batch.ts";
import { Temporary } from "../../src/errors.ts";
import { recorder } from "../../src/store/recorder.ts";
import { aPress, type Press } from "../actions/press.ts";
import { at } from "../support/time.ts";

const CONNECTIONS = 8;
const READERS = 240;
let press: Press;
beforeAll(async () => {
  press = await aPress({ connections: CONNECTIONS });
  await press.clear();
});
afterAll(() => press.end());

test("C3: while nothing can be recorded each connection waits with one mail; afterwards all are sent, and none twice", async () => {
  await press.list("2026-04-14", [{ title: "Agents that plan" }]);
  await press.store.clock.set(at("2026-04-15T07:00Z"));
  await press.close();
  await press.many(READERS);
  await press.plan();

  let statements = 0;
  const awayUntil = { at: Number.POSITIVE_INFINITY };
  let unrecorded = 0;
  const { record } = press.store.deliveries;
  const failing: typeof record = async (outcomes) => {
    statements += 1;
    if (statements <= 3 || performance.now() > awayUntil.at) return record(outcomes);
    if (awayUntil.at === Number.POSITIVE_INFINITY) awayUntil.at = performance.now() + 1_000;
    const [row] = await press.store.sql<{ accepted: number }>(
      "SELECT count(*)::int AS accepted FROM deliveries WHERE state = 'accepted'",
    );
    unrecorded = Math.max(unrecorded, press.smtp.taken.length - row!.accepted);
    throw new Temporary("the database is away");
  };
  const shared = {
    ...press.delivering(),
    recorder: recorder({ record: failing }, { enough: () => CONNECTIONS / 2 }),
  };
  const [first] = await press.store.sql<{ id: string }>("SELECT min(id)::text AS id FROM deliveries");
  const jobs = [0, 1, 2, 3].map((n) => {
    const fromId = BigInt(first!.id) + BigInt((READERS / 4) * n);
    return deliverBatch(shared, { localDay: "2026-04-15", fromId, toId: fromId + BigInt(READERS / 4 - 1) });
  });
  const accepted = await Promise.all(jobs);

  expect(accepted.reduce((sum, one) => sum + one)).toBe(READERS);
  expect(new Set(press.smtp.taken.map(({ to }) => to[0])).size).toBe(READERS);
  expect(press.smtp.taken).toHaveLength(READERS);
  expect(unrecorded).toBeGreaterThan(0);
  expect(unrecorded).toBeLessThanOrEqual(CONNECTIONS);
});
