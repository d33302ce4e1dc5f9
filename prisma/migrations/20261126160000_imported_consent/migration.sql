-- What a list that was imported says of how, or when, a reader gave their consent. Requests made with us prove it themselves.
ALTER TABLE "requests" ADD COLUMN "consent" TEXT;
