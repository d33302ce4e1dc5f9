-- What the last statement added to a count. RETURNING tells of the row as it was from PostgreSQL 18 on; here 15 will do.
ALTER TABLE "door_counts" ADD COLUMN "added" INTEGER NOT NULL DEFAULT 0;
