/**
 * Notices that follow no RFC: qmail, old Exchange and Notes, mobile carriers, gateways. No single sign is trusted, since
 * people quote bounces and absence notes come from the null sender too (RFC 5230 section 5): signs are added up.
 */
import { enhancedStatus } from "../../core/report-class.ts";
import { findingOf } from "../../core/report-words.ts";
import { type Explanation, SMTP_REPLY } from "./explanation.ts";
import { type OpenedMail, valuesOf } from "./open-mail.ts";
import type { Reading } from "./reading.ts";
import { ABSENCE_SUBJECT, CARRIED_ON, CHALLENGE, DAEMON, DELAY, FAILURE_SUBJECT, FAILURE_TEXT } from "./wordings.ts";

/**
 * @param isReport whether it calls itself a delivery report, of which nothing could be read
 * @param nullSender whether it came from the null sender (RFC 5321 4.5.5)
 */
export function readPlainBounce(
  mail: OpenedMail,
  explanation: Explanation,
  { isReport, nullSender }: { isReport: boolean; nullSender: boolean },
): Reading {
  const { text } = explanation;
  const isDaemon = isFromDaemon(mail);
  const isAnswer = isAutomaticAnswer(mail);
  const carriedOn = CARRIED_ON.test(mail.subject);
  const finding = findingOf(text);
  const listed = mail.headers.has("x-failed-recipients");
  const subjectSays = !carriedOn && FAILURE_SUBJECT.test(mail.subject);
  const textSays = FAILURE_TEXT.test(text);
  const refuses = SMTP_REPLY.test(text) || enhancedStatus(text) !== null;
  const returns = listed || explanation.returned !== "" || mail.parts.length > 0;
  const delays = DELAY.test(mail.subject) || DELAY.test(text);

  const signs =
    (isReport ? 3 : 0) +
    (isDaemon ? 2 : 0) +
    (nullSender ? 1 : 0) +
    (listed ? 2 : 0) +
    (subjectSays ? 2 : 0) +
    (textSays ? 2 : 0) +
    (refuses ? 1 : 0) +
    (finding !== null ? 1 : 0) +
    (returns ? 1 : 0) -
    (carriedOn && !isDaemon ? 2 : 0) -
    (isAnswer ? 3 : 0) -
    (CHALLENGE.test(text) && !refuses ? 4 : 0);
  const needed = signsNeeded({ isDaemon: isDaemon || isReport, nobody: nullSender || isUnattended(mail), returns });
  if (signs >= needed && (listed || subjectSays || textSays || refuses || delays || finding === "no-user")) {
    const status = statusSaid(text);
    const isPermanent = status?.startsWith("5") === true && !DELAY.test(mail.subject);
    return { kind: delays && !isPermanent ? "delayed" : "failed", status, said: "" };
  }
  // What a daemon writes and we cannot read is kept in mind; whoever else writes is alive.
  return { kind: (isDaemon || isReport) && !isAnswer ? "unreadable" : "nothing", status: null, said: "" };
}

/** A person may write of bounces too, but gives nothing back and has an address. */
function signsNeeded(of: { isDaemon: boolean; nobody: boolean; returns: boolean }): number {
  if (of.isDaemon) return 3;
  if (of.nobody) return 4;
  return of.returns ? 5 : Number.POSITIVE_INFINITY;
}

function isFromDaemon(mail: OpenedMail): boolean {
  return [...valuesOf(mail, "from").slice(0, 2), ...valuesOf(mail, "return-path").slice(0, 2)].some((whole) => {
    const value = whole.slice(0, 300);
    const local = /([^\s<>@]{1,64})@/.exec(value)?.[1] ?? "";
    return DAEMON.test(local) || DAEMON.test(value);
  });
}

/** Mobile carriers send their notices from such addresses; people do not. */
function isUnattended(mail: OpenedMail): boolean {
  return valuesOf(mail, "from").some((from) => /\b(?:no|do-?not)[-_.]?reply\b/i.test(from.slice(0, 300)));
}

/** RFC 3834 5, and the headers that were used before it. A bounce is `auto-replied` too, so that alone says nothing. */
function isAutomaticAnswer(mail: OpenedMail): boolean {
  return (
    ABSENCE_SUBJECT.test(mail.subject) ||
    ["x-autoreply", "x-autorespond", "x-auto-reply", "x-autoresponder", "x-mail-autoreply"].some((name) =>
      mail.headers.has(name),
    ) ||
    valuesOf(mail, "precedence").some((value) => /auto_?reply/i.test(value)) ||
    valuesOf(mail, "auto-submitted").some((value) => /vacation/i.test(value)) ||
    valuesOf(mail, "x-apple-action").some((value) => /vacation/i.test(value))
  );
}

/** The enhanced code of a refusal; one right behind an SMTP reply or a `#` before one that merely stands somewhere. */
function statusSaid(text: string): string | null {
  const said = /(?:(?<!\d)[45]\d\d[ -]{1,2}#?|#)([45]\.[0-7]\.\d{1,3})(?![\d]|\.\d)/.exec(text)?.[1];
  if (said !== undefined) return said;
  const anywhere = enhancedStatus(text);
  return anywhere?.startsWith("2") ? null : anywhere;
}
