/** A name server that knows what a test tells it. */
import type { MxRecord } from "node:dns";
import type { Resolver } from "../../src/doctor/dns.ts";

export interface Zone {
  readonly TXT?: readonly (string | readonly string[])[];
  /** In order of preference. */
  readonly MX?: readonly string[];
  readonly A?: readonly string[];
  readonly AAAA?: readonly string[];
  /** By address: `{ "192.0.2.1": { PTR: ["mail.example.org"] } }`. */
  readonly PTR?: readonly string[];
}

export interface FakeDns extends Resolver {
  /** `TXT example.org`, in order. */
  readonly asked: readonly string[];
}

/** @param trouble a code that answers everything instead: `ETIMEOUT`; `closed` denies every name, as a closed network does */
export function aNameServer(zones: Readonly<Record<string, Zone>>, trouble?: string): FakeDns {
  const asked: string[] = [];
  const fail = (code: string): never => {
    throw Object.assign(new Error(code), { code });
  };
  const ask = async <K extends keyof Zone>(type: K, name: string): Promise<NonNullable<Zone[K]>> => {
    asked.push(`${type} ${name}`);
    if (trouble !== undefined) return fail(trouble === "closed" ? "ENOTFOUND" : trouble);
    const zone = zones[name.toLowerCase()] ?? fail("ENOTFOUND");
    return zone[type] ?? fail("ENODATA");
  };
  return {
    asked,
    resolveTxt: async (name) => (await ask("TXT", name)).map((text) => [text].flat() as string[]),
    resolveMx: async (name) =>
      (await ask("MX", name)).map((exchange, at): MxRecord => ({ exchange, priority: 10 * at })).reverse(),
    resolve4: (async (name: string) => [...(await ask("A", name))]) as Resolver["resolve4"],
    resolve6: (async (name: string) => [...(await ask("AAAA", name))]) as Resolver["resolve6"],
    reverse: async (address) => [...(await ask("PTR", address))],
    resolveNs: async () => (trouble === undefined ? ["a0.org.afilias-nst.info"] : fail("ENOTFOUND")),
  };
}
