/**
 * What one report says of an address, from its status code (RFC 3463, and the registry of RFC 5248) and its words. One code
 * alone should not condemn: of 47 real soft bounces 10 carried a hard-looking one. Where the two disagree, the words win.
 */
import type { MailReport } from "./mail-report.ts";
import { findingOf } from "./report-words.ts";

export type ReportClass =
  /** The mailbox is not there: RFC 3463 5.1.1, 5.1.3, 5.1.6, 5.2.1, RFC 7505 5.1.10. */
  | "hard"
  /** The domain is not there, which may be a slip in its DNS: hard only when it lasts. */
  | "domain"
  /** Full, slow, overloaded, or refused by the reader's own filter: it may pass. */
  | "soft"
  /** Refused for what we are or sent: spam, policy, authentication, syntax. Says nothing about the reader. */
  | "ours"
  | "complaint"
  | "left"
  | "nothing"
  | "unknown";

export interface ReadReport {
  readonly class: ReportClass;
  /** The words say that there is no such mailbox, and the code does not deny it. */
  readonly namesNoUser: boolean;
}

export function readReport(report: MailReport): ReadReport {
  if (report.kind === "complaint") return named("complaint");
  if (report.kind === "unsubscribed") return named("left");
  if (report.kind === "nothing") return named("nothing");
  if (report.kind === "unreadable") return named("unknown");
  if (report.kind === "delayed" || report.lasting === "transient") return named("soft");

  const status = report.status ?? statusIn(report.text);
  const byCode = classOfStatus(status);
  switch (findingOf(report.text)) {
    case "ours":
      return named("ours");
    case "passing":
      return named("soft");
    case "shut":
      return named(byCode === "hard" ? "hard" : "soft");
    case "no-domain":
      return named(isTemporary(status) ? "soft" : "domain");
    case "no-user":
      return { class: "hard", namesNoUser: byCode === "hard" || byCode === "unknown" };
    case "gone":
      return named(isTemporary(status) ? "soft" : "hard");
    case null:
      // A provider that calls it permanent has seen more than the code: RFC 3463 allows 5.0.0 for anything.
      return named(byCode === "unknown" && report.lasting === "permanent" ? "hard" : byCode);
  }
}

/**
 * Codes and what they mean here, the longest prefix first; `x.` of a code stands for what follows.
 *
 * 5.4.310 is Exchange Online's "DNS domain does not exist" (learn.microsoft.com, NDR error codes); 5.1.7 and 5.1.8 are about
 * the sender's address.
 */
const STATUS_CLASSES: Readonly<Record<string, ReportClass>> = {
  "5.1.1": "hard",
  "5.1.3": "hard",
  "5.1.6": "hard",
  "5.1.10": "hard",
  "5.2.1": "hard",
  "5.1.2": "domain",
  "5.4.4": "domain",
  "5.4.310": "domain",
  "5.1.7": "ours",
  "5.1.8": "ours",
  "5.2": "soft",
  "5.4": "soft",
  "5.3": "ours",
  "5.5": "ours",
  "5.6": "ours",
  "5.7": "ours",
  "4": "soft",
};

/** @param status enhanced code such as `5.1.1`; null when there is none */
export function classOfStatus(status: string | null): ReportClass {
  const [first = "", second = ""] = status?.split(".") ?? [];
  const found = STATUS_CLASSES[status ?? ""] ?? STATUS_CLASSES[`${first}.${second}`] ?? STATUS_CLASSES[first];
  return found ?? "unknown";
}

/** What plain SMTP replies stand for where no enhanced code came with them (RFC 5321 4.2.3); 550 alone may mean anything. */
const REPLY_STATUSES: Readonly<Record<string, string>> = { "551": "5.1.6", "552": "5.2.2", "555": "5.5.4" };

/** The first enhanced code in a text (RFC 3463 section 2), `5.1.1`; versions and IP addresses have more or other numbers. */
export function enhancedStatus(text: string): string | null {
  return /(?<![\d.])[245]\.[0-7]\.\d{1,3}(?![\d]|\.\d)/.exec(text)?.[0] ?? null;
}

/** The enhanced code in a text, or what its SMTP reply stands for. */
function statusIn(text: string): string | null {
  const enhanced = enhancedStatus(text);
  if (enhanced !== null) return enhanced;
  const reply = /(?<![\w.:/#-])([45][0-5]\d)(?=[ -]\D|$)/.exec(text)?.[1];
  if (reply === undefined) return null;
  return reply.startsWith("4") ? "4.0.0" : (REPLY_STATUSES[reply] ?? "5.0.0");
}

function isTemporary(status: string | null): boolean {
  return status?.startsWith("4.") ?? false;
}

function named(found: ReportClass): ReadReport {
  return { class: found, namesNoUser: false };
}
