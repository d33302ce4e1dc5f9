-- Whether anything was planned of an edition is asked of the tallies (20261126161000), which count every delivery.
DROP INDEX "deliveries_welcome";
DROP INDEX "group_days_planned";
