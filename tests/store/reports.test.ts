import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { HISTORY_DAYS, type Judgement, judge, type ReportedReader } from "../../src/core/reports.ts";
import type { Claimed, Outcome } from "../../src/store/claims.ts";
import type { JournalEntry } from "../../src/store/journal.ts";
import type { NewReport } from "../../src/store/reports.ts";
import type { ReaderEvent } from "../../src/store/verdicts.ts";
import { aStore, type TestStore } from "../support/store.ts";
import { at } from "../support/time.ts";

let store: TestStore;
let journaled: JournalEntry[];
beforeAll(async () => {
  store = await aStore();
});
afterAll(() => store.close());
beforeEach(async () => {
  await store.clock.set(at("2026-04-15T12:00Z"));
  journaled = [];
  await store.sql(`TRUNCATE reports, verdicts, deliveries, subscription_clocks, delivery_groups, group_days, subscription_changes,
    subscriptions, requests, suppressions CASCADE`);
  await store.sql("SELECT make_delivery_partitions('2026-02-01', '2026-05-01')");
});

const aReport = (given: Partial<NewReport> = {}): NewReport => ({
  ...{ via: "smtp", raw: Buffer.from("bounced"), cut: 0, eventKey: null, envelopeTo: null, envelopeFrom: null },
  ...given,
});
const keep = async (given: Partial<NewReport> = {}) => (await store.reports.keep(aReport(given)))!;
const anEvent = (subscriptionId: bigint, given: Partial<ReaderEvent> = {}): ReaderEvent => ({
  ...{ subscriptionId, localDay: null, deliveryId: null, class: "hard", namesNoUser: false },
  ...{ status: "5.1.1", text: "550 5.1.1 unknown", eventId: null, ...given },
});
const rules = (given: { judge?: (reader: ReportedReader) => Judgement } = {}) => ({
  ...{ judge, historyDays: HISTORY_DAYS, ...given },
  journal: async (entries: readonly JournalEntry[]) => void journaled.push(...entries),
});
const apply = (id: bigint, events: ReaderEvent[], given: Parameters<typeof rules>[0] = {}) =>
  store.verdicts.apply({ id, via: "smtp", events, letters: [], others: 0, note: "no token" }, rules(given));
const stateOf = async (id: bigint) => (await store.subscriptions.findById(id))?.state;

/** A digest that a server took, days ago. */
async function accepted(subscriptionId: bigint, time: string, given: Record<string, unknown> = {}): Promise<bigint> {
  const row = {
    ...{ local_day: time.slice(0, 10), subscription_id: subscriptionId, edition_date: time.slice(0, 10) },
    ...{ cadence: "daily", due_at: at(time), send_by: at(time), state: "accepted", paper_ids: [1], ended_at: at(time) },
    ...given,
  };
  const names = Object.keys(row);
  const [{ id }] = (await store.sql<{ id: string }>(
    `INSERT INTO deliveries (${names}) VALUES (${names.map((_, n) => `$${n + 1}`)}) RETURNING id`,
    Object.values(row),
  )) as [{ id: string }];
  return BigInt(id);
}

describe("what came in", () => {
  test("is kept byte for byte, and waits to be read by whoever takes it first", async () => {
    const raw = Buffer.from([0, 255, 10, 13, 128]);
    const id = await keep({ raw, cut: 7, envelopeTo: "bounce+t@b.example", envelopeFrom: "" });
    const taken = await Promise.all([store.reports.take(id), store.reports.take(id)]);
    expect(taken.filter((one) => one !== null)).toEqual([
      {
        ...{ id, via: "smtp", raw: new Uint8Array(raw), envelopeTo: "bounce+t@b.example", envelopeFrom: "" },
        ...{ receivedAt: at("2026-04-15T12:00Z"), attempts: 1, refused: null },
      },
    ]);
    expect(await store.sql("SELECT cut, state FROM reports")).toEqual([{ cut: "7", state: "waiting" }]);
  });

  test("an event is kept once for each provider, however often it is posted, also at once; what has no name is kept each time", async () => {
    const same = () => store.reports.keep(aReport({ via: "ses", eventKey: "e1" }));
    const kept = await Promise.all([same(), same(), same()]);
    expect(kept.filter((id) => id !== null)).toHaveLength(1);
    expect(await same()).toBeNull();
    await keep({ via: "postmark", eventKey: "e1" });
    await keep();
    await keep();
    expect(await store.sql("SELECT count(*)::int FROM reports")).toEqual([{ count: 4 }]);
  });

  test("who took it and died leaves it to the next after a minute, and the longer it waits the later", async () => {
    const id = await keep();
    const waits: number[] = [];
    for (let n = 0; n < 6; n += 1) {
      expect((await store.reports.take(id))?.attempts).toBe(n + 1);
      const [row] = await store.sql<{ not_before: Date }>("SELECT not_before FROM reports");
      waits.push((row!.not_before.getTime() - store.clock.now().getTime()) / 60_000);
      await store.clock.set(row!.not_before);
    }
    expect(waits).toEqual([1, 1, 1, 1.5, 2.25, 3.375]);
    expect(await store.reports.overdue(10)).toEqual([]);
    await store.clock.set(new Date(store.clock.now().getTime() + 20_000));
    expect(await store.reports.overdue(10)).toEqual([{ id }]);
  });

  test("more than the contract allows is not kept by the database either", async () => {
    await expect(keep({ raw: Buffer.alloc(2_097_153) })).rejects.toThrow("reports_raw");
  });
});

describe("whom a provider means", () => {
  const UUID = "0a1b2c3d-0000-4000-8000-0123456789ab";

  test("is told by our Message-ID or by the id the server gave, of a digest that was sent in the last fourteen days", async () => {
    const id = await store.aReader();
    const deliveryId = await accepted(id, "2026-04-10T07:00Z", { server_id: UUID });
    const sent = { subscriptionId: id, localDay: "2026-04-10", deliveryId };
    expect(await store.reports.sentDelivery("2026-04-10", deliveryId)).toEqual(sent);
    expect(await store.reports.acceptedAs(UUID)).toEqual(sent);
    expect(await store.reports.sentDelivery("2026-04-11", deliveryId)).toBeNull();
    expect(await store.reports.acceptedAs("another id as long as that one")).toBeNull();
    await store.clock.set(at("2026-04-25T12:00Z"));
    expect([await store.reports.sentDelivery("2026-04-10", deliveryId), await store.reports.acceptedAs(UUID)]).toEqual([
      null,
      null,
    ]);
  });

  test("is not a digest that never went out, nor told by the short queue id of a mail server, which is used again", async () => {
    const id = await store.aReader();
    const planned = { state: "planned", ended_at: null, next_try_at: at("2026-04-15T07:00Z") };
    expect(await store.reports.sentDelivery("2026-04-15", await accepted(id, "2026-04-15T07:00Z", planned))).toBeNull();
    await accepted(id, "2026-04-14T07:00Z", { server_id: "4Z1xAbCdEf" });
    expect(await store.reports.acceptedAs("4Z1xAbCdEf")).toBeNull();
  });

  test("is found by an index that mails with such a queue id are not in", async () => {
    const id = await store.aReader();
    await accepted(id, "2026-04-14T07:00Z", { server_id: "4Z1xAbCdEf" });
    await accepted(id, "2026-04-15T07:00Z", { server_id: UUID });
    await store.sql("ANALYZE deliveries");
    const held = await store.sql<{ rows: number }>(
      "SELECT sum(reltuples)::int AS rows FROM pg_class WHERE relkind = 'i' AND relname LIKE 'deliveries%server_id%'",
    );
    expect(held).toEqual([{ rows: 1 }]);
    const client = await store.pool.connect();
    await client.query("SET enable_seqscan = off"); // a handful of rows is read whole otherwise
    const plan = await client.query<{ "QUERY PLAN": string }>(
      `EXPLAIN SELECT id FROM deliveries WHERE server_id = '${UUID}' AND length(server_id) >= 20 AND local_day >= '2026-04-13'`,
    );
    client.release(true);
    expect(plan.rows.map((row) => row["QUERY PLAN"]).join("\n")).toMatch(
      /Index Scan using deliveries_20260413_server_id_idx/,
    );
  });
});

describe("a report is applied", () => {
  test("once: two workers at once, or a third later, find it done", async () => {
    const reader = await store.aReader();
    const id = await keep();
    const outcomes = await Promise.all([apply(id, [anEvent(reader)]), apply(id, [anEvent(reader)])]);
    expect(outcomes.filter((one) => one !== null)).toEqual([["suspend"]]);
    expect([await apply(id, [anEvent(reader)]), await store.reports.take(id)]).toEqual([null, null]);
    expect(await store.sql("SELECT verdict, because, class, status, text, via FROM verdicts")).toEqual([
      { verdict: "suspend", because: "hard", class: "hard", status: "5.1.1", text: "550 5.1.1 unknown", via: "smtp" },
    ]);
    expect(await store.sql("SELECT state, note, subscription_id::int AS reader FROM reports")).toEqual([
      { state: "applied", note: "suspend", reader: Number(reader) },
    ]);
  });

  test("wholly or not at all: who dies before the journal has it leaves everything as it was", async () => {
    const [one, two] = [await store.aReader(), await store.aReader()];
    const id = await keep();
    const events = [anEvent(one), anEvent(two, { class: "complaint" })];
    const dying = { ...rules(), journal: () => Promise.reject(new Error("the disk is full")) };
    const report = { id, via: "smtp", events, letters: [], others: 0, note: "" } as const;
    await expect(store.verdicts.apply(report, dying)).rejects.toThrow("the disk is full");
    expect([await stateOf(one), await stateOf(two)]).toEqual(["active", "active"]);
    expect(await store.sql("SELECT FROM verdicts UNION ALL SELECT FROM suppressions")).toEqual([]);
    expect(await apply(id, events)).toEqual(["suspend", "suppress"]);
  });

  test("many reports on the same readers, in opposite orders and at once, are all applied", async () => {
    const readers = [await store.aReader(), await store.aReader(), await store.aReader()];
    const ids = await Promise.all(Array.from({ length: 8 }, () => keep()));
    const events = readers.map((reader) => anEvent(reader, { class: "soft", status: "4.2.2" }));
    const outcomes = await Promise.all(ids.map((id, n) => apply(id, n % 2 ? events : events.toReversed())));
    expect(outcomes).toEqual(ids.map(() => ["count", "count", "count"]));
    expect(await store.sql("SELECT count(*)::int FROM verdicts")).toEqual([{ count: 24 }]);
  });

  test("a provider's event counts once, in whatever post it comes again", async () => {
    const reader = await store.aReader();
    const event = anEvent(reader, { class: "soft", eventId: "sg-1" });
    expect(await apply(await keep(), [event, event])).toEqual(["count", "known"]);
    expect(await apply(await keep(), [event, anEvent(reader, { class: "soft", eventId: "sg-2" })])).toEqual([
      ...["known", "count"],
    ]);
    expect(await store.sql("SELECT note FROM reports ORDER BY id")).toEqual([
      ...[{ note: "count, known" }, { note: "known, count" }],
    ]);
  });

  test("that tells of one reader is that reader's; one that tells of more is nobody's, and its bytes are given to none of them", async () => {
    const [one, two] = [await store.aReader(), await store.aReader()];
    const soft = (reader: bigint) => anEvent(reader, { class: "soft" });
    const kept = [await keep(), await keep(), await keep(), await keep()] as const;
    await apply(kept[0], [soft(one), soft(one)]);
    await apply(kept[1], [soft(one), soft(two)]);
    for (const more of [{ others: 1 }, { letters: [{ requestId: 1n, class: "nothing" as const }] }]) {
      const report = { via: "smtp", events: [soft(one)], letters: [], others: 0, note: "", ...more } as const;
      await store.verdicts.apply({ ...report, id: kept["others" in more ? 2 : 3] }, rules());
    }
    expect(await store.sql("SELECT subscription_id AS reader FROM reports ORDER BY id")).toEqual([
      ...[{ reader: String(one) }, { reader: null }, { reader: null }, { reader: null }],
    ]);
    await store.sql("UPDATE reports SET subscription_id = $1 WHERE id = $2", [one, kept[1]]);
    const bytes = Buffer.from("bounced").toString("base64");
    const given = kept.slice(0, 2).map((id) => store.readerRecords.reportBytes(one, id));
    expect(await Promise.all([...given, store.readerRecords.reportBytes(two, kept[0])])).toEqual([bytes, null, null]);
  });

  test("on a reader who was erased meanwhile: judged, and nothing of it that may name the address is kept", async () => {
    const [gone, here] = [await store.aReader(), await store.aReader()];
    await store.sql("UPDATE subscriptions SET email = NULL, state = 'ended' WHERE id = $1", [gone]);
    const id = await keep({ envelopeTo: "bounce+t@b.example", envelopeFrom: "ada@far.example" });
    expect(await apply(id, [anEvent(gone), anEvent(here)])).toEqual(["count", "suspend"]);
    expect(await store.sql("SELECT raw, envelope_to, envelope_from FROM reports")).toEqual([
      { raw: null, envelope_to: null, envelope_from: null },
    ]);
    expect(await store.sql("SELECT status, text FROM verdicts ORDER BY subscription_id")).toEqual([
      ...[
        { status: "5.1.1", text: "" },
        { status: "5.1.1", text: "550 5.1.1 unknown" },
      ],
    ]);
  });

  test("for good: what comes back after a suppression sets no new try, nor is one due where an address is suppressed", async () => {
    const reader = await store.aReader();
    await apply(await keep(), [anEvent(reader, { namesNoUser: true })]);
    await apply(await keep(), [anEvent(reader)]);
    expect(await store.sql("SELECT state, try_again_at FROM subscriptions")).toEqual([
      { state: "suspended", try_again_at: null },
    ]);
    await store.sql("UPDATE subscriptions SET try_again_at = paperboy_now()");
    expect(await store.suspensions.dueTries(10)).toEqual([]);
    await store.sql("UPDATE suppressions SET lifted_at = paperboy_now()");
    expect(await store.suspensions.dueTries(10)).toMatchObject([{ id: reader }]);
  });

  test("of a reader who is not here nothing is judged; of what says nothing no line is kept", async () => {
    expect(await apply(await keep(), [anEvent(999_999n)])).toEqual(["unknown-reader"]);
    expect(await apply(await keep(), [anEvent(await store.aReader(), { class: "nothing" })])).toEqual(["nothing"]);
    expect(await store.sql("SELECT FROM verdicts")).toEqual([]);
    expect(await apply(await keep(), [])).toEqual([]);
    expect(await store.sql("SELECT note FROM reports WHERE state = 'applied' ORDER BY id")).toEqual([
      ...[{ note: "unknown-reader" }, { note: "nothing" }, { note: "no token" }],
    ]);
  });
});

describe("the judge is told", () => {
  /** What the judge saw when the last of these came in. */
  async function seen(reader: bigint, event: Partial<ReaderEvent>): Promise<ReportedReader> {
    let told: ReportedReader | null = null;
    await apply(await keep(), [anEvent(reader, event)], {
      judge: (given) => {
        told = given;
        return { verdict: "count", because: "hard", tryAgainAt: null };
      },
    });
    return told!;
  }

  test("of each report when its mail went, and of mails that came through; not of those that came back", async () => {
    await store.clock.set(at("2026-04-01T12:00Z"));
    const reader = await store.aReader();
    const [back, through, newest] = [
      await accepted(reader, "2026-04-10T07:00Z"),
      await accepted(reader, "2026-04-11T07:00Z"),
      await accepted(reader, "2026-04-14T07:00Z"),
    ];
    await accepted(reader, "2026-04-12T07:00Z", { state: "expired", reason: "late" });
    await store.clock.set(at("2026-04-13T12:00Z"));
    await seen(reader, { localDay: "2026-04-10", deliveryId: back, class: "soft" });
    await store.clock.set(at("2026-04-15T12:00Z"));
    expect(await seen(reader, { localDay: "2026-04-14", deliveryId: newest, namesNoUser: true })).toEqual({
      now: at("2026-04-15T12:00Z"),
      reports: [
        { class: "soft", namesNoUser: false, at: at("2026-04-13T12:00Z"), mailAt: at("2026-04-10T07:00Z") },
        { class: "hard", namesNoUser: true, at: at("2026-04-15T12:00Z"), mailAt: at("2026-04-14T07:00Z") },
      ],
      accepted: [at("2026-04-11T07:00Z")],
      ...{ state: "active", suspendedAt: null },
    });
    expect(through).toBeTypeOf("bigint");
  });

  test("nothing of another reader's delivery of that number, nor of a day that no delivery has", async () => {
    const [reader, other] = [await store.aReader(), await store.aReader()];
    const theirs = await accepted(other, "2026-04-14T07:00Z");
    const noon = at("2026-04-15T12:00Z");
    for (const localDay of ["2026-04-14", "2026-04-13"])
      expect((await seen(reader, { localDay, deliveryId: theirs })).reports.at(-1)!.mailAt).toEqual(noon);
  });

  test("of a reader who confirmed anew nothing from before; a bounce of an older mail is counted, a complaint judged", async () => {
    await store.clock.set(at("2026-04-01T12:00Z"));
    const reader = await store.aReader();
    const old = await accepted(reader, "2026-04-02T07:00Z");
    await seen(reader, {});
    await store.clock.set(at("2026-04-14T12:00Z"));
    await store.sql("UPDATE subscriptions SET confirmed_at = paperboy_now()");
    const late = { localDay: "2026-04-02", deliveryId: old };
    expect(await apply(await keep(), [anEvent(reader, late)])).toEqual(["count"]);
    const fresh = await seen(reader, {});
    expect([fresh.reports.length, fresh.accepted]).toEqual([1, []]);
    expect(await apply(await keep(), [anEvent(reader, { ...late, class: "complaint" })])).toEqual(["suppress"]);
  });
});

describe("a server's refusal", () => {
  const refusal: Outcome = {
    ...{ state: "refused", reason: "refused-by-server", nextTryAt: null, isUncertain: false, serverId: null },
    answer: "550 5.1.1 no such user",
  };
  const yes: Outcome = { ...refusal, state: "accepted", reason: null, answer: "250 OK" };
  async function claimed(count: number): Promise<Claimed[]> {
    for (let n = 0; n < count; n += 1)
      await accepted(await store.aReader(), "2026-04-15T07:00Z", {
        ...{ state: "planned", ended_at: null, paper_ids: null, next_try_at: at("2026-04-15T07:00Z") },
        send_by: at("2026-04-16T03:00Z"),
      });
    return store.deliveries.claim({ localDay: "2026-04-15", fromId: 0n, toId: 10_000_000n }, count, 60_000);
  }

  test("is a report from the moment it is recorded; what was accepted is none, and a lapsed claim records neither", async () => {
    const [one, two, three] = (await claimed(3)) as [Claimed, Claimed, Claimed];
    const recorded = await store.deliveries.record([
      { delivery: one, outcome: yes },
      { delivery: two, outcome: refusal },
      { delivery: { ...three, claim: "00000000-0000-0000-0000-000000000000" }, outcome: refusal },
    ]);
    expect(recorded).toEqual(new Set([one.id, two.id]));
    const [{ id }] = (await store.sql<{ id: string }>("SELECT id FROM reports")) as [{ id: string }];
    expect(await store.reports.take(BigInt(id))).toMatchObject({
      ...{ via: "smtp-answer", raw: new Uint8Array(Buffer.from("550 5.1.1 no such user")) },
      refused: { subscriptionId: two.subscriptionId, localDay: "2026-04-15", deliveryId: two.id },
    });
    expect(await store.deliveries.record([{ delivery: two, outcome: refusal }])).toEqual(new Set());
    expect(await store.sql("SELECT count(*)::int FROM reports")).toEqual([{ count: 1 }]);
  });

  test("of a mail whose answer was lost before is one too, though its delivery ends as uncertain", async () => {
    const [one] = (await claimed(1)) as [Claimed];
    await store.deliveries.record([{ delivery: one, outcome: { ...refusal, state: "uncertain", isUncertain: true } }]);
    expect(await store.sql("SELECT via FROM reports")).toEqual([{ via: "smtp-answer" }]);
  });

  test("costs mails that are accepted nothing: their statement does not know of reports", async () => {
    const texts: string[] = [];
    const ask = store.pool.query.bind(store.pool);
    store.pool.query = ((text: unknown, ...rest: unknown[]) => {
      texts.push(String(text));
      return (ask as (...all: unknown[]) => unknown)(text, ...rest);
    }) as typeof store.pool.query;
    try {
      const many = await claimed(3);
      texts.length = 0;
      await store.deliveries.record(many.map((delivery) => ({ delivery, outcome: yes })));
    } finally {
      store.pool.query = ask;
    }
    expect(texts.map((text) => /\breports\b/.test(text))).toEqual([false]);
  });
});
