/** Two machines, each with several workers, at the same minute on one database and one mail server. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { closeEdition } from "../../src/actions/close-edition.ts";
import { confirm } from "../../src/actions/confirm.ts";
import { deliverBatch } from "../../src/actions/deliver-batch.ts";
import { planDeliveries } from "../../src/actions/plan-deliveries.ts";
import { openLanes } from "../../src/mail/lanes.ts";
import { candidates } from "../../src/store/candidates.ts";
import { type Database, openDatabase } from "../../src/store/database.ts";
import { deliveries } from "../../src/store/deliveries.ts";
import { editions } from "../../src/store/editions.ts";
import { history } from "../../src/store/history.ts";
import { papers } from "../../src/store/papers.ts";
import { planning } from "../../src/store/planning.ts";
import { recorder } from "../../src/store/recorder.ts";
import { openShelf } from "../../src/store/shelf.ts";
import { aPress, type Press } from "../actions/press.ts";
import { preferences } from "../support/builders.ts";
import { at } from "../support/time.ts";

let press: Press;
let other: Database;
beforeAll(async () => {
  press = await aPress({ connections: 8 });
  other = await openDatabase({ url: press.store.url, poolSize: 5 });
});
afterAll(async () => {
  await other.close();
  await press.end();
});
beforeEach(() => press.clear());

/** What a second machine has: connections, lanes and memory of its own. */
function secondMachine(): ReturnType<Press["delivering"]> {
  const { prisma, pool } = other;
  const rooms = {
    papers: papers(prisma),
    candidates: candidates(prisma),
    editions: editions(prisma),
    planning: planning(prisma),
    deliveries: deliveries(prisma, pool),
    history: history(pool),
  };
  return {
    ...press.needs,
    ...rooms,
    recorder: recorder(rooms.deliveries, { enough: () => 2 }),
    shelf: openShelf(rooms.editions),
    lanes: openLanes(4),
  };
}
const READERS = 300;
const WEDNESDAY = at("2026-04-15T07:00Z");

test("C6: one edition, one plan, each reader one mail", async () => {
  await press.many(READERS);
  await press.list(
    "2026-04-14",
    Array.from({ length: 40 }, (_, n) => ({ title: `Paper number ${n}` })),
  );
  await press.store.clock.set(WEDNESDAY);
  const machines = [press.delivering(), secondMachine()];

  const decisions = await Promise.all(
    machines.flatMap((m) => [1, 2].map(() => closeEdition(m, "2026-04-14", WEDNESDAY))),
  );
  expect(decisions.filter((one) => one !== "already-decided")).toHaveLength(1);
  const plans = await Promise.all(machines.flatMap((m) => [1, 2].map(() => planDeliveries(m, WEDNESDAY))));
  expect(plans.sort((a, b) => a - b)).toEqual([0, 0, 0, READERS]);

  const everything = { localDay: "2026-04-15", fromId: 0n, toId: 1_000_000_000n };
  const sent = await Promise.all(machines.flatMap((m) => [1, 2].map(() => deliverBatch(m, everything))));
  expect(sent.reduce((sum, one) => sum + one)).toBe(READERS);
  expect(new Set(press.smtp.taken.map(({ to }) => to[0])).size).toBe(READERS);
  expect(press.smtp.seen).toHaveLength(READERS);

  const [edition] = await press.store.sql(
    "SELECT count(*)::int AS papers, count(DISTINCT rank)::int AS ranks FROM edition_papers",
  );
  expect(edition).toEqual({ papers: 40, ranks: 40 });
  expect(await press.store.sql("SELECT state, attempts, count(*)::int FROM deliveries GROUP BY 1, 2")).toEqual([
    { state: "accepted", attempts: 1, count: READERS },
  ]);
});

test("C6: two machines sweep at the same moment: a lapsed claim is taken back once, and its mail goes out once more", async () => {
  await press.many(50);
  await press.list("2026-04-14", [{}]);
  await press.store.clock.set(WEDNESDAY);
  await press.close();
  await press.plan();
  await press.store.deliveries.claim({ localDay: "2026-04-15", fromId: 0n, toId: 1_000_000_000n }, 50, 60_000);
  await press.lapse();
  const taken = await Promise.all(
    [press.store.deliveries, secondMachine().deliveries].map((room) => room.returnLapsed(100)),
  );
  expect(taken.reduce((sum, one) => sum + one)).toBe(50);
  expect(await press.deliver()).toBe(50);
});

/** Waits until some statement of this database waits for a lock. */
async function somebodyWaits(): Promise<void> {
  for (let turn = 0; turn < 500; turn += 1) {
    const [row] = await press.store.sql<{ waiting: number }>(
      "SELECT count(*)::int AS waiting FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
    );
    if (row!.waiting > 0) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error("nobody waits for a lock");
}

describe("while a group is being planned", () => {
  const claimed =
    "state = 'claimed', claim = gen_random_uuid(), claim_until = now() + interval '3 minutes', next_try_at = NULL";

  test("yesterday's digest is claimed: its reader is left out and planned by the next tick, so nobody is sent two at once", async () => {
    const id = await press.store.aReader();
    await press.list("2026-04-14", [{}]);
    await press.store.clock.set(WEDNESDAY);
    await press.close();
    await press.plan();
    await press.list("2026-04-15", [{}]);
    await press.store.clock.set(at("2026-04-16T07:00Z"));
    await press.close();
    await press.store.sql("UPDATE deliveries SET send_by = '2026-04-17T00:00Z'");

    const worker = await press.store.pool.connect();
    await worker.query("BEGIN");
    await worker.query(`UPDATE deliveries SET ${claimed}`);
    const planned = press.plan();
    await somebodyWaits();
    await worker.query("COMMIT");
    worker.release();
    expect(await planned).toBe(0);
    expect(await press.fates()).toMatchObject([{ day: "2026-04-15", state: "claimed" }]);

    await press.store.sql("UPDATE deliveries SET state = 'accepted', claim = NULL, claim_until = NULL");
    expect(await press.plan()).toBe(1);
    expect(await press.store.sql("SELECT count(*)::int FROM deliveries WHERE subscription_id = $1", [id])).toEqual([
      { count: 2 },
    ]);
  });

  test("a reader turns to its hour: they are looked at by the next tick, not forgotten", async () => {
    const here = await press.store.aReader();
    const joining = await press.store.aReader(preferences({ hour: 20 }));
    await press.list("2026-04-14", [{}]);
    await press.store.clock.set(WEDNESDAY);
    await press.close();

    const slow = await press.store.pool.connect();
    await slow.query("BEGIN");
    await slow.query("SELECT FROM subscription_clocks WHERE subscription_id = $1 FOR UPDATE", [here]);
    const planned = press.plan();
    await somebodyWaits();
    await press.store.subscriptions.change(joining, preferences({ hour: 7 }), "test");
    await slow.query("COMMIT");
    slow.release();
    expect(await planned).toBe(1);
    expect(await press.plan()).toBe(1);
    expect(await press.store.sql("SELECT subscription_id FROM deliveries ORDER BY id")).toEqual(
      [here, joining].map((id) => ({ subscription_id: String(id) })),
    );
  });

  test("a reader confirms anew: the welcome or the planned digest, never both on one local day", async () => {
    await press.list("2026-04-14", [{}]);
    await press.store.clock.set(WEDNESDAY);
    await press.close();
    await press.many(1);
    const email = "many1@example.org";
    for (let round = 0; round < 5; round += 1) {
      await press.store.sql("TRUNCATE deliveries, group_days");
      await press.store.sql(
        "UPDATE subscription_clocks SET last_local_day = NULL, last_edition = NULL, joined_at = '2026-04-01'",
      );
      await press.store.sql("UPDATE subscriptions SET state = 'suspended'");
      const id = await press.store.requests.add({
        email,
        addressKey: "key of many1",
        wanted: preferences(),
        askedBy: "form",
      });
      await Promise.all([press.plan(), confirm(press.needs, id, WEDNESDAY)]);
      expect(await press.store.sql("SELECT count(*)::int FROM deliveries")).toEqual([{ count: 1 }]);
    }
  });
});
