/** The mail servers of SMTP_URL: reached, encrypted, let in, and able to take what we send. */
import { isIP } from "node:net";
import { lastDaysOf } from "../core/limits.ts";
import { isLoopbackHost } from "../core/loopback.ts";
import type { ServerFacts, ServerFault } from "../mail/examine-server.ts";
import { amber, green, notLookedAt, red, type Verdict } from "./finding.ts";

/** Bytes: 80 kB of HTML in base64, a text part, headers. */
const LARGEST_MAIL = 250_000;

export function judgeServer(facts: ServerFacts | ServerFault, now: Date): Verdict[] {
  if ("fault" in facts) return [judgeFault(facts)];
  const verdicts = [judgeTls(facts, now), judgeLogin(facts), judgeSize(facts)].filter((verdict) => verdict !== null);
  if (verdicts.length > 0) return verdicts;
  const { tls, login } = facts;
  const how = [tls?.version ?? "this machine", login === "accepted" ? "login accepted" : "no login", offersOf(facts)];
  return [green(`${nameOf(facts)} takes mail: ${how.join("; ")}.`)];
}

function judgeFault(fault: ServerFault): Verdict {
  const name = nameOf(fault);
  const { words } = fault;
  switch (fault.fault) {
    case "no-network":
      return notLookedAt(`${name} is out of reach from here (${words})`);
    case "unknown-name":
      return red(`There is no host ${fault.host}.`, "Correct the host in SMTP_URL.");
    case "tls":
      return red(`${name} and we do not agree on TLS (${words}).`, tlsAdvice(words, fault));
    case "auth":
      return red(
        `${name} refuses our login (${words}).`,
        "Correct user and password in SMTP_URL; signs such as @ and / in them are written %40 and %2F.",
      );
    case "answer":
      return red(`${name} does not want us (${words}).`, "Ask whoever runs it to let this machine send.");
    default:
      return red(
        `${name} cannot be reached (${words}).`,
        "Correct host and port in SMTP_URL (465 with smtps://, 587 with smtp://). Many networks block port 25 outwards.",
      );
  }
}

function tlsAdvice(words: string, { host, port }: ServerFault): string {
  if (/EXPIRED/u.test(words)) return `Renew the certificate of ${host}.`;
  if (/ALTNAME/u.test(words)) return `Write in SMTP_URL the name that the certificate of ${host} is for.`;
  if (/SELF_SIGNED|UNABLE_TO|ISSUER/u.test(words))
    return `Give ${host} a certificate that is trusted, or name its authority in NODE_EXTRA_CA_CERTS.`;
  return port === 587
    ? "Write smtp:// for port 587: TLS begins there after the greeting."
    : "Write smtps:// for port 465, smtp:// for others.";
}

function judgeTls({ tls, address, ...facts }: ServerFacts, now: Date): Verdict | null {
  const name = nameOf(facts);
  if (tls === null) {
    if (isLoopbackHost(address)) return null;
    const advice = "Write smtps://…:465 in SMTP_URL, or switch STARTTLS on at the server.";
    return facts.login === "accepted"
      ? red(`${name} has no TLS: our password and every mail cross the network readable.`, advice)
      : amber(`${name} has no TLS: every mail crosses the network readable.`, advice);
  }
  if (!tls.isTrusted)
    return amber(
      `The certificate of ${name} is not one we trust, and SMTP_URL says not to mind.`,
      "Take tls.rejectUnauthorized=false out of SMTP_URL.",
    );
  if (!/^TLSv1\.[23]$/u.test(tls.version)) return red(`${name} speaks ${tls.version}.`, "Let it speak TLS 1.2 or 1.3.");
  return judgeCertificate(name, tls.validUntil, now);
}

/** @returns null while there is time */
export function judgeCertificate(name: string, validUntil: Date, now: Date): Verdict | null {
  const days = lastDaysOf(validUntil, now);
  if (days === null) return null;
  const until = validUntil.toISOString().slice(0, 10);
  if (days < 0) return red(`The certificate of ${name} ended on ${until}.`, "Renew it.");
  return amber(
    `The certificate of ${name} ends on ${until}, in ${days} days.`,
    "Renew it, and look at why that did not happen by itself.",
  );
}

function judgeLogin({ login, ...facts }: ServerFacts): Verdict | null {
  if (login !== "unasked") return null;
  return amber(
    `${nameOf(facts)} offers no login, so user and password of SMTP_URL are not used.`,
    "Leave them out, or use the port that asks for them (587 or 465).",
  );
}

function judgeSize({ largestMail, ...facts }: ServerFacts): Verdict | null {
  if (largestMail === null || largestMail >= LARGEST_MAIL) return null;
  return red(`${nameOf(facts)} takes mails of ${largestMail} bytes at most.`, `Let it take ${LARGEST_MAIL} bytes.`);
}

/** What we send is 7-bit and goes through any server; what else there is helps whoever looks for a cause. */
function offersOf({ extensions }: ServerFacts): string {
  const [offered, missing] = [true, false].map((is) => EXTENSIONS.filter((keyword) => extensions.has(keyword) === is));
  return [
    offered!.length > 0 ? `offers ${offered!.join(", ")}` : "",
    missing!.length > 0 ? `not ${missing!.join(", ")}` : "",
  ]
    .filter(Boolean)
    .join("; ");
}

const EXTENSIONS = ["8BITMIME", "SMTPUTF8", "DSN", "SIZE"] as const;

function nameOf({ host, port }: { readonly host: string; readonly port: number }): string {
  return `${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
}
