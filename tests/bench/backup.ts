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
    await addReaders(source, readers, 3);
    await giveFilters(source, readers, Math.min(readers, 50_000));
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

async function measured(...args: readonly string[]): Promise<Record<string, number>> {
  const child = spawn(process.execPath, [...process.execArgv, process.argv[1]!, "backup", ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [said, [code]] = await Promise.all([text(child.stdout), once(child, "exit")]);
  if (code !== 0) throw new Error(`measuring ${args[0]} ended with ${code}`);
  return JSON.parse(said);
}
