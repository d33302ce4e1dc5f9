/** Readers in groups from very large to very small, each with a week of digests behind them and one that is due now. */
import { getRandomValues } from "node:crypto";
import pg from "pg";
import { addDays, utcDayOf } from "../../../src/core/day.ts";
import type { Day } from "../../../src/core/paper.ts";
import { latestDue } from "../../../src/core/schedule.ts";
import { seeded } from "../../support/random.ts";
import { aFilterOf } from "./papers.ts";

const GROUPS = 400;
/** Days a paper can stay a candidate: so many digests of each reader are read before they get their next. */
export const HISTORY_DAYS = 7;
const ZONES = ["UTC", "Europe/Berlin", "Europe/London", "Asia/Tokyo", "Asia/Kolkata", "Asia/Kathmandu", "Asia/Shanghai"]
  .concat(["America/New_York", "America/Los_Angeles", "America/Sao_Paulo", "America/Denver", "Pacific/Honolulu"])
  .concat(["Australia/Sydney", "Africa/Nairobi", "Africa/Lagos", "Asia/Dubai", "Asia/Seoul", "Asia/Jakarta"])
  .concat(["Europe/Paris", "Europe/Madrid", "Europe/Warsaw", "Europe/Helsinki", "Europe/Istanbul", "Asia/Karachi"])
  .concat(["America/Chicago", "America/Toronto", "America/Bogota", "America/Mexico_City", "Pacific/Auckland"]);
/** A group that fell due longer ago is not planned any more; this many hours leave the benchmark time to run. */
const DUE_WITHIN_HOURS = 15;

/** Makes them, in a database that was migrated and is empty. */
export async function addReaders(url: string, count: number, historyDays = HISTORY_DAYS): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const groups = groupsDue(new Date());
  const today = utcDayOf(new Date());
  await client.query(
    `INSERT INTO editions (date, state, closed_at)
    SELECT day::date, 'closed', day + interval '25 hours' FROM generate_series($1::timestamptz, $2, '1 day') day`,
    [addDays(today, -12), addDays(today, -1)],
  );
  await client.query(
    `INSERT INTO delivery_groups (cadence, weekday, zone, hour)
     SELECT 'daily', 0, zone, hour FROM unnest($1::text[], $2::int[]) AS g(zone, hour)`,
    [groups.map(({ zone }) => zone), groups.map(({ hour }) => hour)],
  );
  await client.query(
    `INSERT INTO subscriptions (address_key, email, state, filter, cadence, hour, zone, max_papers, language, format)
     SELECT 'key of ' || n, 'reader' || n || '@example.org', 'active', '{"grammar":1,"watches":[]}', 'daily', 7, 'UTC', 10, 'en', 'html'
     FROM generate_series(1, $1::int) n`,
    [count],
  );
  await client.query("SELECT setseed(0.5)");
  await client.query(
    `WITH shares AS (
       SELECT array_agg(share ORDER BY g) AS upto FROM (
         SELECT g, sum(1.0 / g) OVER (ORDER BY g) / sum(1.0 / g) OVER () AS share FROM generate_series(1, $1::int) g) s
     )
     INSERT INTO subscription_clocks (subscription_id, group_id, joined_at)
     SELECT id, least(width_bucket(random()::numeric, upto) + 1, $1::int), now() - interval '30 days'
     FROM subscriptions, shares ORDER BY id`,
    [GROUPS],
  );
  await addHistory(
    client,
    groups.map(({ localDay }) => localDay),
    historyDays,
  );
  await client.query("VACUUM ANALYZE");
  await client.end();
}

function groupsDue(now: Date): { zone: string; hour: number; localDay: Day }[] {
  const all = ZONES.flatMap((zone) => Array.from({ length: 24 }, (_, hour) => ({ zone, hour })));
  return all
    .map((group) => ({ ...group, ...latestDue({ cadence: "daily", ...group }, now) }))
    .filter(({ at }) => now.getTime() - at.getTime() < DUE_WITHIN_HOURS * 3_600_000)
    .slice(0, GROUPS);
}

/** Ten papers a day, accepted, of the last days before each group's next; indexes are made when the rows are there. */
async function addHistory(client: pg.Client, nextDays: readonly Day[], historyDays: number): Promise<void> {
  const { rows: indexes } = await client.query<{ name: string; definition: string }>(
    `SELECT indexname AS name, indexdef AS definition FROM pg_indexes WHERE tablename = 'deliveries' AND indexdef NOT LIKE '%UNIQUE%'`,
  );
  for (const { name } of indexes) await client.query(`DROP INDEX ${pg.escapeIdentifier(name)}`);
  const days = [...nextDays].sort();
  await client.query("SELECT make_delivery_partitions($1::date, $2::date)", [
    addDays(days[0]!, -historyDays),
    days.at(-1),
  ]);
  await client.query(
    `INSERT INTO deliveries (local_day, subscription_id, edition_date, cadence, due_at, send_by, state, attempts, paper_ids,
       version, composed_at, answer, server_id, ended_at)
     SELECT day, c.subscription_id, day - 1, 'daily', day, day + 1, 'accepted', 1,
       ARRAY[k, k + 1, k + 3, k + 4, k + 6, k + 9, k + 12, k + 17, k + 21, k + 24], 1, day, '250 2.0.0 Ok: queued as 4F1A2B3C4D', '4F1A2B3C4D', day
     FROM generate_series($2::int, 1, -1) back, subscription_clocks c,
       LATERAL (SELECT ($1::date[])[c.group_id] - back AS day, 25 * ($2::int - back) + c.subscription_id::int % 11 AS k) x
     ORDER BY back DESC, c.group_id, c.subscription_id`,
    [nextDays, historyDays],
  );
  await client.query(
    `UPDATE subscription_clocks c SET last_local_day = d.local_day, last_edition = d.local_day - 2, last_delivery = d.id
     FROM deliveries d WHERE d.subscription_id = c.subscription_id AND d.local_day = ($1::date[])[c.group_id] - 1`,
    [nextDays],
  );
  for (const { definition } of indexes) await client.query(definition.replace(" ON ONLY ", " ON "));
}

/** Gives every reader a filter, of `distinct` different ones. */
export async function giveFilters(url: string, readers: number, distinct: number): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const random = seeded(getRandomValues(new Uint32Array(1))[0]!);
  const [batch, last] = [50_000, Math.min(readers, distinct)];
  for (let from = 1; from <= last; from += batch) {
    const filters = Array.from({ length: Math.min(batch, last - from + 1) }, () => JSON.stringify(aFilterOf(random)));
    await client.query(
      `UPDATE subscriptions s SET filter = f.filter FROM unnest($1::jsonb[]) WITH ORDINALITY AS f(filter, n),
         generate_series(0, $4::int, $3::int) AS turn
       WHERE s.id = $2::int + f.n - 1 + turn`,
      [filters, from, distinct, readers],
    );
  }
  await client.query("VACUUM ANALYZE subscriptions");
  await client.end();
}
