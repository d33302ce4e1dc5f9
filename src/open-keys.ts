/** What is made of SECRET_KEYS, SUPPRESSION_KEY and ADMIN_PASSWORD; keys that nobody set are those in `DATA_DIR`. */
import { resolve } from "node:path";
import type { Config } from "./config.ts";
import { addressKey, networkKey } from "./core/address-key.ts";
import { openAdminKey } from "./core/admin-key.ts";
import { openChallenges } from "./core/challenge.ts";
import type { Address } from "./core/email-address.ts";
import { openLinks, parseSecretKeys } from "./core/link.ts";
import { openReturnAddresses } from "./core/return-address.ts";
import { visitorKeys } from "./core/visitor-key.ts";
import { openSecrets } from "./secrets.ts";

/** @throws {Invalid} for keys that cannot be used */
export async function openKeys(config: Config, { now }: { readonly now: () => Date }) {
  const made = config.secretKeys && config.suppressionKey ? null : await openSecrets(resolve(config.dataDir));
  const suppressionKey = config.suppressionKey ?? made!.suppressionKey;
  const keys = parseSecretKeys(config.secretKeys ?? made!.secretKeys);
  return {
    links: openLinks(keys),
    challenges: openChallenges(keys),
    /** Null: there is no `/admin`. */
    adminKey: config.adminPassword === null ? null : openAdminKey(config.adminPassword, keys[0]!.secret),
    returnAddresses: openReturnAddresses({ keys, domain: config.bounceDomain }),
    addressKey: (address: Pick<Address, "key">) => addressKey(address.key, suppressionKey),
    networkKey: (ip: string) => networkKey(ip, suppressionKey),
    visitorKeys: (ip: string) => visitorKeys(ip, now(), suppressionKey),
  };
}
