-- Whether digests may go, and how fast.

-- CreateTable
CREATE TABLE "sending_stops" (
    "id" BIGSERIAL NOT NULL,
    "kind" TEXT NOT NULL,
    "edition_date" DATE,
    "because" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT paperboy_now(),
    "lifted_at" TIMESTAMPTZ(3),

    CONSTRAINT "sending_stops_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "waves" (
    "edition_date" DATE NOT NULL,
    "planned" INTEGER NOT NULL DEFAULT 0,
    "let_through" INTEGER NOT NULL DEFAULT 0,
    "widened_at" TIMESTAMPTZ(3),
    "released_at" TIMESTAMPTZ(3),

    CONSTRAINT "waves_pkey" PRIMARY KEY ("edition_date")
);

-- CreateTable
CREATE TABLE "wave_pages" (
    "local_day" DATE NOT NULL,
    "from_id" BIGINT NOT NULL,
    "to_id" BIGINT NOT NULL,
    "through_to_id" BIGINT NOT NULL,
    "edition_date" DATE NOT NULL,

    CONSTRAINT "wave_pages_pkey" PRIMARY KEY ("local_day","from_id")
);

-- CreateTable
CREATE TABLE "incidents" (
    "id" BIGSERIAL NOT NULL,
    "kind" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "words" TEXT NOT NULL,
    "began_at" TIMESTAMPTZ(3) NOT NULL DEFAULT paperboy_now(),
    "last_seen_at" TIMESTAMPTZ(3) NOT NULL DEFAULT paperboy_now(),
    "ended_at" TIMESTAMPTZ(3),

    CONSTRAINT "incidents_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "send_permits" (
    "key" VARCHAR(255) NOT NULL,
    "points" INTEGER NOT NULL DEFAULT 0,
    "expire" BIGINT,
    "made_at" TIMESTAMPTZ(3) NOT NULL DEFAULT now(),

    CONSTRAINT "send_permits_pkey" PRIMARY KEY ("key")
);

-- CreateTable
CREATE TABLE "send_days" (
    "key" VARCHAR(255) NOT NULL,
    "points" INTEGER NOT NULL DEFAULT 0,
    "expire" BIGINT,
    "made_at" TIMESTAMPTZ(3) NOT NULL DEFAULT now(),

    CONSTRAINT "send_days_pkey" PRIMARY KEY ("key")
);

-- CreateIndex
CREATE INDEX "wave_pages_edition_date_idx" ON "wave_pages"("edition_date");

-- AddForeignKey
ALTER TABLE "wave_pages" ADD CONSTRAINT "wave_pages_edition_date_fkey" FOREIGN KEY ("edition_date") REFERENCES "waves"("edition_date") ON DELETE CASCADE ON UPDATE CASCADE;

-- What Prisma's schema cannot say.

ALTER TABLE "sending_stops"
    ADD CONSTRAINT "sending_stops_kind" CHECK ("kind" IN ('operator', 'brake')),
    ADD CONSTRAINT "sending_stops_edition" CHECK (("kind" = 'brake') = ("edition_date" IS NOT NULL));

-- However many processes stop the same thing, it is stopped once.
CREATE UNIQUE INDEX "sending_stops_standing" ON "sending_stops" ("kind", "edition_date") NULLS NOT DISTINCT
    WHERE "lifted_at" IS NULL;

ALTER TABLE "wave_pages"
    ADD CONSTRAINT "wave_pages_order" CHECK ("from_id" - 1 <= "through_to_id" AND "through_to_id" <= "to_id");

-- One alarm an incident: whoever inserts it says so.
CREATE UNIQUE INDEX "incidents_open" ON "incidents" ("kind", "subject") WHERE "ended_at" IS NULL;

-- Permits live for a tenth of a second: nothing of them needs to outlive a crash, so taking one waits for no disk.
ALTER TABLE "send_permits" SET UNLOGGED;
