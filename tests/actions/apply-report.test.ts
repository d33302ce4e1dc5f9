import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { applyReport } from "../../src/actions/apply-report.ts";
import { confirm } from "../../src/actions/confirm.ts";
import { type Incoming, receiveReport } from "../../src/actions/receive-report.ts";
import type { Named } from "../../src/core/return-address.ts";
import { openDeliveryIds, readReport } from "../../src/mail/read-report.ts";
import { preferences } from "../support/builders.ts";
import { aComplaint, aDsn, anAnswer } from "../support/reports.ts";
import { at } from "../support/time.ts";
import { aPostmarkBounce, aSendgridEvent } from "../support/webhooks.ts";
import { aPress, type Press } from "./press.ts";

let press: Press;
beforeAll(async () => {
  press = await aPress();
});
afterAll(() => press.end());
beforeEach(() => press.clear());

const needs = () => ({
  ...press.needs,
  readReport,
  deliveryNamed: openDeliveryIds("Paperboy <digest@paperboy.example>"),
});
const keep = async (incoming: Partial<Incoming>) => {
  const given = { via: "smtp", raw: aDsn(), cut: 0, eventKey: null, envelope: null, ...incoming } as const;
  await receiveReport(needs(), given);
  const [row] = await press.store.sql<{ id: string }>("SELECT max(id) AS id FROM reports");
  return BigInt(row!.id);
};
const apply = async (incoming: Partial<Incoming>) => applyReport(needs(), await keep(incoming));
const post = (via: "postmark" | "sendgrid" | "ses", event: unknown) =>
  apply({ via, raw: Buffer.from(JSON.stringify(event)) });
const address = (named: Named) => press.needs.returnAddresses.of(named, press.store.clock.now());
const stateOf = async (id: bigint) => (await press.store.subscriptions.findById(id))?.state;
const suppressed = () =>
  press.store.sql("SELECT address_key AS key, because FROM suppressions WHERE lifted_at IS NULL");
const notes = () => press.store.sql("SELECT state, note FROM reports ORDER BY id");

const SERVER_ID = "883953f4-6105-42a2-a16a-77a8eac79483";
/** A reader, and their digest of this morning, which a server took. */
async function aSentDigest(serverId: string | null = SERVER_ID) {
  const subscriptionId = await press.store.aReader();
  await press.list("2026-04-14", [{ title: "Agents that plan" }]);
  await press.tick("2026-04-15T07:00Z");
  const [row] = await press.store.sql<{ id: string }>(
    "UPDATE deliveries SET server_id = $2 WHERE subscription_id = $1 RETURNING id",
    [subscriptionId, serverId],
  );
  const named = { kind: "delivery", localDay: "2026-04-15", deliveryId: BigInt(row!.id), subscriptionId } as const;
  const reader = (await press.store.subscriptions.findById(subscriptionId))!;
  return { ...named, named, to: address(named), email: reader.email!, addressKey: `key of ${reader.email}` };
}
/** Nothing was changed by what came. */
async function untouched(subscriptionId: bigint): Promise<void> {
  expect([await stateOf(subscriptionId), await suppressed(), press.journaled]).toEqual(["active", [], []]);
  expect(await press.store.sql("SELECT FROM verdicts")).toEqual([]);
}

describe("whom it is about", () => {
  test("B2: the bounce address alone finds the delivery, whoever the report names", async () => {
    const { to, subscriptionId, deliveryId } = await aSentDigest();
    const raw = aDsn({ recipient: "postmaster@another.example" });
    expect(await apply({ raw, envelope: { to, from: "" } })).toEqual(["suspend"]);
    expect(
      await press.store.sql("SELECT subscription_id AS s, delivery_id AS d, local_day::text FROM verdicts"),
    ).toEqual([{ s: String(subscriptionId), d: String(deliveryId), local_day: "2026-04-15" }]);
    expect(await stateOf(subscriptionId)).toBe("suspended");
  });

  test("B2: the address in the mail's own To finds it too, where no envelope came along", async () => {
    const { to, subscriptionId } = await aSentDigest();
    expect(await apply({ via: "raw", raw: aDsn({ to }) })).toEqual(["suspend"]);
    expect(await stateOf(subscriptionId)).toBe("suspended");
  });

  test("B2: a forged address, one of another installation, and one that is over find nobody: counted, and nothing changes", async () => {
    const { to, subscriptionId, email, named } = await aSentDigest();
    const forged = to.replace(/\+.{8}/, "+aaaaaaaa");
    for (const envelope of [
      { to: forged, from: "" },
      { to: "bounce@bounce.paperboy.example", from: "" },
      { to: email, from: "" },
      { to: null, from: null },
    ])
      expect(await apply({ raw: aDsn({ recipient: email }), envelope })).toEqual([]);
    await press.store.clock.set(at("2026-04-30T07:00Z"));
    expect(await apply({ envelope: { to: address(named), from: "" } })).toEqual([]);
    await untouched(subscriptionId);
    expect(await notes()).toEqual(Array.from({ length: 5 }, () => ({ state: "applied", note: "no token" })));
  });

  test("what came while its address was live does not become void by waiting to be read", async () => {
    const { to, subscriptionId } = await aSentDigest();
    const id = await keep({ envelope: { to, from: "" } });
    await press.store.clock.set(at("2026-05-15T07:00Z"));
    expect([await applyReport(needs(), id), await stateOf(subscriptionId)]).toEqual([["suspend"], "suspended"]);
  });

  test("a provider is believed by the id it gave the mail, and by our Message-ID", async () => {
    const { subscriptionId, deliveryId } = await aSentDigest();
    expect(await post("postmark", aPostmarkBounce({ Details: "smtp;550 5.1.1 rejected" }))).toEqual(["suspend"]);
    await press.store.sql("UPDATE subscriptions SET state = 'active', suspended_at = NULL, try_again_at = NULL");
    const event = { "smtp-id": `<digest.2026-04-15.${deliveryId}@paperboy.example>`, sg_message_id: "unknown" };
    const bounce = { ...aSendgridEvent("bounce", event), type: "bounce", status: "5.1.1", reason: "550 unknown" };
    expect(await post("sendgrid", [bounce])).toEqual(["suspend"]);
    expect(await stateOf(subscriptionId)).toBe("suspended");
  });

  test("a mail is not: anybody can write a Message-ID; nor is a provider by one of another domain, or of a digest not sent", async () => {
    const { subscriptionId, deliveryId } = await aSentDigest(null);
    const messageId = `<digest.2026-04-15.${deliveryId}@paperboy.example>`;
    const raw = Buffer.from(
      `${aDsn()}`.replace(
        "--b1--",
        `--b1\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: ${messageId}\r\n\r\n--b1--`,
      ),
    );
    expect([await apply({ raw }), await apply({ via: "raw", raw })]).toEqual([[], []]);
    for (const id of [
      messageId.replace("paperboy.example", "other.example"),
      messageId.replace(".2026-04-15.", ".2026-04-14."),
    ])
      expect(
        await post("sendgrid", [aSendgridEvent("spamreport", { "smtp-id": id, sg_message_id: "unknown" })]),
      ).toEqual([]);
    await untouched(subscriptionId);
  });
});

describe("what follows", () => {
  test("B4: a complaint suppresses at once, ends the subscription, and both are in the journal", async () => {
    const { to, subscriptionId, addressKey } = await aSentDigest();
    expect(await apply({ raw: aComplaint(to), envelope: { to, from: "" } })).toEqual(["suppress"]);
    expect([await stateOf(subscriptionId), await suppressed()]).toEqual([
      "ended",
      [{ key: addressKey, because: "complaint" }],
    ]);
    const when = { at: "2026-04-15T07:00:00.000Z" };
    expect(press.journaled).toEqual([
      { what: "suppressed", addressKey, because: "complaint", ...when },
      { what: "ended", subscriptionId: String(subscriptionId), because: "complaint", ...when },
    ]);
  });

  test("C13: a digest that was planned before the complaint came is withdrawn", async () => {
    const { to } = await aSentDigest();
    await press.list("2026-04-15", [{ title: "Robots" }]);
    await press.store.clock.set(at("2026-04-16T07:00Z"));
    await press.close();
    await press.plan();
    await apply({ raw: aComplaint(to), envelope: { to, from: "" } });
    expect(await press.deliver()).toBe(0);
    expect((await press.fates()).map(({ state, reason }) => [state, reason])).toEqual([
      ["accepted", null],
      ["withdrawn", "ended"],
    ]);
  });

  test("B3: a full mailbox is counted, and so is what nobody can read; what blames us alarms and leaves the reader alone", async () => {
    const { to, subscriptionId } = await aSentDigest();
    const came = (raw: Buffer) => apply({ raw, envelope: { to, from: "" } });
    expect([
      await came(aDsn({ status: "4.2.2", said: "452 4.2.2 mailbox full" })),
      await came(aDsn({ status: "5.7.1", said: "550 5.7.1 message refused as spam" })),
      await came(aDsn({ action: "delayed", status: "4.4.1", said: "connection timed out" })),
    ]).toEqual([["count"], ["alarm"], ["count"]]);
    expect([await stateOf(subscriptionId), await suppressed(), press.journaled]).toEqual(["active", [], []]);
    expect(await press.store.sql("SELECT kind, words FROM incidents")).toEqual([
      { kind: "mail-blamed", words: expect.stringMatching(/report \d+ says why/) },
    ]);
  });

  test("B4: out of office, a reply and a challenge say nothing", async () => {
    const { to, subscriptionId } = await aSentDigest();
    for (const raw of [
      anAnswer("Out of office", "I am away until Monday.", "Auto-Submitted: auto-replied"),
      anAnswer("Re: Today's papers", "Thank you, I liked the second one!"),
      anAnswer("Please confirm your message", "Click here so that I get your mail.", "Auto-Submitted: auto-replied"),
    ])
      expect(await apply({ raw, envelope: { to, from: "ada@far.example" } })).toEqual(["nothing"]);
    await untouched(subscriptionId);
  });

  test("a reader who left by their provider is unsubscribed like by one click", async () => {
    const { to, subscriptionId } = await aSentDigest();
    const [, token] = /\+([^@]+)@/.exec(to)!;
    expect(await post("sendgrid", [aSendgridEvent("unsubscribe", { return: token })])).toEqual(["leave"]);
    const [last] = await press.store.sql(
      "SELECT what, via FROM subscription_changes WHERE subscription_id = $1 ORDER BY version DESC",
      [subscriptionId],
    );
    expect([last, await suppressed()]).toEqual([{ what: "ended", via: "provider" }, []]);
    expect(press.journaled.map((line) => line.what)).toEqual(["ended"]);
  });

  test("one post tells of many readers: each is judged", async () => {
    const first = await aSentDigest();
    const second = await press.store.aReader();
    const named = { ...first.named, subscriptionId: second };
    const token = (of: Named) => press.needs.returnAddresses.tokenOf(of, press.store.clock.now());
    const events = [
      aSendgridEvent("spamreport", { return: token(named), sg_event_id: "one" }),
      aSendgridEvent("bounce", { return: token(first.named), type: "bounce", status: "5.1.1", sg_event_id: "two" }),
      aSendgridEvent("bounce", { return: "of-nobody", "smtp-id": "", sg_message_id: "", sg_event_id: "three" }),
    ];
    expect((await post("sendgrid", events))?.toSorted()).toEqual(["suppress", "suspend"]);
    expect([await stateOf(first.subscriptionId), await stateOf(second)]).toEqual(["suspended", "ended"]);
    expect(await press.store.sql("SELECT subscription_id AS reader FROM reports")).toEqual([{ reader: null }]);
    // Posted again in another company, nothing is judged a second time.
    expect(await post("sendgrid", [events[0], events[1]])).toEqual(["known", "known"]);
  });

  test("the address to leave by, which is live for ever, brings a provider's complaint home and nobody else's", async () => {
    const { named, subscriptionId } = await aSentDigest();
    const leave = { kind: "leave", subscriptionId, deliveryId: named.deliveryId } as const;
    const to = address(leave);
    expect(await apply({ raw: aComplaint(to), envelope: { to, from: "" } })).toEqual([]);
    expect(await apply({ raw: aDsn({ to }), envelope: { to, from: "" } })).toEqual([]);
    await untouched(subscriptionId);
    const token = press.needs.returnAddresses.tokenOf(leave, press.store.clock.now());
    expect(await post("sendgrid", [aSendgridEvent("spamreport", { return: token })])).toEqual(["suppress"]);
  });
});

describe("a letter that comes back", () => {
  const KEY = "key of ada";
  async function aLetter() {
    const requestId = await press.store.requests.add({
      ...{ email: "ada@example.org", addressKey: KEY, wanted: preferences(), askedBy: "form" },
    });
    await press.store.requests.answered(requestId, "confirmation");
    return { requestId, to: address({ kind: "letter", requestId }) };
  }
  const outcome = async (requestId: bigint) => (await confirm(press.needs, requestId, press.store.clock.now())).outcome;

  test("for good: its link opens nothing any more, and nobody is suppressed for it", async () => {
    const { requestId, to } = await aLetter();
    expect(await apply({ envelope: { to, from: "" } })).toEqual(["declined"]);
    expect([await outcome(requestId), await suppressed(), press.journaled]).toEqual(["unknown", [], []]);
  });

  test("as spam: its address is not written to again", async () => {
    const { requestId, to } = await aLetter();
    expect(await apply({ raw: aComplaint(to), envelope: { to, from: "" } })).toEqual(["suppress"]);
    expect([await outcome(requestId), await suppressed()]).toEqual(["unknown", [{ key: KEY, because: "complaint" }]]);
    expect(press.journaled).toEqual([
      { what: "suppressed", addressKey: KEY, because: "complaint", at: "2026-04-15T06:00:00.000Z" },
    ]);
  });

  test("because a mailbox is full: it can still be confirmed", async () => {
    const { requestId, to } = await aLetter();
    const raw = aDsn({ status: "5.2.2", said: "552 5.2.2 mailbox full" });
    expect(await apply({ raw, envelope: { to, from: "" } })).toEqual(["nothing"]);
    expect(await outcome(requestId)).toBe("confirmed");
  });

  test("because its reader left by their provider: what they had confirmed by then ends, what waits can be asked again", async () => {
    const leave = async (requestId: bigint) => {
      const token = press.needs.returnAddresses.tokenOf({ kind: "letter", requestId }, press.store.clock.now());
      return post("sendgrid", [aSendgridEvent("unsubscribe", { return: token, sg_event_id: String(requestId) })]);
    };
    const waiting = await aLetter();
    expect([await leave(waiting.requestId), await outcome(waiting.requestId), press.journaled]).toEqual([
      ...[["declined"], "unknown", []],
    ]);
    const { requestId } = await aLetter();
    await outcome(requestId);
    expect(await leave(requestId)).toEqual(["leave"]);
    const reader = (await press.store.subscriptions.findByAddressKey(KEY))!;
    expect([reader.state, await suppressed()]).toEqual(["ended", []]);
    expect(await press.store.sql("SELECT via FROM subscription_changes WHERE what = 'ended'")).toEqual([
      { via: "provider" },
    ]);
    expect(press.journaled).toEqual([
      { what: "ended", subscriptionId: String(reader.id), because: "reader", at: "2026-04-15T06:00:00.000Z" },
    ]);
  });

  test("because the reader left by the mail that nobody asked for: they have", async () => {
    await outcome((await aLetter()).requestId);
    const [row] = await press.store.sql<{ id: string }>(
      `INSERT INTO requests (kind, email, address_key, asked_by, state, answer, expires_at)
         VALUES ('quiet', 'ada@example.org', $1, 'clock', 'answered', 'quiet', paperboy_now() + interval '7 days') RETURNING id`,
      [KEY],
    );
    const named = { kind: "letter", requestId: BigInt(row!.id) } as const;
    const token = press.needs.returnAddresses.tokenOf(named, press.store.clock.now());
    expect(await post("sendgrid", [aSendgridEvent("unsubscribe", { return: token })])).toEqual(["leave"]);
    expect(await press.store.subscriptions.findByAddressKey(KEY)).toMatchObject({ state: "ended" });
  });

  test("as spam, after it was confirmed: that reader is not written to again either", async () => {
    const { requestId, to } = await aLetter();
    await outcome(requestId);
    expect(await apply({ raw: aComplaint(to), envelope: { to, from: "" } })).toEqual(["suppress"]);
    expect(await press.store.subscriptions.findByAddressKey(KEY)).toMatchObject({ state: "ended" });
    expect(press.journaled.map((line) => line.what)).toEqual(["suppressed", "ended"]);
  });
});

describe("once", () => {
  test("rung for twice, at once and later: applied once", async () => {
    const { to } = await aSentDigest();
    const id = await keep({ envelope: { to, from: "" } });
    const outcomes = await Promise.all([applyReport(needs(), id), applyReport(needs(), id), applyReport(needs(), id)]);
    expect(outcomes.filter((one) => one !== null)).toEqual([["suspend"]]);
    await press.store.clock.set(at("2026-04-15T09:00Z"));
    expect(await applyReport(needs(), id)).toBeNull();
    expect(await press.store.sql("SELECT count(*)::int FROM verdicts")).toEqual([{ count: 1 }]);
  });

  test("whoever dies in the middle leaves it to the next, who does it once", async () => {
    const { to, subscriptionId } = await aSentDigest();
    const id = await keep({ raw: aComplaint(to), envelope: { to, from: "" } });
    const dying = { ...needs(), journal: { append: () => Promise.reject(new Error("killed")) } };
    await expect(applyReport(dying, id)).rejects.toThrow("killed");
    expect([await stateOf(subscriptionId), await suppressed()]).toEqual(["active", []]);
    await press.store.clock.set(at("2026-04-15T07:02Z"));
    press.queue.rung();
    await press.sweep();
    expect(press.queue.rung()).toContainEqual({ name: "apply-report", payload: { reportId: String(id) } });
    expect(await applyReport(needs(), id)).toEqual(["suppress"]);
    expect(await suppressed()).toHaveLength(1);
  });

  test("one mail that is refused and bounces too is one failure: it does not condemn the address", async () => {
    const { to, subscriptionId } = await aSentDigest();
    for (let n = 0; n < 4; n += 1) await apply({ envelope: { to, from: "" } });
    expect([await stateOf(subscriptionId), await suppressed()]).toEqual(["suspended", []]);
  });

  test("what was dropped before anybody read it is written off", async () => {
    const { to, subscriptionId } = await aSentDigest();
    const id = await keep({ envelope: { to, from: "" } });
    await press.store.sql("UPDATE reports SET raw = NULL");
    expect(await applyReport(needs(), id)).toEqual([]);
    expect(await notes()).toEqual([{ state: "applied", note: "dropped before it could be read" }]);
    await untouched(subscriptionId);
  });
});
