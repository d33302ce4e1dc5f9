import { afterAll, beforeAll, expect, test } from "vitest";
import { Temporary } from "../../src/errors.ts";
import { type Database, openDatabase } from "../../src/store/database.ts";
import { aDatabase, type TestDatabase } from "../support/database.ts";

let place: TestDatabase;
let database: Database;

beforeAll(async () => {
  place = await aDatabase();
  // As a server whose default is another zone.
  const url = new URL(place.url);
  database = await openDatabase({ url: url.href });
  await database.pool.query(`ALTER DATABASE "${url.pathname.slice(1)}" SET timezone = 'Asia/Kathmandu'`);
  await database.close();
  database = await openDatabase({ url: url.href });
});

afterAll(async () => {
  await database.close();
  await place.drop();
});

test("a moment is read as that moment, whatever zone the server is set to", async () => {
  const rows = await database.prisma
    .$queryRaw`SELECT timestamptz '2026-03-02T01:15:00Z' AS at, current_setting('TimeZone') AS zone`;
  expect(rows).toEqual([{ at: new Date("2026-03-02T01:15:00Z"), zone: "UTC" }]);
});

test("a query whose connection is cut is a temporary fault, and the next one works", async () => {
  const cut = database.prisma.$queryRaw`SELECT pg_terminate_backend(pg_backend_pid())::text`;
  await expect(cut).rejects.toBeInstanceOf(Temporary);
  expect(await database.prisma.$queryRaw`SELECT 1 AS n`).toEqual([{ n: 1 }]);
});

test("a deadlock, a lock not to be had and a time-out are temporary", async () => {
  for (const code of ["40P01", "55P03", "57014", "40001", "53300", "57P03"]) {
    const raised = database.prisma.$executeRawUnsafe(
      `DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '${code}'; END $$`,
    );
    await expect(raised, code).rejects.toBeInstanceOf(Temporary);
  }
});

test("a broken rule or a wrong statement is what it is", async () => {
  for (const wrong of ["SELECT 1/0", "SELECT nothing", "DO $$ BEGIN RAISE unique_violation; END $$"]) {
    const error = await database.prisma.$executeRawUnsafe(wrong).catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(Error);
    expect(error).not.toBeInstanceOf(Temporary);
  }
});

test("a server that is not there is a temporary fault", async () => {
  await expect(openDatabase({ url: "postgresql://a:b@127.0.0.1:1/c" })).rejects.toBeInstanceOf(Temporary);
});
