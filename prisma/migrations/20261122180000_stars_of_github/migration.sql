-- GitHub counts its stars once a day, others pass on what they heard some time ago, every hour: for two days GitHub's own
-- word stands before what was said after it. Without that, an edition would compare one source's stars with another's.
CREATE OR REPLACE FUNCTION signals_at(paper integer, at timestamptz) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN count(*) > 0 THEN coalesce(jsonb_object_agg(newest.name, newest.value) FILTER (WHERE newest.name IS NOT NULL), '{}') END
    FROM (
        SELECT DISTINCT ON (signal.key) signal.key AS name, signal.value AS value
        FROM sightings s LEFT JOIN LATERAL jsonb_each(s.signals) AS signal ON true
        WHERE s.paper_id = paper AND s.seen_at <= at
        ORDER BY signal.key, s.last_seen_at + CASE s.source WHEN 'github' THEN interval '2 days' ELSE interval '0' END DESC
    ) AS newest
$$;
