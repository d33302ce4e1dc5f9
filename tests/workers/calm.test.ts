import { expect, test } from "vitest";
import { calm } from "../../workers/calm.ts";

/** Keeps the event loop busy, 25 ms at a time, for so long. */
function rush(forMs: number): void {
  const until = performance.now() + forMs;
  const visit = () => {
    const done = performance.now() + 25;
    while (performance.now() < done);
    if (performance.now() < until) setImmediate(visit);
  };
  visit();
}

async function took(work: Promise<void>): Promise<number> {
  const began = performance.now();
  await work;
  return performance.now() - began;
}

test("what gives way waits until a rush is over, and no longer than it may", async () => {
  rush(300);
  expect(await took(calm(10_000))).toBeGreaterThan(250);
  rush(600);
  expect(await took(calm(100))).toBeLessThan(400);
});

test("where nobody comes it begins at once", async () => {
  const waits = [];
  for (let n = 0; n < 5; n += 1) waits.push(await took(calm(10_000)));
  expect(Math.min(...waits)).toBeLessThan(50);
});
