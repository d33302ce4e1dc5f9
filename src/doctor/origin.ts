/** Where our mail leaves from, as far as it can be known here, and whether that address says who it is. */
import { isIP } from "node:net";
import type { ServerFacts, ServerFault } from "../mail/examine-server.ts";
import { isPublicAddress } from "../public-address.ts";
import type { Dns } from "./dns.ts";
import { amber, green, notLookedAt, OutOfSight, red, type Verdict } from "./finding.ts";
import type { Provider } from "./provider.ts";

export interface Origin {
  /** Host of SMTP_URL. */
  readonly host: string;
  readonly provider: Provider | null;
  /** Public addresses that mail leaves from; empty where nobody here knows. */
  readonly addresses: readonly string[];
}

/**
 * A server that is reached under a public name has the addresses of that name; one of our own house has those of the name
 * it gives itself. Many relays send from others than they listen on, so this is a guess, and judged as one.
 */
export async function originOf(
  dns: Dns,
  server: ServerFacts | ServerFault,
  provider: Provider | null,
): Promise<Origin> {
  const { host } = server;
  if (provider !== null) return { host, provider, addresses: [] };
  const names = [host, ...("name" in server ? [server.name] : [])];
  for (const name of names) {
    const found = isIP(name) !== 0 ? [name] : name.includes(".") ? await unlessOutOfSight(dns.addresses(name)) : [];
    const addresses = found.filter(isPublicAddress);
    if (addresses.length > 0) return { host, provider, addresses };
  }
  return { host, provider, addresses: [] };
}

/** Gmail and others take no mail from an address whose name does not lead back to it. */
export async function lookAtReverse(dns: Dns, { host, provider, addresses }: Origin): Promise<Verdict[]> {
  if (provider !== null) return [green(`${provider.name} sends from addresses of its own, and names them.`)];
  if (addresses.length === 0) return [notLookedAt(`from which public address ${host} sends is not known here`)];
  return Promise.all(addresses.map((address) => reverseOf(dns, address, host)));
}

async function reverseOf(dns: Dns, address: string, host: string): Promise<Verdict> {
  const names = await dns.names(address);
  const advice = `Have whoever rents you ${address} set its PTR to the name that the mail server gives itself (${host}), and let that name have the address ${address}.`;
  if (names.length === 0) return red(`${address} has no name (PTR).`, advice);
  for (const name of names) {
    if ((await dns.addresses(name)).includes(address))
      return green(`${address} is ${name}, and ${name} is ${address}.`);
  }
  return red(`${address} says it is ${names.join(", ")}, which does not lead back to it.`, advice);
}

/** Receivers refuse mail from a domain that could take no answer (RFC 5321 5.1, RFC 7505). */
export async function lookAtSender(dns: Dns, setting: string, domain: string): Promise<Verdict> {
  const mx = await dns.mx(domain);
  if (mx.some(({ exchange }) => exchange === "" || exchange === "."))
    return red(
      `${domain} (${setting}) says that it takes no mail.`,
      `Give it an MX record, or write another domain in ${setting}.`,
    );
  if (mx.length > 0) return green(`${domain} (${setting}) takes mail at ${mx[0]!.exchange}.`);
  const addresses = await dns.addresses(domain);
  if (addresses.length > 0)
    return amber(`${domain} (${setting}) has an address and no MX record.`, `Write: ${domain}. MX 10 mail.${domain}.`);
  return red(
    `${domain} (${setting}) has neither an MX record nor an address, and receivers refuse senders they could not answer.`,
    `Write: ${domain}. MX 10 mail.${domain}.`,
  );
}

async function unlessOutOfSight(addresses: Promise<readonly string[]>): Promise<readonly string[]> {
  try {
    return await addresses;
  } catch (error) {
    if (error instanceof OutOfSight) return [];
    throw error;
  }
}
