-- Who was sent what is asked of deliveries that have papers. The others need no place in this index: planning a million
-- readers then writes to one large index less, page by page all over it.
DROP INDEX "deliveries_subscription_id_local_day_idx";
CREATE INDEX "deliveries_sent" ON "deliveries" ("subscription_id", "local_day") WHERE "paper_ids" IS NOT NULL;
