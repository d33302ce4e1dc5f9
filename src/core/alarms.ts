/** What can be wrong, and when the operator is written to about it. */

/** Every kind of incident; what each is called in a mail stands under `mail.alarm.what`. */
export const INCIDENT_KINDS = [
  "smtp-auth",
  "smtp-tls",
  "smtp-down",
  "certificate",
  "refusals",
  "refusal-rate",
  "complaints",
  "complaints-high",
  "mail-blamed",
  "edition-late",
  "edition-broken",
  "source-failing",
  "source-small",
  "workers-silent",
  "partitions",
  "disk",
  "disk-full",
  "journal",
  "clock",
  "restored",
] as const;
export type IncidentKind = (typeof INCIDENT_KINDS)[number];

/** What happened at one instant: nobody waits to hear that it is over. */
export const EVENTS: readonly IncidentKind[] = ["restored", "clock"];

/** When alarms are mailed. */
export const TELLING = {
  /** Of one kind; what comes beyond waits, and goes together in one mail. */
  mailsAnHour: 4,
  /** Over before anybody was told, and as short as this: not worth a mail. */
  shortMs: 60_000,
  /** Over before anybody was told, and as long ago as this (no ALERT_TO, no mail server): nobody is told any more. */
  staleMs: 24 * 60 * 60_000,
  /** Whoever tells has so long before another may; a mail to one address takes a minute and a half at the slowest. */
  leaseMs: 5 * 60_000,
} as const;

/** What a mail says of an incident: that it began, that it is over, or both at once. */
export type Stage = "begun" | "over" | "both";

/** An incident that is to be told, as its row remembers it. */
export interface Untold {
  readonly id: bigint;
  readonly kind: IncidentKind;
  readonly subject: string;
  readonly words: string;
  readonly beganAt: Date;
  readonly endedAt: Date | null;
  readonly toldAt: Date | null;
  /** Addresses that were told of this stage already. */
  readonly toldTo: readonly string[];
}

/** Whoever heard that it began is owed the end: once one address was told, the others are told the same. */
export function stageOf({ endedAt, toldAt, toldTo }: Pick<Untold, "endedAt" | "toldAt" | "toldTo">): Stage {
  if (toldAt !== null) return "over";
  return endedAt !== null && toldTo.length === 0 ? "both" : "begun";
}
