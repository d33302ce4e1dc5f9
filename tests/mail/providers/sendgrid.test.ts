import { describe, expect, test } from "vitest";
import { parseVerificationKey } from "../../../src/core/webhooks.ts";
import { openSendgrid, translateSendgrid } from "../../../src/mail/providers/sendgrid.ts";
import { at } from "../../support/time.ts";
import { aSendgrid, aSendgridEvent, type Post } from "../../support/webhooks.ts";

const now = at("2026-04-16T09:00Z");
const far = aSendgrid();
const sendgrid = openSendgrid({ publicKey: parseVerificationKey(far.shown)! });
const events = [aSendgridEvent("bounce", { type: "bounce", reason: "550 5.1.1 unknown", status: "5.1.1" })];
const judge = (post: Post, when = now) => sendgrid.authentic({ ...post, now: when });

describe("SendGrid is believed by its signature", () => {
  test("and repeats have the same name, signed anew or not", async () => {
    const first = await judge(far.post(events));
    expect(first).toEqual({ ok: true, eventKey: expect.stringMatching(/^sendgrid:[\da-f]{64}$/) });
    expect(await judge(far.post(events, at("2026-04-16T08:00Z")))).toEqual(first);
    expect(await judge(far.post([...events, ...events]))).not.toEqual(first);
  });

  test("and not when the body, the time or the signature is another", async () => {
    const post = far.post(events);
    const other = far.post(events, at("2026-04-16T08:59:59Z"));
    const name = "x-twilio-email-event-webhook-";
    const wrong: Post[] = [
      { ...post, rawBody: Buffer.concat([post.rawBody, Buffer.from(" ")]) },
      { ...post, headers: { ...post.headers, [`${name}timestamp`]: other.headers[`${name}timestamp`]! } },
      { ...post, headers: { ...post.headers, [`${name}signature`]: "MEUCIQ==" } },
      { ...post, headers: { ...post.headers, [`${name}signature`]: "%%%" } },
      aSendgrid().post(events),
    ];
    for (const each of wrong) expect(await judge(each)).toEqual({ ok: false, why: "signature" });
  });

  test("and not without one: that is told before the body is read", async () => {
    const { headers } = far.post(events);
    expect(sendgrid.objection({ headers: {}, now })).toBe("no signature");
    expect(sendgrid.objection({ headers: { ...headers, "x-twilio-email-event-webhook-timestamp": "1e9" }, now })).toBe(
      "no signature",
    );
    expect(sendgrid.objection({ headers, now })).toBe(null);
    expect(await sendgrid.authentic({ headers: {}, rawBody: Buffer.from("[]"), now })).toEqual({
      ok: false,
      why: "no signature",
    });
  });

  test("for as long as SendGrid tries again, which is a day", async () => {
    const post = far.post(events, at("2026-04-15T08:00Z"));
    expect(await judge(post)).toMatchObject({ ok: true });
    expect(await judge(post, at("2026-04-16T09:00:01Z"))).toEqual({ ok: false, why: "older than 25 hours" });
  });
});

describe("SendGrid says", () => {
  const said = (posted: unknown) => translateSendgrid(far.post(posted).rawBody);
  const meaning = (...args: Parameters<typeof aSendgridEvent>) =>
    said([aSendgridEvent(...args)]).map(({ report: { kind, status, lasting } }) => [kind, status, lasting]);

  test("many things in one post, each by its own name", () => {
    const keys = {
      returnAddresses: ["token"],
      serverIds: ["14c5d75ce93.dfd.64b469.filter0001.16648.5515E0B88.0", "14c5d75ce93"],
      messageIds: ["d.1@example.org"],
    };
    const when = at("2026-04-16T08:00:02Z");
    expect(said([...events, aSendgridEvent("delivered"), aSendgridEvent("spamreport")])).toEqual([
      {
        report: { kind: "failed", status: "5.1.1", text: "550 5.1.1 unknown", lasting: "permanent", keys },
        eventId: "event-of-bounce",
        at: when,
      },
      {
        report: { kind: "complaint", status: null, text: "spamreport", lasting: null, keys },
        eventId: "event-of-spamreport",
        at: when,
      },
    ]);
  });

  test.each([
    ["bounce", { type: "bounce", status: "5.0.0", reason: "no" }, ["failed", "5.0.0", "permanent"]],
    ["bounce", { type: "blocked", reason: "550 5.7.1 blocked" }, ["failed", "5.7.1", "transient"]],
    ["bounce", { type: "blocked", reason: "unable to get mx info" }, ["failed", null, "transient"]],
    ["deferred", { response: "452 4.2.2 over quota" }, ["delayed", "4.2.2", "transient"]],
    ["dropped", { reason: "Bounced Address" }, ["failed", null, "permanent"]],
    ["dropped", { reason: "Invalid" }, ["failed", "5.1.3", "permanent"]],
    ["dropped", { reason: "Unsubscribed Address" }, ["unsubscribed", null, null]],
    ["dropped", { reason: "Spam Reporting Address" }, ["complaint", null, null]],
    ["dropped", { reason: "Recipient List over Package Quota" }, ["failed", "5.3.0", null]],
    ["unsubscribe", {}, ["unsubscribed", null, null]],
    ["group_unsubscribe", {}, ["unsubscribed", null, null]],
    ["holiday", {}, ["nothing", null, null]],
  ])("%s %j: %j", (event, fields, expected) => {
    expect(meaning(event, fields)).toEqual([expected]);
  });

  test("nothing of an address when a mail went out, arrived, or was opened, and what cannot be read is kept as such", () => {
    const types = ["processed", "delivered", "open", "click", "group_resubscribe"];
    expect(said(types.map((type) => aSendgridEvent(type)))).toEqual([]);
    expect(said([null, 1, "x", [], {}])).toEqual([]);
    expect(translateSendgrid(Buffer.from("[")).map(({ report }) => report.kind)).toEqual(["unreadable"]);
  });

  test("no status where there is only the address of a machine", () => {
    expect(meaning("bounce", { type: "bounce", reason: "refused by 5.1.1.22 after 4.5.6.7" })).toEqual([
      ["failed", null, "permanent"],
    ]);
  });

  test("an id that no database takes as another name", () => {
    const [translated] = said([aSendgridEvent("spamreport", { sg_event_id: "\u0000".repeat(3), return: "a\u0000b" })]);
    expect(translated!.eventId).toMatch(/^[\da-f]{64}$/);
    expect(translated!.report.keys.returnAddresses).toEqual([]);
  });
});
