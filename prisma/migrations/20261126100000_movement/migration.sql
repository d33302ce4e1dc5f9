-- What a paper gained in votes since the previous edition. Editions before this one did not look.
ALTER TABLE "edition_papers" ADD COLUMN "upvotes_gained" INTEGER NOT NULL DEFAULT 0;
