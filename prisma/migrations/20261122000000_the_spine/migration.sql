-- The product's clock. Every statement that asks for the time asks here, so that a test can turn the clock of its own
-- database and nothing else has to know. PostgreSQL inlines it.
CREATE FUNCTION paperboy_now() RETURNS timestamptz LANGUAGE sql STABLE AS 'SELECT now()';

-- CreateTable
CREATE TABLE "papers" (
    "id" SERIAL NOT NULL,
    "public_id" TEXT NOT NULL,
    "title" TEXT NOT NULL,
    "abstract" TEXT NOT NULL DEFAULT '',
    "summary" TEXT NOT NULL DEFAULT '',
    "authors" TEXT[],
    "categories" TEXT[],
    "keywords" TEXT[],
    "published_at" TIMESTAMPTZ(3),
    "url" TEXT NOT NULL DEFAULT '',
    "pdf_url" TEXT,
    "code_url" TEXT,
    "project_url" TEXT,
    "organization" TEXT,
    "withdrawn" BOOLEAN NOT NULL DEFAULT false,
    "told_by" TEXT NOT NULL,
    "merged_into" INTEGER,
    "first_seen_at" TIMESTAMPTZ(3) NOT NULL DEFAULT paperboy_now(),

    CONSTRAINT "papers_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "paper_aliases" (
    "alias" TEXT NOT NULL,
    "paper_id" INTEGER NOT NULL,

    CONSTRAINT "paper_aliases_pkey" PRIMARY KEY ("alias")
);

-- CreateTable
CREATE TABLE "sightings" (
    "id" BIGSERIAL NOT NULL,
    "paper_id" INTEGER NOT NULL,
    "source" TEXT NOT NULL,
    "signals" JSONB NOT NULL,
    "seen_at" TIMESTAMPTZ(3) NOT NULL,
    "last_seen_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "sightings_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "listings" (
    "source" TEXT NOT NULL,
    "listed_on" DATE NOT NULL,
    "paper_id" INTEGER NOT NULL,
    "position" INTEGER NOT NULL,
    "first_seen_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "listings_pkey" PRIMARY KEY ("source","listed_on","paper_id")
);

-- CreateTable
CREATE TABLE "pulls" (
    "id" BIGSERIAL NOT NULL,
    "source" TEXT NOT NULL,
    "day" DATE NOT NULL,
    "started_at" TIMESTAMPTZ(3) NOT NULL,
    "ended_at" TIMESTAMPTZ(3) NOT NULL,
    "outcome" TEXT NOT NULL,
    "papers" INTEGER NOT NULL,
    "refused" INTEGER NOT NULL,
    "problem" TEXT,

    CONSTRAINT "pulls_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "editions" (
    "date" DATE NOT NULL,
    "state" TEXT NOT NULL,
    "because" TEXT,
    "closed_at" TIMESTAMPTZ(3),
    "revision" INTEGER NOT NULL DEFAULT 1,
    "ranked_by" TEXT NOT NULL DEFAULT 'trend',
    "alarmed_at" TIMESTAMPTZ(3),

    CONSTRAINT "editions_pkey" PRIMARY KEY ("date")
);

-- CreateTable
CREATE TABLE "edition_papers" (
    "edition_date" DATE NOT NULL,
    "rank" INTEGER NOT NULL,
    "paper_id" INTEGER NOT NULL,
    "lane" TEXT NOT NULL,
    "listed_on" DATE NOT NULL,
    "upvotes" INTEGER NOT NULL,
    "comments" INTEGER NOT NULL,
    "stars" INTEGER,
    "stars_gained" INTEGER NOT NULL,
    "score" DOUBLE PRECISION NOT NULL,
    "score_parts" JSONB NOT NULL,
    "topics" TEXT[],
    "is_new" BOOLEAN NOT NULL,

    CONSTRAINT "edition_papers_pkey" PRIMARY KEY ("edition_date","paper_id")
);

-- CreateTable
CREATE TABLE "requests" (
    "id" BIGSERIAL NOT NULL,
    "kind" TEXT NOT NULL,
    "email" TEXT,
    "address_key" TEXT NOT NULL,
    "wanted" JSONB,
    "asked_by" TEXT NOT NULL,
    "asked_at" TIMESTAMPTZ(3) NOT NULL DEFAULT paperboy_now(),
    "state" TEXT NOT NULL DEFAULT 'waiting',
    "answer" TEXT,
    "not_before" TIMESTAMPTZ(3) NOT NULL DEFAULT paperboy_now(),
    "taken_at" TIMESTAMPTZ(3),
    "answered_at" TIMESTAMPTZ(3),
    "confirmed_at" TIMESTAMPTZ(3),
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "requests_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "subscriptions" (
    "id" BIGSERIAL NOT NULL,
    "address_key" TEXT NOT NULL,
    "email" TEXT,
    "state" TEXT NOT NULL,
    "filter" JSONB NOT NULL,
    "cadence" TEXT NOT NULL,
    "weekday" SMALLINT,
    "hour" SMALLINT NOT NULL,
    "zone" TEXT NOT NULL,
    "max_papers" SMALLINT NOT NULL,
    "language" TEXT NOT NULL,
    "format" TEXT NOT NULL,
    "version" INTEGER NOT NULL DEFAULT 1,
    "paused_until" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT paperboy_now(),
    "confirmed_at" TIMESTAMPTZ(3),
    "ended_at" TIMESTAMPTZ(3),
    "ended_because" TEXT,

    CONSTRAINT "subscriptions_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "subscription_changes" (
    "subscription_id" BIGINT NOT NULL,
    "version" INTEGER NOT NULL,
    "what" TEXT NOT NULL,
    "preferences" JSONB NOT NULL,
    "via" TEXT NOT NULL,
    "request_id" BIGINT,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT paperboy_now(),

    CONSTRAINT "subscription_changes_pkey" PRIMARY KEY ("subscription_id","version")
);

-- CreateTable
CREATE TABLE "subscription_clocks" (
    "subscription_id" BIGINT NOT NULL,
    "group_id" INTEGER,
    "last_local_day" DATE,
    "last_edition" DATE,
    "joined_at" TIMESTAMPTZ(3) NOT NULL DEFAULT paperboy_now(),
    "joined_late" BOOLEAN NOT NULL DEFAULT false,

    CONSTRAINT "subscription_clocks_pkey" PRIMARY KEY ("subscription_id")
);

-- CreateTable
CREATE TABLE "delivery_groups" (
    "id" SERIAL NOT NULL,
    "cadence" TEXT NOT NULL,
    "weekday" SMALLINT NOT NULL,
    "zone" TEXT NOT NULL,
    "hour" SMALLINT NOT NULL,

    CONSTRAINT "delivery_groups_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "group_days" (
    "group_id" INTEGER NOT NULL,
    "local_day" DATE NOT NULL,
    "due_at" TIMESTAMPTZ(3) NOT NULL,
    "outcome" TEXT NOT NULL,
    "because" TEXT,
    "edition_date" DATE,
    "planned" INTEGER NOT NULL DEFAULT 0,
    "decided_at" TIMESTAMPTZ(3) NOT NULL DEFAULT paperboy_now(),

    CONSTRAINT "group_days_pkey" PRIMARY KEY ("group_id","local_day")
);

-- CreateTable
CREATE TABLE "deliveries" (
    "local_day" DATE NOT NULL,
    "id" BIGSERIAL NOT NULL,
    "subscription_id" BIGINT NOT NULL,
    "edition_date" DATE NOT NULL,
    "cadence" TEXT NOT NULL,
    "is_welcome" BOOLEAN NOT NULL DEFAULT false,
    "due_at" TIMESTAMPTZ(3) NOT NULL,
    "send_by" TIMESTAMPTZ(3) NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'planned',
    "reason" TEXT,
    "claim" UUID,
    "claim_until" TIMESTAMPTZ(3),
    "attempts" SMALLINT NOT NULL DEFAULT 0,
    "next_try_at" TIMESTAMPTZ(3),
    "was_uncertain" BOOLEAN NOT NULL DEFAULT false,
    "paper_ids" INTEGER[],
    "version" INTEGER,
    "composed_at" TIMESTAMPTZ(3),
    "answer" TEXT,
    "server_id" TEXT,
    "ended_at" TIMESTAMPTZ(3),

    CONSTRAINT "deliveries_pkey" PRIMARY KEY ("local_day","id")
) PARTITION BY RANGE ("local_day");

-- CreateTable
CREATE TABLE "suppressions" (
    "address_key" TEXT NOT NULL,
    "because" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT paperboy_now(),
    "note" TEXT,
    "lifted_at" TIMESTAMPTZ(3),
    "lifted_note" TEXT,

    CONSTRAINT "suppressions_pkey" PRIMARY KEY ("address_key")
);

-- CreateIndex
CREATE UNIQUE INDEX "papers_public_id_key" ON "papers"("public_id");

-- CreateIndex
CREATE INDEX "papers_merged_into_idx" ON "papers"("merged_into");

-- CreateIndex
CREATE INDEX "paper_aliases_paper_id_idx" ON "paper_aliases"("paper_id");

-- CreateIndex
CREATE INDEX "sightings_paper_id_source_seen_at_idx" ON "sightings"("paper_id", "source", "seen_at" DESC);

-- CreateIndex
CREATE INDEX "listings_listed_on_idx" ON "listings"("listed_on");

-- CreateIndex
CREATE INDEX "listings_paper_id_idx" ON "listings"("paper_id");

-- CreateIndex
CREATE INDEX "pulls_day_source_started_at_idx" ON "pulls"("day", "source", "started_at");

-- CreateIndex
CREATE INDEX "edition_papers_paper_id_idx" ON "edition_papers"("paper_id");

-- CreateIndex
CREATE UNIQUE INDEX "edition_papers_edition_date_rank_key" ON "edition_papers"("edition_date", "rank");

-- CreateIndex
CREATE INDEX "requests_address_key_asked_at_idx" ON "requests"("address_key", "asked_at");

-- CreateIndex
CREATE UNIQUE INDEX "subscriptions_address_key_key" ON "subscriptions"("address_key");

-- CreateIndex
CREATE INDEX "subscription_clocks_group_id_subscription_id_idx" ON "subscription_clocks"("group_id", "subscription_id");

-- CreateIndex
CREATE UNIQUE INDEX "delivery_groups_cadence_weekday_zone_hour_key" ON "delivery_groups"("cadence", "weekday", "zone", "hour");

-- CreateIndex
CREATE INDEX "deliveries_subscription_id_local_day_idx" ON "deliveries"("subscription_id", "local_day");

-- AddForeignKey
ALTER TABLE "papers" ADD CONSTRAINT "papers_merged_into_fkey" FOREIGN KEY ("merged_into") REFERENCES "papers"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "paper_aliases" ADD CONSTRAINT "paper_aliases_paper_id_fkey" FOREIGN KEY ("paper_id") REFERENCES "papers"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "sightings" ADD CONSTRAINT "sightings_paper_id_fkey" FOREIGN KEY ("paper_id") REFERENCES "papers"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "listings" ADD CONSTRAINT "listings_paper_id_fkey" FOREIGN KEY ("paper_id") REFERENCES "papers"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "edition_papers" ADD CONSTRAINT "edition_papers_edition_date_fkey" FOREIGN KEY ("edition_date") REFERENCES "editions"("date") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "edition_papers" ADD CONSTRAINT "edition_papers_paper_id_fkey" FOREIGN KEY ("paper_id") REFERENCES "papers"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "subscription_changes" ADD CONSTRAINT "subscription_changes_subscription_id_fkey" FOREIGN KEY ("subscription_id") REFERENCES "subscriptions"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "subscription_clocks" ADD CONSTRAINT "subscription_clocks_subscription_id_fkey" FOREIGN KEY ("subscription_id") REFERENCES "subscriptions"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "subscription_clocks" ADD CONSTRAINT "subscription_clocks_group_id_fkey" FOREIGN KEY ("group_id") REFERENCES "delivery_groups"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "group_days" ADD CONSTRAINT "group_days_group_id_fkey" FOREIGN KEY ("group_id") REFERENCES "delivery_groups"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- What Prisma's schema cannot say.

ALTER TABLE "editions"
    ADD CONSTRAINT "editions_state" CHECK ("state" IN ('open', 'closed', 'quiet', 'broken')),
    ADD CONSTRAINT "editions_closed_at" CHECK (("state" = 'closed') <= ("closed_at" IS NOT NULL));

ALTER TABLE "requests"
    ADD CONSTRAINT "requests_state" CHECK ("state" IN ('waiting', 'answered', 'confirmed', 'declined', 'expired')),
    ADD CONSTRAINT "requests_kind" CHECK ("kind" IN ('subscribe', 'link')),
    ADD CONSTRAINT "requests_wanted" CHECK ("kind" = 'link' OR "wanted" IS NOT NULL);

-- What `sweep` looks for: requests nobody answered yet, and those whose address is due to be forgotten.
CREATE INDEX "requests_waiting" ON "requests" ("not_before") WHERE "state" = 'waiting';
CREATE INDEX "requests_expiring" ON "requests" ("expires_at") WHERE "email" IS NOT NULL;

ALTER TABLE "subscriptions"
    ADD CONSTRAINT "subscriptions_state" CHECK ("state" IN ('active', 'paused', 'suspended', 'ended')),
    ADD CONSTRAINT "subscriptions_cadence" CHECK ("cadence" IN ('daily', 'weekdays', 'weekly')),
    ADD CONSTRAINT "subscriptions_weekday" CHECK (("cadence" = 'weekly') = ("weekday" IS NOT NULL) AND ("weekday" BETWEEN 1 AND 7)),
    ADD CONSTRAINT "subscriptions_hour" CHECK ("hour" BETWEEN 0 AND 23),
    ADD CONSTRAINT "subscriptions_max_papers" CHECK ("max_papers" BETWEEN 1 AND 50),
    ADD CONSTRAINT "subscriptions_format" CHECK ("format" IN ('html', 'text')),
    ADD CONSTRAINT "subscriptions_email" CHECK ("email" IS NOT NULL OR "state" = 'ended');

CREATE INDEX "subscriptions_resuming" ON "subscriptions" ("paused_until") WHERE "state" = 'paused' AND "paused_until" IS NOT NULL;

-- Planning moves two dates of each row it plans: room on the page keeps those updates off the indexes (HOT).
ALTER TABLE "subscription_clocks" SET (fillfactor = 70);
CREATE INDEX "subscription_clocks_late" ON "subscription_clocks" ("group_id") WHERE "joined_late";

ALTER TABLE "group_days"
    ADD CONSTRAINT "group_days_outcome" CHECK ("outcome" IN ('waiting', 'planned', 'nothing', 'missed'));

ALTER TABLE "deliveries"
    ADD CONSTRAINT "deliveries_state" CHECK ("state" IN ('planned', 'claimed', 'accepted', 'retry', 'uncertain', 'refused', 'expired', 'empty', 'withdrawn')),
    -- A claim has a holder and a deadline; nothing else has.
    ADD CONSTRAINT "deliveries_claim" CHECK (("state" = 'claimed') = ("claim" IS NOT NULL) AND ("claim" IS NULL) = ("claim_until" IS NULL)),
    -- What still has a try ahead says when; what has ended says when and, unless it was accepted, why.
    ADD CONSTRAINT "deliveries_next_try" CHECK (("state" IN ('planned', 'retry')) = ("next_try_at" IS NOT NULL)),
    ADD CONSTRAINT "deliveries_reason" CHECK ("state" NOT IN ('refused', 'expired', 'empty', 'withdrawn') OR "reason" IS NOT NULL);

-- Two small indexes hold what is under way, however many deliveries there ever were.
CREATE INDEX "deliveries_trying" ON "deliveries" ("next_try_at") WHERE "next_try_at" IS NOT NULL;
CREATE INDEX "deliveries_claimed" ON "deliveries" ("claim_until") WHERE "claim_until" IS NOT NULL;

-- One partition a week (Monday to Sunday): a pick reads two or three of them, and dropping one forgets a week at once.
CREATE FUNCTION make_delivery_partitions(since date, until date) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    monday date := date_trunc('week', since)::date;
BEGIN
    WHILE monday <= until LOOP
        IF to_regclass(format('deliveries_%s', to_char(monday, 'YYYYMMDD'))) IS NULL THEN
            PERFORM pg_advisory_xact_lock(hashtext('make_delivery_partitions'));
            EXECUTE format('CREATE TABLE IF NOT EXISTS %I PARTITION OF deliveries FOR VALUES FROM (%L) TO (%L)',
                'deliveries_' || to_char(monday, 'YYYYMMDD'), monday, monday + 7);
        END IF;
        monday := monday + 7;
    END LOOP;
END $$;

CREATE FUNCTION drop_delivery_partitions(before date) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    partition text;
    dropped integer := 0;
BEGIN
    FOR partition IN
        SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'deliveries'::regclass AND to_date(right(c.relname, 8), 'YYYYMMDD') + 7 <= before
    LOOP
        EXECUTE format('DROP TABLE %I', partition);
        dropped := dropped + 1;
    END LOOP;
    RETURN dropped;
END $$;

-- What is known of a paper's signals at one time: of each signal the newest number any source gave by then. Null when no
-- source had seen the paper.
CREATE FUNCTION signals_at(paper integer, at timestamptz) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN count(*) > 0 THEN coalesce(jsonb_object_agg(newest.name, newest.value) FILTER (WHERE newest.name IS NOT NULL), '{}') END
    FROM (
        SELECT DISTINCT ON (signal.key) signal.key AS name, signal.value AS value
        FROM sightings s LEFT JOIN LATERAL jsonb_each(s.signals) AS signal ON true
        WHERE s.paper_id = paper AND s.seen_at <= at
        ORDER BY signal.key, s.last_seen_at DESC
    ) AS newest
$$;

-- Papers that only sources without listings know, by the day they were published (the followed lane).
CREATE INDEX "papers_published" ON "papers" ("published_at") WHERE "merged_into" IS NULL;
