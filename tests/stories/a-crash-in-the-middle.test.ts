/** A process is killed, or a queue loses what it held, at each place where that could hurt. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { answerRequest } from "../../src/actions/answer-request.ts";
import { confirm } from "../../src/actions/confirm.ts";
import { deliverBatch } from "../../src/actions/deliver-batch.ts";
import { planDeliveries } from "../../src/actions/plan-deliveries.ts";
import { sweep } from "../../src/actions/sweep.ts";
import { openLanes } from "../../src/mail/lanes.ts";
import { aPress, type Press } from "../actions/press.ts";
import { preferences } from "../support/builders.ts";
import { at } from "../support/time.ts";

let press: Press;
beforeAll(async () => {
  press = await aPress({ connections: 8 });
});
afterAll(() => press.end());
beforeEach(async () => {
  await press.clear();
  await press.list("2026-04-14", [{ title: "Agents that plan" }, { title: "Speech for all" }]);
  await press.store.clock.set(at("2026-04-15T07:00Z"));
  await press.close();
});

const killed = () => Promise.reject(new Error("killed"));
/** Does what rang, as workers would. @returns how many mails were accepted */
async function work(): Promise<number> {
  let accepted = 0;
  for (const { name, payload } of press.queue.rung()) {
    if (name === "answer-request") await answerRequest(press.needs, BigInt(payload.requestId!));
    if (name === "deliver-batch")
      accepted += await deliverBatch(press.delivering(), {
        ...{ localDay: payload.localDay!, fromId: BigInt(payload.fromId!), toId: BigInt(payload.toId!) },
      });
  }
  return accepted;
}
const later = async (time: string) => {
  await press.store.clock.set(at(time));
  await press.sweep();
};
function mailsByReader(): Map<string, string[]> {
  const all = new Map<string, string[]>();
  for (const { to, raw } of press.smtp.seen) all.set(to[0]!, [...(all.get(to[0]!) ?? []), raw]);
  return all;
}
/** What readers got who got more than one mail. */
const doubles = () => [...mailsByReader().values()].filter((mails) => mails.length > 1);

describe("C1: the deliveries stand in the database, and no job does", () => {
  test("killed after planning, before the first doorbell: all are still sent, once", async () => {
    await press.many(200);
    await expect(
      planDeliveries({ ...press.needs, queue: { ring: killed } }, at("2026-04-15T07:00Z")),
    ).rejects.toThrow();
    expect(press.queue.rung()).toEqual([]);
    await later("2026-04-15T07:01Z");
    expect(await work()).toBe(200);
    expect([press.smtp.seen.length, doubles()]).toEqual([200, []]);
  });

  test("a queue that loses every doorbell for an hour: the first sweep it hears sends them all", async () => {
    await press.many(50);
    const deaf = { ring: async () => {} };
    await planDeliveries({ ...press.needs, queue: deaf }, at("2026-04-15T07:00Z"));
    for (const time of ["2026-04-15T07:01Z", "2026-04-15T07:30Z", "2026-04-15T07:59Z"]) {
      await press.store.clock.set(at(time));
      await sweep({ ...press.needs, queue: deaf }, at(time));
    }
    await later("2026-04-15T08:00Z");
    expect([await work(), doubles()]).toEqual([50, []]);
  });

  test("a doorbell that rings three times sends no mail twice", async () => {
    await press.many(20);
    await press.plan();
    const [bell] = press.queue.rung();
    const range = { localDay: "2026-04-15", fromId: BigInt(bell!.payload.fromId!), toId: BigInt(bell!.payload.toId!) };
    const sent = await Promise.all([1, 2, 3].map(() => deliverBatch(press.delivering(), range)));
    expect([sent.reduce((sum, one) => sum + one), doubles()]).toEqual([20, []]);
  });

  test("a confirmation's welcome, and a request's answer, are rung for by the sweep", async () => {
    const wanted = preferences();
    const add = (email: string) =>
      press.store.requests.add({ email, addressKey: `key of ${email}`, wanted, askedBy: "form" });
    const id = await add("ada@example.org");
    await expect(confirm({ ...press.needs, queue: { ring: killed } }, id, at("2026-04-15T07:00Z"))).rejects.toThrow();
    await add("bob@example.org");
    await later("2026-04-15T07:01Z");
    await work();
    expect(press.smtp.taken.map(({ to }) => to[0]).sort()).toEqual(["ada@example.org", "bob@example.org"]);
  });
});

test("killed in the middle of planning: the whole group is planned by the next tick, or was before", async () => {
  await press.many(50);
  await press.store.sql(`CREATE FUNCTION fall_over() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'killed'; END $$;
    CREATE TRIGGER fall_over BEFORE INSERT ON group_days EXECUTE FUNCTION fall_over()`);
  await expect(press.plan()).rejects.toThrow();
  await press.store.sql("DROP TRIGGER fall_over ON group_days; DROP FUNCTION fall_over()");
  expect(await press.store.sql("SELECT count(*)::int FROM deliveries")).toEqual([{ count: 0 }]);
  expect([await press.plan(), await press.deliver()]).toEqual([50, 50]);
});

describe("a worker is killed in the middle of its claim", () => {
  beforeEach(async () => {
    await press.many(60);
    await press.plan();
    press.queue.rung();
  });
  const range = { localDay: "2026-04-15", fromId: 0n, toId: 1_000_000_000n };

  test("C2: before the first mail: each is sent once", async () => {
    await press.store.deliveries.claim(range, 100, 180_000);
    await later("2026-04-15T07:01Z");
    expect(await work()).toBe(0);
    await press.lapse();
    await later("2026-04-15T07:04Z");
    await later("2026-04-15T07:05Z");
    expect([await work(), doubles()]).toEqual([60, []]);
  });

  test("C2: after the papers were fixed, before the first mail: each is sent once, and with those papers", async () => {
    const { post } = press.needs;
    const dying = { ...post, send: () => new Promise<never>(() => {}) };
    void deliverBatch({ ...press.delivering(), post: dying, lanes: openLanes(8) }, range);
    for (let fixed = 0; fixed < 60; ) {
      const [row] = await press.store.sql<{ fixed: number }>("SELECT count(paper_ids)::int AS fixed FROM deliveries");
      fixed = row!.fixed;
    }
    const before = await press.store.sql("SELECT id, paper_ids FROM deliveries ORDER BY id");
    await press.lapse();
    await later("2026-04-15T07:05Z");
    await later("2026-04-15T07:06Z");
    expect([await work(), doubles()]).toEqual([60, []]);
    expect(await press.store.sql("SELECT id, paper_ids FROM deliveries ORDER BY id")).toEqual(before);
  });

  test("C3: between the server's 250 and our note of it: one double a connection at most, each the same bytes and Message-ID", async () => {
    let noted = 0;
    const recorder: typeof press.needs.recorder = {
      record: (...of) => (noted++ < 20 ? press.needs.recorder.record(...of) : killed()),
    };
    await expect(deliverBatch({ ...press.delivering(), recorder }, range)).rejects.toThrow("killed");
    await press.lapse();
    await later("2026-04-15T07:05Z");
    await later("2026-04-15T07:06Z");
    await work();
    const twice = doubles();
    expect(twice.length).toBeGreaterThan(0);
    expect(twice.length).toBeLessThanOrEqual(8);
    for (const [first, second] of twice) expect(second).toBe(first);
    expect(mailsByReader().size).toBe(60);
    expect(await press.store.sql("SELECT state, count(*)::int FROM deliveries GROUP BY 1")).toEqual([
      { state: "accepted", count: 60 },
    ]);
  });

  test("a worker that wakes up after its claim lapsed records nothing over the one that took its place", async () => {
    const [slow] = await press.store.deliveries.claim(range, 1, 180_000);
    await press.lapse();
    await later("2026-04-15T07:05Z");
    await later("2026-04-15T07:06Z");
    await work();
    const ended = {
      state: "refused",
      reason: "refused-by-server",
      nextTryAt: null,
      isUncertain: false,
      answer: "550",
      serverId: null,
    } as const;
    expect(await press.needs.recorder.record(slow!, ended)).toBe(false);
    expect(await press.store.sql("SELECT state FROM deliveries WHERE id = $1", [slow!.id])).toEqual([
      { state: "accepted" },
    ]);
  });
});
