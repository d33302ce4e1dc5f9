import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { Temporary } from "../../src/errors.ts";
import { incidents } from "../../src/store/incidents.ts";
import { aLog } from "../actions/press.ts";
import { aStore, type TestStore } from "../support/store.ts";
import { at } from "../support/time.ts";

let store: TestStore;
let logged: ReturnType<typeof aLog>;
beforeAll(async () => {
  store = await aStore(at("2026-04-15T07:00Z"));
});
afterAll(() => store.close());
beforeEach(async () => {
  logged = aLog();
  await store.clock.set(at("2026-04-15T07:00Z"));
  await store.sql("TRUNCATE incidents");
});

/** One process's view. */
const aProcess = (options?: { askAgainMs: number }) => incidents(store.prisma, logged.log, options);
/** One that looks each time. */
const anAttentive = () => aProcess({ askAgainMs: 0 });
const said = () => logged.lines.map(({ level, msg }) => `${level} ${msg}`);
const rows = () => store.sql("SELECT kind, subject, words, began_at, ended_at FROM incidents ORDER BY id");
const DOWN = ["smtp-down", "smtp.example.org", "smtp.example.org does not answer."] as const;

test("C17: a thousand mails that meet one server's outage in three processes raise one alarm", async () => {
  const processes = [aProcess(), aProcess(), aProcess()];
  await Promise.all(Array.from({ length: 1_000 }, (_, n) => processes[n % 3]!.raise(...DOWN)));
  expect(said()).toEqual(["50 smtp.example.org does not answer."]);
  expect(await rows()).toEqual([
    {
      ...{ kind: "smtp-down", subject: "smtp.example.org", words: "smtp.example.org does not answer." },
      ...{ began_at: at("2026-04-15T07:00Z"), ended_at: null },
    },
  ]);
});

test("another server, and another kind of trouble, are incidents of their own", async () => {
  const process = aProcess();
  await process.raise(...DOWN);
  await process.raise("smtp-auth", "smtp.example.org", "It does not know our password.");
  await process.raise("smtp-down", "two.example.org", "two.example.org does not answer.");
  expect(said()).toEqual([
    "50 smtp.example.org does not answer.",
    "50 It does not know our password.",
    "50 two.example.org does not answer.",
  ]);
});

test("a server that flickers is one incident, over when nobody has complained for two minutes", async () => {
  const process = anAttentive();
  for (let n = 0; n < 5; n++) {
    await process.raise(...DOWN);
    await process.clear("smtp-down", "smtp.example.org");
  }
  await store.clock.set(at("2026-04-15T07:01:59Z"));
  await process.clear("smtp-down", "smtp.example.org");
  expect(said()).toHaveLength(1);
  await store.clock.set(at("2026-04-15T07:02Z"));
  await process.clear("smtp-down", "smtp.example.org");
  expect(said()).toEqual(["50 smtp.example.org does not answer.", "30 is over"]);
});

test("what comes back is a new incident, also for a process that knew the old one a moment ago", async () => {
  const process = aProcess();
  for (let n = 0; n < 2; n++) {
    await process.raise("refusals", "2026-04-14", "It was stopped.");
    await process.clear("refusals", "2026-04-14");
  }
  expect(said()).toEqual(["50 It was stopped.", "30 is over", "50 It was stopped.", "30 is over"]);
  expect((await rows()).map((row) => "ended_at" in row && row.ended_at !== null)).toEqual([true, true]);
});

test("clearing what is not there says nothing", async () => {
  await aProcess().clear("clock", "the clock");
  expect([said(), await rows()]).toEqual([[], []]);
});

test("a mail more costs no statement", async () => {
  let statements = 0;
  const counted = new Proxy(store.prisma, {
    get: (prisma, name) => {
      if (name === "$queryRaw" || name === "$executeRaw") statements += 1;
      return Reflect.get(prisma, name);
    },
  });
  const process = incidents(counted, logged.log);
  for (let n = 0; n < 500; n++) {
    await process.raise(...DOWN);
    await process.clear("smtp-down", "two.example.org");
  }
  expect(statements).toBe(2);
});

/** A process whose database is away, and then back. */
function aShaky() {
  let isAway = true;
  const away = () => Promise.reject(new Temporary("The database does not answer"));
  const shaky = new Proxy(store.prisma, { get: (prisma, name) => (isAway ? away : Reflect.get(prisma, name)) });
  const back = () => {
    isAway = false;
  };
  return { process: incidents(shaky, logged.log, { askAgainMs: 0 }), back };
}

test.each([
  ["was over by the time the database was back", async () => {}],
  ["was kept by another process first", () => anAttentive().raise(...DOWN)],
] as const)(
  "what was said while the database was away, and %s: the next outage is said again",
  async (_, meanwhile) => {
    const { process, back } = aShaky();
    await process.raise(...DOWN);
    await meanwhile();
    const before = said().length;
    back();
    if (before > 1) await process.raise(...DOWN);
    await store.clock.set(at("2026-04-15T07:02Z"));
    await process.clear("smtp-down", "smtp.example.org");
    await store.clock.set(at("2026-04-22T07:00Z"));
    await process.raise(...DOWN);
    expect(
      said()
        .slice(before)
        .filter((line) => line.startsWith("50")),
    ).toEqual(["50 smtp.example.org does not answer."]);
  },
);

test("while the database does not answer either, a process says it once, and does not repeat it when it can be kept", async () => {
  const { process, back } = aShaky();
  for (let n = 0; n < 3; n++) await process.raise(...DOWN);
  back();
  await process.raise(...DOWN);
  expect(said()).toEqual(["50 smtp.example.org does not answer."]);
  expect(await rows()).toHaveLength(1);
});
