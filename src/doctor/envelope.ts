/** The domain of the envelope: who may send for it (SPF), and whether what bounces comes back to us. */
import type { Dns } from "./dns.ts";
import { amber, green, notLookedAt, red, type Verdict } from "./finding.ts";
import type { Origin } from "./origin.ts";
import { checkSpf, type SpfAnswer } from "./spf.ts";

/** @param domain of the envelope's sender, which SPF is about */
export async function lookAtSpf(dns: Dns, domain: string, origins: readonly Origin[]): Promise<Verdict> {
  const whole = await checkSpf(dns, domain, null);
  const providers = origins.flatMap(({ provider }) => provider ?? []);
  const advised = recordFor(domain, whole.record, origins);
  const write = `Write this TXT record: ${advised}`;

  if (whole.result === "permerror")
    return red(`SPF of ${domain} cannot be read: ${whole.why}.`, repairOf(whole, write));
  if (whole.result === "none") {
    return providers.length === origins.length && providers[0] !== undefined
      ? green(
          `${domain} has no SPF record; ${providers[0].name} sends under an envelope of its own, and passes with that.`,
        )
      : red(`${domain} has no SPF record.`, write);
  }
  if (whole.result === "pass")
    return red(`SPF of ${domain} lets everybody send (${whole.record}).`, `End it with -all or ~all instead of +all.`);
  const missing = await missingFrom(dns, domain, origins, whole);
  if (missing.length > 0)
    return amber(
      `SPF of ${domain} does not name ${missing.join(", ")} (${whole.record}).`,
      `If mail leaves from there, change the record to: ${advised}`,
    );
  if (whole.result === "neutral")
    return amber(`SPF of ${domain} says nothing about others (${whole.record}).`, "End it with -all or ~all.");
  const isKnown = origins.some(({ provider, addresses }) => provider !== null || addresses.length > 0);
  return isKnown
    ? green(`SPF of ${domain} lets our server send and others not (${whole.record}).`)
    : amber(
        `SPF of ${domain} is ${whole.record}; from which address our mail leaves is not known here.`,
        "See that it names that address.",
      );
}

export interface BounceWay {
  readonly domain: string | null;
  readonly smtpPort: number | null;
  readonly publicHost: string;
  /** The first line a mail server says; null when it does not answer, or this network lets nobody ask. */
  readonly greetingOf: (host: string, port: number) => Promise<string | null>;
}

/** Whether mail to BOUNCE_DOMAIN leads to the port on which we take it. */
export async function lookAtBounces(dns: Dns, way: BounceWay, origins: readonly Origin[]): Promise<Verdict> {
  const { domain, smtpPort, publicHost } = way;
  if (domain === null) {
    const [provider] = origins.flatMap(({ provider }) => provider ?? []);
    if (provider) return green(`${provider.name} takes bounces itself, and tells of them by webhook.`);
    return amber(
      "Bounces go to the mailbox of MAIL_FROM, where nobody counts them (BOUNCE_DOMAIN is not set).",
      "Write BOUNCE_DOMAIN=bounce.example.org and BOUNCE_SMTP_PORT=2525.",
    );
  }
  const write = `Write: ${domain}. MX 10 ${publicHost}.`;
  const [first] = await dns.mx(domain);
  if (first !== undefined && (first.exchange === "" || first.exchange === "."))
    return red(`${domain} says that it takes no mail (a null MX).`, write);
  const host = first?.exchange ?? domain;
  if ((await dns.addresses(host)).length === 0)
    return red(
      first ? `The MX of ${domain} is ${host}, which has no address.` : `${domain} has no MX record: bounces are lost.`,
      write,
    );
  if (smtpPort === null)
    return green(
      `Mail to ${domain} goes to ${host}, and Paperboy does not take it itself (BOUNCE_SMTP_PORT is not set).`,
    );
  return leadsToUs(way, { domain, host, smtpPort });
}

async function leadsToUs(
  { greetingOf }: BounceWay,
  { domain, host, smtpPort }: { domain: string; host: string; smtpPort: number },
): Promise<Verdict> {
  const [ours, theirs] = await Promise.all([greetingOf("127.0.0.1", smtpPort), greetingOf(host, 25)]);
  if (ours === null)
    return amber(
      `Mail to ${domain} goes to ${host}, and nobody listens on port ${smtpPort} of this machine.`,
      "Start Paperboy, or look on the machine that runs it.",
    );
  if (theirs === null)
    return notLookedAt(
      `port 25 of ${host}, where mail to ${domain} goes, is out of reach from here; many networks block it outwards`,
    );
  if (theirs === ours) return green(`Mail to ${domain} goes to ${host}, which leads to our port ${smtpPort}.`);
  return amber(
    `Mail to ${domain} goes to ${host}, where another server answers (${theirs}).`,
    `Let it pass mail for ${domain} on to port ${smtpPort} of this machine; if it does, all is well.`,
  );
}

/** Our servers that the record does not let send: addresses, or the provider's part of it. */
async function missingFrom(dns: Dns, domain: string, origins: readonly Origin[], whole: SpfAnswer): Promise<string[]> {
  const missing: string[] = [];
  for (const { provider, addresses } of origins) {
    if (provider !== null && !whole.included.includes(provider.spf)) missing.push(`include:${provider.spf}`);
    for (const address of addresses) {
      const { result } = await checkSpf(dns, domain, address);
      if (result !== "pass") missing.push(address);
    }
  }
  return missing;
}

function repairOf({ record, why }: SpfAnswer, write: string): string {
  if (record === null) return `Leave one of them. ${write}`;
  return /look-ups/u.test(why) ? "Put addresses (ip4:, ip6:) in place of some include: and a:" : `Correct it. ${write}`;
}

/** The record there is with our servers in it, or a new one. */
function recordFor(domain: string, record: string | null, origins: readonly Origin[]): string {
  const terms = origins.flatMap(({ host, provider, addresses }) => {
    if (provider !== null) return [`include:${provider.spf}`];
    if (addresses.length > 0) return addresses.map((address) => `${address.includes(":") ? "ip6" : "ip4"}:${address}`);
    return [host.includes(".") && !/^[\d.]+$/u.test(host) ? `a:${host}` : "ip4:THE-ADDRESS-MAIL-LEAVES-FROM"];
  });
  const [, ...old] = record?.split(/ +/u) ?? [];
  const isEnd = (term: string) => /^[+?~-]?all$/iu.test(term);
  const kept = old.filter((term) => !isEnd(term));
  const added = terms.filter((term) => !kept.includes(term));
  return `${domain}. TXT "${["v=spf1", ...kept, ...added, old.find(isEnd) ?? "-all"].join(" ")}"`;
}
