-- What came back, what it was judged to say, and readers we stopped writing to because of it.

-- AlterTable
ALTER TABLE "subscriptions" ADD COLUMN "suspended_because" TEXT,
    ADD COLUMN "suspended_at" TIMESTAMPTZ(3),
    ADD COLUMN "try_again_at" TIMESTAMPTZ(3),
    ADD COLUMN "tried_at" TIMESTAMPTZ(3);

-- CreateTable
CREATE TABLE "reports" (
    "id" BIGSERIAL NOT NULL,
    "via" TEXT NOT NULL,
    "received_at" TIMESTAMPTZ(3) NOT NULL DEFAULT paperboy_now(),
    "raw" BYTEA,
    "cut" BIGINT NOT NULL DEFAULT 0,
    "envelope_to" TEXT,
    "envelope_from" TEXT,
    "event_key" TEXT,
    "state" TEXT NOT NULL DEFAULT 'waiting',
    "not_before" TIMESTAMPTZ(3) NOT NULL DEFAULT paperboy_now(),
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "applied_at" TIMESTAMPTZ(3),
    "note" TEXT,
    "subscription_id" BIGINT,
    "local_day" DATE,
    "delivery_id" BIGINT,

    CONSTRAINT "reports_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "verdicts" (
    "id" BIGSERIAL NOT NULL,
    "subscription_id" BIGINT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "mail_at" TIMESTAMPTZ(3) NOT NULL,
    "class" TEXT NOT NULL,
    "names_no_user" BOOLEAN NOT NULL,
    "status" TEXT,
    "text" TEXT NOT NULL,
    "via" TEXT NOT NULL,
    "event_id" TEXT,
    "report_id" BIGINT,
    "local_day" DATE,
    "delivery_id" BIGINT,
    "verdict" TEXT NOT NULL,
    "because" TEXT NOT NULL,

    CONSTRAINT "verdicts_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "suppressions_at_address_key_idx" ON "suppressions"("at", "address_key");

-- CreateIndex
CREATE UNIQUE INDEX "reports_via_event_key_key" ON "reports"("via", "event_key");

-- CreateIndex
CREATE INDEX "reports_subscription_id_idx" ON "reports"("subscription_id");

-- CreateIndex
CREATE UNIQUE INDEX "verdicts_via_event_id_key" ON "verdicts"("via", "event_id");

-- CreateIndex
CREATE INDEX "verdicts_subscription_id_at_idx" ON "verdicts"("subscription_id", "at");

-- CreateIndex
CREATE INDEX "verdicts_report_id_idx" ON "verdicts"("report_id");

-- AddForeignKey
ALTER TABLE "verdicts" ADD CONSTRAINT "verdicts_report_id_fkey" FOREIGN KEY ("report_id") REFERENCES "reports"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- What Prisma's schema cannot say.

ALTER TABLE "reports"
    ADD CONSTRAINT "reports_state" CHECK ("state" IN ('waiting', 'applied')),
    ADD CONSTRAINT "reports_applied_at" CHECK (("state" = 'applied') = ("applied_at" IS NOT NULL)),
    -- CONTRACT 3: intake is bounded, 2 MB at most.
    ADD CONSTRAINT "reports_raw" CHECK (octet_length("raw") <= 2097152),
    ADD CONSTRAINT "reports_answer" CHECK ("via" <> 'smtp-answer' OR ("subscription_id" IS NOT NULL AND "delivery_id" IS NOT NULL AND "local_day" IS NOT NULL));

-- What `sweep` looks for: reports nobody applied yet, and those whose bytes are due to be dropped.
CREATE INDEX "reports_waiting" ON "reports" ("not_before") WHERE "state" = 'waiting';
CREATE INDEX "reports_with_raw" ON "reports" ("received_at") WHERE "raw" IS NOT NULL;

ALTER TABLE "subscriptions"
    ADD CONSTRAINT "subscriptions_try_again" CHECK ("try_again_at" IS NULL OR "suspended_at" IS NOT NULL),
    ADD CONSTRAINT "subscriptions_tried" CHECK ("tried_at" IS NULL OR ("suspended_at" IS NOT NULL AND "try_again_at" IS NULL));

-- Suspended readers whose next try is due, and those whose try may have gone well.
CREATE INDEX "subscriptions_trying_again" ON "subscriptions" ("try_again_at") WHERE "state" = 'suspended';
CREATE INDEX "subscriptions_tried" ON "subscriptions" ("tried_at") WHERE "state" = 'active' AND "tried_at" IS NOT NULL;

-- Whom is a mail about that a provider knows by its own id? Theirs are long (SendGrid 22 letters, Postmark 36, SES 60);
-- the queue ids of mail servers are shorter, nobody reports by them, and mails that get one keep out of this index.
CREATE INDEX "deliveries_server_id" ON "deliveries" ("server_id") WHERE length("server_id") >= 20;
