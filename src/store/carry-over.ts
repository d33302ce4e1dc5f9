/** A change of address: the subscription goes on under another row, with the marks and the history that promises rest on. */
import type { Prisma } from "../../prisma/client/client.ts";
import type { Preferences } from "../core/subscription.ts";
import { erase } from "./erasure.ts";
import type { JournalEntry } from "./journal.ts";

type Sql = Prisma.TransactionClient;

/** What a reader who moves takes along. */
export interface Leaving {
  readonly id: bigint;
  readonly addressKey: string;
  readonly email: string;
  readonly preferences: Preferences;
  readonly pausedUntil: Date | null;
  readonly isPaused: boolean;
  readonly leftAt: Date;
}

/** Keeps outside the database what a restored one must not forget: before the commit, so that nothing is left out. */
export type ToJournal = (entries: readonly JournalEntry[]) => Promise<void>;

/**
 * The reader behind a subscription that is to move, locked; null when it has ended or was erased since that was asked for.
 */
export async function leaving(sql: Sql, id: bigint): Promise<Leaving | null> {
  const [row] = await sql.$queryRaw<Leaving[]>`
    SELECT id, address_key AS "addressKey", email, paused_until AS "pausedUntil", state = 'paused' AS "isPaused",
      paperboy_now() AS "leftAt",
      jsonb_strip_nulls(jsonb_build_object('filter', filter, 'cadence', cadence, 'weekday', weekday, 'hour', hour, 'zone', zone,
        'maxPapers', max_papers, 'language', language, 'format', format)) AS preferences
    FROM subscriptions WHERE id = ${id} AND state <> 'ended' AND email IS NOT NULL FOR UPDATE`;
  return row ?? null;
}

/**
 * Gives a subscription the marks of the one it continues, its pause or its time elsewhere, and copies of what was sent to it,
 * so that no local day brings two digests and no paper comes twice. The old address is told, and forgotten: its row stays for
 * its key, and so that the links to leave by that went there still end what goes on.
 *
 * Copies, not the deliveries themselves: a bounce that comes late is about the old address.
 */
export async function carryOver(sql: Sql, from: Leaving, to: bigint, journal: ToJournal): Promise<void> {
  if (from.isPaused)
    await sql.$executeRaw`UPDATE subscriptions SET state = 'paused', paused_until = ${from.pausedUntil} WHERE id = ${to}`;
  await sql.$executeRaw`
    UPDATE subscriptions n SET home_zone = o.home_zone, zone_until = o.zone_until
    FROM subscriptions o WHERE n.id = ${to} AND o.id = ${from.id} AND n.zone = o.zone`;
  await sql.$executeRaw`
    UPDATE subscription_clocks n SET last_local_day = greatest(n.last_local_day, o.last_local_day),
      last_edition = greatest(n.last_edition, o.last_edition), group_id = CASE WHEN ${from.isPaused} THEN NULL ELSE n.group_id END
    FROM subscription_clocks o WHERE n.subscription_id = ${to} AND o.subscription_id = ${from.id}`;
  await sql.$executeRaw`
    INSERT INTO deliveries (local_day, subscription_id, edition_date, cadence, is_welcome, due_at, send_by, state, reason,
      was_uncertain, paper_ids, version, composed_at, ended_at)
    SELECT local_day, ${to}, edition_date, cadence, is_welcome, due_at, send_by,
      CASE WHEN state = 'accepted' THEN state ELSE 'uncertain' END, 'moved', was_uncertain, paper_ids, NULL, composed_at,
      coalesce(ended_at, paperboy_now())
    FROM deliveries WHERE subscription_id = ${from.id} AND paper_ids IS NOT NULL
      AND (state IN ('accepted', 'uncertain', 'claimed') OR was_uncertain)`;
  // From every earlier address it is one step, however often they move.
  await sql.$executeRaw`UPDATE subscriptions SET goes_on_as = ${to} WHERE goes_on_as = ${from.id}`;
  await sql.$executeRaw`UPDATE subscriptions SET ended_because = 'moved' WHERE id = ${from.id}`;
  await erase(sql, [{ addressKey: from.addressKey, at: null }], "confirmation-link");
  await sql.$executeRaw`UPDATE subscriptions SET goes_on_as = ${to} WHERE id = ${from.id}`;
  await sql.$executeRaw`
    INSERT INTO requests (kind, email, address_key, wanted, asked_by, page, subscription_id, expires_at)
    VALUES ('moved', ${from.email}, ${from.addressKey}, ${JSON.stringify(from.preferences)}::jsonb, 'form', '/account', ${to},
      paperboy_now() + interval '7 days')`;
  // Last: a restored database knows the old address alone, and must not go on writing to it.
  const at = from.leftAt.toISOString();
  await journal([
    { what: "ended", subscriptionId: String(from.id), because: "moved", at },
    { what: "erased", addressKey: from.addressKey, at },
  ]);
}
