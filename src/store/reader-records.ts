/** Everything held on one reader, read in pages: what their account page shows and their export holds. */
import { Prisma, type PrismaClient } from "../../prisma/client/client.ts";
import type { DeliveryState } from "../core/delivery.ts";
import type { Day } from "../core/paper.ts";
import type { Preferences } from "../core/subscription.ts";
import type { SubscriptionId } from "./subscriptions.ts";
import { isFailure } from "./suspensions.ts";

/** Dates in a reader's row that only they ask for, and why nothing is sent to them. */
export interface ReaderStanding {
  readonly addressKey: string;
  readonly createdAt: Date;
  readonly confirmedAt: Date | null;
  readonly endedBecause: string | null;
  /** When they were told last that nothing had matched for a month. */
  readonly toldQuietAt: Date | null;
  /** When one mail is tried, where mails came back; null: not by itself. */
  readonly tryAgainAt: Date | null;
  /** An address we do not write to; with the times it was one before. */
  readonly suppression: {
    readonly because: string;
    readonly at: Date;
    readonly note: string | null;
    readonly liftedAt: Date | null;
    readonly liftedNote: string | null;
  } | null;
}

/** One change of a subscription; of a request that was confirmed, with how it was made. */
export interface ChangeRecord {
  readonly version: number;
  readonly what: string;
  readonly via: string;
  readonly at: Date;
  readonly requestId: bigint | null;
  /** From then on; null for those of a life that was erased. */
  readonly preferences: Preferences | null;
}

export interface RequestRecord {
  readonly id: bigint;
  readonly kind: string;
  readonly askedBy: string;
  readonly page: string | null;
  readonly textVersion: string | null;
  readonly askedIpKey: string | null;
  /** Of an import: when or how consent was given, as the list said. */
  readonly consent: string | null;
  readonly askedAt: Date;
  readonly state: string;
  readonly answer: string | null;
  readonly answeredAt: Date | null;
  readonly confirmedAt: Date | null;
  /** What was asked for, until it is forgotten. */
  readonly wanted: Preferences | null;
}

export interface DeliveryRecord {
  readonly localDay: Day;
  readonly id: bigint;
  readonly editionDate: Day;
  readonly isWelcome: boolean;
  readonly state: DeliveryState;
  readonly reason: string | null;
  readonly dueAt: Date;
  readonly endedAt: Date | null;
  /** What the mail server said last, without addresses. */
  readonly answer: string | null;
  readonly attempts: number;
  /** In the order of the mail, under the ids they have now. */
  readonly papers: readonly { readonly id: string; readonly title: string }[];
}

/** Something that came back from a mail to them, and what was made of it. */
export interface VerdictRecord {
  readonly id: bigint;
  readonly at: Date;
  /** What came in it, such as `hard`, and the far end's own code and words. */
  readonly class: string;
  readonly status: string | null;
  readonly text: string;
  readonly via: string;
  readonly verdict: string;
  readonly because: string;
}

/** A mail that came back: when it had been sent, and what the far end said. */
export interface CameBack {
  readonly at: Date;
  /** core/report-class.ts. */
  readonly class: string;
  readonly status: string | null;
  readonly text: string;
}

/** A report as it came in; its bytes are read one by one. */
export interface ReportRecord {
  readonly id: bigint;
  readonly via: string;
  readonly receivedAt: Date;
  readonly state: string;
  readonly note: string | null;
}

/** Where a page of deliveries begins: those before this one, newest first. */
export interface DeliveryCursor {
  readonly localDay: Day;
  readonly id: bigint;
}

export type ReaderRecords = ReturnType<typeof readerRecords>;

export function readerRecords(prisma: PrismaClient) {
  return {
    async standing(id: SubscriptionId): Promise<ReaderStanding | null> {
      const [row] = await prisma.$queryRaw<StandingRow[]>`
        SELECT s.address_key AS "addressKey", s.created_at AS "createdAt", s.confirmed_at AS "confirmedAt",
          s.ended_because AS "endedBecause", s.told_quiet_at AS "toldQuietAt", s.try_again_at AS "tryAgainAt", x.because, x.at, x.note, x.lifted_at AS "liftedAt", x.lifted_note AS "liftedNote"
        FROM subscriptions s LEFT JOIN suppressions x USING (address_key) WHERE s.id = ${id}`;
      if (!row) return null;
      const { because, at, note, liftedAt, liftedNote, ...standing } = row;
      return {
        ...standing,
        suppression: because !== null && at !== null ? { because, at, note, liftedAt, liftedNote } : null,
      };
    },

    /** Oldest first, those after a version. */
    changes: (id: SubscriptionId, afterVersion: number, limit: number): Promise<ChangeRecord[]> => prisma.$queryRaw`
      SELECT version, what, via, at, request_id AS "requestId", nullif(preferences, '{}'::jsonb) AS preferences
      FROM subscription_changes WHERE subscription_id = ${id} AND version > ${afterVersion} ORDER BY version LIMIT ${limit}`,

    /** Oldest first, those after an id. */
    requests: (addressKey: string, afterId: bigint, limit: number): Promise<RequestRecord[]> => prisma.$queryRaw`
      SELECT id, kind, asked_by AS "askedBy", page, text_version AS "textVersion", asked_ip_key AS "askedIpKey", consent,
        asked_at AS "askedAt", state, answer, answered_at AS "answeredAt", confirmed_at AS "confirmedAt",
        nullif(wanted, '{}'::jsonb) AS wanted
      FROM requests WHERE address_key = ${addressKey} AND id > ${afterId} ORDER BY id LIMIT ${limit}`,

    /** The last times that mails to them came back, newest first. */
    cameBack: (id: SubscriptionId): Promise<CameBack[]> => prisma.$queryRaw`
      SELECT mail_at AS at, class, status, text FROM verdicts WHERE subscription_id = ${id} AND ${isFailure} ORDER BY verdicts.at DESC LIMIT 5`,

    /** Oldest first, those after an id. */
    verdicts: (id: SubscriptionId, afterId: bigint, limit: number): Promise<VerdictRecord[]> => prisma.$queryRaw`
      SELECT id, at, class, status, text, via, verdict, because FROM verdicts
      WHERE subscription_id = ${id} AND id > ${afterId} ORDER BY id LIMIT ${limit}`,

    /** Oldest first, those after an id. */
    reports: (id: SubscriptionId, afterId: bigint, limit: number): Promise<ReportRecord[]> => prisma.$queryRaw`
      SELECT id, via, received_at AS "receivedAt", state, note FROM reports
      WHERE subscription_id = ${id} AND id > ${afterId} ORDER BY id LIMIT ${limit}`,

    /** The bytes of a report on them in base64; null once they are dropped, and where they tell of other readers too. */
    async reportBytes(id: SubscriptionId, reportId: bigint): Promise<string | null> {
      const [row] = await prisma.$queryRaw<{ raw: Uint8Array | null }[]>`
        SELECT raw FROM reports WHERE id = ${reportId} AND subscription_id = ${id}
          AND NOT EXISTS (SELECT FROM verdicts WHERE report_id = ${reportId} AND subscription_id <> ${id})`;
      return row?.raw ? Buffer.from(row.raw).toString("base64") : null;
    },

    /**
     * Newest first, those before a cursor.
     *
     * Three arms, because each has an index of its own: what has papers, what ended without, and the one under way.
     */
    async deliveries(id: SubscriptionId, before: DeliveryCursor | null, limit: number): Promise<DeliveryRecord[]> {
      const older = before
        ? Prisma.sql`AND (d.local_day, d.id) < (${before.localDay}::date, ${before.id}::bigint)`
        : Prisma.empty;
      const page = Prisma.sql`ORDER BY d.local_day DESC, d.id DESC LIMIT ${limit}`;
      const rows = await prisma.$queryRaw<DeliveryRecord[]>`
        WITH theirs AS (
          (SELECT d.* FROM deliveries d WHERE d.subscription_id = ${id} AND d.paper_ids IS NOT NULL ${older} ${page})
          UNION ALL
          (SELECT d.* FROM deliveries d WHERE d.subscription_id = ${id} AND d.paper_ids IS NULL AND d.next_try_at IS NULL
            AND d.claim_until IS NULL ${older} ${page})
          UNION ALL
          (SELECT d.* FROM subscription_clocks c JOIN deliveries d ON d.local_day = c.last_local_day AND d.id = c.last_delivery
            WHERE c.subscription_id = ${id} AND d.paper_ids IS NULL
              AND (d.next_try_at IS NOT NULL OR d.claim_until IS NOT NULL) ${older})
        ), page AS (SELECT d.* FROM theirs d ${page})
        SELECT d.local_day::text AS "localDay", d.id, d.edition_date::text AS "editionDate", d.is_welcome AS "isWelcome", d.state,
          d.reason, d.due_at AS "dueAt", d.ended_at AS "endedAt", d.answer, d.attempts,
          coalesce((SELECT jsonb_agg(jsonb_build_object('id', p.public_id, 'title', p.title) ORDER BY sent.place)
            FROM unnest(d.paper_ids) WITH ORDINALITY AS sent(paper_id, place)
            JOIN papers o ON o.id = sent.paper_id JOIN papers p ON p.id = coalesce(o.merged_into, o.id)), '[]') AS papers
        FROM page d ORDER BY d.local_day DESC, d.id DESC`;
      return rows;
    },
  };
}

interface StandingRow extends Omit<ReaderStanding, "suppression"> {
  because: string | null;
  at: Date | null;
  note: string | null;
  liftedAt: Date | null;
  liftedNote: string | null;
}
