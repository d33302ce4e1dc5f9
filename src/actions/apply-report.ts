import { inertLine } from "../core/inert.ts";
import { NO_KEYS, type ReportKeys } from "../core/mail-report.ts";
import { classOf, HISTORY_DAYS, judge, namesNoUser } from "../core/reports.ts";
import type { Named, ReturnAddresses } from "../core/return-address.ts";
import type { readReport, Told } from "../mail/read-report.ts";
import { counted } from "../metrics.ts";
import type { Incidents } from "../store/incidents.ts";
import type { Journal } from "../store/journal.ts";
import type { ReportedDelivery, Reports, ReportVia, WaitingReport } from "../store/reports.ts";
import type { Applied, LetterEvent, ReaderEvent, Verdicts } from "../store/verdicts.ts";

export type Needs = {
  reports: Pick<Reports, "take" | "sentDelivery" | "acceptedAs">;
  verdicts: Pick<Verdicts, "apply">;
  returnAddresses: Pick<ReturnAddresses, "open">;
  readReport: typeof readReport;
  /** The delivery that a Message-ID of ours names. */
  deliveryNamed: (messageId: string) => Pick<ReportedDelivery, "localDay" | "deliveryId"> | null;
  journal: Pick<Journal, "append">;
  incidents: Pick<Incidents, "raise">;
};

/** A report that is about somebody: what it says, and of whom. */
type About = { readonly told: Told; readonly whom: Named };

/** Of a MailReport. */
const TEXT_LETTERS = 1_000;
/** Providers prove who they are before a report of theirs is kept, so their ids are believed; a mail may say anything. */
const BELIEVED: ReadonlySet<ReportVia> = new Set(["ses", "postmark", "sendgrid", "mailgun"]);

/**
 * Reads a report that was kept, finds whom it is about, judges it and does what follows: once, however often it is rung for.
 *
 * @returns what became of each thing it says; null when it was applied before, or somebody else has it
 */
export async function applyReport(needs: Needs, id: bigint): Promise<readonly Applied[] | null> {
  const report = await needs.reports.take(id);
  if (!report) return null;
  const told = await read(needs, report);
  const about: About[] = [];
  for (const each of told) {
    const whom = await find(needs, report, each.report.keys);
    if (whom) about.push({ told: each, whom });
  }
  const events = about.flatMap((each) => readerEvent(report.via, each) ?? []);
  const letters = about.flatMap((each) => letterEvent(each) ?? []);
  const others = told.length - events.length - letters.length;
  const outcomes = await needs.verdicts.apply(
    { id, via: report.via, events, letters, others, note: noteOf(report, told) },
    {
      ...{ judge, historyDays: HISTORY_DAYS },
      journal: async (entries) => void (await Promise.all(entries.map((entry) => needs.journal.append(entry)))),
    },
  );
  if (outcomes) for (const event of [...events, ...letters]) counted.reports.inc({ class: event.class });
  for (const verdict of outcomes ?? []) counted.verdicts.inc({ verdict });
  if (outcomes?.includes("alarm"))
    await needs.incidents.raise(
      "mail-blamed",
      "mail",
      `Mail comes back that is refused for what it is or where it comes from, not for its reader: report ${id} says why. See whether our server is on a block list, and that SPF, DKIM and DMARC pass.`,
    );
  return outcomes;
}

async function read(needs: Needs, { via, raw, refused, ...report }: WaitingReport): Promise<readonly Told[]> {
  if (raw === null) return [];
  if (via !== "smtp-answer") return needs.readReport(via, raw, { to: report.envelopeTo, from: report.envelopeFrom });
  const text = inertLine(Buffer.from(raw).toString("utf8"), TEXT_LETTERS);
  const [, status = null] = /^\d{3}[ -](\d\.\d{1,3}\.\d{1,3})\b/.exec(text) ?? [];
  return refused ? [{ report: { kind: "failed", status, text, lasting: null, keys: NO_KEYS }, eventId: null }] : [];
}

/** A live token of ours first; else, from providers alone, our Message-ID or the id the server gave. Never an address. */
async function find(needs: Needs, report: WaitingReport, keys: ReportKeys): Promise<Named | null> {
  if (report.refused) return { kind: "delivery", ...report.refused };
  const texts = [...(report.envelopeTo ? [report.envelopeTo] : []), ...keys.returnAddresses];
  // Live when it came: a report does not become void by waiting.
  const named = texts.flatMap((text) => needs.returnAddresses.open(text, report.receivedAt) ?? []);
  const best = named.find(({ kind }) => kind !== "leave") ?? named[0];
  if (best) return best;
  if (!BELIEVED.has(report.via)) return null;
  for (const messageId of keys.messageIds) {
    const ours = needs.deliveryNamed(messageId);
    const sent = ours && (await needs.reports.sentDelivery(ours.localDay, ours.deliveryId));
    if (sent) return { kind: "delivery", ...sent };
  }
  for (const serverId of keys.serverIds) {
    const sent = await needs.reports.acceptedAs(serverId);
    if (sent) return { kind: "delivery", ...sent };
  }
  return null;
}

function readerEvent(via: ReportVia, { told: { report, eventId }, whom }: About): ReaderEvent | null {
  if (whom.kind === "letter") return null;
  const found = classOf(report);
  // Whoever was forwarded a mail has the address to leave by, which lives for ever: only a provider is believed by it.
  if (whom.kind === "leave" && !(BELIEVED.has(via) && (found === "complaint" || found === "left"))) return null;
  return {
    ...{ subscriptionId: whom.subscriptionId, deliveryId: whom.deliveryId, eventId },
    localDay: whom.kind === "delivery" ? whom.localDay : null,
    ...{ class: found, namesNoUser: namesNoUser(report), status: report.status, text: report.text },
  };
}

function letterEvent({ told: { report }, whom }: About): LetterEvent | null {
  return whom.kind === "letter" ? { requestId: whom.requestId, class: classOf(report) } : null;
}

/** What to note when nothing of it is judged. */
function noteOf({ raw }: WaitingReport, told: readonly Told[]): string {
  if (raw === null) return "dropped before it could be read";
  return told.length === 0 ? "says nothing" : "no token";
}
