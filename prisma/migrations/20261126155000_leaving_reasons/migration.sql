-- Why readers left, if they said so. Once a reader is erased, what is left of a row is its reason and its month: a total.
CREATE TABLE "leaving_reasons" (
    "id" BIGSERIAL NOT NULL,
    "subscription_id" BIGINT,
    "left_at" TIMESTAMPTZ(3) NOT NULL,
    "reason" TEXT NOT NULL,
    "words" TEXT,

    CONSTRAINT "leaving_reasons_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "leaving_reasons_subscription_id_left_at_key" ON "leaving_reasons" ("subscription_id", "left_at");
CREATE INDEX "leaving_reasons_left_at_idx" ON "leaving_reasons" ("left_at");
ALTER TABLE "leaving_reasons" ADD CONSTRAINT "leaving_reasons_subscription_id_fkey" FOREIGN KEY ("subscription_id") REFERENCES "subscriptions"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
