/** The everyday of the embedded server; its misfortunes are in tests/long/embedded.test.ts. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { openLog } from "../../src/log.ts";
import { rootDefaults } from "../../src/store/embedded/home.ts";
import { type EmbeddedOptions, openEmbedded } from "../../src/store/embedded.ts";

let folder: string;
let options: EmbeddedOptions;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "paperboy-embedded-"));
  const root = rootDefaults();
  options = {
    dataDir: join(folder, "data"),
    settings: { fsync: "off" },
    asRoot: root && { ...root, base: join("/var/tmp", `paperboy-${process.pid}`) },
  };
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
  rmSync(join("/var/tmp", `paperboy-${process.pid}`), { recursive: true, force: true });
});

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query(sql);
    return rows as unknown[];
  } finally {
    await client.end();
  }
}

test("from nothing to a query, two opens share one server, and the next start finds what was written", async () => {
  const [one, two] = await Promise.all([openEmbedded(options), openEmbedded(options)]);
  expect(one.url).toBe(two.url);
  await query(one.url, "CREATE TABLE kept (n int)");
  await one.close();
  await query(two.url, "INSERT INTO kept VALUES (42)");
  await two.close();
  await expect(query(two.url, "SELECT 1")).rejects.toThrow("ECONNREFUSED");

  const again = await openEmbedded(options);
  expect(await query(again.url, "SELECT n FROM kept")).toEqual([{ n: 42 }]);
  await again.close();
});

test("a server that is killed is started again where it was, with what it had", async () => {
  const lines: string[] = [];
  const log = openLog({ pretty: false, write: (line) => void lines.push(JSON.parse(line).msg) });
  const embedded = await openEmbedded({ ...options, dataDir: join(folder, "killed"), log });
  await query(embedded.url, "CREATE TABLE kept AS SELECT 42 AS n");
  const pid = Number(readFileSync(join(embedded.dir, "data/postmaster.pid"), "utf8").split("\n")[0]);
  process.kill(pid, "SIGKILL");
  const found = await vi.waitFor(() => query(embedded.url, "SELECT n FROM kept"), { timeout: 30_000, interval: 100 });
  expect(found).toEqual([{ n: 42 }]);
  await vi.waitFor(() => expect(lines).toContain("PostgreSQL runs again"));
  expect(lines).toContain("PostgreSQL is gone; starting it again");
  await embedded.close();
  await expect(query(embedded.url, "SELECT 1")).rejects.toThrow("ECONNREFUSED");
}, 60_000);
