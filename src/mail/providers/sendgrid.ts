/**
 * SendGrid's event webhook, signed: twilio.com/docs/sendgrid/for-developers/tracking-events/event and
 * getting-started-event-webhook-security-features there. A post holds up to hundreds of events.
 */
import { type KeyObject, verify } from "node:crypto";
import type { MailReport } from "../../core/mail-report.ts";
import {
  digestOf,
  eventIdOf,
  type Fields,
  fieldsOf,
  instantOf,
  keysOf,
  readJson,
  said,
  statusIn,
  textOf,
  unreadable,
} from "./fields.ts";
import { type Provider, refused, type Translate, type Translated } from "./provider.ts";

/** SendGrid tries again for 24 hours, and does not say whether it signs anew; repeats are known by their event key. */
const MOST_AGE_MS = 25 * 3_600_000;

/** @param publicKey the verification key of the signed event webhook */
export function openSendgrid({ publicKey }: { readonly publicKey: KeyObject }): Provider {
  const objection: Provider["objection"] = ({ headers, now }) => {
    const { signature, timestamp } = signedIn(headers);
    if (signature === "" || !/^\d{1,12}$/.test(timestamp)) return "no signature";
    return Math.abs(now.getTime() - Number(timestamp) * 1_000) > MOST_AGE_MS ? "older than 25 hours" : null;
  };
  return {
    objection,
    translate: translateSendgrid,
    async authentic(posted) {
      const why = objection(posted);
      if (why !== null) return refused(why);
      const { signature, timestamp } = signedIn(posted.headers);
      const signed = Buffer.concat([Buffer.from(timestamp), posted.rawBody]);
      if (!verify("sha256", signed, publicKey, Buffer.from(signature, "base64"))) return refused("signature");
      // Of the body alone: there are two valid signatures of everything, and a later time for every repeat.
      return { ok: true, eventKey: `sendgrid:${digestOf(posted.rawBody)}` };
    },
  };
}

function signedIn(headers: Parameters<Provider["objection"]>[0]["headers"]) {
  return {
    signature: textOf(headers["x-twilio-email-event-webhook-signature"]),
    timestamp: textOf(headers["x-twilio-email-event-webhook-timestamp"]),
  };
}

type Said = Pick<MailReport, "kind" | "lasting"> & { readonly status?: string };

const SAYS_NOTHING = ["processed", "delivered", "open", "click", "group_resubscribe"];

/** Why SendGrid dropped a mail: on one of its lists, or, with a code of RFC 3463 X.3, for what only the operator can mend. */
const DROPPED = new Map<string, Said>([
  ["Bounced Address", { kind: "failed", lasting: "permanent" }],
  ["Invalid", { kind: "failed", lasting: "permanent", status: "5.1.3" }],
  ["Unsubscribed Address", { kind: "unsubscribed", lasting: null }],
  ["Spam Reporting Address", { kind: "complaint", lasting: null }],
]);
const DROPPED_FOR_US: Said = { kind: "failed", lasting: null, status: "5.3.0" };

export const translateSendgrid: Translate = (rawBody) => {
  const json = readJson(rawBody);
  if (typeof json !== "object" || json === null) return unreadable(rawBody);
  const events = Array.isArray(json) ? json : [json];
  return events.flatMap((event: unknown) => translated(fieldsOf(event)));
};

function translated(event: Fields): Translated[] {
  const type = textOf(event.event);
  if (type === "" || SAYS_NOTHING.includes(type)) return [];
  const { kind, lasting, status = null } = meaningOf(type, event);
  const mail = textOf(event.sg_message_id);
  const report: MailReport = {
    ...{ kind, lasting },
    status:
      kind === "failed" || kind === "delayed" ? (statusIn(event.status, event.reason, event.response) ?? status) : null,
    text: said(event.reason, event.response, event.bounce_classification, type),
    keys: {
      // What travels as a unique argument stands among the fields.
      returnAddresses: keysOf(event.return),
      // The answer to DATA, or to the API, has the part before the first dot.
      serverIds: keysOf(mail, mail.split(".")[0]),
      messageIds: keysOf(event["smtp-id"]),
    },
  };
  const eventId = eventIdOf(event.sg_event_id) || digestOf(JSON.stringify(event));
  return [{ report, eventId, at: instantOf(event.timestamp) }];
}

function meaningOf(type: string, { type: bounceType, reason }: Fields): Said {
  switch (type) {
    case "bounce":
      // Blocked: turned away for what we are or wrote, or for want of an answer. SendGrid itself writes there again.
      return { kind: "failed", lasting: bounceType === "blocked" ? "transient" : "permanent" };
    case "blocked":
      return { kind: "failed", lasting: "transient" };
    case "deferred":
      return { kind: "delayed", lasting: "transient" };
    case "dropped":
      return DROPPED.get(textOf(reason)) ?? DROPPED_FOR_US;
    case "spamreport":
      return { kind: "complaint", lasting: null };
    case "unsubscribe":
    case "group_unsubscribe":
      return { kind: "unsubscribed", lasting: null };
    default:
      return { kind: "nothing", lasting: null };
  }
}
