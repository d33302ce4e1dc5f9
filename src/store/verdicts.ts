/** What reports were judged to say of readers. A report is applied in one transaction: all that follows from it, or nothing. */
import { Prisma, type PrismaClient } from "../../prisma/client/client.ts";
import type { Day } from "../core/paper.ts";
import type { ClassedReport, Judgement, ReportClass, ReportedReader, Verdict } from "../core/reports.ts";
import type { SubscriptionState } from "../core/subscription.ts";
import { forgetErased } from "./erasure.ts";
import type { JournalEntry } from "./journal.ts";
import type { ReportVia } from "./reports.ts";
import { endIn } from "./subscription-moves.ts";
import { suppressIn } from "./suppressions.ts";
import { isFailure, suspendIn } from "./suspensions.ts";

type Sql = Prisma.TransactionClient;

/** One thing a report says of one reader. */
export interface ReaderEvent {
  readonly subscriptionId: bigint;
  /** The delivery it is about, where that is known. */
  readonly localDay: Day | null;
  readonly deliveryId: bigint | null;
  readonly class: ReportClass;
  readonly namesNoUser: boolean;
  readonly status: string | null;
  readonly text: string;
  /** The provider's own name for it: it counts once, in whatever report it comes. */
  readonly eventId: string | null;
}

/** One thing a report says of a letter: the mail that answered a request. */
export interface LetterEvent {
  readonly requestId: bigint;
  readonly class: ReportClass;
}

/** A report that was read. */
export interface ReadReport {
  readonly id: bigint;
  readonly via: ReportVia;
  readonly events: readonly ReaderEvent[];
  readonly letters: readonly LetterEvent[];
  /** How many things it says besides, of whoever was not found. */
  readonly others: number;
  /** Says what became of the report when no event of it is judged. */
  readonly note: string;
}

/** What became of one event. `known`: it was judged before. `unknown-reader`: nobody of that number is here. */
export type Applied = Verdict | "known" | "unknown-reader" | "declined";

export interface Rules {
  /** Core's rule, and how far back it looks. */
  readonly judge: (reader: ReportedReader) => Judgement;
  readonly historyDays: number;
  /** Keeps outside the database what a restored one must not forget: before the commit, so that nothing is left out. */
  readonly journal: (entries: readonly JournalEntry[]) => Promise<void>;
}

/** A SendGrid post holds hundreds of events. */
const TIMEOUT = { timeout: 120_000, maxWait: 30_000 };
/** Reports on one reader that are looked at: a mail loop brings thousands, and more of them tell no more. */
const MOST_REPORTS = 500;

export type Verdicts = ReturnType<typeof verdicts>;

export function verdicts(prisma: PrismaClient) {
  return {
    /**
     * Applies a report, once: judges each event with what is known of its reader, does what follows, and writes both down.
     *
     * @returns what became of each event, or null when it was applied before
     */
    apply: (report: ReadReport, { judge, historyDays, journal }: Rules): Promise<Applied[] | null> =>
      prisma.$transaction(async (sql) => {
        const [applied] = await sql.$queryRaw<{ at: Date; now: Date }[]>`
          UPDATE reports SET state = 'applied', applied_at = paperboy_now(), note = ${report.note}
          WHERE id = ${report.id} AND state = 'waiting' RETURNING received_at AS at, paperboy_now() AS now`;
        if (!applied) return null;
        const { at, now } = applied;
        const outcomes: Applied[] = [];
        const lines: JournalEntry[] = [];
        // In the order of readers: two reports about the same ones wait for each other instead of both for both.
        for (const event of report.events.toSorted(bySubscription)) {
          const known = await look(sql, report, event, at, historyDays);
          if (typeof known === "string") {
            outcomes.push(known);
            continue;
          }
          const judgement = judgeEvent(known, event, { at, now, judge });
          lines.push(...(await follow(sql, known, judgement, now)));
          await remember(sql, report, event, known, judgement, at);
          outcomes.push(judgement.verdict);
        }
        for (const letter of report.letters) outcomes.push(await declineLetter(sql, letter, now, lines));
        if (lines.length > 0) await journal(lines);
        if (outcomes.length > 0) await note(sql, report, outcomes);
        await forgetErased(sql, report);
        return outcomes;
      }, TIMEOUT),
  };
}

function bySubscription(a: ReaderEvent, b: ReaderEvent): number {
  return a.subscriptionId < b.subscriptionId ? -1 : a.subscriptionId > b.subscriptionId ? 1 : 0;
}

/** A reader whose row is locked, with the history of this life: who confirmed anew begins anew. */
interface KnownReader {
  readonly id: bigint;
  readonly addressKey: string;
  readonly isErased: boolean;
  readonly state: SubscriptionState;
  readonly confirmedAt: Date;
  readonly suspendedAt: Date | null;
  readonly mailAt: Date;
  readonly reports: readonly ClassedReport[];
  readonly accepted: readonly Date[];
}

async function look(
  sql: Sql,
  { via }: ReadReport,
  { subscriptionId, localDay, deliveryId, eventId }: ReaderEvent,
  at: Date,
  historyDays: number,
): Promise<KnownReader | "known" | "unknown-reader"> {
  const [reader] = await sql.$queryRaw<Omit<KnownReader, "mailAt" | "reports" | "accepted">[]>`
    SELECT id, address_key AS "addressKey", email IS NULL AS "isErased", state, coalesce(confirmed_at, created_at) AS "confirmedAt",
      suspended_at AS "suspendedAt"
    FROM subscriptions WHERE id = ${subscriptionId} FOR UPDATE`;
  if (!reader) return "unknown-reader";
  const since = Prisma.sql`greatest(${reader.confirmedAt}::timestamptz, paperboy_now() - ${historyDays}::int * interval '1 day')`;
  const [mail] = await sql.$queryRaw<{ isKnown: boolean; mailAt: Date | null; accepted: Date[] }[]>`
    SELECT EXISTS (SELECT FROM verdicts WHERE via = ${via} AND event_id = ${eventId}) AS "isKnown",
      (SELECT ended_at FROM deliveries d WHERE d.local_day = ${localDay}::date AND d.id = ${deliveryId}::bigint
        AND d.subscription_id = ${subscriptionId} AND d.state IN ('accepted', 'uncertain', 'refused')) AS "mailAt",
      ARRAY(SELECT d.ended_at FROM deliveries d WHERE d.subscription_id = ${subscriptionId} AND d.paper_ids IS NOT NULL
        AND d.local_day >= (${since})::date - 1 AND d.state = 'accepted' AND d.ended_at >= ${since}
        AND (d.local_day, d.id) IS DISTINCT FROM (${localDay}::date, ${deliveryId}::bigint)
        AND NOT EXISTS (SELECT FROM verdicts v WHERE v.subscription_id = d.subscription_id AND v.local_day = d.local_day
          AND v.delivery_id = d.id AND ${isFailure})) AS accepted`;
  if (mail!.isKnown) return "known";
  const reports = await sql.$queryRaw<ClassedReport[]>`
    SELECT class, names_no_user AS "namesNoUser", at, mail_at AS "mailAt" FROM verdicts
    WHERE subscription_id = ${subscriptionId} AND at >= ${since} AND mail_at >= ${reader.confirmedAt}
    ORDER BY at DESC, id DESC LIMIT ${MOST_REPORTS}`;
  // A report cannot be older than the mail it is about: a clock has gone back in between.
  const mailAt = mail!.mailAt === null || mail!.mailAt > at ? at : mail!.mailAt;
  return { ...reader, mailAt, accepted: mail!.accepted, reports: reports.reverse() };
}

function judgeEvent(
  { mailAt, confirmedAt, state, suspendedAt, reports, accepted }: KnownReader,
  event: ReaderEvent,
  { at, now, judge }: { at: Date; now: Date; judge: Rules["judge"] },
): Judgement {
  const failed = event.class !== "complaint" && event.class !== "left";
  // The reader has confirmed since that mail, which shows more than its bounce does.
  if (failed && mailAt < confirmedAt) return { verdict: "count", because: event.class, tryAgainAt: null };
  const newest: ClassedReport = { class: event.class, namesNoUser: event.namesNoUser, at, mailAt };
  return judge({ now, reports: [...reports, newest], accepted, state, suspendedAt });
}

/** @returns what the journal is to keep of it */
async function follow(
  sql: Sql,
  { id, addressKey }: { readonly id: bigint | null; readonly addressKey: string },
  { verdict, because, tryAgainAt }: Judgement,
  now: Date,
): Promise<JournalEntry[]> {
  const at = now.toISOString();
  const ended = (why: string, who: bigint) =>
    ({ what: "ended", subscriptionId: String(who), because: why, at }) as const;
  const reason = because === "complaint" ? "complaint" : "bounces";
  if (id === null && verdict !== "suppress") return [];
  switch (verdict) {
    case "suspend":
      await suspendIn(sql, id!, because, tryAgainAt!);
      return [];
    case "suppress": {
      // Lifting the suppression alone brings nobody back: who complained has left, whose mail bounced confirms anew.
      const isEnded = id !== null && reason === "complaint" && (await endIn(sql, id, reason, "report")) !== null;
      if (id !== null && reason === "bounces") await suspendIn(sql, id, because, null);
      const isNew = await suppressIn(sql, addressKey, reason);
      return [
        ...(isNew ? [{ what: "suppressed", addressKey, because: reason, at } as const] : []),
        ...(isEnded ? [ended(reason, id)] : []),
      ];
    }
    case "end":
      return (await endIn(sql, id!, "bounces", "report")) ? [ended("bounces", id!)] : [];
    case "leave":
      return (await endIn(sql, id!, "reader", "provider")) ? [ended("reader", id!)] : [];
    default:
      return [];
  }
}

/**
 * What says nothing of the reader is not remembered: a provider may tell of each mail that it arrived. Nor are words on one who
 * was erased, which may name the address.
 */
async function remember(
  sql: Sql,
  report: ReadReport,
  event: ReaderEvent,
  { mailAt, isErased }: KnownReader,
  { verdict, because }: Judgement,
  at: Date,
): Promise<void> {
  if (event.class === "nothing") return;
  const { subscriptionId, namesNoUser, status, text, eventId, localDay, deliveryId } = event;
  await sql.$executeRaw`
    INSERT INTO verdicts (subscription_id, at, mail_at, class, names_no_user, status, text, via, event_id, report_id, local_day,
      delivery_id, verdict, because)
    VALUES (${subscriptionId}, ${at}, ${mailAt}, ${event.class}, ${namesNoUser}, ${status}, ${isErased ? "" : text}, ${report.via}, ${eventId},
      ${report.id}, ${localDay}::date, ${deliveryId}, ${verdict}, ${because})`;
}

/**
 * A letter that came back for good, or whose reader left by it, opens nothing any more, and who had confirmed it by then, or was
 * a reader when it was written, has left; one that was called spam keeps us from its address like "never again". One bounce
 * suppresses nobody: the next who asks is answered.
 */
async function declineLetter(
  sql: Sql,
  { requestId, class: found }: LetterEvent,
  now: Date,
  lines: JournalEntry[],
): Promise<Applied> {
  if (found !== "hard" && found !== "complaint" && found !== "left") return "nothing";
  const [request] = await sql.$queryRaw<{ address_key: string; isReaders: boolean }[]>`
    UPDATE requests SET state = CASE WHEN state IN ('waiting', 'answered') THEN 'declined' ELSE state END
    WHERE id = ${requestId} RETURNING address_key, state = 'confirmed' OR kind = 'quiet' AS "isReaders"`;
  if (!request) return "unknown-reader";
  if (found === "hard" || (found === "left" && !request.isReaders)) return "declined";
  const verdict = found === "complaint" ? "suppress" : "leave";
  const [reader] = await sql.$queryRaw<{ id: bigint }[]>`
    SELECT id FROM subscriptions WHERE address_key = ${request.address_key} FOR UPDATE`;
  const whom = { id: reader?.id ?? null, addressKey: request.address_key };
  lines.push(...(await follow(sql, whom, { verdict, because: found, tryAgainAt: null }, now)));
  return verdict;
}

/** What became of it, for the operator, and the reader it is about: none where it tells of more, whom its bytes may name. */
async function note(
  sql: Sql,
  { id, events, letters, others }: ReadReport,
  outcomes: readonly Applied[],
): Promise<void> {
  const counts = new Map<Applied, number>();
  for (const outcome of outcomes) counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  const words = [...counts].map(([outcome, count]) => (count === 1 ? outcome : `${count} × ${outcome}`)).join(", ");
  const isOfOne = others + letters.length === 0 && new Set(events.map((event) => event.subscriptionId)).size === 1;
  const first = isOfOne ? events[0] : null;
  await sql.$executeRaw`
    UPDATE reports SET note = ${words}, subscription_id = coalesce(subscription_id, ${first?.subscriptionId ?? null}::bigint),
      local_day = coalesce(local_day, ${first?.localDay ?? null}::date), delivery_id = coalesce(delivery_id, ${first?.deliveryId ?? null}::bigint)
    WHERE id = ${id}`;
}
