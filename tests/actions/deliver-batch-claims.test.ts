/** How old a claim may be when a mail of it is begun. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { deliverBatch } from "../../src/actions/deliver-batch.ts";
import { openLanes } from "../../src/mail/lanes.ts";
import { at } from "../support/time.ts";
import { aPress, type Press } from "./press.ts";

const CONNECTIONS = 4;
const WEDNESDAY = { localDay: "2026-04-15", fromId: 0n, toId: 1_000_000n };
/** A mail is not begun when its claim is a minute old. */
const BEGUN_WITHIN_MS = 60_000;

let press: Press;
/** How far the clock of this process is ahead of the world's: it was stopped for so long, or its mail server is so slow. */
let aheadMs: number;
beforeAll(async () => {
  press = await aPress({ connections: CONNECTIONS });
});
afterAll(() => press.end());
beforeEach(async () => {
  aheadMs = 0;
  const { now } = performance;
  vi.spyOn(performance, "now").mockImplementation(() => now.call(performance) + aheadMs);
  await press.clear();
  await press.list("2026-04-14", [{ title: "Agents that plan" }]);
});
afterEach(() => vi.restoreAllMocks());

async function planned(readers: number): Promise<void> {
  await press.many(readers);
  await press.store.clock.set(at("2026-04-15T07:00Z"));
  await press.close();
  await press.plan();
}
const mailsByReader = () => {
  const all = new Map<string, string[]>();
  for (const { to, raw } of press.smtp.seen) all.set(to[0]!, [...(all.get(to[0]!) ?? []), raw]);
  return all;
};
/** Lets seconds pass and sends what is due, until nothing waits any more. */
async function theRest(send: () => Promise<unknown>): Promise<void> {
  for (let second = 1; second <= 60; second += 1) {
    await press.store.clock.set(new Date(at("2026-04-15T07:00Z").getTime() + second * 1_000));
    await send();
    const [row] = await press.store.sql<{ open: number }>(
      "SELECT count(*)::int AS open FROM deliveries WHERE state IN ('planned', 'retry', 'claimed')",
    );
    if (row!.open === 0) return;
  }
  throw new Error("some deliveries still wait after a minute");
}

test.each([
  ["a mail server that takes ten seconds a mail", 10_000, 60],
  ["a rate of one mail a second", 1_000, 80],
])("C19: %s: no mail is begun by a claim a minute old, and each goes out once", async (_, mailMs, readers) => {
  await planned(readers);
  const needs = press.delivering();
  const claimedAt = new Map<string, number>();
  const deliveries: typeof needs.deliveries = {
    ...needs.deliveries,
    claim: async (...of) => {
      const before = performance.now();
      const claimed = await needs.deliveries.claim(...of);
      for (const { email } of claimed) claimedAt.set(email, before);
      return claimed;
    },
  };
  const ages: number[] = [];
  const post: typeof needs.post = {
    ...needs.post,
    send: async (...of) => {
      ages.push(performance.now() - claimedAt.get(of[0].envelope.to)!);
      aheadMs += mailMs;
      return needs.post.send(...of);
    },
  };
  await theRest(() => deliverBatch({ ...needs, deliveries, post }, WEDNESDAY));
  // Real time passes as well, and this machine may be busy: a second of it is left out of account.
  expect(Math.max(...ages)).toBeLessThanOrEqual(BEGUN_WITHIN_MS + 1_000);
  // What would have been begun late had nobody looked: so slow a server does not take a whole claim within a minute.
  expect(readers * mailMs).toBeGreaterThan(BEGUN_WITHIN_MS);
  expect([press.smtp.seen.length, mailsByReader().size]).toEqual([readers, readers]);
  expect(await press.store.sql("SELECT DISTINCT state, attempts FROM deliveries")).toEqual([
    { state: "accepted", attempts: 1 },
  ]);
});

test("C19: a worker that was stopped past its claim begins no mail of it when it goes on; another has sent them", async () => {
  await planned(30);
  const needs = press.delivering();
  let stop: () => void = () => {};
  const stopped = new Promise<void>((resolve) => {
    stop = resolve;
  });
  let goOn: () => void = () => {};
  const goesOn = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  let begun = 0;
  const post: typeof needs.post = {
    ...needs.post,
    send: async (...of) => {
      begun += 1;
      if (begun === 2 * CONNECTIONS) stop();
      if (begun > CONNECTIONS) await goesOn;
      return needs.post.send(...of);
    },
  };
  const slow = deliverBatch({ ...needs, post, lanes: openLanes(CONNECTIONS) }, WEDNESDAY).catch(
    (error: unknown) => error,
  );
  await stopped;

  // SIGSTOP, four minutes: its claims lapse, and another worker takes what it held.
  await press.lapse();
  await press.sweep();
  await theRest(() => press.deliver());
  expect(mailsByReader().size).toBe(30);
  aheadMs = 240_000;
  goOn();
  await slow;

  expect(begun).toBe(2 * CONNECTIONS); // those it was in the middle of, and no other
  const doubled = [...mailsByReader().values()].filter((mails) => mails.length > 1);
  expect(doubled.length).toBeLessThanOrEqual(CONNECTIONS);
  for (const [first, second] of doubled) expect(second).toBe(first);
  expect(await press.store.sql("SELECT state, count(*)::int FROM deliveries GROUP BY 1")).toEqual([
    { state: "accepted", count: 30 },
  ]);
});

test("C19: papers that take a minute to be picked are not sent by the claim they were picked under", async () => {
  await planned(10);
  const needs = press.delivering();
  let asked = 0;
  const shelf: typeof needs.shelf = {
    ...needs.shelf,
    get: async (date) => {
      asked += 1;
      if (asked === 1) aheadMs += BEGUN_WITHIN_MS + 1;
      return needs.shelf.get(date);
    },
  };
  expect(await deliverBatch({ ...needs, shelf }, WEDNESDAY)).toBe(0);
  expect(press.smtp.seen).toEqual([]);
  await theRest(() => deliverBatch({ ...needs, shelf }, WEDNESDAY));
  expect([press.smtp.seen.length, mailsByReader().size]).toEqual([10, 10]);
});
