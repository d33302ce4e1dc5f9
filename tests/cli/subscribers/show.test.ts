import { describe, expect, test } from "vitest";
import { Invalid, NotFound } from "../../../src/errors.ts";
import { aFilter, preferences } from "../../support/builders.ts";
import { aSubscribersDesk } from "../../support/subscribers-desk.ts";

describe("one reader is shown", () => {
  test("by address in any spelling or by number: what they chose, when they are due, what they got", async () => {
    const { run, store } = await aSubscribersDesk();
    const id = await store.aReader(preferences({ filter: aFilter({ topics: ["agents"] }), zone: "Europe/Berlin" }));
    await store.sql("SELECT make_delivery_partitions('2026-11-26', '2026-11-26')");
    await store.sql(
      `INSERT INTO deliveries (local_day, subscription_id, edition_date, cadence, due_at, send_by, state, reason, ended_at)
        VALUES ('2026-11-26', $1, '2026-11-25', 'daily', paperboy_now(), paperboy_now(), 'empty', 'nothing-new', paperboy_now())`,
      [id],
    );
    await store.sql(
      `INSERT INTO verdicts (subscription_id, at, mail_at, class, names_no_user, status, text, via, verdict, because)
        VALUES ($1, paperboy_now(), paperboy_now(), 'soft', false, '4.2.2', $2, 'raw', 'count', 'soft')`,
      [id, "over \u001b[31mquota"],
    );
    const shown = await run("show", "Reader1@example.ORG");
    expect(shown.split("\n")).toEqual([
      `reader    ${id}  reader1@example.org`,
      "state     active",
      "since     2026-11-26T12:00Z, version 1",
      "gets      daily at 07:00, Europe/Berlin; at most 10 papers, html, en; papers on Agents",
      "next due  2026-11-27T06:00Z",
      "",
      "Digests, newest first:",
      "day         edition     state  papers  tries  why",
      "2026-11-26  2026-11-25  empty       0      0  nothing-new",
      "",
      "What came back, newest first:",
      "2026-11-26T12:00Z  raw  soft  count  soft  4.2.2 over [31mquota",
    ]);
    expect(await run("show", String(id))).toBe(shown);
    expect(JSON.parse(await run("show", String(id), "--json"))).toMatchObject({
      ...{
        id: String(id),
        email: "reader1@example.org",
        state: "active",
        nextDueAt: "2026-11-27T06:00:00.000Z",
        suppression: null,
      },
      ...{ deliveries: [{ state: "empty", reason: "nothing-new" }], verdicts: [{ verdict: "count" }], reports: [] },
    });
  });

  test("who left, and why they are not written to", async () => {
    const { run, store } = await aSubscribersDesk();
    const id = await store.aReader();
    await store.subscriptions.end(id, "reader", "one-click");
    await store.suppressions.suppress("key of reader1@example.org", "operator", "asked by phone");
    expect((await run("show", String(id))).split("\n").slice(1)).toEqual([
      "state       ended 2026-11-26T12:00Z: reader",
      "since       2026-11-26T12:00Z, version 2",
      "gets        daily at 07:00, UTC; at most 10 papers, html, en; every trending paper",
      "next due    never, as it is",
      "suppressed  2026-11-26T12:00Z (operator): asked by phone",
      "",
      "No digest was planned yet.",
    ]);
  });

  test("nobody, somebody suppressed who never was a reader, and what is no address", async () => {
    const { run, store } = await aSubscribersDesk();
    await store.suppressions.suppress("key of bad@example.org", "never");
    await expect(run("show", "nobody@example.org")).rejects.toThrow(
      new NotFound("Nobody is subscribed under this address."),
    );
    await expect(run("show", "4711")).rejects.toThrow("Nobody is subscribed under the number 4711.");
    await expect(run("show", "bad@example.org")).rejects.toThrow(
      "Nobody is subscribed under it, and it is not written to since 2026-11-26T12:00Z (never).",
    );
    await expect(run("show", "reader1")).rejects.toThrow(Invalid);
  });
});
