/** What a reader does while their digest is under way. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { aFilter, preferences } from "../support/builders.ts";
import type { Misbehaviour, Step } from "../support/smtp.ts";
import { at } from "../support/time.ts";
import { aPress, type Press } from "./press.ts";

let press: Press;
let behave: (step: Step) => Misbehaviour;
beforeAll(async () => {
  press = await aPress({ behave: (step) => behave(step) });
});
afterAll(() => press.end());
beforeEach(async () => {
  behave = () => undefined;
  await press.clear();
  await press.list("2026-04-14", [{ title: "Agents that plan" }, { title: "Speech for all" }]);
});

async function planned(): Promise<void> {
  await press.store.clock.set(at("2026-04-15T07:00Z"));
  await press.close();
  await press.plan();
}
const outcome = () => press.store.sql("SELECT state, reason FROM deliveries ORDER BY id");
const ADDRESSED = "address_key = (SELECT address_key FROM subscriptions WHERE id = $1)";

describe("C13: nothing is sent to who may not be written to any more, whenever that became so", () => {
  const became: [string, (id: bigint) => Promise<unknown>][] = [
    ["ended", (id) => press.store.subscriptions.end(id, "reader", "test")],
    ["paused", (id) => press.store.subscriptions.pause(id, null, "test")],
    ["suspended", (id) => press.store.sql("UPDATE subscriptions SET state = 'suspended' WHERE id = $1", [id])],
    [
      "suppressed",
      (id) =>
        press.store.sql(
          `INSERT INTO suppressions (address_key, because) SELECT address_key, 'complaint' FROM subscriptions WHERE id = $1`,
          [id],
        ),
    ],
    // Erasure leaves an ended row without an address.
    [
      "ended",
      (id) =>
        press.store.sql("UPDATE subscriptions SET state = 'ended', ended_at = now(), email = NULL WHERE id = $1", [id]),
    ],
  ];

  test.each(became)("%s between planning and claim", async (reason, change) => {
    const id = await press.store.aReader();
    await planned();
    await change(id);
    expect(await press.deliver()).toBe(0);
    expect([await outcome(), press.smtp.seen]).toEqual([[{ state: "withdrawn", reason }], []]);
  });

  test.each(became)("%s between a 4xx and its retry", async (reason, change) => {
    const id = await press.store.aReader();
    await planned();
    behave = (step) => (step === "rcpt" ? "451 later" : undefined);
    expect(await press.deliver()).toBe(0);
    expect(await outcome()).toEqual([{ state: "retry", reason: "deferred" }]);
    await change(id);
    behave = () => undefined;
    expect(await press.tick("2026-04-15T07:05Z")).toBe(0);
    expect([await outcome(), press.smtp.seen]).toEqual([[{ state: "withdrawn", reason }], []]);
  });

  test("and to who is still there the retry goes out", async () => {
    await press.store.aReader();
    await planned();
    behave = (step) => (step === "rcpt" ? "451 later" : undefined);
    await press.deliver();
    behave = () => undefined;
    expect(await press.tick("2026-04-15T07:05Z")).toBe(1);
  });

  test("a suppression that was lifted does not count, nor does one of another address", async () => {
    const id = await press.store.aReader();
    await press.store.sql(
      `INSERT INTO suppressions (address_key, because, lifted_at) SELECT address_key, 'bounces', now() FROM subscriptions WHERE id = $1`,
      [id],
    );
    await press.store.sql("INSERT INTO suppressions (address_key, because) VALUES ('key of somebody', 'never')");
    await planned();
    expect(await press.deliver()).toBe(1);
    expect(await press.store.sql(`SELECT count(*)::int FROM suppressions WHERE ${ADDRESSED}`, [id])).toEqual([
      { count: 1 },
    ]);
  });
});

describe("C9: settings are changed in mid-run", () => {
  test("nothing starts again: everybody has one digest that day, whatever they turned to", async () => {
    const ids: bigint[] = [];
    for (let n = 0; n < 12; n += 1) ids.push(await press.store.aReader());
    await planned();
    const [bell] = press.queue.rung();
    const half = BigInt(bell!.payload.fromId!) + 5n;
    await press.store.sql("UPDATE deliveries SET next_try_at = '2026-04-15T07:01Z' WHERE id > $1", [half]);
    expect(await press.deliver()).toBe(6);

    const turns = [
      preferences({ hour: 8 }),
      preferences({ zone: "Europe/Berlin", hour: 9 }),
      preferences({ cadence: "weekdays", hour: 7 }),
      preferences({ cadence: "weekly", weekday: 3, hour: 8 }),
      preferences({ filter: aFilter({ include: ["speech"] }), format: "text" }),
      preferences({ maxPapers: 1, language: "de" }),
    ];
    for (const [n, id] of ids.entries()) await press.store.subscriptions.change(id, turns[n % 6]!, "test");
    for (const time of ["07:01", "07:15", "08:00", "09:00", "12:00", "23:45"]) {
      await press.tick(`2026-04-15T${time}Z`);
      await press.sweep();
    }
    const readers = press.smtp.seen.map(({ to }) => to[0]);
    expect([readers.length, new Set(readers).size]).toEqual([12, 12]);
    expect(
      await press.store.sql("SELECT local_day::text AS day, state, count(*)::int FROM deliveries GROUP BY 1, 2"),
    ).toEqual([{ day: "2026-04-15", state: "accepted", count: 12 }]);
  });

  test("a retry keeps the papers, the format and the words that were fixed first", async () => {
    const id = await press.store.aReader();
    await planned();
    behave = (step) => (step === "rcpt" ? "451 later" : undefined);
    await press.deliver();
    const fixed = () => press.store.sql("SELECT paper_ids, version, composed_at FROM deliveries");
    const before = await fixed();
    await press.store.subscriptions.change(
      id,
      preferences({ filter: aFilter({ include: ["speech"] }), maxPapers: 1, format: "text" }),
      "test",
    );
    behave = () => undefined;
    expect(await press.tick("2026-04-15T07:05Z")).toBe(1);
    const [mail] = press.smtp.seen;
    const inIt = ["Agents that plan", "Speech for all", "multipart/alternative"].map((words) =>
      mail!.raw.includes(words),
    );
    expect([inIt, await fixed()]).toEqual([[true, true, true], before]);
  });

  test("a retry is the same to the byte, sections and all, whatever became of the filter", async () => {
    const watches = [{ name: "All" }, { name: "Speech", include: ["speech"] }];
    const id = await press.store.aReader(preferences({ filter: aFilter(...watches), maxPapers: 1 }));
    await planned();
    behave = (step) => (step === "dot" ? "451 later" : undefined);
    await press.deliver();
    const others = [{ name: "Other", include: ["agents"] }, { name: "Speech, renamed" }];
    await press.store.subscriptions.change(id, preferences({ filter: aFilter(...others), language: "de" }), "test");
    behave = () => undefined;
    expect(await press.tick("2026-04-15T07:05Z")).toBe(1);
    const [first, second] = press.smtp.seen.map(({ raw }) => raw);
    expect(first).toMatch(/^(?:All|Speech)=\r\n\r\n----/mu);
    expect(second).toBe(first);
  });

  test("a paper that was withdrawn meanwhile is left out of a retry, and a digest of nothing else is not sent", async () => {
    await press.store.aReader();
    await press.store.aReader(preferences({ filter: aFilter({ include: ["title:agents"] }) }));
    await planned();
    behave = (step) => (step === "rcpt" ? "451 later" : undefined);
    await press.deliver();
    await press.store.sql("UPDATE papers SET withdrawn = true WHERE title = 'Agents that plan'");
    behave = () => undefined;
    await press.tick("2026-04-15T07:05Z");
    const [mail, ...others] = press.smtp.seen;
    expect([others, ["Agents that plan", "Speech for all"].map((words) => mail!.raw.includes(words))]).toEqual([
      [],
      [false, true],
    ]);
    expect(await press.store.sql("SELECT state, reason FROM deliveries ORDER BY state")).toEqual([
      { state: "accepted", reason: null },
      { state: "empty", reason: "papers-withdrawn" },
    ]);
  });
});
