-- What an edition says of its papers is frozen with their ranks. Of those that closed before, what is known of them now.
ALTER TABLE "edition_papers" ADD COLUMN "facts" JSONB;
UPDATE "edition_papers" e SET "facts" = jsonb_build_object(
    'id', p."public_id", 'title', p."title", 'abstract', p."abstract", 'summary', p."summary",
    'authors', to_jsonb(p."authors"), 'categories', to_jsonb(p."categories"), 'keywords', to_jsonb(p."keywords"),
    'url', p."url", 'pdfUrl', p."pdf_url", 'codeUrl', p."code_url", 'organization', p."organization")
    FROM "papers" o JOIN "papers" p ON p."id" = coalesce(o."merged_into", o."id") WHERE o."id" = e."paper_id";
ALTER TABLE "edition_papers" ALTER COLUMN "facts" SET NOT NULL;
