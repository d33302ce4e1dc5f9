/**
 * A mail that came back → what it says: delivery reports (RFC 3464, 3462, 6533), complaints (RFC 5965), and the many that
 * follow no RFC; answers of people and programs say nothing. Whom it is about is decided elsewhere, by its keys.
 */
import { inertLine } from "../core/inert.ts";
import type { MailReport } from "../core/mail-report.ts";
import { readDeliveryStatus, statusBlocks } from "./report-parser/delivery-status.ts";
import { explanationOf, saidFirst } from "./report-parser/explanation.ts";
import { feedbackBlocks, readFeedback } from "./report-parser/feedback.ts";
import { keysOf } from "./report-parser/keys.ts";
import { type OpenedMail, openMail, valuesOf } from "./report-parser/open-mail.ts";
import { readPlainBounce } from "./report-parser/plain-bounce.ts";
import type { Reading } from "./report-parser/reading.ts";

/** SMTP envelope of the report, where the way in knows it. */
export interface ReportEnvelope {
  readonly to?: string | undefined;
  /** Empty for the null sender. */
  readonly from?: string | undefined;
}

const LONGEST_TEXT = 1_000;

/**
 * Never throws, and takes bounded time: the first 256 kB are read, and at most 2,000 lines of them.
 *
 * @param raw the mail as it came in, headers first
 */
export async function parseReport(raw: Uint8Array, envelope: ReportEnvelope = {}): Promise<MailReport> {
  const mail = await openMail(raw);
  const explanation = explanationOf(mail.text);
  const feedback = feedbackBlocks(mail);
  const statuses = statusBlocks(mail, explanation.text);

  const reading =
    readEmpty(mail) ??
    readFeedback(mail, feedback) ??
    readDeliveryStatus(statuses) ??
    readOtherReport(mail) ??
    readPlainBounce(mail, explanation, {
      isReport: reportType(mail) !== null || statuses.length > 0,
      nullSender: isFromNullSender(mail, envelope),
    });
  return {
    kind: reading.kind,
    status: reading.status,
    text: inertLine(`${reading.said} ${saidFirst(explanation.text)}`, LONGEST_TEXT),
    lasting: null,
    keys: keysOf(mail, explanation, [...feedback, ...statuses], envelope),
  };
}

function readEmpty(mail: OpenedMail): Reading | null {
  const isEmpty = mail.headers.size === 0 && mail.text.trim() === "";
  return isEmpty ? { kind: "unreadable", status: null, said: "" } : null;
}

/** `multipart/report` of another type, such as a receipt (RFC 8098), tells no fate. */
function readOtherReport(mail: OpenedMail): Reading | null {
  const type = reportType(mail);
  const isOther =
    type !== null && !/^(?:global-)?delivery-status$|^feedback-report$|^$/.test(type) && !/^x+$/.test(type);
  return isOther ? { kind: "nothing", status: null, said: "" } : null;
}

/** The `report-type` of a multipart/report, `""` where it names none; null for other mails. */
function reportType(mail: OpenedMail): string | null {
  const [type = ""] = valuesOf(mail, "content-type");
  if (!/^\s*multipart\/report\b/i.test(type)) return null;
  return /report-type\s*=\s*"?([\w-]{1,60})/i.exec(type)?.[1]?.toLowerCase() ?? "";
}

function isFromNullSender(mail: OpenedMail, envelope: ReportEnvelope): boolean {
  return envelope.from === "" || valuesOf(mail, "return-path").some((path) => /^\s*<\s*>/.test(path));
}
