import { afterAll, beforeAll, expect, test } from "vitest";
import type { NewReader } from "../../src/store/reader-imports.ts";
import { preferences } from "../support/builders.ts";
import { aStore, type TestStore } from "../support/store.ts";

let store: TestStore;
beforeAll(async () => {
  store = await aStore();
});
afterAll(() => store.close());

function aReader(name: string): NewReader {
  const rest = { preferences: preferences(), isPaused: false, pausedUntil: null, consentedAt: null };
  return { email: `${name}@example.org`, addressKey: `key of ${name}`, consent: "on a form", ...rest };
}

test("two lists with the same readers, each in an order of its own, come in at once: each reader by one of them", async () => {
  for (let round = 0; round < 4; round += 1) {
    const readers = Array.from({ length: 1_000 }, (_, n) => aReader(`${round}-${n}`));
    const [one, other] = await Promise.all(
      [readers, readers.toReversed()].map((list) => store.readerImports.add(list)),
    );
    const outcomes = readers.map((_, n) => [one![n], other!.at(-1 - n)].sort().join(" "));
    expect([...new Set(outcomes)]).toEqual(["added already"]);
  }
  expect(await store.sql("SELECT count(*)::int AS n FROM subscriptions")).toEqual([{ n: 4_000 }]);
});
