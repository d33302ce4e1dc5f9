import { allowedAt, MAIL_CAPS } from "../core/caps.ts";
import { parseAddress } from "../core/email-address.ts";
import { isLargeDomain, isLargeExchanger } from "../core/large-providers.ts";
import type { Exchangers } from "../mail/exchangers.ts";
import type { WaitingRequest } from "../store/requests.ts";

export type Needs = { exchangers: Exchangers };

/**
 * The first instant at which the caps on mails (docs/promises.md S6) let this request be answered; null: now. Looked up after the
 * request was answered on the web, so that neither a cap nor DNS shows there.
 */
export async function waitForCaps(
  { exchangers }: Needs,
  { email, mailedAt, takenAt }: Pick<WaitingRequest, "email" | "mailedAt" | "takenAt">,
): Promise<Date | null> {
  const own = allowedAt(mailedAt.address, MAIL_CAPS.address, takenAt);
  const folded = allowedAt(mailedAt.folded, MAIL_CAPS.folded, takenAt);
  const domain = allowedAt(mailedAt.domain, MAIL_CAPS.domain, takenAt);
  // DNS is asked only about domains that reached their cap: a handful a day.
  const isHeld = domain !== null && !(await isLarge(exchangers, parseAddress(email).domain));
  const waits = [own, folded, isHeld ? domain : null].filter((wait) => wait !== null);
  return waits.length > 0 ? new Date(Math.max(...waits.map(Number))) : null;
}

async function isLarge(exchangers: Exchangers, domain: string): Promise<boolean> {
  return isLargeDomain(domain) || isLargeExchanger((await exchangers.of(domain)) ?? []);
}
