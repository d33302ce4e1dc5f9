import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { confirm } from "../../src/actions/confirm.ts";
import { exportReader } from "../../src/actions/export-reader.ts";
import { requestSubscription } from "../../src/actions/request-subscription.ts";
import { parseAddress } from "../../src/core/email-address.ts";
import { aFilter, preferences } from "../support/builders.ts";
import { at } from "../support/time.ts";
import { aPress, type Press } from "./press.ts";

let press: Press;
beforeAll(async () => {
  press = await aPress();
});
afterAll(() => press.end());
beforeEach(() => press.clear());

const chosen = preferences({ filter: aFilter({ include: ["agents"] }), zone: "Europe/London", hour: 8 });

async function aReader(email = "ada@example.org"): Promise<bigint> {
  const needs = { ...press.needs, addressKey: ({ key }: { key: string }) => `key of ${key}` };
  const proof = { page: "/", textVersion: "en-0123456789ab", ip: "192.0.2.7" };
  await requestSubscription(needs, { address: parseAddress(email), wanted: chosen, askedBy: "form", proof });
  const [row] = await press.store.sql<{ id: bigint }>("SELECT max(id) AS id FROM requests");
  const confirmed = await confirm(press.needs, BigInt(row!.id), press.store.clock.now());
  if (confirmed.outcome !== "confirmed") throw new Error(confirmed.outcome);
  return confirmed.id;
}
async function exported(id: bigint) {
  let text = "";
  const reader = (await press.store.subscriptions.findById(id))!;
  for await (const piece of exportReader(press.needs, reader, press.store.clock.now())) text += piece;
  return JSON.parse(text);
}
/** The id of a row, whichever number its table is at. */
const ID = expect.stringMatching(/^\d+$/);

test("everything held on a reader: who, what they chose and when, how they asked, what was sent, what came back", async () => {
  await press.list("2026-04-14", [{ title: "Agents that plan", arxivId: "2604.90001" }]);
  await press.tick("2026-04-15T05:00Z");
  const id = await aReader();
  await press.store.clock.set(at("2026-04-15T06:10Z"));
  await press.store.subscriptions.change(id, { ...chosen, maxPapers: 3 }, "preferences-link");
  await press.deliver();
  await press.list("2026-04-15", [{ title: "Cooking with speech", abstract: "Soup.", arxivId: "2604.90002" }]);
  await press.tick("2026-04-16T07:00Z");
  await press.store.sql(
    `INSERT INTO reports (via, raw, state, applied_at, subscription_id) VALUES ('mail', 'it came back', 'applied', paperboy_now(), $1)`,
    [id],
  );
  await press.store.sql(
    `INSERT INTO verdicts (subscription_id, at, mail_at, class, names_no_user, status, text, via, verdict, because)
      VALUES ($1, paperboy_now(), paperboy_now(), 'soft', false, '4.2.2', 'over quota', 'mail', 'keep', 'soft')`,
    [id],
  );

  expect(await exported(id)).toEqual({
    ...{ format: "paperboy-reader/1", exportedAt: "2026-04-16T07:00:00.000Z" },
    ...{ address: "ada@example.org", addressKey: "key of ada@example.org", suppression: null },
    subscription: {
      ...{
        id: String(id),
        state: "active",
        version: 2,
        pausedUntil: null,
        elsewhere: null,
        endedAt: null,
        endedBecause: null,
      },
      toldQuietAt: null,
      ...{ createdAt: "2026-04-15T05:00:00.000Z", confirmedAt: "2026-04-15T05:00:00.000Z" },
      preferences: { ...chosen, maxPapers: 3 },
    },
    changes: [
      {
        ...{ version: 1, what: "confirmed", via: "confirmation-link", at: "2026-04-15T05:00:00.000Z" },
        ...{ requestId: ID, preferences: chosen },
      },
      {
        ...{ version: 2, what: "changed", via: "preferences-link", at: "2026-04-15T06:10:00.000Z" },
        ...{ requestId: null, preferences: { ...chosen, maxPapers: 3 } },
      },
    ],
    requests: [
      {
        ...{ id: ID, kind: "subscribe", askedBy: "form", page: "/", textVersion: "en-0123456789ab" },
        ...{
          askedIpKey: "key of 192.0.2.7",
          consent: null,
          askedAt: "2026-04-15T05:00:00.000Z",
          state: "confirmed",
          answer: null,
        },
        ...{ answeredAt: null, confirmedAt: "2026-04-15T05:00:00.000Z", wanted: chosen },
      },
    ],
    deliveries: [
      {
        ...{ localDay: "2026-04-16", id: ID, editionDate: "2026-04-15", isWelcome: false, state: "empty" },
        ...{ reason: "nothing-new", dueAt: "2026-04-16T07:00:00.000Z", endedAt: "2026-04-16T07:00:00.000Z" },
        ...{ answer: null, attempts: 1, papers: [] },
      },
      {
        ...{
          localDay: "2026-04-15",
          id: ID,
          editionDate: "2026-04-14",
          isWelcome: true,
          state: "accepted",
          reason: null,
        },
        ...{
          dueAt: "2026-04-15T05:00:00.000Z",
          endedAt: "2026-04-15T06:10:00.000Z",
          answer: "250 2.0.0 OK: queued as TEST1",
          attempts: 1,
        },
        papers: [{ id: "2604.90001", title: "Agents that plan" }],
      },
    ],
    verdicts: [
      {
        ...{ id: ID, at: "2026-04-16T07:00:00.000Z", class: "soft", status: "4.2.2", text: "over quota" },
        ...{ via: "mail", verdict: "keep", because: "soft" },
      },
    ],
    reports: [
      {
        ...{ id: ID, via: "mail", receivedAt: "2026-04-16T07:00:00.000Z", state: "applied", note: null },
        bytes: Buffer.from("it came back").toString("base64"),
      },
    ],
    leavings: [],
  });
});

test("of somebody who left it says why, if they did", async () => {
  const id = await aReader();
  await press.store.subscriptions.end(id, "reader", "one-click");
  await press.store.leavingReasons.keep(id, { reason: "notMine", words: "more maths" });
  const { endedAt } = (await exported(id)).subscription;
  expect((await exported(id)).leavings).toEqual([{ leftAt: endedAt, reason: "notMine", words: "more maths" }]);
});

test("nothing of another reader is in it", async () => {
  const [mine, theirs] = [await aReader(), await aReader("bob@example.org")];
  await press.list("2026-04-14", [{ title: "Agents that plan" }]);
  await press.tick("2026-04-15T07:00Z");
  const [ada, bob] = [JSON.stringify(await exported(mine)), JSON.stringify(await exported(theirs))];
  expect([ada.includes("bob"), bob.includes("ada@"), ada.includes("Agents that plan")]).toEqual([false, false, true]);
});

test("hundreds of rows come page by page, each once and in order; one under way is among them", async () => {
  const id = await aReader();
  await press.store.sql("SELECT make_delivery_partitions('2025-01-01', '2026-04-20')");
  await press.store.sql(
    `INSERT INTO deliveries (local_day, subscription_id, edition_date, cadence, due_at, send_by, state, reason, paper_ids, ended_at)
      SELECT day::date, $1, day::date - 1, 'daily', day, day, CASE WHEN n % 3 = 0 THEN 'empty' ELSE 'accepted' END,
        CASE WHEN n % 3 = 0 THEN 'nothing-new' END, CASE WHEN n % 3 > 0 THEN '{}'::int[] END, day
      FROM generate_series(timestamptz '2025-06-01', timestamptz '2026-04-10', interval '1 day') WITH ORDINALITY AS g(day, n)`,
    [id],
  );
  for (let hour = 0; hour < 120; hour += 1)
    await press.store.subscriptions.change(id, { ...chosen, hour: hour % 24 }, "preferences-link");
  await press.list("2026-04-14", [{ title: "Agents that plan" }]);
  await press.store.clock.set(at("2026-04-15T12:00Z"));
  await press.close();
  await press.store.subscriptions.change(id, chosen, "preferences-link");
  await press.store.clock.set(at("2026-04-16T07:00Z"));
  await press.store.sql("SELECT make_delivery_partitions('2026-04-16', '2026-04-16')");
  await press.store.sql(
    `WITH planned AS (INSERT INTO deliveries (local_day, subscription_id, edition_date, cadence, due_at, send_by, next_try_at)
        VALUES ('2026-04-16', $1, '2026-04-15', 'daily', paperboy_now(), paperboy_now(), paperboy_now()) RETURNING id)
      UPDATE subscription_clocks SET last_local_day = '2026-04-16', last_delivery = planned.id FROM planned WHERE subscription_id = $1`,
    [id],
  );
  const all = await exported(id);
  const days = (all.deliveries as { localDay: string; state: string }[]).map(({ localDay }) => localDay);
  expect([days.length, new Set(days).size, [...days].sort().reverse()]).toEqual([315, 315, days]);
  expect(all.deliveries[0]).toMatchObject({ localDay: "2026-04-16", state: "planned", papers: [] });
  expect(all.changes.map(({ version }: { version: number }) => version)).toEqual(
    Array.from({ length: 122 }, (_, n) => n + 1),
  );
});

test("of many readers' deliveries one reader's are found by index: a page reads no other's", async () => {
  await press.many(3_000);
  await press.list("2026-04-14", [{ title: "Agents that plan" }]);
  await press.store.clock.set(at("2026-04-15T07:00Z"));
  await press.close();
  await press.plan();
  await press.store.sql(`UPDATE deliveries SET next_try_at = NULL, ended_at = paperboy_now(),
    state = CASE WHEN id % 2 = 0 THEN 'accepted' ELSE 'empty' END, reason = 'nothing-new', paper_ids = CASE WHEN id % 2 = 0 THEN '{1}'::int[] END`);
  await press.store.sql("ANALYZE deliveries");
  const [{ id }] = (await press.store.sql<{ id: string }>("SELECT max(id) AS id FROM subscriptions")) as [
    { id: string },
  ];
  const plans = await Promise.all(
    ["d.paper_ids IS NOT NULL", "d.paper_ids IS NULL AND d.next_try_at IS NULL AND d.claim_until IS NULL"].map((arm) =>
      press.store.sql<{ "QUERY PLAN": string }>(
        `EXPLAIN SELECT * FROM deliveries d WHERE d.subscription_id = ${id} AND ${arm} ORDER BY local_day DESC, id DESC LIMIT 20`,
      ),
    ),
  );
  const scans = plans.map((plan) =>
    plan.map((line) => line["QUERY PLAN"]).find((line) => / on deliveries_20260413 /.test(line)),
  );
  expect(scans).toEqual([expect.stringMatching(/Index Scan/), expect.stringMatching(/Index Scan/)]);
  expect(await press.store.readerRecords.deliveries(BigInt(id), null, 20)).toHaveLength(1);
});
