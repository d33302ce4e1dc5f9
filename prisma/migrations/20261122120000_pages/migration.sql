-- The reader's newest delivery: the only one of theirs that can be under way.
ALTER TABLE "subscription_clocks" ADD COLUMN "last_delivery" BIGINT;
UPDATE "subscription_clocks" c SET "last_delivery" = d."id" FROM "deliveries" d
    WHERE d."subscription_id" = c."subscription_id" AND d."local_day" = c."last_local_day";

-- What is under way, in the order it was planned. Planning asks for the readers of a page, who were planned together the
-- last time too: the usual answer, nothing, costs a look at a page or two. Entries are only ever added at the end.
DROP INDEX "deliveries_trying";
DROP INDEX "deliveries_claimed";
CREATE INDEX "deliveries_trying" ON "deliveries" ("local_day", "id") WHERE "next_try_at" IS NOT NULL;
CREATE INDEX "deliveries_claimed" ON "deliveries" ("local_day", "id") WHERE "claim_until" IS NOT NULL;

-- Who was sent what is asked of deliveries that have papers. The others need no place in this index: planning a million
-- readers would write to all of its pages, group by group.
DROP INDEX "deliveries_subscription_id_local_day_idx";
CREATE INDEX "deliveries_sent" ON "deliveries" ("subscription_id", "local_day") WHERE "paper_ids" IS NOT NULL;

-- Late joiners are walked in pages, like everybody.
DROP INDEX "subscription_clocks_late";
CREATE INDEX "subscription_clocks_late" ON "subscription_clocks" ("group_id", "subscription_id") WHERE "joined_late";

-- A week goes when it ended before that day and as many newer weeks have deliveries as lie between that day and now. By the
-- clock alone, one that leaps ahead would take every delivery along, and with them who was sent what.
CREATE OR REPLACE FUNCTION drop_delivery_partitions(before date) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    partition text;
    has_rows boolean;
    weeks integer := (paperboy_now()::date - before) / 7;
    newer integer := 0;
    dropped integer := 0;
BEGIN
    FOR partition IN
        SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'deliveries'::regclass ORDER BY c.relname DESC
    LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM %I)', partition) INTO has_rows;
        IF to_date(right(partition, 8), 'YYYYMMDD') + 7 <= before AND (newer >= weeks OR NOT has_rows) THEN
            EXECUTE format('DROP TABLE %I', partition);
            dropped := dropped + 1;
        ELSIF has_rows THEN
            newer := newer + 1;
        END IF;
    END LOOP;
    RETURN dropped;
END $$;
