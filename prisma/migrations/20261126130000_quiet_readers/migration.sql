-- Readers whose filter found nothing for a month are told once, until something was sent to them or they changed something.
ALTER TABLE "subscriptions" ADD COLUMN "told_quiet_at" TIMESTAMPTZ(3);
ALTER TABLE "requests"
    DROP CONSTRAINT "requests_kind",
    ADD CONSTRAINT "requests_kind" CHECK ("kind" IN ('subscribe', 'link', 'account', 'move', 'moved', 'quiet'));
