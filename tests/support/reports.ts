/** Mails that come back, as mail servers write them. */

export interface DsnGiven {
  readonly status?: string;
  readonly action?: "failed" | "delayed" | "relayed";
  readonly said?: string;
  /** Address it is sent to: the envelope sender of the mail that came back. */
  readonly to?: string;
  readonly recipient?: string;
}

/** A delivery report (RFC 3464) after Postfix's. */
export function aDsn({
  status = "5.1.1",
  action = "failed",
  said = "550 5.1.1 unknown",
  to = "bounce@bounce.paperboy.example",
  recipient = "somebody@far.example",
}: DsnGiven = {}): Buffer {
  return mail(
    "From: MAILER-DAEMON@far.example (Mail Delivery System)",
    `To: ${to}`,
    "Subject: Undelivered Mail Returned to Sender",
    "MIME-Version: 1.0",
    'Content-Type: multipart/report; report-type=delivery-status; boundary="b1"',
    "",
    "--b1",
    "Content-Type: text/plain; charset=us-ascii",
    "",
    "This is the mail system at host far.example.",
    "",
    "--b1",
    "Content-Type: message/delivery-status",
    "",
    "Reporting-MTA: dns; far.example",
    "",
    `Final-Recipient: rfc822; ${recipient}`,
    `Action: ${action}`,
    `Status: ${status}`,
    `Diagnostic-Code: smtp; ${said}`,
    "",
    "--b1--",
  );
}

/** A complaint (RFC 5965). */
export function aComplaint(to = "bounce@bounce.paperboy.example"): Buffer {
  return mail(
    "From: feedback@far.example",
    `To: ${to}`,
    "Subject: FW: Paperboy",
    "MIME-Version: 1.0",
    'Content-Type: multipart/report; report-type=feedback-report; boundary="b1"',
    "",
    "--b1",
    "Content-Type: text/plain",
    "",
    "This is an email abuse report.",
    "",
    "--b1",
    "Content-Type: message/feedback-report",
    "",
    "Feedback-Type: abuse",
    "User-Agent: Far/1.0",
    "Version: 1",
    "",
    "--b1--",
  );
}

/** What a person, or a program for them, writes back. */
export function anAnswer(subject: string, words: string, ...headers: string[]): Buffer {
  return mail("From: ada@far.example", "To: us", `Subject: ${subject}`, ...headers, "", words);
}

function mail(...lines: string[]): Buffer {
  return Buffer.from(`${lines.join("\r\n")}\r\n`);
}
