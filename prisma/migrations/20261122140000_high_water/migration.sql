-- CreateTable
CREATE TABLE "database_identity" (
    "single" BOOLEAN NOT NULL DEFAULT true,
    "id" UUID NOT NULL,

    CONSTRAINT "database_identity_pkey" PRIMARY KEY ("single")
);

-- CreateTable
CREATE TABLE "witnesses" (
    "id" UUID NOT NULL,
    "height" BIGINT NOT NULL,
    "risen_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "witnesses_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "restorations" (
    "number" INTEGER NOT NULL,
    "lost_since" TIMESTAMPTZ(3),
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "restorations_pkey" PRIMARY KEY ("number")
);

-- CreateTable
CREATE TABLE "clock_watch" (
    "single" BOOLEAN NOT NULL DEFAULT true,
    "seen_at" TIMESTAMPTZ(3) NOT NULL,
    "steady_since" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "clock_watch_pkey" PRIMARY KEY ("single")
);

-- What Prisma's schema cannot say: one row.
ALTER TABLE "database_identity" ADD CONSTRAINT "database_identity_single" CHECK ("single");
ALTER TABLE "clock_watch" ADD CONSTRAINT "clock_watch_single" CHECK ("single");
