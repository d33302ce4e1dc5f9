-- How many deliveries are in which state, without counting a million rows.

-- CreateTable
CREATE TABLE "delivery_tallies" (
    "edition_date" DATE NOT NULL,
    "local_day" DATE NOT NULL,
    "state" TEXT NOT NULL,
    "count" BIGINT NOT NULL,

    CONSTRAINT "delivery_tallies_pkey" PRIMARY KEY ("edition_date","local_day","state")
);

-- CreateTable
CREATE TABLE "delivery_deltas" (
    "id" BIGSERIAL NOT NULL,
    "edition_date" DATE NOT NULL,
    "local_day" DATE NOT NULL,
    "state" TEXT NOT NULL,
    "change" INTEGER NOT NULL,

    CONSTRAINT "delivery_deltas_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "delivery_tallies_local_day_idx" ON "delivery_tallies"("local_day");

-- What Prisma's schema cannot say.

-- Rows come and go by thousands an hour in a table that is small: cleaned up by how many went, not by which share.
ALTER TABLE "delivery_deltas" SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);

-- A statement that changes deliveries appends what it changed: nobody waits for a row that somebody else counts in. One that
-- leaves every state as it was, as fixing papers does, appends nothing.
CREATE FUNCTION delivery_inserts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO delivery_deltas (edition_date, local_day, state, change)
    SELECT edition_date, local_day, state, count(*) FROM after GROUP BY edition_date, local_day, state;
    RETURN NULL;
END $$;

CREATE FUNCTION delivery_updates() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO delivery_deltas (edition_date, local_day, state, change)
    SELECT edition_date, local_day, state, sum(n) FROM (
        SELECT edition_date, local_day, state, 1 AS n FROM after
        UNION ALL
        SELECT edition_date, local_day, state, -1 FROM before
    ) changed GROUP BY edition_date, local_day, state HAVING sum(n) <> 0;
    RETURN NULL;
END $$;

CREATE FUNCTION delivery_deletes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO delivery_deltas (edition_date, local_day, state, change)
    SELECT edition_date, local_day, state, -count(*) FROM before GROUP BY edition_date, local_day, state;
    RETURN NULL;
END $$;

CREATE FUNCTION delivery_truncate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM delivery_deltas;
    DELETE FROM delivery_tallies;
    RETURN NULL;
END $$;

-- Before the rows that are there are counted: from here on nobody else changes any until this migration is committed.
CREATE TRIGGER "deliveries_insert" AFTER INSERT ON "deliveries" REFERENCING NEW TABLE AS after
    FOR EACH STATEMENT EXECUTE FUNCTION delivery_inserts();
CREATE TRIGGER "deliveries_update" AFTER UPDATE ON "deliveries" REFERENCING OLD TABLE AS before NEW TABLE AS after
    FOR EACH STATEMENT EXECUTE FUNCTION delivery_updates();
-- Dropping the partition of a week deletes no row: what was sent in it stays counted.
CREATE TRIGGER "deliveries_delete" AFTER DELETE ON "deliveries" REFERENCING OLD TABLE AS before
    FOR EACH STATEMENT EXECUTE FUNCTION delivery_deletes();
CREATE TRIGGER "deliveries_truncate" AFTER TRUNCATE ON "deliveries"
    FOR EACH STATEMENT EXECUTE FUNCTION delivery_truncate();

INSERT INTO "delivery_tallies" ("edition_date", "local_day", "state", "count")
    SELECT "edition_date", "local_day", "state", count(*) FROM "deliveries" GROUP BY 1, 2, 3;
