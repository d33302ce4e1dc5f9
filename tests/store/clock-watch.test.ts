import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { aStore, type TestStore } from "../support/store.ts";
import { at } from "../support/time.ts";

let store: TestStore;
beforeAll(async () => {
  store = await aStore();
});
afterAll(() => store.close());
beforeEach(() => store.sql("TRUNCATE clock_watch"));

/** Looks at these times, in their order. @returns whether the clock was steady at the last */
async function looked(...times: string[]): Promise<boolean> {
  let isSteady = false;
  for (const time of times) {
    await store.clock.set(at(`${time}:00Z`));
    isSteady = await store.clockWatch.isSteady();
  }
  return isSteady;
}

test("a clock is steady a day after it was first looked at", async () => {
  expect(await looked("2026-04-15T07:00")).toBe(false);
  expect(await looked("2026-04-15T07:01", "2026-04-16T06:59")).toBe(false);
  expect(await looked("2026-04-16T07:00", "2026-04-16T07:01")).toBe(true);
});

test("a leap of months ahead, and the way back, each begin the day anew", async () => {
  await looked("2026-04-13T07:00", "2026-04-15T07:00");
  expect(await looked("2026-09-01T00:00")).toBe(false);
  expect(await looked("2026-09-01T00:01", "2026-04-15T07:02")).toBe(false);
  expect(await looked("2026-04-16T07:01")).toBe(false);
  expect(await looked("2026-04-16T07:02")).toBe(true);
});

test("a night off, a weekend off and a clock that is set back by some seconds do not", async () => {
  expect(await looked("2026-04-13T07:00", "2026-04-15T06:59", "2026-04-17T06:59")).toBe(true);
  expect(await looked("2026-04-17T06:59", "2026-04-17T06:58")).toBe(true);
  expect(await looked("2026-04-17T06:56")).toBe(false);
});
