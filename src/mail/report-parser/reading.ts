import type { MailReport, MailReportKind } from "../../core/mail-report.ts";

/** What one way to read a mail made of it. */
export interface Reading {
  readonly kind: MailReportKind;
  readonly status: MailReport["status"];
  /** What the far end said, as it stands; made inert and shortened later. */
  readonly said: string;
}
