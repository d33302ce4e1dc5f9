import { expect, test } from "vitest";
import { openLanes } from "../../src/mail/lanes.ts";

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Tasks that end when the test says so. */
function tasks(count: number) {
  const lanes = openLanes(count);
  const begun: number[] = [];
  const ends = new Map<number, { resolve: () => void; reject: (error: Error) => void }>();
  const run = (n: number) =>
    lanes.run(() => {
      begun.push(n);
      return new Promise<number>((resolve, reject) => ends.set(n, { resolve: () => resolve(n), reject }));
    });
  return {
    begun,
    run,
    end: (n: number) => ends.get(n)!.resolve(),
    fail: (n: number) => ends.get(n)!.reject(new Error(`task ${n}`)),
  };
}

test("no more are under way than there are lanes; the others follow in the order they asked", async () => {
  const { begun, run, end } = tasks(2);
  const all = [1, 2, 3, 4].map(run);
  await turn();
  expect(begun).toEqual([1, 2]);
  end(2);
  await turn();
  expect(begun).toEqual([1, 2, 3]);
  for (const n of [1, 3]) end(n);
  await turn();
  end(4);
  expect(await Promise.all(all)).toEqual([1, 2, 3, 4]);
});

test("a task that fails tells whoever asked, and leaves its lane to the next", async () => {
  const { begun, run, end, fail } = tasks(1);
  const [first, second] = [run(1), run(2)];
  await turn();
  fail(1);
  await expect(first).rejects.toThrow("task 1");
  await turn();
  expect(begun).toEqual([1, 2]);
  end(2);
  expect(await second).toBe(2);
});

test("lanes that were all free again are all there for the next", async () => {
  const { begun, run, end } = tasks(2);
  for (const n of [1, 2]) {
    const done = run(n);
    await turn();
    end(n);
    await done;
  }
  const rest = [3, 4, 5].map(run);
  await turn();
  expect(begun).toEqual([1, 2, 3, 4]);
  for (const n of [3, 4]) end(n);
  await turn();
  end(5);
  await Promise.all(rest);
});
