/**
 * Amazon SES, which reports through SNS: feedback notifications of an identity (`notificationType`) and events of a
 * configuration set (`eventType`) alike. Fields and values are those of docs.aws.amazon.com/ses/latest/dg/notification-contents.html
 * and event-publishing-retrieving-sns-contents.html there.
 */
import type { MailReport, ReportKeys } from "../../core/mail-report.ts";
import { Permanent } from "../../errors.ts";
import type { Log } from "../../log.ts";
import {
  digestOf,
  eventIdOf,
  type Fields,
  fieldsOf,
  instantOf,
  keysOf,
  listOf,
  readJson,
  said,
  statusIn,
  textOf,
  unreadable,
} from "./fields.ts";
import { type Provider, refused, type Translate } from "./provider.ts";
import { openSns, type SnsNeeds } from "./sns.ts";

export function openSes(needs: SnsNeeds & { readonly log: Log }): Provider {
  const sns = openSns(needs);
  return {
    objection: () => null,
    translate: translateSes,

    async authentic({ rawBody, now }) {
      const message = await sns.read(rawBody, now);
      if (typeof message === "string") return refused(message);
      if (message.Type === "Notification") return { ok: true, eventKey: `ses:${message.MessageId}` };
      if (message.Type === "UnsubscribeConfirmation") {
        // To visit its address would undo what the owner of the topic did. UnsubscribeURL is visited by nobody either.
        needs.log.warn(
          { topic: message.TopicArn },
          "This SNS topic no longer tells us of bounces: it was unsubscribed",
        );
        return { ok: true, eventKey: null };
      }
      try {
        if ((await sns.confirm(message)) !== "confirmed") return refused("a confirmation that leads elsewhere");
      } catch (fault) {
        if (fault instanceof Permanent) return refused("a confirmation that SNS does not know");
        throw fault;
      }
      needs.log.info({ topic: message.TopicArn }, "This SNS topic tells us of bounces from now on");
      return { ok: true, eventKey: null };
    },
  };
}

/** Of a mail that is on its way, has arrived or never left; a reader's address is not to blame. */
const SAYS_NOTHING = [
  "Delivery",
  "Send",
  "Open",
  "Click",
  "Reject",
  "Rendering Failure",
  "AmazonSnsSubscriptionSucceeded",
];
/** What SES posts, without JSON, when its operator names the topic. */
const GREETING = /^Successfully validated SNS topic/;

export const translateSes: Translate = (rawBody) => {
  const envelope = fieldsOf(readJson(rawBody));
  if (GREETING.test(textOf(envelope.Message))) return [];
  const message = readJson(textOf(envelope.Message));
  if (typeof message !== "object" || message === null) return unreadable(rawBody);
  const event = fieldsOf(message);
  const type = textOf(event.eventType ?? event.notificationType);
  if (SAYS_NOTHING.includes(type)) return [];
  const keys = keysOfMail(fieldsOf(event.mail), fieldsOf(fieldsOf(event.mail).commonHeaders));
  const { feedbackId, timestamp, ...report } = reportOf(type, event);
  const eventId = eventIdOf(feedbackId) || eventIdOf(envelope.MessageId) || digestOf(rawBody);
  return [{ report: { ...report, keys }, eventId, at: instantOf(timestamp ?? envelope.Timestamp) }];
};

type Said = Omit<MailReport, "keys"> & { readonly feedbackId?: unknown; readonly timestamp?: unknown };

function reportOf(type: string, event: Fields): Said {
  switch (type) {
    case "Bounce":
      return bounce(fieldsOf(event.bounce));
    case "Complaint":
      return complaint(fieldsOf(event.complaint));
    case "DeliveryDelay":
      return delay(fieldsOf(event.deliveryDelay));
    case "Subscription":
      return subscription(fieldsOf(event.subscription));
    default:
      return { kind: "nothing", status: null, text: said(type), lasting: null };
  }
}

/** What a subtype says where the far end gave no code. */
const STATUS_OF_SUBTYPE = new Map([
  ["MailboxFull", "5.2.2"],
  ["MessageTooLarge", "5.2.3"],
  ["ContentRejected", "5.6.0"],
  ["AttachmentRejected", "5.6.0"],
]);

function bounce({ bounceType, bounceSubType, bouncedRecipients, feedbackId, timestamp }: Fields): Said {
  // A mail of ours goes to one reader.
  const { status, diagnosticCode, action } = fieldsOf(listOf(bouncedRecipients)[0]);
  const hasDetails = [status, diagnosticCode, action].some((detail) => textOf(detail) !== "");
  const lasting = bounceType === "Permanent" ? "permanent" : bounceType === "Transient" ? "transient" : null;
  const told = { text: said(diagnosticCode, bounceSubType, bounceType), lasting, feedbackId, timestamp } as const;
  // This is how SES tells of a note of absence: ooto@simulator.amazonses.com shows it. A bounce would bring its own words.
  if (lasting === "transient" && bounceSubType === "General" && !hasDetails)
    return { kind: "nothing", status: null, ...told };
  if (lasting === null && !hasDetails) return { kind: "unreadable", status: null, ...told };
  const ofSubType = STATUS_OF_SUBTYPE.get(textOf(bounceSubType)) ?? null;
  return { kind: "failed", status: statusIn(status, diagnosticCode) ?? ofSubType, ...told };
}

/** The others of RFC 5965's types (and RFC 6591's `auth-failure`) blame us, or take it back. */
const NO_COMPLAINTS = ["auth-failure", "not-spam", "virus"];

function complaint({ complaintFeedbackType, complaintSubType, feedbackId, timestamp }: Fields): Said {
  const kind = NO_COMPLAINTS.includes(textOf(complaintFeedbackType).toLowerCase()) ? "nothing" : "complaint";
  const text = said(complaintFeedbackType, complaintSubType);
  return { kind, status: null, text, lasting: null, feedbackId, timestamp };
}

/** SES waits because of itself or of what it thinks of us, not because of the reader's mailbox. */
const WAITS_FOR_US = ["InternalFailure", "SendingDeferral", "SpamDetected", "IPFailure"];

function delay({ delayType, delayedRecipients, timestamp }: Fields): Said {
  const { status, diagnosticCode } = fieldsOf(listOf(delayedRecipients)[0]);
  const kind = WAITS_FOR_US.includes(textOf(delayType)) ? "nothing" : "delayed";
  const text = said(diagnosticCode, delayType);
  return { kind, status: statusIn(status, diagnosticCode), text, lasting: "transient", timestamp };
}

/** SES's own unsubscribe page, where its owner switched that on. */
function subscription({ newTopicPreferences, source, timestamp }: Fields): Said {
  const { unsubscribeAll, topicSubscriptionStatus } = fieldsOf(newTopicPreferences);
  const statuses = listOf(topicSubscriptionStatus).map((each) => fieldsOf(each).subscriptionStatus);
  const hasLeft = unsubscribeAll === true || (statuses.length > 0 && statuses.every((status) => status === "OptOut"));
  return { kind: hasLeft ? "unsubscribed" : "nothing", status: null, text: said(source), lasting: null, timestamp };
}

/** SES puts its own Message-ID in place of ours, and tells both: its own as `messageId`, ours among the headers. */
function keysOfMail({ messageId, source, tags, headers }: Fields, common: Fields): ReportKeys {
  const header = (wanted: string) =>
    listOf(headers)
      .map(fieldsOf)
      .filter(({ name }) => textOf(name).toLowerCase() === wanted)
      .map(({ value }) => textOf(value).slice(0, 2_000));
  // Tags come back by configuration set only, and otherwise in the header that they were sent in.
  const tagged = header("x-ses-message-tags").flatMap((list) => [...list.matchAll(/(?:^|[,;\s])return=([^,;\s]+)/g)]);
  return {
    returnAddresses: keysOf(...listOf(fieldsOf(tags).return), ...tagged.map(([, token]) => token), source),
    serverIds: keysOf(messageId),
    messageIds: keysOf(...header("message-id"), common.messageId),
  };
}
