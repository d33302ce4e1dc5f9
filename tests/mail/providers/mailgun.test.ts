import { describe, expect, test } from "vitest";
import { openMailgun, translateMailgun } from "../../../src/mail/providers/mailgun.ts";
import { at } from "../../support/time.ts";
import { aMailgunEvent, MAILGUN_KEY, mailgunPost, type Post } from "../../support/webhooks.ts";

const now = at("2026-04-16T09:00Z");
const mailgun = openMailgun({ signingKey: MAILGUN_KEY });
const event = aMailgunEvent("complained");
const judge = (post: Post, when = now) => mailgun.authentic({ ...post, now: when });
const kept = { ok: true, eventKey: "mailgun:e0b5477167110d68991efc6b9f89f0a11066af27834600e123" };

/** With other fields in what is signed. */
function signedWith(change: (signature: Record<string, unknown>) => void): Post {
  const body = JSON.parse(mailgunPost(event).rawBody.toString());
  change(body.signature);
  return { headers: {}, rawBody: Buffer.from(JSON.stringify(body)) };
}

describe("Mailgun is believed by its signature", () => {
  test("and is known by its token, whatever stands beside it: that is not signed", async () => {
    expect(await judge(mailgunPost(event))).toEqual(kept);
    expect(await judge(mailgunPost(aMailgunEvent("failed")))).toEqual(kept);
  });

  test("also of a subaccount, by that of its parent", async () => {
    const ofParent = signedWith((signature) => {
      signature["parent-signature"] = signature.signature;
      signature.signature = "0".repeat(64);
    });
    expect(await judge(ofParent)).toEqual(kept);
  });

  test("and not by another, of another key, or for another time or token", async () => {
    const wrong = [
      mailgunPost(event, { key: "another-key" }),
      signedWith((signature) => (signature.signature = "")),
      signedWith((signature) => (signature.signature = "0".repeat(64))),
      signedWith((signature) => (signature.signature = [signature.signature])),
      signedWith((signature) => (signature.timestamp = String(Number(signature.timestamp) + 1))),
      signedWith((signature) => (signature.token = `${signature.token}0`)),
    ];
    for (const post of wrong) expect(await judge(post)).toEqual({ ok: false, why: "signature" });
  });

  test("and not when a digit went from the token to the time, though they are signed as one", async () => {
    const shifted = signedWith((signature) => {
      signature.timestamp = `${signature.timestamp}${String(signature.token)[0]}`;
      signature.token = String(signature.token).slice(1);
    });
    expect(await judge(shifted)).toEqual({ ok: false, why: "no signature" });
  });

  test("for as long as Mailgun tries again, which is eight hours", async () => {
    const post = mailgunPost(event, { signedAt: at("2026-04-16T00:00Z") });
    expect(await judge(post)).toEqual(kept);
    expect(await judge(post, at("2026-04-16T09:00:01Z"))).toEqual({ ok: false, why: "older than nine hours" });
  });

  test.each(["", "null", "[]", "{}", '{"signature":{}}', '{"signature":"x"}'])("and not by %j", async (text) => {
    expect(await judge({ headers: {}, rawBody: Buffer.from(text) })).toEqual({ ok: false, why: "no signature" });
  });
});

describe("Mailgun says", () => {
  const said = (...args: Parameters<typeof aMailgunEvent>) =>
    translateMailgun(mailgunPost(aMailgunEvent(...args)).rawBody);
  const failed = (fields: Readonly<Record<string, unknown>>) =>
    said("failed", fields).map(({ report: { kind, status, lasting } }) => [kind, status, lasting]);

  test("a failure in full", () => {
    const delivery = { code: 550, "enhanced-code": "5.1.1", message: "5.1.1 No such user", "bounce-type": "hard" };
    expect(said("failed", { severity: "permanent", reason: "bounce", "delivery-status": delivery })).toEqual([
      {
        report: {
          kind: "failed",
          status: "5.1.1",
          text: "5.1.1 No such user",
          lasting: "permanent",
          keys: {
            returnAddresses: ["token", "bounce+token@bounce.example.org"],
            serverIds: [],
            messageIds: ["d.1@example.org"],
          },
        },
        eventId: "2026-04-16:G9Bn5sl1TC6nu79C8C0bwg",
        at: new Date("2026-04-16T08:00:02.500Z"),
      },
    ]);
  });

  test.each([
    [
      { severity: "temporary", reason: "greylisted", "delivery-status": { message: "451 4.7.1 later" } },
      ["delayed", "4.7.1", "transient"],
    ],
    [
      { severity: "permanent", reason: "bounce", "delivery-status": { "bounce-type": "soft" } },
      ["failed", null, "transient"],
    ],
    [
      { severity: "permanent", reason: "old", "delivery-status": { code: 602, message: "Too old" } },
      ["failed", null, "transient"],
    ],
    [
      { severity: "permanent", reason: "suppress-bounce", "delivery-status": { code: 605 } },
      ["failed", null, "permanent"],
    ],
    [{ severity: "permanent", reason: "suppress-complaint" }, ["complaint", null, null]],
    [{ severity: "permanent", reason: "suppress-unsubscribe" }, ["unsubscribed", null, null]],
    [{ severity: "permanent", reason: "espblock" }, ["failed", "5.7.1", null]],
  ])("%j: %j", (fields, expected) => {
    expect(failed(fields)).toEqual([expected]);
  });

  test("that a reader complained, or left", () => {
    expect(
      ["complained", "unsubscribed", "holiday"].flatMap((name) => said(name)).map(({ report }) => report.kind),
    ).toEqual(["complaint", "unsubscribed", "nothing"]);
  });

  test("nothing of an address when a mail was taken, arrived, or was opened, and what cannot be read is kept as such", () => {
    expect(["accepted", "delivered", "opened", "clicked", "stored"].flatMap((name) => said(name))).toEqual([]);
    expect(translateMailgun(Buffer.from("{}")).map(({ report }) => report.kind)).toEqual(["unreadable"]);
  });
});
