import { describe, expect, test } from "vitest";
import type { Translated } from "../../../src/mail/providers/provider.ts";
import { translateSes } from "../../../src/mail/providers/ses.ts";
import { at } from "../../support/time.ts";
import { anSns, aSesBounce, aSesEvent } from "../../support/webhooks.ts";

const sns = anSns();

describe("SES says", () => {
  const keys = {
    returnAddresses: ["bounce+token@bounce.example.org"],
    serverIds: ["0102019638c0b1f2-7c191be4-5e9a-4d12-a87d-dd0099a07f8a-000000"],
    messageIds: [],
  };
  const said = (event: unknown) => translateSes(sns.notification(event).rawBody);
  const report = (event: unknown) => said(event).map(({ report: { keys: _, ...rest } }) => rest);

  test("a bounce in full", () => {
    const expected: Translated = {
      report: { kind: "failed", status: "5.1.1", text: "smtp; 550 5.1.1 user unknown", lasting: "permanent", keys },
      eventId: "0102-feedback",
      at: at("2026-04-16T08:00:02Z"),
    };
    expect(said(aSesBounce())).toEqual([expected]);
  });

  test("the same of a configuration set's event, with ids of ours where it has them", () => {
    const { notificationType: eventType, ...event } = aSesBounce() as ReturnType<typeof aSesEvent> & {
      notificationType: string;
    };
    const headers = [
      { name: "Message-ID", value: "<d.1@example.org>" },
      { name: "X-SES-MESSAGE-TAGS", value: "campaign=1, return=token2" },
    ];
    const mail = {
      ...event.mail,
      tags: { return: ["token"] },
      headers,
      commonHeaders: { messageId: "<d.2@example.org>" },
    };
    const [translated] = said({ eventType, ...event, mail });
    expect(translated!.report).toEqual({
      ...said(aSesBounce())[0]!.report,
      keys: {
        returnAddresses: ["token", "token2", "bounce+token@bounce.example.org"],
        serverIds: keys.serverIds,
        messageIds: ["d.1@example.org", "d.2@example.org"],
      },
    });
  });

  test("a full mailbox, and one that SES itself no longer writes to", () => {
    expect(report(aSesBounce({}, ["Transient", "MailboxFull"]))).toEqual([
      { kind: "failed", status: "5.2.2", text: "MailboxFull", lasting: "transient" },
    ]);
    const words =
      "Amazon SES did not send the message to this address because it is on the suppression list for your account.";
    const recipient = { action: "failed", status: "5.1.1", diagnosticCode: words };
    expect(report(aSesBounce(recipient, ["Permanent", "OnAccountSuppressionList"]))).toEqual([
      { kind: "failed", status: "5.1.1", text: words, lasting: "permanent" },
    ]);
  });

  test("nothing by a note of absence, which it calls a bounce", () => {
    expect(report(aSesBounce({}, ["Transient", "General"]))).toEqual([
      { kind: "nothing", status: null, text: "General", lasting: "transient" },
    ]);
    const words = { diagnosticCode: "smtp; 452 4.2.2 over quota" };
    expect(report(aSesBounce(words, ["Transient", "General"]))).toEqual([
      { kind: "failed", status: "4.2.2", text: "smtp; 452 4.2.2 over quota", lasting: "transient" },
    ]);
  });

  test("that it does not know", () => {
    expect(report(aSesBounce({}, ["Undetermined", "Undetermined"]))).toEqual([
      { kind: "unreadable", status: null, text: "Undetermined", lasting: null },
    ]);
  });

  test.each([
    ["abuse", "complaint"],
    ["fraud", "complaint"],
    [null, "complaint"],
    ["not-spam", "nothing"],
    ["auth-failure", "nothing"],
  ])("a complaint of type %s: %s", (complaintFeedbackType, kind) => {
    const complaint = {
      complaintFeedbackType,
      complaintSubType: null,
      feedbackId: "c1",
      timestamp: "2026-04-16T08:00:03.000Z",
    };
    expect(said(aSesEvent({ eventType: "Complaint", complaint }))).toEqual([
      {
        report: { kind, status: null, text: complaintFeedbackType ?? "", lasting: null, keys },
        eventId: "c1",
        at: at("2026-04-16T08:00:03Z"),
      },
    ]);
  });

  test("that a mail waits for the far end, or for SES", () => {
    const delayed = (delayType: string) => ({
      eventType: "DeliveryDelay",
      deliveryDelay: {
        delayType,
        delayedRecipients: [{ status: "4.4.1", diagnosticCode: "smtp; 421 4.4.1 Unable to connect" }],
      },
    });
    expect(report(aSesEvent(delayed("TransientCommunicationFailure")))).toEqual([
      { kind: "delayed", status: "4.4.1", text: "smtp; 421 4.4.1 Unable to connect", lasting: "transient" },
    ]);
    expect(report(aSesEvent(delayed("InternalFailure"))).map(({ kind }) => kind)).toEqual(["nothing"]);
  });

  test("that a reader left by its own page", () => {
    const left = {
      eventType: "Subscription",
      subscription: { newTopicPreferences: { unsubscribeAll: true }, source: "UnsubscribeHeader" },
    };
    expect(report(aSesEvent(left))).toEqual([
      { kind: "unsubscribed", status: null, text: "UnsubscribeHeader", lasting: null },
    ]);
  });

  test("nothing of an address when a mail was sent, arrived, was opened, or the topic was named", () => {
    const types = ["Send", "Delivery", "Open", "Click", "Reject", "Rendering Failure"].map((eventType) =>
      aSesEvent({ eventType }),
    );
    const greetings = [
      { notificationType: "AmazonSnsSubscriptionSucceeded" },
      "Successfully validated SNS topic for Amazon SES event publishing.",
    ];
    expect([...types, ...greetings].flatMap(said)).toEqual([]);
  });

  test("what cannot be read is kept as such, and what is new to us says nothing", () => {
    expect(said("words").map((each) => each.report.kind)).toEqual(["unreadable"]);
    expect(report(aSesEvent({ eventType: "Holiday" }))).toEqual([
      { kind: "nothing", status: null, text: "Holiday", lasting: null },
    ]);
  });
});
