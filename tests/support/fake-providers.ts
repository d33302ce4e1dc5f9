/**
 * Mail providers, as their SMTP servers and webhooks really behave: each takes a digest, makes what the reader gets of it, and
 * posts what became of it.
 */
import { randomUUID } from "node:crypto";
import PostalMime from "postal-mime";
import type { Fetch } from "../../src/fetch.ts";
import { openSmtp, type Taken } from "./smtp.ts";
import { anSns, aPostmarkBounce, aSesEvent, type Post, postmarkPost } from "./webhooks.ts";

export interface FakeProvider {
  /** For SMTP_URL. */
  readonly url: string;
  /** What the webhook fetches of the provider. */
  readonly fetch: Pick<Fetch, "get">;
  /** What a reader has in the inbox. @throws when nothing was sent there */
  copyFor(email: string): string;
  bounce(email: string, at: Date): Promise<Post>;
  complaint(email: string, at: Date): Promise<Post>;
  delivery(email: string, at: Date): Promise<Post>;
  close(): Promise<void>;
}

/** Amazon SES: Message-ID and Date are its own, and its id is in the answer to DATA alone. */
export async function aFakeSes(): Promise<FakeProvider> {
  const sns = anSns();
  const ids: string[] = [];
  const smtp = await openSmtp((step) => {
    if (step !== "dot") return undefined;
    ids.push(`0100018f${String(ids.length).padStart(8, "0")}-7c191be4-5e9a-4d12-a87d-dd0099a07f8a-000000`);
    return `250 Ok ${ids.at(-1)!}`;
  });
  const copyFor = (email: string) => {
    const { mail, index } = sentTo(smtp.seen, email);
    const id = `Message-ID: <${ids[index]}@eu-west-1.amazonses.com>`;
    return withHeader(withHeader(mail.raw, id), "Date: Thu, 16 Apr 2026 07:01:02 +0000");
  };
  const event = async (email: string, at: Date, what: object): Promise<Post> => {
    const { mail, index } = sentTo(smtp.seen, email);
    const { messageId, date, subject } = await PostalMime.parse(copyFor(email));
    const about = {
      messageId: ids[index],
      source: mail.from,
      destination: [email],
      commonHeaders: { messageId, date, subject },
    };
    return sns.notification(aSesEvent({ ...what }, about), { MessageId: randomUUID(), Timestamp: at.toISOString() });
  };
  return {
    url: `${smtp.url}?provider=ses`,
    fetch: sns.fetch,
    copyFor,
    bounce: (email, at) => {
      const recipient = {
        emailAddress: email,
        action: "failed",
        status: "5.1.1",
        diagnosticCode: "smtp; 550 5.1.1 user unknown",
      };
      const types = { bounceType: "Permanent", bounceSubType: "General", feedbackId: randomUUID() };
      const bounce = { ...types, bouncedRecipients: [recipient], timestamp: at.toISOString() };
      return event(email, at, { notificationType: "Bounce", bounce });
    },
    complaint: (email, at) => {
      const recipients = { complainedRecipients: [{ emailAddress: email }], complaintFeedbackType: "abuse" };
      const complaint = { ...recipients, feedbackId: randomUUID(), timestamp: at.toISOString() };
      return event(email, at, { notificationType: "Complaint", complaint });
    },
    delivery: (email, at) =>
      event(email, at, {
        notificationType: "Delivery",
        delivery: { recipients: [email], timestamp: at.toISOString() },
      }),
    close: () => smtp.close(),
  };
}

/** Postmark: each mail has a GUID that its SMTP answer does not tell, and headers meant for it are taken out. */
export async function aFakePostmark(): Promise<FakeProvider> {
  const guids = new Map<string, string>();
  const smtp = await openSmtp();
  const guidOf = (email: string) => guids.get(email) ?? guids.set(email, randomUUID()).get(email)!;
  const copyFor = (email: string) => {
    const { mail } = sentTo(smtp.seen, email);
    const isKept = /^X-PM-KeepID: true\r?$/m.test(mail.raw);
    const raw = mail.raw.replace(/^X-PM-.*\r\n(?:[ \t].*\r\n)*/gim, "");
    return isKept ? raw : withHeader(raw, `Message-ID: <${guidOf(email)}@mtasv.net>`);
  };
  const event = async (email: string, what: object): Promise<Post> => {
    const { headers } = await PostalMime.parse(sentTo(smtp.seen, email).mail.raw);
    const headerOf = (name: string) => headers.find(({ key }) => key === name)?.value;
    const about = {
      MessageID: guidOf(email),
      MessageStream: headerOf("x-pm-message-stream") ?? "outbound",
      Metadata: { return: headerOf("x-pm-metadata-return") },
    };
    return postmarkPost({ ...what, ...about });
  };
  return {
    url: `${smtp.url}?provider=postmark`,
    fetch: { get: () => Promise.reject(new Error("there is nothing to fetch of Postmark")) },
    copyFor,
    bounce: (email, at) => event(email, aPostmarkBounce({ Email: email, BouncedAt: at.toISOString() })),
    complaint: (email, at) => {
      const complaint = { RecordType: "SpamComplaint", Type: "SpamComplaint", TypeCode: 512, Name: "Spam complaint" };
      return event(email, { ...complaint, ID: 43, Email: email, BouncedAt: at.toISOString() });
    },
    delivery: (email, at) => event(email, { RecordType: "Delivery", Recipient: email, DeliveredAt: at.toISOString() }),
    close: () => smtp.close(),
  };
}

function sentTo(mails: readonly Taken[], email: string): { mail: Taken; index: number } {
  const index = mails.findLastIndex(({ to }) => to.includes(email));
  if (index < 0) throw new Error(`no mail was sent to ${email}`);
  return { mail: mails[index]!, index };
}

/** With one header in place of the mail's own. */
function withHeader(raw: string, line: string): string {
  const [name] = line.split(":", 1);
  return raw.replace(new RegExp(`^${name}:.*(?:\\r\\n[ \\t].*)*`, "im"), line);
}
