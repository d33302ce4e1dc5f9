/**
 * Postmark: webhooks for bounces, spam complaints and changes of subscription (postmarkapp.com/developer/webhooks). They are
 * not signed; whoever knows the name and password in the webhook's address is Postmark.
 */
import { timingSafeEqual } from "node:crypto";
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
import { type Provider, refused, type Translate } from "./provider.ts";

/** @param login `user:password`, as it stands in the webhook's address */
export function openPostmark({ login }: { readonly login: string }): Provider {
  const expected = Buffer.from(digestOf(login));
  const objection: Provider["objection"] = ({ headers }) => {
    const [, credentials] = /^basic +([\w+/=-]+) *$/i.exec(textOf(headers.authorization)) ?? [];
    const given = digestOf(Buffer.from(credentials ?? "", "base64").toString("utf8"));
    // Of digests, so that neither the time nor the length tells how much of it was right.
    return timingSafeEqual(Buffer.from(given), expected) ? null : "user and password";
  };
  return {
    objection,
    translate: translatePostmark,
    async authentic(posted) {
      const why = objection(posted);
      return why === null ? { ok: true, eventKey: `postmark:${nameOfPost(posted.rawBody)}` } : refused(why);
    },
  };
}

/**
 * Postmark tries again for hours, and need not write the same bytes each time. Not by its `ID`: that is a number of 64 bits,
 * and two of them could be one in JavaScript.
 */
function nameOfPost(rawBody: Uint8Array): string {
  const { RecordType, MessageID, Type, BouncedAt, ChangedAt, SuppressSending } = fieldsOf(readJson(rawBody));
  if (textOf(MessageID) === "") return digestOf(rawBody);
  return digestOf(...[RecordType, MessageID, Type, BouncedAt, ChangedAt, SuppressSending].map(String));
}

type Said = Pick<MailReport, "kind" | "lasting"> & { readonly status?: string };

const NOTHING: Said = { kind: "nothing", lasting: null };
/** RFC 3463 X.7.1: not wanted from us. That is between the far end and the operator; the address is fine. */
const UNWANTED: Said = { kind: "failed", lasting: null, status: "5.7.1" };

/** `Type` of a bounce, as postmarkapp.com/developer/api/bounce-api#bounce-types explains each. */
const BOUNCES = new Map<string, Said>([
  ["HardBounce", { kind: "failed", lasting: "permanent" }],
  ["BadEmailAddress", { kind: "failed", lasting: "permanent", status: "5.1.3" }],
  ["Transient", { kind: "delayed", lasting: "transient" }],
  ["DnsError", { kind: "delayed", lasting: "transient", status: "4.4.3" }],
  ["SoftBounce", { kind: "failed", lasting: "transient" }],
  ["SpamNotification", UNWANTED],
  ["Blocked", UNWANTED],
  ["DMARCPolicy", UNWANTED],
  ["VirusNotification", UNWANTED],
  // Postmark did not take the mail: for our own fault, or since it no longer writes to this reader. Its words tell which.
  ["SMTPApiError", { kind: "failed", lasting: null }],
  ["Undeliverable", { kind: "failed", lasting: null }],
  ["Unknown", { kind: "unreadable", lasting: null }],
  ["SpamComplaint", { kind: "complaint", lasting: null }],
  ["Unsubscribe", { kind: "unsubscribed", lasting: null }],
  // Answers of people and machines, and what is none of a reader's doing.
  ...["Subscribe", "AutoResponder", "AddressChange", "OpenRelayTest", "ChallengeVerification"].map(nothing),
  ...["ManuallyDeactivated", "Unconfirmed", "InboundError", "TemplateRenderingFailed"].map(nothing),
]);

function nothing(type: string): [string, Said] {
  return [type, NOTHING];
}

/** Why Postmark no longer writes to somebody. A `ManualSuppression` is the reader's own only when its origin is. */
const SUPPRESSIONS = new Map<string, Said>([
  ["HardBounce", { kind: "failed", lasting: "permanent" }],
  ["SpamComplaint", { kind: "complaint", lasting: null }],
  ["ManualSuppression", { kind: "unsubscribed", lasting: null }],
]);

const SAYS_NOTHING = ["Delivery", "Open", "Click"];

export const translatePostmark: Translate = (rawBody) => {
  const json = readJson(rawBody);
  if (typeof json !== "object" || json === null) return unreadable(rawBody);
  const event = fieldsOf(json);
  const type = textOf(event.RecordType);
  if (SAYS_NOTHING.includes(type)) return [];
  const meaning = meaningOf(type, event);
  const { kind, lasting, status = null } = meaning;
  const text = said(event.Details, event.Description, event.SuppressionReason, event.Name, type);
  const report: MailReport = {
    ...{ kind, lasting, text },
    status: kind === "failed" || kind === "delayed" ? (statusIn(event.Details) ?? status) : null,
    keys: {
      returnAddresses: keysOf(fieldsOf(event.Metadata).return),
      serverIds: keysOf(event.MessageID),
      messageIds: [],
    },
  };
  const at = instantOf(event.BouncedAt ?? event.ChangedAt);
  return [{ report, at, eventId: nameOfEvent(meaning, event, rawBody) }];
};

function meaningOf(type: string, { Type, SuppressSending, SuppressionReason, Origin }: Fields): Said {
  if (type === "SpamComplaint") return { kind: "complaint", lasting: null };
  if (type === "Bounce") return BOUNCES.get(textOf(Type)) ?? { kind: "unreadable", lasting: null };
  // That Postmark would write again is no wish of the reader's: they come back by asking us.
  if (type !== "SubscriptionChange" || SuppressSending !== true) return NOTHING;
  if (SuppressionReason === "ManualSuppression" && Origin !== "Recipient") return NOTHING;
  return SUPPRESSIONS.get(textOf(SuppressionReason)) ?? { kind: "unreadable", lasting: null };
}

/** One failure is told as a bounce and as a change of subscription: both are given the same name, and so count once. */
function nameOfEvent({ kind, lasting }: Said, { MessageID }: Fields, rawBody: Uint8Array): string {
  const isToldTwice = lasting === "permanent" || kind === "complaint" || kind === "unsubscribed";
  const mail = eventIdOf(MessageID);
  return isToldTwice && mail !== "" ? `${mail}:${kind}` : nameOfPost(rawBody);
}
