/**
 * What a backup and its restoration cost: 1,000,000 readers with three days of deliveries.
 *
 * `npm run bench -- backup [READERS]`. On the embedded PostgreSQL as it is set for production; each measurement in a
 * process of its own, whose memory is that of the measured thing alone. Prints a table, then one JSON line.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import pg from "pg";
import { backUp } from "../../src/actions/back-up.ts";
import { checkBackup, restoreBackup } from "../../src/actions/restore-backup.ts";
import { createDatabase } from "../../src/store/create-database.ts";
import { rootDefaults } from "../../src/store/embedded/home.ts";
import { openEmbedded } from "../../src/store/embedded.ts";
import { migrate } from "../../src/store/migrate.ts";
import { peakMb } from "../support/processes.ts";
import { aVault } from "../support/vaults.ts";
import { addReaders, giveFilters } from "./scale/readers.ts";

const [, , , first = "1000000", url = "", file = "", dataDir = ""] = process.argv;
if (first === "backup" || first === "restore") console.log(JSON.stringify(await measure(first)));
else await bench(Number(first));

async function measure(what: "backup" | "restore"): Promise<object> {
  const vault = await aVault(url, dataDir);
  const begun = performance.now();
  const seconds = () => Math.round((performance.now() - begun) / 100) / 10;
  if (what === "backup") {
    await backUp(vault, file, { withKeys: true });
    return { what, seconds: seconds(), peakMb: peakMb(process.pid) };
  }
  const checked = await checkBackup(vault, file, true);
  const checkedAfter = seconds();
  await restoreBackup(vault, checked, { mayReplace: false });
  return { what, checkedAfter, seconds: seconds(), peakMb: peakMb(process.pid) };
}

async function bench(readers: number): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "paperboy-bench-"));
  await chmod(folder, 0o755); // root's server runs as somebody else, who has to walk in
  const root = rootDefaults();
  const asRoot = root && { ...root, base: join(folder, "root") };
  const server = await openEmbedded({ dataDir: join(folder, "data"), isScratch: true, asRoot });
  try {
    const [source, target] = [await createDatabase(server.url, "source"), await createDatabase(server.url, "target")];
    await migrate({ databaseUrl: source });
    await addReaders(source, readers);
    await giveFilters(source, readers, Math.min(readers, 50_000));
    await addDeliveries(source);
    const backup = join(folder, "one.backup");
    const saved = await measured("backup", source, backup, join(folder, "one"));
    const fileMb = Math.round((await stat(backup)).size / 1e6);
    const loaded = await measured("restore", target, backup, join(folder, "two"));
    console.table([saved, loaded]);
    console.log(
      JSON.stringify({ bench: "backup", readers, deliveries: readers * 3, fileMb, backup: saved, restore: loaded }),
    );
  } finally {
    await server.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Three days, all accepted, with what a mail leaves behind. */
async function addDeliveries(databaseUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  await client.query("SELECT make_delivery_partitions('2026-04-14', '2026-04-20')");
  for (const day of ["2026-04-14", "2026-04-15", "2026-04-16"])
    await client.query(
      `INSERT INTO deliveries (local_day, subscription_id, edition_date, cadence, due_at, send_by, state, attempts, paper_ids, version,
         composed_at, answer, server_id, ended_at)
       SELECT $1::date, id, $1::date - 1, 'daily', $1::date + interval '7 hours', $1::date + interval '27 hours', 'accepted', 1,
         ARRAY(SELECT (id * 7 + n * 13) % 5000 FROM generate_series(1, 8) n), 1, $1::date + interval '7 hours' + id * interval '1 ms',
         '250 2.0.0 Ok: queued as ' || upper(substr(md5(id::text || $1), 1, 12)), upper(substr(md5(id::text || $1), 1, 12)),
         $1::date + interval '7 hours' + id * interval '1 ms' FROM subscriptions`,
      [day],
    );
  await client.query("ANALYZE");
  await client.end();
}

async function measured(...args: readonly string[]): Promise<Record<string, number>> {
  const child = spawn(process.execPath, [...process.execArgv, process.argv[1]!, "backup", ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [said, [code]] = await Promise.all([text(child.stdout), once(child, "exit")]);
  if (code !== 0) throw new Error(`measuring ${args[0]} ended with ${code}`);
  return JSON.parse(said);
}
