-- After a change of address: mails that went to the old one hold links to leave by, and those are good for ever.
ALTER TABLE "subscriptions" ADD COLUMN "goes_on_as" BIGINT;
ALTER TABLE "subscriptions" ADD CONSTRAINT "subscriptions_goes_on_as_fkey"
    FOREIGN KEY ("goes_on_as") REFERENCES "subscriptions"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- What Prisma's schema cannot say.

-- Only who has ended goes on elsewhere, and not as themselves.
ALTER TABLE "subscriptions"
    ADD CONSTRAINT "subscriptions_goes_on" CHECK ("goes_on_as" IS NULL OR ("state" = 'ended' AND "goes_on_as" <> "id"));
-- Of the few who moved: whose next move, or erasure, they follow.
CREATE INDEX "subscriptions_gone_on" ON "subscriptions" ("goes_on_as") WHERE "goes_on_as" IS NOT NULL;
