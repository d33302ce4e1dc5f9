/** Bounces, complaints and replies as the operator looks through them, with what was made of each. */
import { Prisma, type PrismaClient } from "../../prisma/client/client.ts";
import type { Day } from "../core/paper.ts";
import { type ListPage, MOST_WALKED, type Paging, pageOf, wayOf } from "./list-pages.ts";
import type { ReportVia } from "./reports.ts";

export interface ListedReport {
  readonly id: bigint;
  readonly via: ReportVia;
  readonly receivedAt: Date;
  readonly state: "waiting" | "applied";
  /** What came of it, in a word or two. */
  readonly note: string | null;
  /** The reader it is about; null while nobody knows, and where it tells of several. */
  readonly subscriptionId: bigint | null;
  readonly attempts: number;
}

/** What a report was judged to say of one reader. */
export interface ReportVerdict {
  readonly subscriptionId: bigint;
  readonly class: string;
  readonly status: string | null;
  /** What the far end said. */
  readonly text: string;
  readonly verdict: string;
  readonly because: string;
}

export interface WholeReport extends ListedReport {
  readonly appliedAt: Date | null;
  readonly envelopeTo: string | null;
  readonly envelopeFrom: string | null;
  readonly localDay: Day | null;
  readonly deliveryId: bigint | null;
  /** Its first bytes; null once they were dropped. */
  readonly raw: Uint8Array | null;
  /** All that are kept. */
  readonly bytes: number;
  /** How many were not kept. */
  readonly cut: bigint;
  readonly verdicts: readonly ReportVerdict[];
}

/** What is looked for; null: anything. */
export interface WantedReports {
  readonly via: ReportVia | null;
  readonly state: "waiting" | "applied" | null;
  readonly subscriptionId: bigint | null;
}

/** Bytes of a report that are shown. */
const MOST_SHOWN = 256 * 1024;
/** A provider's post tells of hundreds of readers; more are not read at once. */
const MOST_VERDICTS = 500;

export type ReportList = ReturnType<typeof reportList>;

export function reportList(prisma: PrismaClient) {
  return {
    /** The newest first. A page looks at so many rows and no more, and may hold fewer than there is room for. */
    async list(of: WantedReports & Paging<bigint>): Promise<ListPage<ListedReport, bigint>> {
      const { behind, order } = wayOf(of, "newest-first");
      const from = of.place === null ? Prisma.empty : Prisma.sql`AND r.id ${behind} ${of.place.key}`;
      const via = of.via === null ? Prisma.empty : Prisma.sql`AND r.via = ${of.via}`;
      const state = of.state === null ? Prisma.empty : Prisma.sql`AND r.state = ${of.state}`;
      // Those that wait have an index, those of one way in another; the rest is left out row by row.
      const [narrow, rest] = of.state === "waiting" ? [state, via] : [via, state];
      const about =
        of.subscriptionId === null
          ? Prisma.empty
          : Prisma.sql`AND r.id IN (SELECT id FROM reports WHERE subscription_id = ${of.subscriptionId}
              UNION SELECT report_id FROM verdicts WHERE subscription_id = ${of.subscriptionId})`;
      const walk = Prisma.sql`
        SELECT r.id, r.via, r.received_at, r.state, r.note, r.subscription_id, r.attempts FROM reports r
        WHERE true ${narrow} ${about} ${from} ORDER BY r.id ${order} LIMIT ${MOST_WALKED}`;
      const rows = await prisma.$queryRaw<ListedReport[]>`
        SELECT r.id, r.via, r.received_at AS "receivedAt", r.state, r.note, r.subscription_id AS "subscriptionId", r.attempts
        FROM (${walk}) r WHERE true ${rest} ORDER BY r.id ${order} LIMIT ${of.limit + 1}`;
      if (rest === Prisma.empty || rows.length > of.limit) return pageOf(rows, of, ({ id }) => id);
      const [last] = await prisma.$queryRaw<{ id: bigint }[]>`
        SELECT r.id FROM (${walk}) r ORDER BY r.id ${order} OFFSET ${MOST_WALKED - 1} LIMIT 1`;
      return pageOf(rows, of, ({ id }) => id, last?.id ?? null);
    },

    async get(id: bigint): Promise<WholeReport | null> {
      const [row] = await prisma.$queryRaw<Omit<WholeReport, "verdicts">[]>`
        SELECT id, via, received_at AS "receivedAt", state, note, subscription_id AS "subscriptionId", attempts,
          applied_at AS "appliedAt", envelope_to AS "envelopeTo", envelope_from AS "envelopeFrom",
          local_day::text AS "localDay", delivery_id AS "deliveryId", substring(raw FROM 1 FOR ${MOST_SHOWN}::int) AS raw,
          coalesce(octet_length(raw), 0) AS bytes, cut
        FROM reports WHERE id = ${id}`;
      if (!row) return null;
      const verdicts = await prisma.$queryRaw<ReportVerdict[]>`
        SELECT subscription_id AS "subscriptionId", class, status, text, verdict, because FROM verdicts
        WHERE report_id = ${id} ORDER BY id LIMIT ${MOST_VERDICTS}`;
      return { ...row, verdicts };
    },
  };
}
