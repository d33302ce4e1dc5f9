-- Readers who are in another zone for a while: `zone` is the one they are in, and they come back by themselves.
ALTER TABLE "subscriptions"
    ADD COLUMN "home_zone" TEXT,
    ADD COLUMN "zone_until" TIMESTAMPTZ(3),
    ADD CONSTRAINT "subscriptions_elsewhere" CHECK (("home_zone" IS NULL) = ("zone_until" IS NULL));
CREATE INDEX "subscriptions_zone_until" ON "subscriptions" ("zone_until") WHERE "zone_until" IS NOT NULL;
