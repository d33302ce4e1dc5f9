/** Who is behind a mail server, where that changes what our DNS has to say. */
import type { Profile } from "../mail/profiles.ts";

export interface Provider {
  readonly name: string;
  /** What an SPF record includes to let it send for the domain. */
  readonly spf: string;
  /** Where the domain is entered, so that it signs with `d=` of it. */
  readonly signing: string;
}

/** They sign what they send, with keys of their own, and send from addresses of their own. */
export const PROVIDERS: Readonly<Record<Profile["name"], Provider>> = {
  ses: { name: "Amazon SES", spf: "amazonses.com", signing: "Verified identities, Easy DKIM" },
  postmark: { name: "Postmark", spf: "spf.mtasv.net", signing: "Sender Signatures, DNS Settings" },
  sendgrid: { name: "SendGrid", spf: "sendgrid.net", signing: "Sender Authentication, Authenticate Your Domain" },
  mailgun: { name: "Mailgun", spf: "mailgun.org", signing: "Sending, Domain settings" },
};
