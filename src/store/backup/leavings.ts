/**
 * Who had left a database that a backup of it replaces: kept while everything else goes, and replayed as if a journal had told
 * of it. Where `DATA_DIR` was lost nothing else knows them.
 */
import type { JournalEntry, JournalPart } from "../journal.ts";
import type { Asked } from "./catalog.ts";

/** In a table that ends with the transaction: a million of them need not be in memory. */
export async function keepLeavings(db: Asked): Promise<void> {
  const time = (column: string) => `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
  await db.query(`
    CREATE TEMP TABLE replaced_leavings ON COMMIT DROP AS
    SELECT row_number() OVER (ORDER BY at, turn) AS n, entry || jsonb_build_object('at', ${time("at")}) AS entry FROM (
      SELECT coalesce(ended_at, now()) AS at, 1 AS turn, jsonb_build_object('what', 'ended', 'subscriptionId', id::text,
        'because', coalesce(ended_because, 'reader')) AS entry FROM public.subscriptions WHERE state = 'ended'
      UNION ALL
      SELECT at, 2, jsonb_build_object('what', 'suppressed', 'addressKey', address_key, 'because', because) FROM public.suppressions
      UNION ALL
      SELECT lifted_at, 3, jsonb_build_object('what', 'lifted', 'addressKey', address_key) FROM public.suppressions
        WHERE lifted_at IS NOT NULL
      UNION ALL
      SELECT coalesce((SELECT max(c.at) FROM public.subscription_changes c WHERE c.subscription_id = s.id AND c.what = 'erased'),
          ended_at, now()), 4, jsonb_build_object('what', 'erased', 'addressKey', address_key)
        FROM public.subscriptions s WHERE email IS NULL
    ) AS known`);
  await db.query("CREATE UNIQUE INDEX ON pg_temp.replaced_leavings (n)");
}

const PART_ROWS = 1_000;

/** What was kept, oldest first. */
export async function* keptLeavings(db: Asked): AsyncGenerator<JournalPart> {
  for (let after = "0"; ; ) {
    const { rows } = await db.query<{ n: string; entry: JournalEntry }>(
      "SELECT n, entry FROM pg_temp.replaced_leavings WHERE n > $1 ORDER BY n LIMIT $2",
      [after, PART_ROWS],
    );
    if (rows.length === 0) return;
    yield { entries: rows.map(({ entry }) => entry), unreadable: 0 };
    after = rows.at(-1)!.n;
  }
}
