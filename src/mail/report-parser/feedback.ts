/** RFC 5965 and those who complain in their own form. */

import { type Fields, readBlocks } from "./fields.ts";
import { type OpenedMail, valuesOf } from "./open-mail.ts";
import type { Reading } from "./reading.ts";

/**
 * What a reader's complaint is. `auth-failure` (RFC 6591) and `not-spam` (RFC 6430) are none, `virus` and `other` (RFC 5965
 * 7.3) are not the reader's word on us; `opt-out` and `opt-out-list` come from the drafts and are still sent.
 */
const COMPLAINTS: ReadonlySet<string> = new Set(["abuse", "fraud", "opt-out", "opt-out-list"]);

export function feedbackBlocks(mail: OpenedMail): Fields[] {
  return mail.parts.filter(({ type }) => type === "message/feedback-report").flatMap(({ text }) => readBlocks(text));
}

/** Null when it is no feedback. */
export function readFeedback(mail: OpenedMail, blocks: readonly Fields[]): Reading | null {
  const given = blocks.map((block) => block.get("feedback-type")).find((type) => type !== undefined);
  if (given !== undefined) {
    const type = /^[a-z-]+/.exec(given.trim().toLowerCase())?.[0] ?? "";
    return { kind: COMPLAINTS.has(type) ? "complaint" : "nothing", status: null, said: `Feedback-Type: ${given}` };
  }
  if (isMicrosoftComplaint(mail) || isMailProgramOptOut(mail))
    return { kind: "complaint", status: null, said: mail.subject };
  return null;
}

/** Microsoft's Junk Mail Reporting Program: the mail itself, under this subject, without a report part. */
function isMicrosoftComplaint(mail: OpenedMail): boolean {
  const returned = mail.parts.some(({ type }) => type === "message/rfc822" || type === "text/rfc822-headers");
  return returned && /^\s*complaint about message from\b/i.test(mail.subject);
}

/** Apple Mail's button sends a mail in these words, marked as automatic. */
function isMailProgramOptOut(mail: OpenedMail): boolean {
  return (
    valuesOf(mail, "auto-submitted").some((value) => /^\s*auto-/i.test(value)) &&
    /^\s*\S[^\n]{0,40} sent this e?-?mail to unsubscribe from the (?:message|list)/i.test(mail.text)
  );
}
