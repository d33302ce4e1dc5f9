/** Sender Policy Framework: what a domain's record says of an address (RFC 7208). */
import { BlockList, isIPv4 } from "node:net";
import type { Dns } from "./dns.ts";

export interface SpfAnswer {
  readonly result: "none" | "neutral" | "pass" | "fail" | "softfail" | "permerror";
  /** As published; null when there is none, or more than one. */
  readonly record: string | null;
  /** Why it is `permerror`. */
  readonly why: string;
  /** Questions to DNS, of which a receiver asks ten (RFC 7208 4.6.4). */
  readonly lookups: number;
  /** Domains it includes, and those they do. */
  readonly included: readonly string[];
}

const MOST_LOOKUPS = 10;
const RESULTS = { "+": "pass", "-": "fail", "~": "softfail", "?": "neutral" } as const;

interface Walk {
  lookups: number;
  readonly included: string[];
}

class PermError extends Error {}

/**
 * @param address whom to judge; null reads the record to its end, so that every mistake in it and every look-up counts
 * @throws {OutOfSight} when DNS does not answer
 */
export async function checkSpf(dns: Dns, domain: string, address: string | null): Promise<SpfAnswer> {
  const walk: Walk = { lookups: 0, included: [] };
  const records = await recordsOf(dns, domain);
  const record = records.length === 1 ? records[0]! : null;
  try {
    const result = await judge(dns, domain, address, walk);
    return { result, record, why: "", ...walk };
  } catch (error) {
    if (!(error instanceof PermError)) throw error;
    return { result: "permerror", record, why: error.message, ...walk };
  }
}

async function judge(dns: Dns, domain: string, address: string | null, walk: Walk): Promise<SpfAnswer["result"]> {
  const records = await recordsOf(dns, domain);
  if (records.length > 1) throw new PermError(`${domain} has ${records.length} SPF records, and may have one`);
  const [record] = records;
  if (record === undefined) return "none";

  const terms = record.split(/ +/u).slice(1).filter(Boolean);
  let redirect: string | null = null;
  for (const term of terms) {
    const [, modifier, value = ""] = /^([a-z][\w.-]*)=(.*)$/iu.exec(term) ?? [];
    if (modifier !== undefined) {
      if (modifier.toLowerCase() === "redirect") redirect = value;
      continue;
    }
    const [, qualifier = "+", name = "", argument = ""] = /^([+?~-])?([a-z\d]+)(.*)$/iu.exec(term) ?? [];
    const result = RESULTS[qualifier as keyof typeof RESULTS];
    // What stands behind it is never read.
    if (name.toLowerCase() === "all" && argument === "") return result;
    if (await matches(dns, { name: name.toLowerCase(), argument, term, domain }, address, walk)) return result;
  }
  if (redirect === null) return "neutral";
  count(walk);
  const result = await judge(dns, redirect, address, walk);
  if (result === "none") throw new PermError(`${domain} redirects to ${redirect}, which has no SPF record`);
  return result;
}

interface Mechanism {
  readonly name: string;
  /** With its colon or slash. */
  readonly argument: string;
  readonly term: string;
  /** Of the record it stands in. */
  readonly domain: string;
}

async function matches(dns: Dns, mechanism: Mechanism, address: string | null, walk: Walk): Promise<boolean> {
  const { name, argument, term, domain } = mechanism;
  const wrong = new PermError(`the term "${term}" of ${domain} means nothing`);
  if (name === "ip4" || name === "ip6") {
    const network = listOf([argument.slice(1)], "", wrong, name);
    return address !== null && has(network, address);
  }
  const [, target = "", prefix = ""] = /^(?::([^/]+))?((?:\/\d{1,2})?(?:\/\/\d{1,3})?)$/u.exec(argument) ?? fail(wrong);
  // A macro stands for the mail at hand (RFC 7208 7): there is none here, so it counts and does not match.
  const isMacro = target.includes("%");
  if (!["include", "a", "mx", "ptr", "exists"].includes(name)) throw wrong;
  if ((name === "include" || name === "exists") && target === "") throw wrong;
  count(walk);
  if (isMacro || name === "ptr") return false;

  const of = target === "" ? domain : target;
  if (name === "exists") return (await dns.addresses(of)).some(isIPv4);
  if (name === "include") {
    walk.included.push(of.toLowerCase());
    const result = await judge(dns, of, address, walk);
    if (result === "none") throw new PermError(`${domain} includes ${of}, which has no SPF record`);
    return result === "pass" && address !== null;
  }
  const hosts = name === "a" ? [of] : (await dns.mx(of)).map(({ exchange }) => exchange);
  const found = (await Promise.all(hosts.slice(0, MOST_LOOKUPS).map((host) => dns.addresses(host)))).flat();
  return address !== null && has(listOf(found, prefix, wrong), address);
}

function count(walk: Walk): void {
  walk.lookups += 1;
  // A record may include itself; a receiver stops at the eleventh.
  if (walk.lookups > MOST_LOOKUPS)
    throw new PermError(`it takes more than ${MOST_LOOKUPS} look-ups, where receivers give up (RFC 7208 4.6.4)`);
}

/** @param prefix `/24//64`, for addresses without one of their own */
function listOf(networks: readonly string[], prefix: string, wrong: PermError, family?: "ip4" | "ip6"): BlockList {
  const [, four = "32", six = "128"] = /^(?:\/(\d{1,2}))?(?:\/\/(\d{1,3}))?$/u.exec(prefix) ?? [];
  const list = new BlockList();
  for (const network of networks) {
    const [address = "", bits] = network.split("/");
    const isFour = isIPv4(address);
    try {
      if (family !== undefined && isFour !== (family === "ip4")) throw wrong;
      list.addSubnet(address, Number(bits ?? (isFour ? four : six)), isFour ? "ipv4" : "ipv6");
    } catch {
      throw wrong;
    }
  }
  return list;
}

function has(list: BlockList, address: string): boolean {
  return list.check(address, isIPv4(address) ? "ipv4" : "ipv6");
}

async function recordsOf(dns: Dns, domain: string): Promise<string[]> {
  return (await dns.txt(domain)).filter((text) => /^v=spf1(?: |$)/iu.test(text));
}

function fail(error: Error): never {
  throw error;
}
