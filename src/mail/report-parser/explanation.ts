/** The words of a report that are its own: without the mail it returns, what counts first. */
import { enhancedStatus } from "../../core/report-class.ts";

/** Room for every notice we have seen; searched by many patterns. */
const LONGEST_EXPLANATION = 8_000;

export interface Explanation {
  readonly text: string;
  /** Head of the returned mail where it stands in the text; empty where it does not. */
  readonly returned: string;
}

/** Cuts a text where the returned mail begins, and drops what a person quoted. */
export function explanationOf(text: string): Explanation {
  const start = text.search(RETURNED);
  const own = start === -1 ? text : text.slice(0, start);
  return {
    text: own
      .replace(/^>(?!>> ).*$/gm, "")
      .slice(0, LONGEST_EXPLANATION)
      .trim(),
    returned: start === -1 ? "" : text.slice(start, start + LONGEST_EXPLANATION),
  };
}

/** Lines that announce the returned mail, and its first headers where nothing announces it. */
const RETURNED = new RegExp(
  [
    "^[-=_* ]{0,40}(?:(?:here is|this is|below is|below this line is|included is|following is) (?:a|the) copy of|(?:an? |the )?(?:headers?|text|body|contents?|copy) of (?:the |your )?(?:original|message|e-?mail))",
    String.raw`^[-=_* ]{0,40}(?:the |your )?(?:(?:original|returned|undelivered|unsent|rejected) (?:e-?mail|mail|message|headers?)(?: headers?)?|message headers?)(?: text| contents?)?(?: follows?| included| attached| below| reads)?[-=_*:. \t\r]{0,60}$`,
    "^[-=_* ]{0,40}(?:ursprüngliche nachricht|message d'origine|message original|mensaje original|mensagem original|messaggio originale|oorspronkelijk bericht|исходное (?:сообщение|письмо)|元のメール|原始邮件|原始郵件|원본 메시지)",
    String.raw`^(?:received|return-path|dkim-signature|arc-seal|authentication-results):[ \t]\S`,
  ].join("|"),
  "imu",
);

/** An explanation's paragraphs in the order of their worth: an answer of a server, an address, the rest. */
export function saidFirst(explanation: string): string {
  const paragraphs = explanation.split(/\n[ \t\r]*\n/).map((paragraph) => paragraph.replace(/\s+/g, " ").trim());
  return paragraphs
    .filter(Boolean)
    .map((paragraph) => ({ paragraph, worth: worthOf(paragraph) }))
    .sort((one, other) => other.worth - one.worth)
    .map(({ paragraph }) => paragraph)
    .join(" ");
}

function worthOf(paragraph: string): number {
  if (SMTP_REPLY.test(paragraph) || enhancedStatus(paragraph) !== null) return 2;
  return /[^\s@<]@[^\s@>]/.test(paragraph) ? 1 : 0;
}

/** A refusal as SMTP words it (RFC 5321 4.2): `550 no such user`, `<<< 452-4.2.2 full`. */
export const SMTP_REPLY = /(?<![\w.:/#-])[45][0-5]\d(?:[ -]|\s*:\s)(?=\D{0,3}[A-Za-z<#'45])/;
