/** The server's clock leaps ahead, runs on there, and is set right again. */
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { addDays } from "../../src/core/day.ts";
import { aPress, type Press } from "../actions/press.ts";
import { preferences } from "../support/builders.ts";
import { at } from "../support/time.ts";

let press: Press;
beforeAll(async () => {
  press = await aPress();
});
afterAll(() => press.end());
beforeEach(() => press.clear());

/** A working day's papers, one of its own, and a morning with everything a morning has. */
async function morning(day: string, hour = "07:00"): Promise<number> {
  await press.store.clock.set(at(`${day}T00:30Z`));
  const yesterday = addDays(day, -1);
  await press.list(yesterday, [{ arxivId: `2604.${yesterday.slice(8).padStart(5, "0")}`, title: `Of ${yesterday}` }]);
  await press.tick(`${day}T01:00Z`);
  const sent = await press.tick(`${day}T${hour}Z`);
  await press.sweep();
  return sent;
}
/** For each mail that went out, which days' papers are in it. */
const mails = () =>
  press.smtp.taken.map(({ raw }) =>
    [...new Set([...raw.matchAll(/Of (2026-04-\d\d)/g)].map(([, day]) => day!))].sort(),
  );
const alarms = () => press.lines.filter(({ level, msg }) => level >= 50 && msg.startsWith("marks")).length;
/** Everything that runs while the clock is wrong. */
async function ticking(times: readonly string[]): Promise<void> {
  for (const time of times) {
    await press.tick(time);
    await press.sweep();
  }
}

test("an hour back, across the hour of a digest: no second one", async () => {
  await press.store.aReader();
  await morning("2026-04-15");
  await ticking(["2026-04-15T06:00Z", "2026-04-15T06:30Z", "2026-04-15T07:00Z", "2026-04-15T08:00Z"]);
  expect([mails(), alarms()]).toEqual([[["2026-04-14"]], 0]);
  await morning("2026-04-16");
  expect(mails()).toEqual([["2026-04-14"], ["2026-04-15"]]);
});

test("a day back, and the day lived again: each local day one digest, each paper once", async () => {
  await press.store.aReader();
  await morning("2026-04-15");
  await morning("2026-04-16");
  await ticking(["2026-04-15T07:00Z", "2026-04-15T12:00Z", "2026-04-16T07:00Z"]);
  expect(mails()).toEqual([["2026-04-14"], ["2026-04-15"]]);
  await morning("2026-04-17");
  expect(mails()).toEqual([["2026-04-14"], ["2026-04-15"], ["2026-04-16"]]);
});

test("ten days ahead for some hours and back: one alarm, and from the next morning on everything is as if it had not been", async () => {
  await press.store.clock.set(at("2026-04-15T00:00Z"));
  for (const zone of ["UTC", "Europe/Berlin", "America/New_York"]) await press.store.aReader(preferences({ zone }));
  await press.store.aReader(preferences({ hour: 9 }));
  await morning("2026-04-15", "11:00");
  expect(press.smtp.taken).toHaveLength(4);

  await ticking(["2026-04-25T08:00Z", "2026-04-25T12:00Z", "2026-04-25T23:00Z"]);
  await press.store.clock.set(at("2026-04-15T11:30Z"));
  await press.sweep();
  await press.sweep();
  expect(alarms()).toBe(1);

  press.lines.length = 0;
  for (const day of ["2026-04-16", "2026-04-17", "2026-04-18"]) await morning(day, "11:00");
  const got = await press.store.sql(
    `SELECT array_agg(local_day::text ORDER BY local_day) AS days FROM deliveries WHERE state = 'accepted' GROUP BY subscription_id`,
  );
  expect(got).toEqual(Array(4).fill({ days: ["2026-04-15", "2026-04-16", "2026-04-17", "2026-04-18"] }));
  expect([
    alarms(),
    await press.store.sql("SELECT DISTINCT state FROM editions WHERE date BETWEEN '2026-04-14' AND '2026-04-17'"),
  ]).toEqual([0, [{ state: "closed" }]]);
  for (const { to } of press.smtp.taken) {
    const seen = press.smtp.taken
      .filter((mail) => mail.to[0] === to[0])
      .flatMap(({ raw }) => [...new Set(raw.match(/Of 2026-04-\d\d/g))]);
    expect([to[0], seen.length]).toEqual([to[0], new Set(seen).size]);
  }
});

test("a claim that was made while the clock stood ahead does not hold its reader for ten days", async () => {
  await press.store.aReader();
  await press.list("2026-04-14", [{ title: "Of 2026-04-14" }]);
  await press.store.clock.set(at("2026-04-15T07:00Z"));
  await press.close();
  await press.plan();
  await press.store.deliveries.claim({ localDay: "2026-04-15", fromId: 0n, toId: 1_000_000n }, 10, 60_000);
  await press.store.sql("UPDATE deliveries SET claim_until = now() + interval '10 days'");
  await press.sweep();
  expect(await press.deliver()).toBe(1);
});
