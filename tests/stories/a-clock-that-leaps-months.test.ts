/** The server's clock stands months ahead for a minute, while everything runs, and is set right again. */
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { unsubscribe } from "../../src/actions/unsubscribe.ts";
import { aPress, type Press } from "../actions/press.ts";
import { preferences } from "../support/builders.ts";
import { at } from "../support/time.ts";

let press: Press;
beforeAll(async () => {
  press = await aPress();
});
afterAll(() => press.end());
beforeEach(async () => {
  await press.clear(at("2026-04-13T00:00Z"));
  await press.store.sql("TRUNCATE clock_watch");
});

const AHEAD = ["2026-12-01T07:00Z", "2026-12-01T07:00:30Z", "2026-12-01T07:01Z"];

async function day(date: string, paper: string): Promise<number> {
  await press.store.clock.set(at(`${date}T00:30Z`));
  await press.list(new Date(at(`${date}T00:00Z`).getTime() - 86_400_000).toISOString().slice(0, 10), [
    { title: paper },
  ]);
  await press.tick(`${date}T01:00Z`);
  const sent = await press.tick(`${date}T07:00Z`);
  await press.sweep();
  return sent;
}
async function running(times: readonly string[]): Promise<void> {
  for (const time of times) {
    await press.tick(time);
    await press.sweep();
  }
}
/** Each mail as a reader got it, best paper first. */
const mailsTo = async (id: bigint) => {
  const { email } = (await press.store.subscriptions.findById(id))!;
  const theirs = press.smtp.seen.filter(({ to }) => to[0] === email);
  return theirs.map(({ raw }) => [...new Set(raw.match(/Paper of \w+day/g))].sort());
};

test("nothing is lost: what was sent stays known, and the next mornings are as ever, daily and weekly", async () => {
  const daily = await press.store.aReader();
  const weekly = await press.store.aReader(preferences({ cadence: "weekly", weekday: 5 }));
  await day("2026-04-14", "Paper of Monday");
  await day("2026-04-15", "Paper of Tuesday");
  await running(AHEAD);
  await running(["2026-04-15T07:02Z", "2026-04-15T08:00Z"]);

  await day("2026-04-16", "Paper of Wednesday");
  await day("2026-04-17", "Paper of Thursday");
  expect(await mailsTo(daily)).toEqual([
    ...[["Paper of Monday"], ["Paper of Tuesday"], ["Paper of Wednesday"], ["Paper of Thursday"]],
  ]);
  expect(await mailsTo(weekly)).toEqual([
    ["Paper of Monday", "Paper of Thursday", "Paper of Tuesday", "Paper of Wednesday"],
  ]);
});

test("a delivery that waits for its retry is ended by the leap, and says why", async () => {
  await press.store.aReader();
  await day("2026-04-15", "Paper of Tuesday");
  await press.store.sql(
    "UPDATE deliveries SET state = 'retry', reason = 'deferred', next_try_at = '2026-04-15T07:05Z', ended_at = NULL",
  );
  await running(AHEAD);
  await running(["2026-04-15T07:06Z"]);
  expect(await press.store.sql("SELECT state, reason FROM deliveries")).toEqual([{ state: "expired", reason: "late" }]);
});

test("addresses that wait for their confirmation are not forgotten, and can be confirmed afterwards", async () => {
  await day("2026-04-13", "Paper of Sunday");
  await day("2026-04-15", "Paper of Tuesday");
  const id = await press.store.requests.add({
    ...{ email: "ada@example.org", addressKey: "key of ada", wanted: preferences(), askedBy: "form" },
  });
  await press.store.requests.answered(id, "confirmation");
  await running(AHEAD);
  await running(["2026-04-15T07:02Z"]);
  expect(await press.store.sql("SELECT state, email FROM requests")).toEqual([
    { state: "answered", email: "ada@example.org" },
  ]);
  expect(
    (
      await press.store.subscriptions.confirm(
        id,
        () => null,
        async () => {},
      )
    ).outcome,
  ).toBe("confirmed");
});

test("readers' marks are pulled back, and who leaves while the clock is wrong has left", async () => {
  const [staying, leaving] = [await press.store.aReader(), await press.store.aReader()];
  await day("2026-04-15", "Paper of Tuesday");
  await press.store.clock.set(at(AHEAD[0]!));
  await unsubscribe({ ...press.store, journal: { append: async () => {} } }, leaving, "one-click", at(AHEAD[0]!));
  await press.list("2026-11-30", [{ title: "Paper of November" }]);
  await running(AHEAD);
  await running(["2026-04-15T07:02Z"]);
  const marks = await press.store.sql<{ day: string; edition: string }>(
    "SELECT last_local_day::text AS day, last_edition::text AS edition FROM subscription_clocks",
  );
  for (const { day, edition } of marks) expect([day <= "2026-04-15", edition <= "2026-04-14"]).toEqual([true, true]);
  expect(await day("2026-04-16", "Paper of Wednesday")).toBe(1);
  expect(press.smtp.seen.at(-1)!.to).toEqual([(await press.store.subscriptions.findById(staying))!.email]);
});
