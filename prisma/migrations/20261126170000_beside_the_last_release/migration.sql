-- Migrations only add: processes of the last release go on beside those of the next, and their sweep names this column
-- every minute. Nothing of this release reads it; it goes when no release that does is the last one.
ALTER TABLE "editions" ADD COLUMN IF NOT EXISTS "alarmed_at" TIMESTAMPTZ(3);
