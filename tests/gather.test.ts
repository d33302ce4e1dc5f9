import { expect, test } from "vitest";
import { Temporary } from "../src/errors.ts";
import { gather } from "../src/gather.ts";

/** Doubles numbers, a turn of the event loop later; remembers what was asked together. */
function aDoubler({ most = 100, fault = () => null }: { most?: number; fault?: (n: number) => Error | null } = {}) {
  const batches: number[][] = [];
  const double = gather(
    async (batch: readonly number[]) => {
      batches.push([...batch]);
      await new Promise((resolve) => setImmediate(resolve));
      for (const n of batch) if (fault(n)) throw fault(n);
      return batch.map((n) => 2 * n);
    },
    { most },
  );
  return { double, batches };
}

test("who comes alone is asked for at once; who comes meanwhile shares the next, and each gets their own answer", async () => {
  const { double, batches } = aDoubler();
  expect(await Promise.all([1, 2, 3].map(double))).toEqual([2, 4, 6]);
  expect(await double(4)).toBe(8);
  expect(batches).toEqual([[1], [2, 3], [4]]);
});

test("no more go together than may", async () => {
  const { double, batches } = aDoubler({ most: 2 });
  expect(await Promise.all([1, 2, 3, 4].map(double))).toEqual([2, 4, 6, 8]);
  expect(batches).toEqual([[1], [2, 3], [4]]);
});

test("nobody fails for another's fault", async () => {
  const { double, batches } = aDoubler({ fault: (n) => (n === 3 ? new Error("three") : null) });
  const answers = await Promise.allSettled([1, 2, 3, 4].map(double));
  expect(answers.map((answer) => (answer.status === "fulfilled" ? answer.value : answer.reason.message))).toEqual([
    ...[2, 4, "three", 8],
  ]);
  expect(batches).toEqual([[1], [2, 3, 4], [2], [3], [4]]);
});

test("when the other side is away, all who were asked for hear so at once, and the next are asked for anew", async () => {
  let isAway = true;
  const { double, batches } = aDoubler({ fault: () => (isAway ? new Temporary("away") : null) });
  const answers = await Promise.allSettled([1, 2, 3].map(double));
  expect(answers.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
  isAway = false;
  expect([await double(4), batches]).toEqual([8, [[1], [2, 3], [4]]]);
});
