/** Incidents that the operator has yet to be told of: the rows say what was told, so that several processes tell it once. */
import type { PrismaClient } from "../../prisma/client/client.ts";
import { EVENTS, TELLING, type Untold } from "../core/alarms.ts";

export type Alarms = ReturnType<typeof alarms>;

export function alarms(prisma: PrismaClient) {
  return {
    /**
     * Takes what is to be told of one kind, oldest kind first, for as long as a lease: in one statement, so that whoever comes
     * second finds nothing. A holder who dies leaves it to the next, who may tell it a second time.
     *
     * @returns none when all was told, or has to wait because of its kind enough was told this hour
     */
    claim: (): Promise<Untold[]> =>
      prisma.$queryRaw`
      WITH due AS (
        SELECT id, kind, first_value(kind) OVER (ORDER BY id) AS first FROM incidents i
        WHERE (told_at IS NULL AND told_end_at IS NULL OR told_end_at IS NULL AND ended_at IS NOT NULL AND kind <> ALL (${EVENTS}))
          AND (tell_after IS NULL OR tell_after <= now() OR tell_after > now() + interval '1 hour')
          AND ${TELLING.mailsAnHour}::int > (
            SELECT count(DISTINCT mail.at) FROM incidents t CROSS JOIN LATERAL (VALUES (t.told_at), (t.told_end_at)) AS mail(at)
            WHERE t.kind = i.kind AND t.told_at IS NOT NULL AND mail.at > paperboy_now() - interval '1 hour')
      ), taken AS (
        UPDATE incidents i SET tell_after = now() + ${TELLING.leaseMs}::int * interval '1 millisecond'
        FROM due WHERE due.id = i.id AND due.kind = due.first
          AND (i.tell_after IS NULL OR i.tell_after <= now() OR i.tell_after > now() + interval '1 hour')
        RETURNING i.*
      )
      SELECT id, kind, subject, words, began_at AS "beganAt", ended_at AS "endedAt", told_at AS "toldAt", told_to AS "toldTo"
      FROM taken ORDER BY id`,

    /** One address has the mail about these. */
    toldTo: (ids: readonly bigint[], address: string): Promise<number> =>
      prisma.$executeRaw`
      UPDATE incidents SET told_to = array_append(told_to, ${address}) WHERE id = ANY (${ids}) AND ${address} <> ALL (told_to)`,

    /** Everybody has it: what was told with its end is told for good. */
    told: ({ begun, over, both }: Readonly<Record<"begun" | "over" | "both", readonly bigint[]>>): Promise<number> =>
      prisma.$executeRaw`
      UPDATE incidents SET told_to = '{}', tell_after = NULL,
        told_at = CASE WHEN id = ANY (${over}) THEN told_at ELSE paperboy_now() END,
        told_end_at = CASE WHEN id = ANY (${begun}) THEN told_end_at ELSE paperboy_now() END
      WHERE id = ANY (${[...begun, ...over, ...both]})`,

    /** A mail server did not take it: the longer it stands, the longer until the next try, from a minute to ten. */
    tellLater: (ids: readonly bigint[]): Promise<number> =>
      prisma.$executeRaw`
      UPDATE incidents SET tell_after = now() + least(greatest((paperboy_now() - began_at) / 10, interval '1 minute'),
        interval '10 minutes') WHERE id = ANY (${ids})`,

    /** What was over in a moment, or long before anybody could be told, is told to nobody. */
    letPass: (): Promise<number> =>
      prisma.$executeRaw`
      UPDATE incidents SET told_end_at = ended_at
      WHERE told_at IS NULL AND told_end_at IS NULL AND told_to = '{}' AND (tell_after IS NULL OR tell_after <= now())
        AND (ended_at - began_at < ${TELLING.shortMs}::int * interval '1 millisecond'
          OR ended_at < paperboy_now() - ${TELLING.staleMs}::int * interval '1 millisecond')`,
  };
}
