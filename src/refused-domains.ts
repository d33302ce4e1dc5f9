/** The domains of throw-away addresses that the operator refuses: a file, read once. */
import { readFile } from "node:fs/promises";
import { type DomainList, parseDomainList } from "./core/domain-list.ts";
import { Invalid } from "./errors.ts";

/** @throws {Invalid} for a file that cannot be read, or is no list of domains */
export async function readRefusedDomains(path: string | null): Promise<DomainList> {
  if (path === null) return parseDomainList("");
  try {
    return parseDomainList(await readFile(path, "utf8"));
  } catch (cause) {
    throw new Invalid(`REFUSE_DISPOSABLE, ${path}: ${(cause as Error).message}`, [], { cause });
  }
}
