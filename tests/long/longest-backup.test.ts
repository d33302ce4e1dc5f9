/** A backup of as many weeks as one may be of: each is a table, and all of them are made in one transaction. */
import { expect, test } from "vitest";
import { objectionTo } from "../../src/core/backup.ts";
import { knownMigrations } from "../../src/store/backup/load.ts";
import { liveIn } from "../support/lived-in.ts";
import { startPostgres } from "../support/postgres.ts";
import { backupBench, loadInto, manifestOf, query, writeBackup } from "../support/vaults.ts";

const bench = backupBench(liveIn);

test("the longest there may be is restored in one transaction", async () => {
  const { press, file } = bench;
  await writeBackup(file, press.store.url);
  const manifest = { ...(await manifestOf(file)), deliveryDays: { since: "2015-01-05", until: "2026-07-06" } };
  expect(objectionTo(manifest, await knownMigrations())).toBeNull();
  // As many as PostgreSQL allows by default: what one transaction may lock is counted by them.
  const target = await startPostgres({ max_connections: "100" });
  bench.closers.push(target.close);
  await loadInto(target.url, file, { manifest });
  const [weeks] = await query<{ n: number }>(
    target.url,
    "SELECT count(*)::int AS n FROM pg_inherits WHERE inhparent = 'deliveries'::regclass",
  );
  expect(weeks).toEqual({ n: 601 });
});
