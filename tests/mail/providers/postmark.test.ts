import { describe, expect, test } from "vitest";
import { openPostmark, translatePostmark } from "../../../src/mail/providers/postmark.ts";
import { at } from "../../support/time.ts";
import { aPostmarkBounce, POSTMARK_LOGIN, postmarkPost } from "../../support/webhooks.ts";

const now = at("2026-04-16T09:00Z");
const postmark = openPostmark({ login: POSTMARK_LOGIN });
const bounce = postmarkPost(aPostmarkBounce());
const keyOf = async (post = bounce) => {
  const judged = await postmark.authentic({ ...post, now });
  return judged.ok ? judged.eventKey : judged.why;
};

describe("Postmark is believed by user and password", () => {
  test("and one failure has one name, however it is written", async () => {
    const key = await keyOf();
    expect(key).toMatch(/^postmark:[\da-f]{64}$/);
    expect(await keyOf(postmarkPost({ Tag: "new", ...aPostmarkBounce() }))).toBe(key);
    const others = [{ MessageID: "another" }, { Type: "SoftBounce" }, { BouncedAt: "2026-04-16T08:00:03Z" }];
    for (const other of others) expect(await keyOf(postmarkPost(aPostmarkBounce(other)))).not.toBe(key);
  });

  test("though its ids are larger than a number can be", async () => {
    const post = (id: string) => {
      const text = JSON.stringify(aPostmarkBounce({ MessageID: "" })).replace('"ID":42', `"ID":${id}`);
      return { ...bounce, rawBody: Buffer.from(text) };
    };
    expect(await keyOf(post("4323372036854775807"))).not.toBe(await keyOf(post("4323372036854775806")));
  });

  const basic = (text: string) => `Basic ${Buffer.from(text).toString("base64")}`;
  const wrong = [
    undefined,
    "",
    "Basic",
    basic(""),
    basic("paperboy"),
    basic("paperboy:a-long-passwor"),
    basic("paperboy:a-long-password "),
    basic("Paperboy:a-long-password"),
    `Bearer ${Buffer.from(POSTMARK_LOGIN).toString("base64")}`,
    POSTMARK_LOGIN,
  ];
  test.each(wrong)("and not as %j, before the body is read", async (authorization) => {
    const headers = authorization === undefined ? {} : { authorization };
    expect(postmark.objection({ headers, now })).toBe("user and password");
    expect(await postmark.authentic({ headers, rawBody: bounce.rawBody, now })).toEqual({
      ok: false,
      why: "user and password",
    });
  });

  test("as it would be with the right ones", () => {
    expect(postmark.objection({ headers: bounce.headers, now })).toBe(null);
    expect(
      postmark.objection({ headers: { authorization: basic(POSTMARK_LOGIN).replace("Basic", "basic") }, now }),
    ).toBe(null);
  });
});

describe("Postmark says", () => {
  const said = (event: unknown) => translatePostmark(postmarkPost(event).rawBody);
  const meaning = (event: unknown) =>
    said(event).map(({ report: { kind, status, lasting } }) => [kind, status, lasting]);
  const keys = { returnAddresses: ["token"], serverIds: ["883953f4-6105-42a2-a16a-77a8eac79483"], messageIds: [] };

  test("a hard bounce in full", () => {
    expect(said(aPostmarkBounce())).toEqual([
      {
        report: {
          kind: "failed",
          status: "5.1.1",
          text: "smtp;550 5.1.1 The email account that you tried to reach does not exist.",
          lasting: "permanent",
          keys,
        },
        eventId: "883953f4-6105-42a2-a16a-77a8eac79483:failed",
        at: at("2026-04-16T08:00:02Z"),
      },
    ]);
  });

  test.each([
    ["HardBounce", "failed", null, "permanent"],
    ["BadEmailAddress", "failed", "5.1.3", "permanent"],
    ["SoftBounce", "failed", null, "transient"],
    ["Transient", "delayed", null, "transient"],
    ["DnsError", "delayed", "4.4.3", "transient"],
    ["Blocked", "failed", "5.7.1", null],
    ["SpamNotification", "failed", "5.7.1", null],
    ["DMARCPolicy", "failed", "5.7.1", null],
    ["SMTPApiError", "failed", null, null],
    ["SpamComplaint", "complaint", null, null],
    ["Unsubscribe", "unsubscribed", null, null],
    ["AutoResponder", "nothing", null, null],
    ["AddressChange", "nothing", null, null],
    ["ChallengeVerification", "nothing", null, null],
    ["ManuallyDeactivated", "nothing", null, null],
    ["Unknown", "unreadable", null, null],
    ["constructor", "unreadable", null, null],
  ])("%s: %s, %s, %s", (Type, kind, status, lasting) => {
    expect(meaning(aPostmarkBounce({ Type, Details: "" }))).toEqual([[kind, status, lasting]]);
  });

  test("a spam complaint", () => {
    const complaint = aPostmarkBounce({ RecordType: "SpamComplaint", Type: "SpamComplaint", TypeCode: 512 });
    expect(meaning(complaint)).toEqual([["complaint", null, null]]);
  });

  const change = (replaced: Readonly<Record<string, unknown>>) => ({
    ...{
      RecordType: "SubscriptionChange",
      MessageID: "883953f4-6105-42a2-a16a-77a8eac79483",
      MessageStream: "broadcast",
    },
    ...{ ChangedAt: "2026-04-16T08:00:02.416071Z", Recipient: "reader@example.net", Origin: "Recipient" },
    ...{ SuppressSending: true, SuppressionReason: "ManualSuppression", Metadata: { return: "token" } },
    ...replaced,
  });

  test("that a reader left by its unsubscribe link", () => {
    expect(said(change({}))).toEqual([
      {
        report: { kind: "unsubscribed", status: null, text: "ManualSuppression", lasting: null, keys },
        eventId: "883953f4-6105-42a2-a16a-77a8eac79483:unsubscribed",
        at: new Date("2026-04-16T08:00:02.416Z"),
      },
    ]);
  });

  test("nothing of a reader's when the operator suppressed an address, or took one off the list", () => {
    expect(meaning(change({ Origin: "Admin", MessageID: null }))).toEqual([["nothing", null, null]]);
    expect(meaning(change({ SuppressSending: false, SuppressionReason: null }))).toEqual([["nothing", null, null]]);
  });

  test("the same hard bounce or complaint twice, under one name", () => {
    const names = (events: readonly unknown[]) => new Set(events.flatMap(said).map(({ eventId }) => eventId));
    expect(names([aPostmarkBounce(), change({ SuppressionReason: "HardBounce" })]).size).toBe(1);
    const complaint = aPostmarkBounce({ RecordType: "SpamComplaint", Type: "SpamComplaint" });
    expect(names([complaint, change({ SuppressionReason: "SpamComplaint" })]).size).toBe(1);
    // A mailbox that is full on two days failed twice.
    const full = (BouncedAt: string) => aPostmarkBounce({ Type: "SoftBounce", BouncedAt });
    expect(names([full("2026-04-16T08:00:02Z"), full("2026-04-17T08:00:02Z")]).size).toBe(2);
  });

  test("nothing of an address when a mail arrived or was opened, and what cannot be read is kept as such", () => {
    expect(["Delivery", "Open", "Click"].map((RecordType) => ({ RecordType })).flatMap(said)).toEqual([]);
    expect(translatePostmark(Buffer.from("<html>")).map(({ report }) => report.kind)).toEqual(["unreadable"]);
  });
});
