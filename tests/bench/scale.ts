/**
 * How planning and matching grow with the number of readers: 10,000, 100,000 and 1,000,000 of them, in 400 groups from
 * very large to very small (Zipf), with 50,000 distinct filters and with each its own.
 *
 * `npm run bench -- scale [READERS…]`. Runs on the embedded PostgreSQL as it is set for production, fsync and
 * synchronous_commit on; each measurement in a process of its own. Prints tables, then one JSON line.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { rootDefaults } from "../../src/store/embedded/home.ts";
import { openEmbedded } from "../../src/store/embedded.ts";
import { migrate } from "../../src/store/migrate.ts";
import { openScratchDatabase } from "../../src/store/scratch-database.ts";
import { measureMatching } from "./scale/matching.ts";
import { measurePlanning } from "./scale/planning.ts";
import { addReaders, giveFilters } from "./scale/readers.ts";

const SIZES = [10_000, 100_000, 1_000_000];
const SHARED_FILTERS = 50_000;

const MEASURES: Readonly<Record<string, (url: string) => Promise<object>>> = {
  planning: measurePlanning,
  matching: measureMatching,
};

const [, , , first = "", ...others] = process.argv;
if (first in MEASURES) console.log(JSON.stringify(await MEASURES[first]!(others[0]!)));
else {
  const sizes = [first, ...others].filter((size) => size !== "").map(Number);
  await bench(sizes.length > 0 ? sizes : SIZES);
}

async function bench(sizes: readonly number[]): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "paperboy-bench-"));
  // Root's server runs as somebody else, who has to walk in; its data would stay behind anywhere else.
  await chmod(folder, 0o755);
  const root = rootDefaults();
  const asRoot = root && { ...root, base: join(folder, "root") };
  const server = await openEmbedded({ dataDir: join(folder, "data"), isScratch: true, asRoot });
  const all: object[] = [];
  try {
    for (const readers of sizes) all.push({ readers, ...(await ofSize(server.url, readers)) });
  } finally {
    await server.close();
    await rm(folder, { recursive: true, force: true });
  }
  console.log(JSON.stringify({ bench: "scale", sizes: all }));
}

async function ofSize(server: string, readers: number): Promise<object> {
  const database = await openScratchDatabase(server);
  try {
    await migrate({ databaseUrl: database.url });
    await addReaders(database.url, readers);
    await giveFilters(database.url, readers, SHARED_FILTERS);
    const planning = await measured("planning", database.url);
    show(`Planning ${readers.toLocaleString("en")} readers`, planning);
    const shared = await measured("matching", database.url);
    show(`Matching ${readers.toLocaleString("en")} readers, ${SHARED_FILTERS.toLocaleString("en")} filters`, shared);
    await giveFilters(database.url, readers, readers);
    const distinct = await measured("matching", database.url);
    show(`Matching ${readers.toLocaleString("en")} readers, each a filter of their own`, distinct);
    return { planning, matching: { shared, distinct } };
  } finally {
    await database.close();
  }
}

/** In a fresh process, whose memory is that of the measured thing alone. */
async function measured(what: string, url: string): Promise<Record<string, object>> {
  const args = [...process.execArgv, process.argv[1]!, "scale", what, url];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const [said, [code]] = await Promise.all([text(child.stdout), once(child, "exit")]);
  if (code !== 0) throw new Error(`measuring ${what} ended with ${code}`);
  return JSON.parse(said);
}

function show(title: string, tables: Record<string, object>): void {
  for (const [name, table] of Object.entries(tables)) {
    console.log(`\n${title}: ${name}`);
    console.table(table);
  }
}
