/** What the record of pulls says of each source as a whole: for the operator. */
import type pg from "pg";
import type { SourceRecord } from "../core/source-health.ts";

/** Sources that were asked in the last six weeks, by name. */
export async function sourceRecords(pool: pg.Pool): Promise<SourceRecord[]> {
  const { rows } = await pool.query<Row>(`
    WITH recent AS (
      SELECT * FROM pulls WHERE day > (paperboy_now() AT TIME ZONE 'UTC')::date - 42
    ), days AS (
      SELECT source, day, extract(isodow FROM day) > 5 AS is_weekend, max(papers) AS papers FROM recent
      WHERE outcome = 'good' AND started_at >= (day + 1)::timestamp AT TIME ZONE 'UTC' GROUP BY source, day
    ), newest AS (
      SELECT DISTINCT ON (source) * FROM days ORDER BY source, day DESC
    ), usual AS (
      SELECT n.source, percentile_disc(0.5) WITHIN GROUP (ORDER BY d.papers) AS papers
      FROM newest n JOIN days d ON d.source = n.source AND d.is_weekend = n.is_weekend AND d.day < n.day
      GROUP BY n.source HAVING count(*) >= 3
    ), answered AS (
      SELECT source, max(id) AS id FROM recent WHERE outcome <> 'failed' GROUP BY source
    )
    SELECT r.source, min(r.started_at) AS "firstPullAt", max(r.started_at) AS "lastPullAt",
      max(r.ended_at) FILTER (WHERE r.outcome = 'good') AS "lastGoodAt",
      n.day::text AS day, n.papers, u.papers AS "usualPapers",
      (count(*) FILTER (WHERE r.outcome = 'failed' AND r.id > coalesce(a.id, 0)))::int AS failures,
      (array_agg(r.problem ORDER BY r.id DESC) FILTER (WHERE r.outcome = 'failed'))[1] AS "lastProblem"
    FROM recent r LEFT JOIN newest n USING (source) LEFT JOIN usual u USING (source) LEFT JOIN answered a USING (source)
    GROUP BY r.source, n.day, n.papers, u.papers, a.id ORDER BY r.source`);
  return rows.map(({ day, papers, ...row }) => ({
    ...row,
    newest: day === null || papers === null ? null : { day, papers },
  }));
}

type Row = Omit<SourceRecord, "newest"> & { readonly day: string | null; readonly papers: number | null };
