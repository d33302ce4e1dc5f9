/**
 * What a bounce, a complaint or a reply says, whoever brought it: the SMTP server's own answer, a mail to the bounce
 * address, a provider's webhook. Who it is about is not decided here: see {@link ReportKeys}.
 */

export type MailReportKind =
  /** The mail will not arrive: a DSN's `Action: failed` (RFC 3464), an SMTP 5xx, a provider's bounce. */
  | "failed"
  /** It has not arrived yet, or failed for a reason the far end calls temporary. */
  | "delayed"
  /** The reader called it spam or fraud (RFC 5965). */
  | "complaint"
  /** The reader left by their mail program or by the provider's own link. */
  | "unsubscribed"
  /** Says nothing about the address: delivered, relayed, a reply, an absence note, a challenge, `auth-failure`, `not-spam`. */
  | "nothing"
  /** Something came back, and nobody can tell what it says. */
  | "unreadable";

export interface MailReport {
  readonly kind: MailReportKind;
  /** Enhanced status code (RFC 3463) such as `5.1.1`; null when none was given. */
  readonly status: string | null;
  /** What the far end said in words: one line, no control characters, at most 1,000 letters; may be empty. */
  readonly text: string;
  /** What the provider makes of a failure, where it says so: SES `bounceType`, Postmark `Type`, Mailgun `severity`. */
  readonly lasting: "permanent" | "transient" | null;
  readonly keys: ReportKeys;
}

/** All that may tell which mail it is about. None of it is believed before it was looked up or its signature checked. */
export interface ReportKeys {
  /** Addresses and ENVIDs that may be a return address of ours (core/return-address.ts). */
  readonly returnAddresses: readonly string[];
  /** Ids a server gave when it accepted the mail: believed only from a provider that authenticated itself. */
  readonly serverIds: readonly string[];
  /** Message-IDs of ours without angle brackets, under the same condition. */
  readonly messageIds: readonly string[];
}

export const NO_KEYS: ReportKeys = Object.freeze({ returnAddresses: [], serverIds: [], messageIds: [] });
