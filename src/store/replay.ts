/** Puts into the database what the journal knows and a restored database does not. */
import type { Prisma } from "../../prisma/client/client.ts";
import { erase } from "./erasure.ts";
import type { JournalEntry, JournalPart } from "./journal.ts";
import { joinGroup } from "./subscription-moves.ts";

/** What was put back. */
export interface Replayed {
  readonly left: number;
  readonly cameBack: number;
  readonly suppressed: number;
  /** Suppressions that were lifted again. */
  readonly lifted: number;
  /** Readers and requests whose address was forgotten again. */
  readonly erased: number;
  readonly unreadable: number;
}

type Of<W extends JournalEntry["what"]> = Extract<JournalEntry, { what: W }>;

/**
 * Applies each line that the database has no newer word on: replayed twice, or journals of several machines in any order,
 * it comes to the same. Who is not in this database subscribed after the backup; there is nothing to end.
 */
export async function replay(
  sql: Prisma.TransactionClient,
  parts: AsyncIterable<JournalPart> | Iterable<JournalPart>,
): Promise<Replayed> {
  const sum = { left: 0, cameBack: 0, suppressed: 0, lifted: 0, erased: 0, unreadable: 0 };
  for await (const { entries, unreadable } of parts) {
    const leavings = new Map<string, Of<"ended"> | Of<"undone">>();
    const suppressions = new Map<string, Of<"suppressed">>();
    const liftings = new Map<string, Of<"lifted">>();
    const erasures = new Map<string, Of<"erased">>();
    for (const entry of entries) {
      if (entry.what === "suppressed") {
        // One for bounces does not take the place of a graver one that stands.
        const before = liftings.delete(entry.addressKey) ? undefined : suppressions.get(entry.addressKey);
        const isGraver = before && before.because !== "bounces" && entry.because === "bounces";
        suppressions.set(entry.addressKey, isGraver ? { ...before, at: entry.at } : entry);
      } else if (entry.what === "lifted") liftings.set(entry.addressKey, entry);
      else if (entry.what === "erased") erasures.set(entry.addressKey, entry);
      else leavings.set(entry.subscriptionId, entry);
    }
    const last = [...leavings.values()];
    sum.left += await end(
      sql,
      last.filter((entry) => entry.what === "ended"),
    );
    sum.suppressed += await suppress(sql, [...suppressions.values()]);
    sum.lifted += await lift(sql, [...liftings.values()]);
    sum.cameBack += await undo(
      sql,
      last.filter((entry) => entry.what === "undone"),
    );
    // Last: an erasure in this part may be newer than an undo in it, and an undo finds no address that was erased before.
    const { subscriptions, requests } = await erase(
      sql,
      [...erasures.values()].map(({ addressKey, at }) => ({ addressKey, at: new Date(at) })),
      "journal",
    );
    sum.erased += subscriptions + requests;
    sum.unreadable += unreadable;
  }
  return sum;
}

/** At the time they left, so that their coming back is told from an older one. */
async function end(sql: Prisma.TransactionClient, entries: readonly Of<"ended">[]): Promise<number> {
  if (entries.length === 0) return 0;
  return sql.$executeRaw`
    WITH ended AS (
      UPDATE subscriptions s SET state = 'ended', ended_at = e.at, ended_because = e.because, paused_until = NULL,
        version = s.version + 1
      FROM unnest(${entries.map((e) => BigInt(e.subscriptionId))}::bigint[], ${entries.map((e) => e.because)}::text[],
        ${entries.map((e) => e.at)}::timestamptz[]) AS e(id, because, at)
      WHERE s.id = e.id AND s.state <> 'ended' AND NOT EXISTS (SELECT FROM subscription_changes c
        WHERE c.subscription_id = s.id AND c.what IN ('confirmed', 'undone') AND c.at >= e.at)
      RETURNING s.*
    ), noted AS (
      INSERT INTO subscription_changes (subscription_id, version, what, preferences, via, at)
      SELECT id, version, 'ended', jsonb_strip_nulls(jsonb_build_object('filter', filter, 'cadence', cadence, 'weekday', weekday,
        'hour', hour, 'zone', zone, 'maxPapers', max_papers, 'language', language, 'format', format)), 'journal', ended_at FROM ended
    )
    UPDATE subscription_clocks c SET group_id = NULL, joined_late = false FROM ended WHERE c.subscription_id = ended.id`;
}

async function undo(sql: Prisma.TransactionClient, entries: readonly Of<"undone">[]): Promise<number> {
  if (entries.length === 0) return 0;
  const rows = await sql.$queryRaw<{ id: bigint }[]>`
    WITH undone AS (
      UPDATE subscriptions s SET state = 'active', ended_at = NULL, ended_because = NULL, version = s.version + 1
      FROM unnest(${entries.map((e) => BigInt(e.subscriptionId))}::bigint[], ${entries.map((e) => e.at)}::timestamptz[]) AS e(id, at)
      WHERE s.id = e.id AND s.state = 'ended' AND s.ended_at <= e.at AND s.email IS NOT NULL
        AND NOT EXISTS (SELECT FROM suppressions x WHERE x.address_key = s.address_key AND x.lifted_at IS NULL)
      RETURNING s.*, e.at AS undone_at
    )
    INSERT INTO subscription_changes (subscription_id, version, what, preferences, via, at)
    SELECT id, version, 'undone', jsonb_strip_nulls(jsonb_build_object('filter', filter, 'cadence', cadence, 'weekday', weekday,
      'hour', hour, 'zone', zone, 'maxPapers', max_papers, 'language', language, 'format', format)), 'journal', undone_at FROM undone
    RETURNING subscription_id AS id`;
  for (const { id } of rows) await joinGroup(sql, id, { late: true });
  return rows.length;
}

/** What stands keeps the time it was last said, so that an older word of another journal does not lift it. */
async function suppress(sql: Prisma.TransactionClient, entries: readonly Of<"suppressed">[]): Promise<number> {
  if (entries.length === 0) return 0;
  const [row] = await sql.$queryRaw<{ count: bigint }[]>`
    WITH standing AS (
      SELECT address_key FROM suppressions WHERE lifted_at IS NULL AND address_key = ANY(${entries.map((e) => e.addressKey)}::text[])
    ), said AS (
      INSERT INTO suppressions AS x (address_key, because, at)
      SELECT * FROM unnest(${entries.map((e) => e.addressKey)}::text[], ${entries.map((e) => e.because)}::text[],
        ${entries.map((e) => e.at)}::timestamptz[])
      ON CONFLICT (address_key) DO UPDATE SET at = greatest(x.at, EXCLUDED.at), lifted_at = NULL, lifted_note = NULL,
          because = CASE WHEN x.lifted_at IS NOT NULL OR x.because = 'bounces' THEN EXCLUDED.because ELSE x.because END
        WHERE coalesce(x.lifted_at, x.at) < EXCLUDED.at
      RETURNING address_key
    )
    SELECT count(*) AS count FROM said WHERE address_key NOT IN (SELECT address_key FROM standing)`;
  return Number(row!.count);
}

function lift(sql: Prisma.TransactionClient, entries: readonly Of<"lifted">[]): Promise<number> | number {
  if (entries.length === 0) return 0;
  return sql.$executeRaw`
    UPDATE suppressions x SET lifted_at = e.at, lifted_note = 'from the journal'
    FROM unnest(${entries.map((e) => e.addressKey)}::text[], ${entries.map((e) => e.at)}::timestamptz[]) AS e(address_key, at)
    WHERE x.address_key = e.address_key AND x.lifted_at IS NULL AND x.at <= e.at`;
}
