/** Which servers take mail for a domain: MX records (RFC 5321 section 5.1). */
import { Resolver } from "node:dns/promises";

export interface Exchangers {
  /** Names without a dot at the end. Null when DNS does not answer: unknown, which is not "none". */
  of(domain: string): Promise<readonly string[] | null>;
}

export interface ExchangersOptions {
  /** Of one question; a resolver that is not there is noticed after two. */
  readonly timeoutMs?: number;
  /** Asks DNS; a test brings its own. */
  readonly resolveMx?: (domain: string) => Promise<readonly { readonly exchange: string }[]>;
  readonly now?: () => Date;
}

/** A domain's mail server seldom moves. */
const KEPT_MS = 60 * 60_000;
/** A domain that nobody could tell us about is asked about again soon. */
const RETRY_MS = 60_000;
/** Some 200 bytes each. */
const MOST_KEPT = 5_000;
const NO_RECORD = ["ENODATA", "ENOTFOUND"];

export function openExchangers(options: ExchangersOptions = {}): Exchangers {
  const { timeoutMs = 1_500, now = () => new Date() } = options;
  const resolver = new Resolver({ timeout: timeoutMs, tries: 2 });
  const resolveMx = options.resolveMx ?? ((domain: string) => resolver.resolveMx(domain));
  const known = new Map<string, { readonly names: readonly string[] | null; readonly until: number }>();

  const ask = async (domain: string): Promise<readonly string[] | null> => {
    try {
      return (await resolveMx(domain)).map(({ exchange }) => exchange.replace(/\.$/, ""));
    } catch (error) {
      // "There is none" is an answer; anything else means that nobody answered, and the caller decides without.
      return NO_RECORD.includes((error as NodeJS.ErrnoException).code ?? "") ? [] : null;
    }
  };

  return {
    async of(domain) {
      const at = now().getTime();
      const kept = known.get(domain);
      if (kept && kept.until > at) return kept.names;
      const names = await ask(domain);
      if (known.size >= MOST_KEPT) known.clear();
      known.set(domain, { names, until: at + (names ? KEPT_MS : RETRY_MS) });
      return names;
    },
  };
}
