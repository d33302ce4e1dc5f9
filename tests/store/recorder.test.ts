import { expect, test } from "vitest";
import { Temporary } from "../../src/errors.ts";
import type { Claimed, Claims, Outcome } from "../../src/store/claims.ts";
import { recorder } from "../../src/store/recorder.ts";

type Batch = Parameters<Claims["record"]>[0];

const delivery = (id: bigint) => ({ id }) as Claimed;
const outcome: Outcome = {
  ...{ state: "accepted", reason: null, nextTryAt: null, isUncertain: false, answer: "250 ok", serverId: null },
};

/** Statements that end when the test says so. */
function aTable() {
  const statements: { ids: bigint[]; commit: (lapsed?: bigint[]) => void; fail: (error: Error) => void }[] = [];
  const record = (batch: Batch) =>
    new Promise<Set<bigint>>((resolve, fail) => {
      const ids = batch.map((one) => one.delivery.id);
      statements.push({
        ids,
        commit: (lapsed = []) => resolve(new Set(ids.filter((id) => !lapsed.includes(id)))),
        fail,
      });
    });
  return { statements, room: recorder({ record }, { enough: () => 100, gatherMs: 1 }) };
}
const turn = () => new Promise((resolve) => setTimeout(resolve, 10));

test("a mail is recorded within a moment; those that come meanwhile share the next statement", async () => {
  const { statements, room } = aTable();
  const first = room.record(delivery(1n), outcome);
  await turn();
  const others = [2n, 3n, 4n].map((id) => room.record(delivery(id), outcome));
  expect(statements.map(({ ids }) => ids)).toEqual([[1n]]);
  statements[0]!.commit();
  expect(await first).toBe(true);
  await turn();
  expect(statements.map(({ ids }) => ids)).toEqual([[1n], [2n, 3n, 4n]]);
  statements[1]!.commit();
  expect(await Promise.all(others)).toEqual([true, true, true]);
});

test("each connection hears of its own mail: a claim that lapsed is told so, the others are not", async () => {
  const { statements, room } = aTable();
  const busy = room.record(delivery(1n), outcome);
  await turn();
  const both = [room.record(delivery(2n), outcome), room.record(delivery(3n), outcome)];
  statements[0]!.commit();
  await busy;
  await turn();
  statements[1]!.commit([2n]);
  expect(await Promise.all(both)).toEqual([false, true]);
});

test("a statement that fails is told to those who waited for it, and the next ones are recorded", async () => {
  const { statements, room } = aTable();
  const lost = room.record(delivery(1n), outcome);
  await turn();
  const next = room.record(delivery(2n), outcome);
  statements[0]!.fail(new Error("the database is gone"));
  await expect(lost).rejects.toThrow("the database is gone");
  await turn();
  statements[1]!.commit();
  expect(await next).toBe(true);

  const later = room.record(delivery(3n), outcome);
  await turn();
  statements[2]!.commit();
  expect(await later).toBe(true);
});

test("a database that is away is asked again, while everybody waits; nothing is recorded twice", async () => {
  const { statements, room } = aTable();
  const one = room.record(delivery(1n), outcome);
  await turn();
  statements[0]!.fail(new Temporary("the database does not answer"));
  const two = room.record(delivery(2n), outcome);
  await new Promise((resolve) => setTimeout(resolve, 250));
  expect(statements.map(({ ids }) => ids)).toEqual([[1n], [1n]]);
  statements[1]!.commit();
  expect(await one).toBe(true);
  await turn();
  statements[2]!.commit();
  expect(await two).toBe(true);
  expect(statements[2]!.ids).toEqual([2n]);
});
