-- AlterTable
ALTER TABLE "requests" ADD COLUMN     "domain_key" TEXT,
ADD COLUMN     "folded_key" TEXT;

-- CreateTable
CREATE TABLE "door_counts" (
    "key" TEXT NOT NULL,
    "count" INTEGER NOT NULL,
    "until" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "door_counts_pkey" PRIMARY KEY ("key")
);

-- CreateTable
CREATE TABLE "door_spent" (
    "id" TEXT NOT NULL,
    "until" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "door_spent_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "door_counts_until_idx" ON "door_counts"("until");

-- CreateIndex
CREATE INDEX "door_spent_until_idx" ON "door_spent"("until");

-- What Prisma's schema cannot say.

-- The newest mails to one mailbox or one domain, whatever its size: a worker asks before each answer.
CREATE INDEX "requests_mailed_to_folded" ON "requests" ("folded_key", (coalesce("answered_at", "taken_at")) DESC)
    WHERE "answer" IS DISTINCT FROM 'nothing';
CREATE INDEX "requests_mailed_to_domain" ON "requests" ("domain_key", (coalesce("answered_at", "taken_at")) DESC)
    WHERE "answer" IS DISTINCT FROM 'nothing';

-- Counts are over in ten minutes or a day: nothing of them needs to outlive a crash, so counting waits for no disk. Half of
-- a page is left free, so that a count that goes up stays where it is.
ALTER TABLE "door_counts" SET UNLOGGED;
ALTER TABLE "door_counts" SET (fillfactor = 50);
