import pg from "pg";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { Permanent, Temporary } from "../../src/errors.ts";
import { openDatabase } from "../../src/store/database.ts";
import { migrate } from "../../src/store/migrate.ts";
import { assertUsable, connectionFault } from "../../src/store/usable.ts";
import { aDatabase, type TestDatabase } from "../support/database.ts";

let place: TestDatabase;
beforeAll(async () => {
  place = await aDatabase({ template: null });
});
afterAll(() => place.drop());

const changed = (change: Partial<URL>) => Object.assign(new URL(place.url), change).href;

test("a database that is not there, or refuses us, is named by its setting, with what to do", async () => {
  await expect(openDatabase({ url: changed({ pathname: "/nothing" }) })).rejects.toThrow(
    new Permanent('The database "nothing" of DATABASE_URL does not exist. Make it: CREATE DATABASE "nothing"'),
  );
  const stranger = openDatabase({ url: changed({ username: "stranger", password: "hunter2" }) });
  await expect(stranger).rejects.toThrow(
    /^The database refuses DATABASE_URL: .*"stranger"\. Correct its user and password, or let this machine in \(pg_hba\.conf\)$/,
  );
  await expect(openDatabase({ url: "postgresql://a:b@127.0.0.1:1/c" })).rejects.toThrow(
    new Temporary(
      "The database does not answer: connect ECONNREFUSED 127.0.0.1:1. Start it, or correct host and port in DATABASE_URL",
    ),
  );
});

test("a certificate nobody vouches for, and what else stands in the way, say so", () => {
  const untrusted = Object.assign(new Error("self-signed certificate"), { code: "DEPTH_ZERO_SELF_SIGNED_CERT" });
  expect(
    [untrusted, new Error("The server does not support SSL connections")].map((it) => connectionFault(it, place.url)),
  ).toEqual([
    new Permanent(
      "The certificate of the database of DATABASE_URL is not trusted: self-signed certificate. Name its authority (sslrootcert=/path/to/ca.pem), or write sslmode=no-verify to look at none",
    ),
    new Permanent("The database of DATABASE_URL cannot be used: The server does not support SSL connections"),
  ]);
});

test("a database that takes no changes is refused", async () => {
  const readOnly = changed({ search: "?options=-c%20default_transaction_read_only%3Don" });
  const refusal = new Permanent(
    "The database of DATABASE_URL takes no changes (a standby, or default_transaction_read_only). Name the server that does, or let it take them",
  );
  await expect(openDatabase({ url: readOnly })).rejects.toThrow(refusal);
  await expect(migrate({ databaseUrl: readOnly })).rejects.toThrow(refusal);
});

test("one whose encoding lacks letters is refused before anything is made in it", async () => {
  const server = new pg.Client({ connectionString: inject("databaseServer") });
  await server.connect();
  const name = `latin_${process.pid}`;
  await server.query(`CREATE DATABASE ${name} TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'`);
  await expect(migrate({ databaseUrl: changed({ pathname: `/${name}` }) })).rejects.toThrow(
    new Permanent(
      "The database is encoded in LATIN1, which has no room for every name and title. Make one in UTF-8: CREATE DATABASE paperboy ENCODING 'UTF8' TEMPLATE template0 LOCALE 'C'",
    ),
  );
  await server.query(`DROP DATABASE ${name}`);
  await server.end();
});

test("a server of an earlier version is refused, ours is not", async () => {
  const earlier = { query: async () => ({ rows: [{ version: 140_023, encoding: "UTF8", isReadOnly: false }] }) };
  await expect(assertUsable(earlier as never, place.url)).rejects.toThrow(
    new Permanent("PostgreSQL 14.23 is older than 15. Upgrade it to PostgreSQL 15 or later."),
  );
  await (await openDatabase({ url: place.url })).close();
});
