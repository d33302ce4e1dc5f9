import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { Invalid } from "../../src/errors.ts";
import { openHighWater } from "../../src/store/high-water.ts";
import { aStore, type TestStore } from "../support/store.ts";

let store: TestStore;
let folder: string;
beforeAll(async () => {
  store = await aStore();
});
afterAll(() => store.close());
beforeEach(async () => {
  await store.sql("TRUNCATE witnesses, restorations");
  folder = await mkdtemp(join(tmpdir(), "paperboy-high-water-"));
});
afterEach(() => rm(folder, { recursive: true }));

const open = () => openHighWater(store.prisma, folder);

test("without a mark nothing is known, and the first look notes where the database stands", async () => {
  const fresh = await open();
  expect([await fresh.standing(), fresh.mark()]).toEqual([{ is: "level" }, null]);
  await store.sql("SELECT setval('deliveries_id_seq', 4711)");
  await fresh.rise();
  const { databaseId } = fresh;
  expect(JSON.parse(await readFile(join(folder, `${databaseId}.json`), "utf8"))).toEqual({
    ...{ databaseId, witness: fresh.mark()!.witness, height: 1, restorations: 0, at: "2026-04-15T07:00:00.000Z" },
    lastIds: { deliveries: "4711", requests: "1", subscriptions: "1", papers: "1" },
  });
});

test("it rises with each look and goes on after a restart; a database as it was a look ago stands behind", async () => {
  const before = await open();
  await before.rise();
  const earlier = await store.sql<{ height: string }>("SELECT height FROM witnesses");
  await before.rise();
  const restarted = await open();
  await restarted.rise();
  expect([restarted.mark()!.height, await restarted.standing()]).toEqual([3, { is: "level" }]);
  await store.sql("UPDATE witnesses SET height = $1", [earlier[0]!.height]);
  expect(await restarted.standing()).toEqual({ is: "behind" });
  expect(await (await open()).standing()).toEqual({ is: "behind" });
});

test("a database from before the first mark stands behind, and rising does not hide that", async () => {
  const one = await open();
  await one.rise();
  await store.sql("TRUNCATE witnesses");
  for (let n = 0; n < 3; n += 1) await one.rise();
  expect([await one.standing(), one.mark()!.height]).toEqual([{ is: "behind" }, 1]);
});

test("another machine that has no mark and goes on for long does not hide it either", async () => {
  const one = await open();
  for (let n = 0; n < 3; n += 1) await one.rise();
  await store.sql("UPDATE witnesses SET height = 1");
  const fresh = await openHighWater(store.prisma, join(folder, "other"));
  for (let n = 0; n < 10; n += 1) await fresh.rise();
  expect([await one.standing(), await fresh.standing()]).toEqual([{ is: "behind" }, { is: "level" }]);
});

test("seen to by another process it is restored, until this one goes on from there", async () => {
  const one = await open();
  await one.rise();
  await store.sql("INSERT INTO restorations (number, at) VALUES (1, now())");
  await store.sql("TRUNCATE witnesses");
  expect(await one.standing()).toEqual({ is: "restored", restorations: 1 });
  await one.adopt(1);
  expect(await one.standing()).toEqual({ is: "level" });
  expect(await (await open()).standing()).toEqual({ is: "level" });
});

test("a database that does not know of a restoration we saw is from before it", async () => {
  const one = await open();
  await store.sql("INSERT INTO restorations (number, at) VALUES (1, now())");
  await one.rise();
  await store.sql("TRUNCATE restorations");
  expect(await one.standing()).toEqual({ is: "behind" });
});

test("two processes of one machine share a mark, and neither takes the other for a restoration", async () => {
  const [web, worker] = [await open(), await open()];
  for (let n = 0; n < 5; n += 1) await Promise.all([web.rise(), worker.rise()]);
  expect([await web.standing(), await worker.standing(), await (await open()).standing()]).toEqual(
    Array(3).fill({ is: "level" }),
  );
});

test("a mark that cannot be read stops the start: without it a restored database would go unnoticed", async () => {
  const one = await open();
  await writeFile(join(folder, `${one.databaseId}.json`), '{"height":');
  await expect(open()).rejects.toThrow(Invalid);
});

test("for a database that is gone afterwards nothing is kept", async () => {
  const scratch = await openHighWater(store.prisma, null);
  await scratch.rise();
  await scratch.close();
  expect([scratch.mark(), await scratch.standing(), await store.sql("SELECT id FROM witnesses")]).toEqual([
    ...[null, { is: "level" }, []],
  ]);
});

test("closing notes how far it came", async () => {
  const one = await open();
  await one.rise();
  await store.sql("SELECT setval('deliveries_id_seq', 5000)");
  await one.close();
  expect((await open()).mark()!.lastIds.deliveries).toBe("5000");
});
