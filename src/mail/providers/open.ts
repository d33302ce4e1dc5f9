/** The providers that settings name, and what each of them says in our words. */
import type { KeyObject } from "node:crypto";
import type { Fetch } from "../../fetch.ts";
import type { Log } from "../../log.ts";
import { openMailgun, translateMailgun } from "./mailgun.ts";
import { openPostmark, translatePostmark } from "./postmark.ts";
import type { Provider, ProviderName, Translate } from "./provider.ts";
import { openSendgrid, translateSendgrid } from "./sendgrid.ts";
import { openSes, translateSes } from "./ses.ts";

/** What each provider is known by; null: it is not ours. */
export interface WebhookSettings {
  readonly ses: readonly string[] | null;
  readonly postmark: string | null;
  readonly sendgrid: KeyObject | null;
  readonly mailgun: string | null;
}

export type Providers = Readonly<Partial<Record<ProviderName, Provider>>>;

export function openProviders(
  { ses, postmark, sendgrid, mailgun }: WebhookSettings,
  { fetch, log }: { readonly fetch: Pick<Fetch, "get">; readonly log: Log },
): Providers {
  return {
    ...(ses && { ses: openSes({ topics: ses, fetch, log }) }),
    ...(postmark && { postmark: openPostmark({ login: postmark }) }),
    ...(sendgrid && { sendgrid: openSendgrid({ publicKey: sendgrid }) }),
    ...(mailgun && { mailgun: openMailgun({ signingKey: mailgun }) }),
  };
}

/** Of all four: what was kept can be read even when its provider was given up. */
export const translators: Readonly<Record<ProviderName, Translate>> = {
  ses: translateSes,
  postmark: translatePostmark,
  sendgrid: translateSendgrid,
  mailgun: translateMailgun,
};
