import { domainToASCII } from "node:url";
import { Invalid } from "../errors.ts";

/** Domains, and with each all that lie below it. */
export interface DomainList {
  has(domain: string): boolean;
}

/**
 * Reads a list of domains, one a line; `#` begins a comment. Lists of throw-away providers are kept this way by several
 * people and change every day, which is why the operator brings one: a copy of ours would be old before it is installed.
 *
 * @throws {Invalid} naming the first line that is no domain
 */
export function parseDomainList(text: string): DomainList {
  const domains = new Set<string>();
  text.split(/\r?\n/).forEach((line, at) => {
    const name = line.replace(/#.*/, "").trim().toLowerCase();
    if (name === "") return;
    const ascii = /[/?#\\@\s]/.test(name) ? "" : domainToASCII(name);
    if (!/^[a-z\d-]+(\.[a-z\d-]+)+$/.test(ascii))
      throw new Invalid(
        `line ${at + 1} is not a domain: ${JSON.stringify(name.slice(0, 80))}. Write one a line, such as example.org`,
      );
    domains.add(ascii);
  });
  return {
    has(domain) {
      const labels = domain.split(".");
      return labels.some((_, from) => domains.has(labels.slice(from).join(".")));
    },
  };
}
