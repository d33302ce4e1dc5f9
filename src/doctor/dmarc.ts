/** Domain-based Message Authentication: what a domain asks of whoever gets mail in its name (RFC 7489, RFC 9989). */
import type { Dns } from "./dns.ts";

export interface DmarcRecord {
  /** Whose record it is: the domain itself, or one above it that speaks for it. */
  readonly domain: string;
  readonly text: string;
  readonly policy: "none" | "quarantine" | "reject" | null;
  /** Names have to be the same, not merely of the same organisation. */
  readonly isStrict: { readonly dkim: boolean; readonly spf: boolean };
  /** Whether anybody is sent the reports. */
  readonly hasReports: boolean;
}

/** Steps of the walk up the tree (RFC 9989 4.10): enough for any name that sends mail. */
const MOST_STEPS = 8;

/** The record that holds for mail from this domain; null when nobody has one; several at one name count as none. */
export async function findDmarc(dns: Dns, domain: string): Promise<DmarcRecord | null> {
  const labels = domain.split(".");
  for (let from = 0; from < Math.min(labels.length - 1, MOST_STEPS); from++) {
    const at = labels.slice(from).join(".");
    const records = (await dns.txt(`_dmarc.${at}`)).filter((text) => /^v\s*=\s*DMARC1\s*(?:;|$)/u.test(text));
    const [text] = records;
    if (text !== undefined && records.length === 1) return read(text, at, from > 0);
  }
  return null;
}

/**
 * Whether a name that a signature or envelope vouches for lends its word to the From domain (RFC 7489 3.1): the same name, or
 * by default one of the same organisation, which is one above, below, or beside it under the name that has the record.
 */
export function isAligned(vouched: string, from: string, organisation: string, isStrict: boolean): boolean {
  if (vouched === from) return true;
  if (isStrict) return false;
  return (
    isBelow(vouched, from) || isBelow(from, vouched) || [vouched, from].every((name) => isBelow(name, organisation))
  );
}

function isBelow(name: string, above: string): boolean {
  return name === above || name.endsWith(`.${above}`);
}

function read(text: string, domain: string, isInherited: boolean): DmarcRecord {
  const tags = tagsOf(text);
  const policy = ((isInherited && tags.get("sp")) || tags.get("p") || "").toLowerCase();
  return {
    ...{ domain, text },
    policy: policy === "none" || policy === "quarantine" || policy === "reject" ? policy : null,
    isStrict: { dkim: tags.get("adkim") === "s", spf: tags.get("aspf") === "s" },
    hasReports: /^mailto:/iu.test(tags.get("rua") ?? ""),
  };
}

/** `a=1; b=2` as DKIM and DMARC write it (RFC 6376 3.2). */
export function tagsOf(text: string): ReadonlyMap<string, string> {
  const pairs = text.split(";").map((tag) => {
    const at = tag.indexOf("=");
    return [tag.slice(0, Math.max(at, 0)).trim().toLowerCase(), tag.slice(at + 1).trim()] as const;
  });
  return new Map(pairs.filter(([name]) => name !== ""));
}
