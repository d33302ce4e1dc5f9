/** What every mail provider's webhook is asked: did you post this, and what does it say? */
import type { MailReport } from "../../core/mail-report.ts";

export type ProviderName = "ses" | "postmark" | "sendgrid" | "mailgun";

/** A request as it came in. */
export interface Posted {
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly rawBody: Buffer;
  readonly now: Date;
}

export type Authentic =
  /** `eventKey` names what was posted, however often it is posted; null: it was seen to, and there is nothing to keep. */
  | { readonly ok: true; readonly eventKey: string | null }
  /** `why` is for the operator's log: nothing of what was posted stands in it. */
  | { readonly ok: false; readonly why: string };

export interface Provider {
  /** Null, or why not even the body has to be read: what stands in the headers alone. */
  objection(posted: Omit<Posted, "rawBody">): string | null;
  /**
   * @throws {Temporary} when it cannot be told now
   */
  authentic(posted: Posted): Promise<Authentic>;
  translate: Translate;
}

/** One event of a post: a SendGrid post holds many, the others one. */
export interface Translated {
  readonly report: MailReport;
  /** The provider's own name for it: the same whenever and however it is told. */
  readonly eventId: string;
  /** When it happened, if the provider says. */
  readonly at: Date | null;
}

/**
 * What was posted, as reports. Empty when it is of a kind that says nothing of an address: delivered, opened, clicked. What
 * is of a kind we do not know is `nothing`, and what cannot be read at all `unreadable`. Never throws.
 */
export type Translate = (rawBody: Uint8Array) => readonly Translated[];

/** `signature` and the like: what was posted is not by whom it should be. */
export function refused(why: string): Authentic {
  return { ok: false, why };
}
