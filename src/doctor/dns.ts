/** Questions to the name server. That a name is not there is an answer; that nobody answers is not. */
import type { MxRecord, promises } from "node:dns";
import { OutOfSight } from "./finding.ts";

/** What of `dns.promises.Resolver` is asked; a test answers itself. */
export type Resolver = Pick<
  promises.Resolver,
  "resolveTxt" | "resolveMx" | "resolve4" | "resolve6" | "resolveNs" | "reverse"
>;

/** Each answers with nothing for a name or a record that is not there. @throws {OutOfSight} when nobody answers */
export interface Dns {
  /** The strings of each record put together, as SPF, DKIM and DMARC read them (RFC 7208 3.3). */
  txt(name: string): Promise<readonly string[]>;
  /** Most wanted first. */
  mx(name: string): Promise<readonly MxRecord[]>;
  /** IPv4 and IPv6. */
  addresses(name: string): Promise<readonly string[]>;
  /** Names that an address says it has. */
  names(address: string): Promise<readonly string[]>;
  /** Whether it is the Internet that answers: in a closed network a name server denies every name. */
  knowsInternet(): Promise<boolean>;
}

const ALWAYS_THERE = "org";

/** Asks each question once, whoever else asks it. */
export function openDns(resolver: Resolver): Dns {
  const asked = new Map<string, Promise<readonly unknown[]>>();
  let online: Promise<boolean> | undefined;
  const knowsInternet = () => {
    online ??= resolver.resolveNs(ALWAYS_THERE).then(
      () => true,
      () => false,
    );
    return online;
  };
  const once = <T>(question: string, ask: () => Promise<readonly T[]>): Promise<readonly T[]> => {
    const known = asked.get(question) ?? orNothing(ask, question, knowsInternet);
    asked.set(question, known);
    return known as Promise<readonly T[]>;
  };
  return {
    txt: (name) =>
      once(`TXT of ${name}`, async () => (await resolver.resolveTxt(name)).map((strings) => strings.join(""))),
    mx: (name) =>
      once(`MX of ${name}`, async () => (await resolver.resolveMx(name)).sort((a, b) => a.priority - b.priority)),
    addresses: async (name) => {
      const found = await Promise.all([
        once(`A of ${name}`, () => resolver.resolve4(name)),
        once(`AAAA of ${name}`, () => resolver.resolve6(name)),
      ]);
      return found.flat();
    },
    names: (address) => once(`PTR of ${address}`, () => resolver.reverse(address)),
    knowsInternet,
  };
}

async function orNothing<T>(
  ask: () => Promise<readonly T[]>,
  question: string,
  knowsInternet: () => Promise<boolean>,
): Promise<readonly T[]> {
  try {
    return await ask();
  } catch (error) {
    const { code = "no answer" } = error as NodeJS.ErrnoException;
    // NXDOMAIN and an empty answer; EBADNAME is a name that cannot be, so it is not there either.
    if (["ENOTFOUND", "ENODATA", "EBADNAME"].includes(code)) {
      if (await knowsInternet()) return [];
      throw new OutOfSight("the name server of this machine does not know the Internet", { cause: error });
    }
    throw new OutOfSight(`the name server does not tell the ${question} (${code})`, { cause: error });
  }
}
