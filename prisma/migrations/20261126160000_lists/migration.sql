-- What the operator's lists walk. Each is read newest first, a page at a time, behind the key of the page before; a count is
-- never taken. What no index narrows is walked along the primary key, a bounded stretch at a time (store/list-pages.ts).

-- Readers in one state, by number. A reader changes it a few times in their life.
CREATE INDEX "subscriptions_state_id_idx" ON "subscriptions"("state", "id");

-- Deliveries in the states that are rare and looked for. A mail that is planned, claimed and accepted never enters: its
-- statements test the condition and write nothing here. They were no HOT updates before (each changes a column of
-- "deliveries_trying" or "deliveries_claimed"), so `state` in a condition takes nothing from them. Those planned and
-- claimed are found in the two indexes there are, those accepted along the primary key.
CREATE INDEX "deliveries_odd" ON "deliveries" ("state", "local_day", "id")
    WHERE "state" IN ('retry', 'uncertain', 'refused', 'expired', 'empty', 'withdrawn');

-- Was anything planned of an edition? Then it is not opened again. Groups say so by themselves; welcome digests are
-- planned one by one, and are as few as the readers who confirm.
CREATE INDEX "deliveries_welcome" ON "deliveries" ("edition_date") WHERE "is_welcome";
CREATE INDEX "group_days_planned" ON "group_days" ("edition_date") WHERE "planned" > 0;

-- Reports of one way in, and those that wait, by number.
CREATE INDEX "reports_via_id_idx" ON "reports"("via", "id");
CREATE INDEX "reports_waiting_by_id" ON "reports" ("id") WHERE "state" = 'waiting';

-- Suppressions that stand, newest first.
CREATE INDEX "suppressions_standing" ON "suppressions" ("at", "address_key") WHERE "lifted_at" IS NULL;

-- Bounces, complaints and leavings by day; growth by day.
CREATE INDEX "verdicts_at_idx" ON "verdicts"("at");
CREATE INDEX "subscription_changes_growth" ON "subscription_changes" ("at") WHERE "what" IN ('confirmed', 'undone', 'ended');

-- Who did what to whom, and when.
CREATE TABLE "audit_lines" (
    "id" BIGSERIAL NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT paperboy_now(),
    "by" TEXT NOT NULL,
    "what" TEXT NOT NULL,
    "about" TEXT,
    "details" JSONB NOT NULL DEFAULT '{}',

    CONSTRAINT "audit_lines_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "audit_lines_about_id_idx" ON "audit_lines"("about", "id");
ALTER TABLE "audit_lines"
    ADD CONSTRAINT "audit_lines_by" CHECK ("by" IN ('admin', 'cli', 'api'));
