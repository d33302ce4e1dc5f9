import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { App } from "../../src/app.ts";
import { deliver } from "../../src/cli/commands/deliver.ts";
import { NotFound } from "../../src/errors.ts";
import { aPress, type Press } from "../actions/press.ts";
import { preferences } from "../support/builders.ts";
import { at } from "../support/time.ts";

let press: Press;
beforeAll(async () => {
  press = await aPress();
});
afterAll(() => press.end());
beforeEach(() => press.clear());

async function run(...args: string[]): Promise<string> {
  const printed: string[] = [];
  const { now } = press.store.clock;
  const command = deliver({
    print: (text) => void printed.push(text),
    complain: () => {},
    withApp: (work) =>
      work({
        ...press.delivering(),
        ...{ now, databaseNow: async () => now(), highWater: { standing: async () => ({ is: "level" }) } },
      } as unknown as App),
  });
  await command.exitOverride().parseAsync(args, { from: "user" });
  return printed.join("\n");
}

/** Three digests of Monday's edition whose server was away until Wednesday's hour came with Tuesday's edition. */
async function twoEditionsDue(): Promise<void> {
  await press.store.clock.set(at("2026-04-14T00:30Z"));
  await press.list("2026-04-13", [{ title: "Monday's" }]);
  for (const hour of [22, 23, 3]) await press.store.aReader(preferences({ hour }));
  await press.store.clock.set(at("2026-04-14T23:10Z"));
  await press.close();
  await press.plan();
  await press.store.clock.set(at("2026-04-15T00:30Z"));
  await press.list("2026-04-14", [{ title: "Tuesday's" }]);
  await press.store.clock.set(at("2026-04-15T03:00Z"));
  await press.close();
}
const sent = async () => (await press.fates()).map(({ edition, state }) => `${edition} ${state}`).sort();

test("what is due of every edition goes out", async () => {
  await twoEditionsDue();
  expect(await run()).toBe("1 planned, 3 accepted by the mail server");
});

test("--date sends what is due of one edition; the others stay due, and go next time", async () => {
  await twoEditionsDue();
  expect(await run("--date", "2026-04-13", "--json")).toBe(`{"planned":1,"accepted":2}`);
  expect(await sent()).toEqual(["2026-04-13 accepted", "2026-04-13 accepted", "2026-04-14 planned"]);
  expect(await run("--date", "2026-04-13")).toBe("0 planned, 0 accepted by the mail server");
  expect(await run()).toBe("0 planned, 1 accepted by the mail server");
});

test("what lies between deliveries of another edition is found, and that one is left alone", async () => {
  await twoEditionsDue();
  await press.plan();
  await press.store.sql(
    "UPDATE deliveries SET edition_date = '2026-04-14' WHERE id = (SELECT min(id) + 1 FROM deliveries)",
  );
  await press.store.sql(
    "UPDATE deliveries SET edition_date = '2026-04-13' WHERE id = (SELECT max(id) FROM deliveries)",
  );
  const ranges = await press.store.deliveries.overdueOf("2026-04-13", 10);
  const ids = await press.store.sql<{ id: bigint }>(
    "SELECT id::bigint FROM deliveries WHERE edition_date = '2026-04-13' ORDER BY id",
  );
  expect(ranges.map(({ fromId, toId }) => [fromId, toId])).toEqual(ids.map(({ id }) => [BigInt(id), BigInt(id)]));
});

test("a day without an edition is told, and nothing is sent", async () => {
  await twoEditionsDue();
  await expect(run("--date", "2026-04-01")).rejects.toThrow(NotFound);
  expect(await sent()).toEqual(["2026-04-13 planned", "2026-04-13 planned"]);
});
