-- The operator is told what goes wrong: by mail, and by a sign of life that stays away.

-- AlterTable
ALTER TABLE "incidents" ADD COLUMN "told_at" TIMESTAMPTZ(3),
ADD COLUMN "told_end_at" TIMESTAMPTZ(3),
ADD COLUMN "told_to" TEXT[] DEFAULT ARRAY[]::TEXT[],
ADD COLUMN "tell_after" TIMESTAMPTZ(3);

-- AlterTable
ALTER TABLE "editions" DROP COLUMN "alarmed_at";

-- CreateTable
CREATE TABLE "ticks" (
    "name" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "ticks_pkey" PRIMARY KEY ("name")
);

-- CreateTable
CREATE TABLE "heartbeats" (
    "edition_date" DATE NOT NULL,
    "not_before" TIMESTAMPTZ(3) NOT NULL,
    "failed_at" TIMESTAMPTZ(3),
    "sent_at" TIMESTAMPTZ(3),

    CONSTRAINT "heartbeats_pkey" PRIMARY KEY ("edition_date")
);

-- What is over by now is told to nobody.
UPDATE "incidents" SET "told_end_at" = "ended_at" WHERE "ended_at" IS NOT NULL;

-- What Prisma's schema cannot say.

-- Asked about every half minute: small, however many incidents there were.
CREATE INDEX "incidents_untold" ON "incidents" ("kind") WHERE "told_at" IS NULL OR "told_end_at" IS NULL;
CREATE INDEX "incidents_told" ON "incidents" ("kind", "told_at", "told_end_at");
CREATE INDEX "verdicts_complaints" ON "verdicts" ("at") WHERE "class" = 'complaint';
