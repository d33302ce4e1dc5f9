/** What can be said of the settings without asking anybody. */
import type { SigningKey } from "../core/link.ts";
import type { Problem } from "../errors.ts";
import { amber, green, red, type Verdict } from "./finding.ts";

/** Letters of a secret: 32 in hexadecimal are 128 bits. */
const ADVISED_SECRET = 32;

/**
 * @param problems what readConfig found; empty when all is well
 * @param near names that are nearly a setting's
 */
export function judgeSettings(
  problems: readonly Problem[],
  count: number,
  near: readonly { readonly name: string; readonly meant: string }[] = [],
): Verdict[] {
  const unread = near.map(({ name, meant }) =>
    amber(`${name} is no setting of Paperboy's and is not read.`, `Write ${meant} if that is meant.`),
  );
  if (problems.length === 0) return [green(`All ${count} settings are ones that can be used.`), ...unread];
  const wrong = problems.map(({ message }) => {
    const [what = message, write] = message.split(/(?:\.|;) (?=Write |Make |Give )/u);
    return red(`${what}.`, write === undefined ? "Correct it: .env.example has them all." : write);
  });
  return [...wrong, ...unread];
}

/** @param keys null where none are set, and DATA_DIR keeps some that were made up */
export function judgeKeys(keys: readonly SigningKey[] | null, isPublic: boolean): Verdict {
  if (keys === null) {
    const found = "SECRET_KEYS is not set: the keys of all links are in secrets.json of DATA_DIR.";
    return isPublic
      ? amber(found, "Keep a copy of it: without it no link in a mail already sent opens any more.")
      : green(found);
  }
  const [signing] = keys;
  const short = keys.filter(({ secret, retired }) => !retired && secret.length < ADVISED_SECRET);
  if (short.length > 0)
    return amber(
      `SECRET_KEYS: the secret of key ${short.map(({ id }) => id).join(", ")} is short.`,
      `Put a new key before it, 2:$(openssl rand -hex 32), and write :retired behind the old one after a month.`,
    );
  const others = keys.length > 1 ? `; ${keys.length - 1} older open links` : "";
  return green(`SECRET_KEYS: key ${signing!.id} signs links${others}.`);
}

export function judgePostalAddress(address: string | null, isSentFar: boolean): Verdict {
  if (address !== null) return green(`POSTAL_ADDRESS is "${address}".`);
  const write = 'Write POSTAL_ADDRESS="Street 1, 12345 Town, Country"';
  return isSentFar
    ? red("POSTAL_ADDRESS is not set, and the law of many countries wants one in bulk mail.", write)
    : green("POSTAL_ADDRESS is not set, and no mail leaves this machine.");
}

/** Who hears of it when something is wrong; on a machine that serves nobody else it is whoever sits at it. */
export function judgeAlarms(
  alertTo: readonly string[],
  heartbeatUrl: string | null,
  { isPublic, hasAdmin }: { readonly isPublic: boolean; readonly hasAdmin: boolean },
): Verdict {
  const place = hasAdmin ? "in the log and under /admin" : "in the log alone";
  const unset = [...(alertTo.length === 0 ? ["ALERT_TO"] : []), ...(heartbeatUrl === null ? ["HEARTBEAT_URL"] : [])];
  if (unset.length === 0)
    return green(`What is wrong is mailed to ${alertTo.join(", ")}, and a monitor waits for signs of life.`);
  const found = `${unset.join(" and ")} ${unset.length === 1 ? "is" : "are"} not set`;
  if (!isPublic) return green(`${found}: what is wrong stands ${place}.`);
  return amber(
    alertTo.length === 0
      ? `${found}: what is wrong stands ${place}, and nobody is written to.`
      : `${found}: a machine that stands still tells nobody.`,
    alertTo.length === 0
      ? "Write ALERT_TO=you@example.org"
      : "Write HEARTBEAT_URL=https://… with the address of a monitor that tells you when no sign of life comes",
  );
}
