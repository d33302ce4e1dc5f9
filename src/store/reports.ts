/** Reports as they came in: kept before whoever brought them is answered, and applied once. */
import { Prisma, type PrismaClient } from "../../prisma/client/client.ts";
import type { Day } from "../core/paper.ts";

/** Who brought a report. `smtp-answer`: the SMTP server that refused a digest. */
export type ReportVia = ProviderVia | "raw" | "smtp" | "smtp-answer";
/** These prove who they are (http/reports.ts), so what they say of ids is believed. */
export type ProviderVia = "ses" | "postmark" | "sendgrid" | "mailgun";

export interface NewReport {
  readonly via: Exclude<ReportVia, "smtp-answer">;
  readonly raw: Uint8Array;
  /** How many bytes of it were not kept. */
  readonly cut: number;
  readonly eventKey: string | null;
  readonly envelopeTo: string | null;
  readonly envelopeFrom: string | null;
}

/** A report that whoever took it may read now. */
export interface WaitingReport {
  readonly id: bigint;
  readonly via: ReportVia;
  /** Null when its bytes were dropped before anybody could read them. */
  readonly raw: Uint8Array | null;
  readonly envelopeTo: string | null;
  readonly envelopeFrom: string | null;
  readonly receivedAt: Date;
  /** Times it was taken, with this one. */
  readonly attempts: number;
  /** Whose delivery the server refused. */
  readonly refused: ReportedDelivery | null;
}

export interface ReportedDelivery {
  readonly subscriptionId: bigint;
  readonly localDay: Day;
  readonly deliveryId: bigint;
}

/** The mail a provider speaks of is at most as old as a return address is live (core/return-address.ts). */
const LOOK_BACK_DAYS = 14;
/**
 * Letters of the shortest id a provider gives. What is shorter is the queue id of a mail server, which it may give out again
 * within days. "deliveries_server_id" holds the long ones alone.
 */
const SERVER_ID_LETTERS = 20;

export type Reports = ReturnType<typeof reports>;

export function reports(prisma: PrismaClient) {
  return {
    /** Committed when it resolves. @returns null when this event was kept before */
    async keep({ via, raw, cut, eventKey, envelopeTo, envelopeFrom }: NewReport): Promise<bigint | null> {
      const [row] = await prisma.$queryRaw<{ id: bigint }[]>`
        INSERT INTO reports (via, raw, cut, event_key, envelope_to, envelope_from)
        VALUES (${via}, ${raw}, ${BigInt(cut)}, ${eventKey}, ${envelopeTo}, ${envelopeFrom})
        ON CONFLICT (via, event_key) DO NOTHING RETURNING id`;
      return row?.id ?? null;
    },

    /**
     * Takes a report to read it; whoever does not manage leaves it to the next, a minute later, and the longer it has waited
     * the later, but once a day.
     *
     * @returns null when it was applied, is not due yet, or another worker has it
     */
    async take(id: bigint): Promise<WaitingReport | null> {
      const [row] = await prisma.$queryRaw<TakenRow[]>`
        UPDATE reports SET attempts = attempts + 1, not_before = paperboy_now()
          + least(greatest((paperboy_now() - received_at) / 2, interval '1 minute'), interval '1 day')
        WHERE id = ${id} AND state = 'waiting' AND not_before <= paperboy_now()
        RETURNING *, local_day::text AS refused_day`;
      return row ? fromRow(row) : null;
    },

    /** Reports that wait since before their doorbell could have been lost, at most `limit`, oldest first. */
    overdue: (limit: number): Promise<{ id: bigint }[]> => prisma.$queryRaw`
      SELECT id FROM reports WHERE state = 'waiting' AND not_before <= paperboy_now() - interval '20 seconds'
      ORDER BY not_before LIMIT ${limit}`,

    /** A delivery that was sent, by what our Message-ID says of it. */
    async sentDelivery(localDay: Day, deliveryId: bigint): Promise<ReportedDelivery | null> {
      return sent(Prisma.sql`d.local_day = ${localDay}::date AND d.id = ${deliveryId}
        AND d.local_day >= paperboy_now()::date - ${LOOK_BACK_DAYS}::int`);
    },

    /** A delivery that was sent, by the id the server gave it. */
    async acceptedAs(serverId: string): Promise<ReportedDelivery | null> {
      if (serverId.length < SERVER_ID_LETTERS) return null;
      return sent(Prisma.sql`d.server_id = ${serverId} AND length(d.server_id) >= ${Prisma.raw(String(SERVER_ID_LETTERS))}
        AND d.local_day >= paperboy_now()::date - ${LOOK_BACK_DAYS}::int`);
    },
  };

  async function sent(where: Prisma.Sql): Promise<ReportedDelivery | null> {
    const [row] = await prisma.$queryRaw<ReportedDelivery[]>`
      SELECT d.subscription_id AS "subscriptionId", d.local_day::text AS "localDay", d.id AS "deliveryId" FROM deliveries d
      WHERE ${where} AND d.state IN ('accepted', 'uncertain', 'refused') LIMIT 1`;
    return row ?? null;
  }
}

interface TakenRow {
  id: bigint;
  via: ReportVia;
  raw: Uint8Array | null;
  envelope_to: string | null;
  envelope_from: string | null;
  received_at: Date;
  attempts: number;
  subscription_id: bigint | null;
  refused_day: Day | null;
  delivery_id: bigint | null;
}

function fromRow(row: TakenRow): WaitingReport {
  const { subscription_id: subscriptionId, refused_day: localDay, delivery_id: deliveryId } = row;
  const isRefusal = subscriptionId !== null && localDay !== null && deliveryId !== null;
  return {
    id: row.id,
    via: row.via,
    raw: row.raw,
    envelopeTo: row.envelope_to,
    envelopeFrom: row.envelope_from,
    receivedAt: row.received_at,
    attempts: row.attempts,
    refused: isRefusal ? { subscriptionId, localDay, deliveryId } : null,
  };
}
