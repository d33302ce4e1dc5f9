-- What proves consent: which of our pages it was asked on, in what words, from which address on the net (its HMAC alone).
ALTER TABLE "requests"
    ADD COLUMN "page" TEXT,
    ADD COLUMN "text_version" TEXT,
    ADD COLUMN "asked_ip_key" TEXT,
    -- A change of address: the subscription that goes on under this request's address.
    ADD COLUMN "subscription_id" BIGINT;
ALTER TABLE "requests"
    DROP CONSTRAINT "requests_kind",
    DROP CONSTRAINT "requests_wanted",
    ADD CONSTRAINT "requests_kind" CHECK ("kind" IN ('subscribe', 'link', 'account', 'move', 'moved')),
    ADD CONSTRAINT "requests_wanted" CHECK ("kind" <> 'subscribe' OR "wanted" IS NOT NULL),
    ADD CONSTRAINT "requests_moves" CHECK (("kind" IN ('move', 'moved')) = ("subscription_id" IS NOT NULL));
-- What `sweep` looks for: requests that are old enough to go, and readers who left and whose address does.
CREATE INDEX "requests_forgotten" ON "requests" ("expires_at") WHERE "email" IS NULL AND "state" <> 'confirmed';
CREATE INDEX "subscriptions_left" ON "subscriptions" (coalesce("ended_at", "suspended_at"))
    WHERE "email" IS NOT NULL AND ("state" = 'ended' OR ("state" = 'suspended' AND "try_again_at" IS NULL));
-- Changes of address under way: who is erased is not to be found by their other address.
CREATE INDEX "requests_moving" ON "requests" ("subscription_id") WHERE "subscription_id" IS NOT NULL AND "email" IS NOT NULL;
-- An erasure is an entry until what proves the consent before it goes as well.
CREATE INDEX "subscription_changes_erased" ON "subscription_changes" ("at") WHERE "what" = 'erased';

-- What a reader asks to be shown has to be found by reader: beside what was sent ("deliveries_sent") what ended without
-- papers. A delivery enters only when it ends that way, so planning and sending do not meet this index.
CREATE INDEX "deliveries_without_papers" ON "deliveries" ("subscription_id", "local_day")
    WHERE "paper_ids" IS NULL AND "next_try_at" IS NULL AND "claim_until" IS NULL;
