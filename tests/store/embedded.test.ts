/** The everyday of the embedded server; its misfortunes are in tests/long/embedded.test.ts. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
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
