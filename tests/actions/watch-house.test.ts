import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type Needs, watchHouse } from "../../src/actions/watch-house.ts";
import { incidents } from "../../src/store/incidents.ts";
import { aStore, type TestStore } from "../support/store.ts";
import { at } from "../support/time.ts";
import { aLog } from "./press.ts";

let store: TestStore;
let logged: ReturnType<typeof aLog>;
beforeAll(async () => {
  store = await aStore();
});
afterAll(() => store.close());
beforeEach(async () => {
  logged = aLog();
  await store.clock.set(at("2026-04-15T07:00Z"));
  await store.sql(
    "TRUNCATE incidents, ticks, editions, pulls, deliveries, delivery_tallies, delivery_deltas, verdicts, restorations CASCADE",
  );
  await store.sql("SELECT make_delivery_partitions('2026-04-13', '2026-05-20')");
  await store.sql(
    "INSERT INTO editions (date, state, closed_at) SELECT d, 'closed', d + interval '25 hours' FROM generate_series(date '2026-04-10', '2026-04-14', '1 day') d",
  );
  await store.ticks.note("plan");
});

const EARLY = at("2026-04-15T06:00Z");
const machine = {
  ...{ host: "one", folders: ["/data"], journalPath: "/data/journal.jsonl" },
  freeBytes: async () => 50e9,
  writeFault: async () => null,
};
/** One process's look. */
const watch = (given: Partial<Needs> = {}, since = EARLY) =>
  watchHouse(
    {
      ...{ ...store, sources: [], mailServers: async () => [], machine, closesAt: "01:00", log: logged.log },
      ...{ incidents: incidents(store.prisma, logged.log, { askAgainMs: 0 }), now: store.clock.now },
      databaseNow: async () => store.clock.now(),
      ...given,
    },
    since,
  );
const standing = async () => (await store.incidents.standing()).map(({ kind, subject }) => `${kind} ${subject}`);
const pass = (minutes: number) => store.clock.set(new Date(store.clock.now().getTime() + minutes * 60_000));

test("where all is well nothing is found", async () => {
  await watch();
  expect([await standing(), logged.lines]).toEqual([[], []]);
});

test("a web process alone sees that no worker plans, says it once, and that it is over", async () => {
  await pass(11);
  await watch();
  await pass(1);
  await Promise.all([watch(), watch()]);
  expect(await standing()).toEqual(["workers-silent planning"]);
  expect(logged.lines.map(({ level }) => level)).toEqual([50]);
  await store.ticks.note("plan");
  await pass(1);
  await watch();
  expect([await standing(), logged.lines.map(({ level }) => level)]).toEqual([[], [50, 30]]);
});

test("after a long rest what is late is caught up with first: nobody is told in the first ten minutes, nor is anything ended", async () => {
  await store.incidents.raise("edition-late", "2026-04-13", "It is late.");
  await pass(3 * 24 * 60);
  const started = store.clock.now();
  await watch({}, started);
  expect(await standing()).toEqual(["edition-late 2026-04-13"]);
  await pass(10);
  await watch({}, started);
  expect(await standing()).toEqual([
    "edition-late 2026-04-15",
    "edition-late 2026-04-16",
    "edition-late 2026-04-17",
    "workers-silent planning",
  ]);
});

test("what many readers suffer is found in numbers: refusals of a day, complaints of a week", async () => {
  await store.sql(`INSERT INTO delivery_tallies (edition_date, local_day, state, count) VALUES
    ('2026-04-14', '2026-04-15', 'accepted', 940), ('2026-04-14', '2026-04-15', 'refused', 60),
    ('2026-04-10', '2026-04-11', 'accepted', 2000), ('2026-04-08', '2026-04-08', 'accepted', 1000000)`);
  await store.sql(`INSERT INTO verdicts (subscription_id, at, mail_at, class, names_no_user, text, via, verdict, because)
    SELECT n, paperboy_now() - n * interval '1 day', paperboy_now(), 'complaint', false, '', 'ses', 'suppress', 'complaint'
    FROM generate_series(1, 9) n`);
  await watch();
  expect(await standing()).toEqual(["refusal-rate mail", "complaints mail"]);
});

test("certificates are looked at once a day, by one process", async () => {
  let looked = 0;
  const server = {
    host: "smtp.example.org",
    port: 465,
    address: "192.0.2.1",
    name: "smtp",
    extensions: new Set<string>(),
  };
  const tls = { version: "TLSv1.3", isTrusted: true, validUntil: at("2026-04-20T00:00Z") };
  const mailServers: Needs["mailServers"] = async () => {
    looked += 1;
    return [
      { ...server, largestMail: null, login: "none", tls },
      { host: "two.example.org", port: 25, fault: "connection", words: "ECONNREFUSED" },
    ];
  };
  await Promise.all([watch({ mailServers }), watch({ mailServers })]);
  await pass(17 * 60);
  await store.ticks.note("plan");
  await watch({ mailServers });
  expect([looked, await standing()]).toEqual([1, ["certificate smtp.example.org:465"]]);
  // Nobody saw that it was renewed: the server does not answer the next day.
  await store.sql("DELETE FROM ticks WHERE name LIKE '%certificates'");
  await watch({ mailServers: async () => [{ host: "a", port: 1, fault: "connection", words: "ECONNREFUSED" }] });
  expect(await standing()).toEqual(["certificate smtp.example.org:465"]);
  await store.sql("DELETE FROM ticks WHERE name LIKE '%certificates'");
  await watch();
  expect(await standing()).toEqual([]);
});

test("a machine's disk, journal and clock are its own to report, and to report as mended", async () => {
  const full = { ...machine, freeBytes: async () => 1e8, writeFault: async () => "EROFS" };
  await watch({ machine: full, now: () => at("2026-04-15T08:00Z") });
  await watch({ machine: { ...machine, host: "two" } });
  const found = ["disk one:/data", "disk-full one:/data", "journal one:/data/journal.jsonl", "clock one"];
  expect(await standing()).toEqual(found);
  await pass(61);
  await store.ticks.note("plan");
  await watch({ machine: { ...machine, host: "two" } });
  expect(await standing()).toEqual(found);
  await watch();
  expect(await standing()).toEqual([]);
});

test("a folder that is gone keeps nobody from looking at the rest", async () => {
  await store.sql("INSERT INTO restorations (number, at) VALUES (1, '2026-04-15T03:00Z')");
  await watch({ machine: { ...machine, freeBytes: () => Promise.reject(new Error("ENOENT")) } });
  expect(await standing()).toEqual(["restored 1"]);
  expect(logged.lines[0]).toMatchObject({ level: 40, msg: "could not look at this machine" });
});

test("a restoration is told of for a day; a look that fails leaves the others alone", async () => {
  await store.sql("INSERT INTO restorations (number, at) VALUES (1, '2026-04-15T03:00Z')");
  const failing = () => Promise.reject(new Error("no such table"));
  await watch({ editions: { since: failing, bounds: store.editions.bounds } });
  expect(await standing()).toEqual(["restored 1"]);
  expect(logged.lines.map(({ level, msg }) => `${level} ${msg.slice(0, 24)}`)).toEqual([
    "40 could not look at the ho",
    "50 The database was put bac",
  ]);
});
