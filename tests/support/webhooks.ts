/** What mail providers post, signed as each of them signs, by keys made here. */
import { createHmac, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { Permanent } from "../../src/errors.ts";
import type { Fetch } from "../../src/fetch.ts";
import { type SnsMessage, signedText } from "../../src/mail/providers/sns.ts";
import { type SelfSigned, selfSigned } from "./der-certificate.ts";
import { at } from "./time.ts";

export interface Post {
  readonly headers: Readonly<Record<string, string>>;
  readonly rawBody: Buffer;
}

export const TOPIC = "arn:aws:sns:eu-west-1:123456789012:bounces";
export const CERTIFICATE_URL = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem";

/** Amazon's side: a certificate, what is fetched there, and messages signed with it. */
export function anSns(certificate: SelfSigned = selfSigned("sns.amazonaws.com", YEARS)) {
  const asked: string[] = [];
  const fetch: Pick<Fetch, "get"> = {
    async get(url) {
      asked.push(url);
      const { host, pathname } = new URL(url);
      if (host !== "sns.eu-west-1.amazonaws.com") throw new Permanent(`nobody should go to ${url}`);
      const body = Buffer.from(pathname.endsWith(".pem") ? certificate.pem : "<ConfirmSubscriptionResponse/>");
      return { status: 200, headers: {}, body, url };
    },
  };
  return {
    asked,
    fetch,
    certificate,
    /** @param replaced fields that are other than usual, and signed so */
    notification: (message: unknown, replaced: Partial<Record<keyof SnsMessage | "Subject", string>> = {}) =>
      snsPost(certificate.privateKey, {
        Type: "Notification",
        ...COMMON,
        Message: typeof message === "string" ? message : JSON.stringify(message),
        ...replaced,
      }),
    confirmation: (replaced: Partial<Record<string, string>> = {}) =>
      snsPost(certificate.privateKey, {
        Type: "SubscriptionConfirmation",
        ...COMMON,
        Message: "You have chosen to subscribe to the topic.\nTo confirm, visit the SubscribeURL.",
        Token: "2336412f37",
        SubscribeURL: `https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=${TOPIC}&Token=2336412f37`,
        ...replaced,
      }),
  };
}

const YEARS = { from: at("2026-01-01T00:00Z"), to: at("2027-12-31T00:00Z") };
const COMMON = {
  MessageId: "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
  TopicArn: TOPIC,
  Timestamp: "2026-04-16T08:59:58.000Z",
  SignatureVersion: "2",
  SigningCertURL: CERTIFICATE_URL,
};

function snsPost(key: KeyObject, message: Readonly<Record<string, string>>): Post {
  const signed = { Signature: "", ...message } as unknown as SnsMessage;
  const algorithm = message.SignatureVersion === "1" ? "sha1" : "sha256";
  const signature = sign(algorithm, Buffer.from(signedText(signed)), key).toString("base64");
  // Each Notification comes with an address that would end the subscription.
  const body = {
    ...message,
    Signature: signature,
    UnsubscribeURL: "https://sns.eu-west-1.amazonaws.com/?Action=Unsubscribe",
  };
  return {
    headers: { "content-type": "text/plain; charset=UTF-8", "x-amz-sns-topic-arn": TOPIC },
    rawBody: Buffer.from(JSON.stringify(body)),
  };
}

/** As SES has it, with the return address in `mail.source`. */
export function aSesEvent(event: Readonly<Record<string, unknown>>, mail: Readonly<Record<string, unknown>> = {}) {
  return {
    ...event,
    mail: {
      timestamp: "2026-04-16T08:00:00.000Z",
      messageId: "0102019638c0b1f2-7c191be4-5e9a-4d12-a87d-dd0099a07f8a-000000",
      source: "bounce+token@bounce.example.org",
      destination: ["reader@example.net"],
      ...mail,
    },
  };
}

export function aSesBounce(
  recipient: Readonly<Record<string, unknown>> = {
    action: "failed",
    status: "5.1.1",
    diagnosticCode: "smtp; 550 5.1.1 user unknown",
  },
  types: readonly [type: string, subType: string] = ["Permanent", "General"],
) {
  const [bounceType, bounceSubType] = types;
  const bouncedRecipients = [{ emailAddress: "reader@example.net", ...recipient }];
  const bounce = {
    bounceType,
    bounceSubType,
    bouncedRecipients,
    timestamp: "2026-04-16T08:00:02.000Z",
    feedbackId: "0102-feedback",
  };
  return aSesEvent({ notificationType: "Bounce", bounce });
}

export const POSTMARK_LOGIN = "paperboy:a-long-password";

export function postmarkPost(event: unknown, login = POSTMARK_LOGIN): Post {
  return {
    headers: { authorization: `Basic ${Buffer.from(login).toString("base64")}`, "content-type": "application/json" },
    rawBody: Buffer.from(JSON.stringify(event)),
  };
}

export function aPostmarkBounce(replaced: Readonly<Record<string, unknown>> = {}) {
  return {
    ...{ RecordType: "Bounce", ID: 42, Type: "HardBounce", TypeCode: 1, Name: "Hard bounce" },
    MessageID: "883953f4-6105-42a2-a16a-77a8eac79483",
    Description: "The server was unable to deliver your message (ex: unknown user, mailbox not found).",
    Details: "smtp;550 5.1.1 The email account that you tried to reach does not exist.",
    ...{ Email: "reader@example.net", From: "digest@example.org", BouncedAt: "2026-04-16T08:00:02Z" },
    Metadata: { return: "token" },
    ...replaced,
  };
}

export function aSendgrid() {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
  return {
    publicKey,
    /** As its settings page shows it. */
    shown: publicKey.export({ type: "spki", format: "der" }).toString("base64"),
    post(events: unknown, signedAt = at("2026-04-16T08:59:58Z")): Post {
      const rawBody = Buffer.from(JSON.stringify(events));
      const timestamp = String(signedAt.getTime() / 1_000);
      const signature = sign("sha256", Buffer.concat([Buffer.from(timestamp), rawBody]), privateKey).toString("base64");
      return {
        headers: {
          "content-type": "application/json",
          "x-twilio-email-event-webhook-signature": signature,
          "x-twilio-email-event-webhook-timestamp": timestamp,
        },
        rawBody,
      };
    },
  };
}

export function aSendgridEvent(event: string, replaced: Readonly<Record<string, unknown>> = {}) {
  return {
    ...{ email: "reader@example.net", event, timestamp: 1776326402, return: "token" },
    "smtp-id": "<d.1@example.org>",
    sg_event_id: `event-of-${event}`,
    sg_message_id: "14c5d75ce93.dfd.64b469.filter0001.16648.5515E0B88.0",
    ...replaced,
  };
}

export const MAILGUN_KEY = "key-of-mailgun-webhooks";

export function mailgunPost(
  event: unknown,
  {
    signedAt = at("2026-04-16T08:59:58Z"),
    token = "e0b5477167110d68991efc6b9f89f0a11066af27834600e123",
    key = MAILGUN_KEY,
  } = {},
): Post {
  const timestamp = String(signedAt.getTime() / 1_000);
  const signature = createHmac("sha256", key)
    .update(timestamp + token)
    .digest("hex");
  return {
    headers: { "content-type": "application/json" },
    rawBody: Buffer.from(JSON.stringify({ signature: { timestamp, token, signature }, "event-data": event })),
  };
}

export function aMailgunEvent(event: string, replaced: Readonly<Record<string, unknown>> = {}) {
  return {
    ...{ event, id: "G9Bn5sl1TC6nu79C8C0bwg", timestamp: 1776326402.5, recipient: "reader@example.net" },
    envelope: { sender: "bounce+token@bounce.example.org", targets: "reader@example.net" },
    message: { headers: { "message-id": "d.1@example.org", to: "reader@example.net", from: "digest@example.org" } },
    "user-variables": { return: "token" },
    ...replaced,
  };
}
