/**
 * Mailgun: documentation.mailgun.com/docs/mailgun/user-manual/webhooks/securing-webhooks and ../events. Its signature covers
 * a time and a token, not what happened: a token counts once.
 */
import { createHmac, timingSafeEqual } from "node:crypto";
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

/** Mailgun tries again for eight hours, and does not say whether it signs anew; repeats are known by their token. */
const MOST_AGE_MS = 9 * 3_600_000;

/** @param signingKey the webhook signing key, which is not the API key */
export function openMailgun({ signingKey }: { readonly signingKey: string }): Provider {
  return {
    objection: () => null,
    translate: translateMailgun,
    async authentic({ rawBody, now }) {
      const said = fieldsOf(fieldsOf(readJson(rawBody)).signature);
      const [timestamp, token] = [textOf(said.timestamp), textOf(said.token)];
      // Of fixed shapes, since they are signed in one: 12 and 3abc must not pass for 1 and 23abc.
      if (!/^\d{10}$/.test(timestamp) || !/^[\da-zA-Z]{20,100}$/.test(token)) return refused("no signature");
      const expected = createHmac("sha256", signingKey)
        .update(timestamp + token)
        .digest();
      // An event of a subaccount is signed with its own key and, beside it, with that of its parent.
      const isSigned = [said.signature, said["parent-signature"]].some((given) => isSame(textOf(given), expected));
      if (!isSigned) return refused("signature");
      if (Math.abs(now.getTime() - Number(timestamp) * 1_000) > MOST_AGE_MS) return refused("older than nine hours");
      return { ok: true, eventKey: `mailgun:${token}` };
    },
  };
}

function isSame(hex: string, expected: Buffer): boolean {
  return /^[\da-f]{64}$/i.test(hex) && timingSafeEqual(Buffer.from(hex, "hex"), expected);
}

type Said = Pick<MailReport, "kind" | "lasting"> & { readonly status?: string };

const SAYS_NOTHING = ["accepted", "delivered", "opened", "clicked", "stored"];

/** Why Mailgun did not even try: the reader is on one of its lists. */
const SUPPRESSED = new Map<string, Said>([
  ["suppress-bounce", { kind: "failed", lasting: "permanent" }],
  ["suppress-complaint", { kind: "complaint", lasting: null }],
  ["suppress-unsubscribe", { kind: "unsubscribed", lasting: null }],
]);

export const translateMailgun: Translate = (rawBody) => {
  const json = readJson(rawBody);
  const event = fieldsOf(fieldsOf(json)["event-data"]);
  const type = textOf(event.event);
  if (type === "") return unreadable(rawBody);
  if (SAYS_NOTHING.includes(type)) return [];
  const delivery = fieldsOf(event["delivery-status"]);
  const { kind, lasting, status = null } = meaningOf(type, event, delivery);
  const isTrouble = kind === "failed" || kind === "delayed";
  const told = statusIn(delivery["enhanced-code"], delivery.message, delivery.description);
  const report: MailReport = {
    ...{ kind, lasting },
    status: isTrouble ? (told ?? status) : null,
    text: said(delivery.message, delivery.description, event.reason, type),
    keys: {
      returnAddresses: keysOf(fieldsOf(event["user-variables"]).return, fieldsOf(event.envelope).sender),
      serverIds: [],
      // Mailgun keeps our Message-ID, and names the mail by it.
      messageIds: keysOf(fieldsOf(fieldsOf(event.message).headers)["message-id"]),
    },
  };
  const at = instantOf(event.timestamp);
  // Unique within a day only, says Mailgun of its ids.
  const id = eventIdOf(event.id);
  const eventId = id === "" ? digestOf(rawBody) : `${at?.toISOString().slice(0, 10) ?? ""}:${id}`;
  return [{ report, eventId, at }];
};

function meaningOf(type: string, { severity, reason }: Fields, delivery: Fields): Said {
  switch (type) {
    case "failed":
      return severity === "temporary" ? { kind: "delayed", lasting: "transient" } : failure(textOf(reason), delivery);
    case "complained":
      return { kind: "complaint", lasting: null };
    case "unsubscribed":
      return { kind: "unsubscribed", lasting: null };
    default:
      return { kind: "nothing", lasting: null };
  }
}

/** `permanent` means that Mailgun gives up, whatever the reason was; the bounce's own type says more. */
function failure(reason: string, delivery: Fields): Said {
  const suppressed = SUPPRESSED.get(reason);
  if (suppressed) return suppressed;
  if (reason === "espblock") return { kind: "failed", lasting: null, status: "5.7.1" };
  const hasTriedLong = reason === "old" || delivery["bounce-type"] === "soft";
  return { kind: "failed", lasting: hasTriedLong ? "transient" : "permanent" };
}
