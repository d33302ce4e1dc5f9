/** Whether receivers can verify our signatures, and what DMARC makes of them. */
import { findDmarc, isAligned, tagsOf } from "./dmarc.ts";
import type { Dns } from "./dns.ts";
import { amber, green, red, type Verdict } from "./finding.ts";
import type { Origin } from "./origin.ts";

/** A TXT record that has to be published, in strings of at most 255 bytes. */
export interface Published {
  readonly name: string;
  readonly strings: readonly string[];
}

/** @param records what DNS has to say of each private key of DKIM_KEYS; empty without keys */
export async function lookAtDkim(
  dns: Dns,
  records: readonly Published[],
  origins: readonly Origin[],
): Promise<Verdict[]> {
  if (records.length > 0) return Promise.all(records.map((record) => lookAtKey(dns, record)));
  const [origin] = origins.filter(({ provider }) => provider === null);
  if (origin === undefined) {
    const provider = origins[0]!.provider!;
    return [green(`${provider.name} signs what it sends (${provider.signing}: enter the domain of MAIL_FROM there).`)];
  }
  return [
    red(
      "Mail leaves here without a signature, and large providers refuse bulk mail that has none.",
      "Make a key: openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out dkim-s1.pem, and write DKIM_DOMAIN=example.org and " +
        `DKIM_KEYS=s1:/path/dkim-s1.pem. (A signature that ${origin.host} adds has to cover List-Unsubscribe and List-Unsubscribe-Post.)`,
    ),
  ];
}

async function lookAtKey(dns: Dns, wanted: Published): Promise<Verdict> {
  const { name } = wanted;
  const records = (await dns.txt(name)).filter((text) => tagsOf(text).has("p"));
  const ours = tagsOf(wanted.strings.join(""));
  const write = `Write this TXT record: ${name}. TXT ${wanted.strings.map((part) => `"${part}"`).join(" ")}`;
  const [text] = records;
  if (text === undefined) return red(`${name} has no key: receivers cannot verify our signature.`, write);
  if (records.length > 1)
    return red(`${name} has ${records.length} keys, and may have one (RFC 6376 3.6.2.2).`, `Leave one. ${write}`);
  const theirs = tagsOf(text);
  const key = theirs.get("p")!.replace(/\s/gu, "");
  if (key === "") return red(`The key at ${name} is withdrawn (p= is empty).`, write);
  if (key !== ours.get("p") || (theirs.get("k") ?? "rsa") !== ours.get("k"))
    return red(`The key at ${name} is not the one we sign with: every signature fails.`, write);
  const flags = (theirs.get("t") ?? "").split(":").map((flag) => flag.trim());
  if (flags.includes("y"))
    return amber(`The key at ${name} is ours, and says it is being tried out (t=y).`, "Take t=y out of the record.");
  return green(`The key at ${name} is the one we sign with.`);
}

export interface DmarcQuestion {
  /** "MAIL_FROM" */
  readonly setting: string;
  readonly from: string;
  /** `d=` of our signatures; null where a provider signs. */
  readonly signedBy: string | null;
  readonly envelope: string;
}

export async function lookAtDmarc(dns: Dns, { setting, from, signedBy, envelope }: DmarcQuestion): Promise<Verdict> {
  const record = await findDmarc(dns, from);
  const write = `Write this TXT record: _dmarc.${from}. TXT "v=DMARC1; p=none; rua=mailto:dmarc@${from}"`;
  if (record === null)
    return red(`${from} (${setting}) has no DMARC record, which Gmail, Yahoo and Outlook ask of bulk senders.`, write);
  const { domain, text, policy, isStrict, hasReports } = record;
  if (policy === null) return red(`The DMARC record of ${domain} has no policy (${text}).`, write);
  const isSigned = signedBy !== null && isAligned(signedBy, from, domain, isStrict.dkim);
  if (signedBy !== null && !isSigned && !isAligned(envelope, from, domain, isStrict.spf))
    return red(
      `DMARC of ${from} fails: neither the signature of ${signedBy} nor the envelope of ${envelope} counts for it (${text}).`,
      isStrict.dkim && signedBy !== from
        ? `Write adkim=r in the record, or DKIM_DOMAIN=${from}.`
        : `Write DKIM_DOMAIN=${from}.`,
    );
  if (policy === "none")
    return amber(
      `DMARC of ${from} (${setting}) asks nothing of receivers yet (${text}).`,
      `When the reports show that all mail passes: _dmarc.${domain}. TXT "v=DMARC1; p=quarantine; rua=mailto:dmarc@${domain}"`,
    );
  if (!hasReports)
    return green(`DMARC of ${from} (${setting}) has the policy ${policy}; nobody gets its reports (no rua=).`);
  return green(`DMARC of ${from} (${setting}) has the policy ${policy}.`);
}
