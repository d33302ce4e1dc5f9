/** What becomes of readers whose mail comes back, over the weeks. */
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { answerRequest } from "../../src/actions/answer-request.ts";
import { applyReport } from "../../src/actions/apply-report.ts";
import { confirm } from "../../src/actions/confirm.ts";
import { receiveReport } from "../../src/actions/receive-report.ts";
import { undoUnsubscribe } from "../../src/actions/undo-unsubscribe.ts";
import { unsubscribe } from "../../src/actions/unsubscribe.ts";
import { addDays } from "../../src/core/day.ts";
import { openDeliveryIds, readReport } from "../../src/mail/read-report.ts";
import { aPress, type Press } from "../actions/press.ts";
import { backUp } from "../support/backup.ts";
import { preferences } from "../support/builders.ts";
import { aComplaint, aDsn, type DsnGiven } from "../support/reports.ts";
import { at } from "../support/time.ts";

let press: Press;
/** What the mail server says to a recipient. */
let answer: `${number} ${string}` | undefined;
beforeAll(async () => {
  press = await aPress({ behave: (step) => (step === "rcpt" ? answer : undefined) });
});
afterAll(() => press.end());
beforeEach(async () => {
  answer = undefined;
  await press.clear();
});

/** Readers come on day 0, when that morning's digests have gone out. */
const day = (count: number) => addDays("2026-04-15", count);
const needs = () => ({
  ...press.needs,
  readReport,
  deliveryNamed: openDeliveryIds("Paperboy <digest@paperboy.example>"),
});
/** What the sweep rings for. */
async function readReports(): Promise<unknown[]> {
  const waiting = await press.store.sql<{ id: string }>("SELECT id FROM reports WHERE state = 'waiting' ORDER BY id");
  const outcomes = [];
  for (const { id } of waiting) outcomes.push(...((await applyReport(needs(), BigInt(id))) ?? []));
  return outcomes;
}
/** A day's morning: a paper of the day before, the sweep, and what is due at seven. @returns how many mails were accepted */
async function morning(count: number): Promise<number> {
  await press.store.clock.set(at(`${day(count)}T00:30Z`));
  await press.list(day(count - 1), [{ title: `Paper of ${day(count - 1)}` }]);
  await press.tick(`${day(count)}T01:00Z`);
  await press.sweep();
  return press.tick(`${day(count)}T07:00Z`);
}
/** The reader's newest digest comes back five minutes after it was accepted. */
async function comesBack(subscriptionId: bigint, given: DsnGiven = {}, raw = aDsn(given)): Promise<unknown[]> {
  const [row] = await press.store.sql<{ id: string; day: string; ended_at: Date }>(
    `SELECT id, local_day::text AS day, ended_at FROM deliveries WHERE subscription_id = $1 AND state = 'accepted'
     ORDER BY local_day DESC, id DESC LIMIT 1`,
    [subscriptionId],
  );
  await press.store.clock.set(new Date(row!.ended_at.getTime() + 5 * 60_000));
  const named = { kind: "delivery", localDay: row!.day, deliveryId: BigInt(row!.id), subscriptionId } as const;
  const to = press.needs.returnAddresses.of(named, press.store.clock.now());
  await receiveReport(needs(), { via: "smtp", raw, cut: 0, eventKey: null, envelope: { to, from: "" } });
  return readReports();
}
const FULL = { status: "5.2.2", said: "552 5.2.2 mailbox full" };
const stateOf = async (id: bigint) => (await press.store.subscriptions.findById(id))!.state;
const suppressions = () => press.store.sql("SELECT because, lifted_at IS NOT NULL AS lifted FROM suppressions");
const changes = async (id: bigint) =>
  (
    await press.store.sql<{ what: string; via: string; day: string }>(
      "SELECT what, via, at::date::text AS day FROM subscription_changes WHERE subscription_id = $1 ORDER BY version",
      [id],
    )
  ).map((row) => `${row.day} ${row.what} by ${row.via}`);
/** Asks for the reader's address and confirms. */
async function comeBack(id: bigint): Promise<unknown> {
  const [row] = await press.store.sql<{ address_key: string; email: string }>(
    "SELECT address_key, email FROM subscriptions WHERE id = $1",
    [id],
  );
  const request = { email: row!.email, addressKey: row!.address_key, wanted: preferences(), askedBy: "form" } as const;
  const requestId = await press.store.requests.add(request);
  expect(await answerRequest(press.needs, requestId)).toBe("confirmation");
  return (await confirm(press.needs, requestId, press.store.clock.now())).outcome;
}

test("a mailbox that is gone: suspended at once, tried once on day three, then suppressed; its owner may come back", async () => {
  const id = await press.store.aReader();
  const other = await press.store.aReader();
  expect(await morning(1)).toBe(2);
  expect(await comesBack(id)).toEqual(["suspend"]);
  expect([await morning(2), await morning(3), await stateOf(id)]).toEqual([1, 1, "suspended"]);
  // Day three is over at five past seven: the next morning's digest is the try.
  expect(await morning(4)).toBe(1);
  expect(await morning(5)).toBe(2);
  expect([await stateOf(id), await comesBack(id)]).toEqual(["active", ["suppress"]]);
  expect([await stateOf(id), await suppressions()]).toEqual(["suspended", [{ because: "bounces", lifted: false }]]);
  for (let count = 6; count < 20; count += 1) expect(await morning(count)).toBe(1);
  expect(await changes(id)).toEqual([
    "2026-04-15 confirmed by confirmation-link",
    "2026-04-16 suspended by report",
    "2026-04-20 tried-again by clock",
    "2026-04-20 suspended by report",
  ]);
  expect(press.journaled.map(({ what }) => what)).toEqual(["suppressed"]);

  expect(await comeBack(id)).toBe("confirmed");
  expect([await stateOf(id), await suppressions()]).toEqual(["active", [{ because: "bounces", lifted: true }]]);
  expect(press.journaled.map(({ what }) => what)).toEqual(["suppressed", "lifted"]);
  // A new life: its first bounce is a first one.
  expect(await morning(20)).toBe(2);
  expect([await comesBack(id), await stateOf(other)]).toEqual([["suspend"], "active"]);
});

test("a mailbox that was gone for an hour: the try goes through, and after five days all is forgotten", async () => {
  const id = await press.store.aReader();
  await morning(1);
  await comesBack(id);
  for (const count of [2, 3, 4]) expect(await morning(count)).toBe(0);
  for (let count = 5; count < 12; count += 1) expect(await morning(count)).toBe(1);
  expect(await press.store.sql("SELECT state, suspended_at, suspended_because, tried_at FROM subscriptions")).toEqual([
    { state: "active", suspended_at: null, suspended_because: null, tried_at: null },
  ]);
  await morning(12);
  expect([await comesBack(id), await suppressions()]).toEqual([["suspend"], []]);
});

test("B3: a mailbox that is full: suspended after five days of it, tried weekly, ended after sixty, never suppressed", async () => {
  const id = await press.store.aReader();
  const judged: unknown[] = [];
  const sentOn: number[] = [];
  for (let count = 1; count <= 72; count += 1) {
    if ((await morning(count)) === 0) continue;
    sentOn.push(count);
    judged.push(...(await comesBack(id, FULL)), ...(await comesBack(id, FULL)));
  }
  expect(sentOn).toEqual([1, 2, 3, 4, 5, 13, 20, 27, 34, 41, 48, 55, 62, 69]);
  // Two notices of one mail are one failure; a second one of the fifth changes nothing.
  const verdicts = [...Array(8).fill("count"), ...Array(18).fill("suspend"), "end", "count"];
  expect(judged).toEqual(verdicts);
  expect([await stateOf(id), await suppressions()]).toEqual(["ended", []]);
  expect(press.journaled).toEqual([
    { what: "ended", subscriptionId: String(id), because: "bounces", at: "2026-06-23T07:05:00.000Z" },
  ]);
  expect(await comeBack(id)).toBe("confirmed");
}, 240_000);

test("B3: four full days in a row, one that goes through, and four again: nobody is suspended", async () => {
  const id = await press.store.aReader();
  const judged: unknown[] = [];
  for (let count = 1; count <= 9; count += 1) {
    await morning(count);
    if (count !== 5) judged.push(...(await comesBack(id, FULL)));
  }
  expect([new Set(judged), await stateOf(id)]).toEqual([new Set(["count"]), "active"]);
});

test("a server's own answer counts like a bounce: gone suspends, spam does not", async () => {
  const id = await press.store.aReader();
  answer = "550 5.7.1 message refused as spam";
  expect([await morning(1), await readReports(), await stateOf(id)]).toEqual([0, ["alarm"], "active"]);
  answer = "550 5.1.1 unknown";
  expect([await morning(2), await readReports(), await stateOf(id)]).toEqual([0, ["suspend"], "suspended"]);
  answer = "452 4.2.2 mailbox full";
  expect([await morning(6), await readReports(), await suppressions()]).toEqual([0, [], []]);
  expect(await press.store.sql("SELECT via, status, verdict FROM verdicts ORDER BY id")).toEqual([
    { via: "smtp-answer", status: "5.7.1", verdict: "alarm" },
    { via: "smtp-answer", status: "5.1.1", verdict: "suspend" },
  ]);
});

test("a suspended reader who leaves and takes it back is suspended still, and tried at their time", async () => {
  const id = await press.store.aReader();
  await morning(1);
  await comesBack(id);
  const now = press.store.clock.now();
  await unsubscribe(press.needs, id, "one-click", now);
  expect([await undoUnsubscribe(press.needs, id, now), await stateOf(id)]).toEqual(["undone", "suspended"]);
  expect([await morning(2), await morning(5), await stateOf(id)]).toEqual([0, 1, "active"]);
});

test("a paused reader whose last digest comes back stays paused: the first one after the pause will tell", async () => {
  const id = await press.store.aReader();
  await morning(1);
  await press.store.subscriptions.pause(id, null, "test");
  expect([await comesBack(id), await stateOf(id)]).toEqual([["count"], "paused"]);
});

test("C7: after a restoration who complained, or was suppressed, stays away, and who confirmed anew is written to", async () => {
  const [complained, gone, back] = [
    await press.store.aReader(),
    await press.store.aReader(),
    await press.store.aReader(),
  ];
  await morning(1);
  await press.store.sql(
    "INSERT INTO suppressions (address_key, because, at) SELECT address_key, 'bounces', paperboy_now() FROM subscriptions WHERE id = $1",
    [back],
  );
  const backup = await backUp(press.store.pool);

  await comesBack(complained, {}, aComplaint());
  await comesBack(gone, { said: "550 5.1.1 no such user here" });
  await press.store.sql("UPDATE subscriptions SET state = 'ended', ended_at = paperboy_now() WHERE id = $1", [back]);
  await comeBack(back);
  const lines = [...press.journaled];
  expect(lines.map(({ what }) => what)).toEqual(["suppressed", "ended", "suppressed", "lifted"]);

  await backup.putBack();
  expect([await stateOf(complained), await stateOf(gone)]).toEqual(["active", "active"]);
  async function* journal() {
    yield { entries: lines, unreadable: 0 };
  }
  const replayed = { left: 1, cameBack: 0, suppressed: 2, lifted: 1, erased: 0, unreadable: 0 };
  expect(await press.store.restoration.replay(journal())).toEqual(replayed);
  expect(
    await press.store.sql("SELECT because, lifted_at IS NOT NULL AS lifted FROM suppressions ORDER BY 1, 2"),
  ).toEqual([
    { because: "bounces", lifted: false },
    { because: "bounces", lifted: true },
    { because: "complaint", lifted: false },
  ]);
  expect(await morning(2)).toBe(1);
});
