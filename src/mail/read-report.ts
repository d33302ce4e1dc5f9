/** What a report says, whoever brought it: a mail that came back, or what a provider posted. */
import type { MailReport } from "../core/mail-report.ts";
import type { Day } from "../core/paper.ts";
import { addressForWire, parseMailbox } from "./headers.ts";
import { translators } from "./providers/open.ts";
import type { ProviderName } from "./providers/provider.ts";
import { parseReport } from "./report-parser.ts";

/** One thing a report says. */
export interface Told {
  readonly report: MailReport;
  /** The provider's own name for it, the same whenever it is told; null where nobody gives one. */
  readonly eventId: string | null;
}

/**
 * Never throws for what stands in it.
 *
 * @param via `raw` and `smtp` bring mails
 * @returns one thing for a mail, any number for what a provider posted
 */
export async function readReport(
  via: ProviderName | "raw" | "smtp",
  raw: Uint8Array,
  envelope: { readonly to: string | null; readonly from: string | null },
): Promise<readonly Told[]> {
  if (via !== "raw" && via !== "smtp") return translators[via](raw);
  const { to, from } = envelope;
  return [{ report: await parseReport(raw, { to: to ?? undefined, from: from ?? undefined }), eventId: null }];
}

/** Reads the Message-IDs of our digests (headers.ts): `digest.2026-04-15.12@domain` carries delivery 12 of that local day. */
export function openDeliveryIds(mailFrom: string) {
  const { address } = parseMailbox(mailFrom);
  const wire = addressForWire(address).toLowerCase();
  const domain = wire.slice(wire.lastIndexOf("@") + 1);
  return (messageId: string): { readonly localDay: Day; readonly deliveryId: bigint } | null => {
    const [, localDay, id, at] = /^digest\.(\d{4}-\d{2}-\d{2})\.(\d{1,18})@(.+)$/i.exec(messageId) ?? [];
    // Another system that sends through the same provider may have deliveries of the same numbers.
    if (localDay === undefined || id === undefined || at?.toLowerCase() !== domain) return null;
    return Number.isNaN(Date.parse(localDay)) ? null : { localDay, deliveryId: BigInt(id) };
  };
}
