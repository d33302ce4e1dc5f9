/** The database is put back from a backup, with whatever tool; `DATA_DIR` stays. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { confirm } from "../../src/actions/confirm.ts";
import { neverAgain } from "../../src/actions/never-again.ts";
import { noticeRestore } from "../../src/actions/notice-restore.ts";
import { undoUnsubscribe } from "../../src/actions/undo-unsubscribe.ts";
import { unsubscribe } from "../../src/actions/unsubscribe.ts";
import { openHighWater } from "../../src/store/high-water.ts";
import { type Journal, openJournal } from "../../src/store/journal.ts";
import { aPress, type Press } from "../actions/press.ts";
import { backUp } from "../support/backup.ts";
import { preferences } from "../support/builders.ts";
import { at } from "../support/time.ts";

let press: Press;
let folder: string;
const journals: Journal[] = [];
beforeAll(async () => {
  press = await aPress();
});
afterAll(() => press.end());
beforeEach(async () => {
  await press.clear();
  await press.store.sql("TRUNCATE witnesses, restorations, database_identity");
  folder = await mkdtemp(join(tmpdir(), "paperboy-restored-"));
});
afterEach(async () => {
  for (const journal of journals.splice(0)) await journal.close();
  await rm(folder, { recursive: true });
});

/** A process with a `DATA_DIR` of its own. */
async function aMachine(name = "one") {
  const { prisma } = press.store;
  const highWater = await openHighWater(prisma, join(folder, name));
  const journal = await openJournal(join(folder, name, "journal.jsonl"), highWater.databaseId);
  const machine = { ...press.delivering(), highWater, journal, databaseNow: async () => press.store.clock.now() };
  journals.push(journal);
  await minute(machine);
  return machine;
}
/** What a process does each minute. */
async function minute(
  machine: { highWater: Awaited<ReturnType<typeof openHighWater>> } & Parameters<typeof noticeRestore>[0],
) {
  await noticeRestore(machine);
  await machine.highWater.rise();
}
const errors = () => press.lines.filter(({ level }) => level >= 50).map(({ msg }) => msg.split(":")[0]);
const addressees = (since = 0) => press.smtp.seen.slice(since).map(({ to }) => to[0]!);
const emailOf = async (...ids: bigint[]) =>
  (await Promise.all(ids.map((id) => press.store.subscriptions.findById(id)))).map((one) => one!.email);
/** A paper of the day before, and everything that is due at a time. */
async function morning(day: string, time = "07:00"): Promise<number> {
  await press.store.clock.set(at(`${day}T00:30Z`));
  await press.list(new Date(at(`${day}T00:00Z`).getTime() - 86_400_000).toISOString().slice(0, 10), [{ title: day }]);
  await press.tick(`${day}T01:00Z`);
  return press.tick(`${day}T${time}Z`);
}

test("C7: database restored from yesterday: nothing due before goes out, and who left since stays away", async () => {
  const staying = await press.store.aReader();
  const leaving = await press.store.aReader();
  const regretting = await press.store.aReader();
  const late = await press.store.aReader();
  const evening = await press.store.aReader(preferences({ hour: 20 }));
  const never = await press.store.requests.add({
    ...{ email: "stranger@example.org", addressKey: "key of stranger", wanted: preferences(), askedBy: "form" },
  });
  await press.store.requests.answered(never, "confirmation");
  const machine = await aMachine();

  // Wednesday: backed up while the morning's digests wait, and one is on its way.
  await press.list("2026-04-14", [{ title: "Tuesday's paper" }]);
  await press.store.clock.set(at("2026-04-15T07:00Z"));
  await press.close();
  await press.plan();
  await press.store.deliveries.claim({ localDay: "2026-04-15", fromId: 0n, toId: 1_000_000n }, 1, 60_000);
  const backup = await backUp(press.store.pool);
  await press.lapse();
  await press.sweep();
  expect(await press.deliver()).toBe(4);
  await minute(machine);

  // And lived on until Thursday, ten o'clock.
  expect(await press.tick("2026-04-15T20:00Z")).toBe(1);
  expect(await morning("2026-04-16")).toBe(4);
  const after = await press.store.aReader();
  const now = at("2026-04-16T08:00Z");
  for (const id of [leaving, after, regretting])
    await unsubscribe({ ...machine, ...press.store }, id, "one-click", now);
  await undoUnsubscribe({ ...machine, ...press.store }, regretting, at("2026-04-16T08:01Z"));
  await neverAgain({ ...machine, ...press.store }, never, now);
  await minute(machine);
  const sent = press.smtp.seen.length;

  await backup.putBack();
  await press.store.clock.set(at("2026-04-16T10:00Z"));
  const restarted = await aMachine();
  expect(errors()).toEqual(["the database was restored from a backup"]);
  expect(await press.store.sql("SELECT state, reason, count(*)::int FROM deliveries GROUP BY 1, 2")).toEqual([
    { state: "expired", reason: "before-restore", count: 4 },
  ]);
  expect((await press.store.subscriptions.findById(leaving))!.state).toBe("ended");
  expect(await press.store.sql("SELECT address_key, because FROM suppressions")).toEqual([
    { address_key: "key of stranger", because: "never" },
  ]);

  await press.list("2026-04-15", [{ title: "2026-04-16" }]); // the sources are read again
  // A reader who moves their hour to one that has passed is not given today's a second time.
  await press.store.subscriptions.change(late, preferences({ hour: 6 }), "test");
  for (const time of ["10:00", "10:15", "13:00", "19:59"]) {
    await press.tick(`2026-04-16T${time}Z`);
    await press.sweep();
    await minute(restarted);
  }
  expect(addressees(sent)).toEqual([]);

  // What falls due afterwards goes out as on any day.
  await press.tick("2026-04-16T20:00Z");
  expect(addressees(sent)).toEqual(await emailOf(evening));
  await morning("2026-04-17");
  expect(addressees(sent + 1).sort()).toEqual((await emailOf(staying, regretting, late)).sort());

  const ids = press.smtp.seen.map(({ raw }) => /^Message-ID: (<.+>)\r$/im.exec(raw)![1]);
  expect(new Set(ids).size).toBe(ids.length);
  expect(errors()).toHaveLength(1);
});

test("C7: under a worker that runs, and noticed by two at once: seen to once, before the next mail; each machine's journal counts", async () => {
  const ids = [await press.store.aReader(), await press.store.aReader(), await press.store.aReader()];
  const [one, two] = [await aMachine("one"), await aMachine("two")];
  const backup = await backUp(press.store.pool);
  await morning("2026-04-15");
  await unsubscribe({ ...one, ...press.store }, ids[0]!, "one-click", press.store.clock.now());
  await unsubscribe({ ...two, ...press.store }, ids[1]!, "one-click", press.store.clock.now());
  await minute(one);
  await minute(two);

  await backup.putBack();
  await Promise.all([noticeRestore(one), noticeRestore(two), noticeRestore(one), noticeRestore(two)]);
  expect(errors()).toEqual(["the database was restored from a backup"]);
  expect(await press.store.sql("SELECT number FROM restorations")).toEqual([{ number: 1 }]);
  expect(await press.store.sql("SELECT state FROM subscriptions ORDER BY id")).toEqual([
    ...[{ state: "ended" }, { state: "ended" }, { state: "active" }],
  ]);
  await minute(one);
  await minute(two);
  expect([(await one.highWater.standing()).is, (await two.highWater.standing()).is, errors().length]).toEqual([
    ...["level", "level", 1],
  ]);
});

test("C7: who moved to another address since the backup, and left there, is written to at neither", async () => {
  const [moving, staying] = [await press.store.aReader(), await press.store.aReader()];
  const [{ email: old }] = (await press.store.sql<{ email: string }>("SELECT email FROM subscriptions WHERE id = $1", [
    moving,
  ])) as [{ email: string }];
  const machine = await aMachine();
  const asked = await press.store.requests.add({
    ...{ email: "elsewhere@example.org", addressKey: "key of elsewhere@example.org", askedBy: "form" },
    ...{ wanted: preferences(), kind: "move", subscriptionId: moving },
  });
  await press.store.requests.answered(asked, "move");
  const backup = await backUp(press.store.pool);
  await morning("2026-04-15");
  const needs = { ...machine, ...press.store };
  const moved = (await confirm(needs, asked, press.store.clock.now())) as { id: bigint };
  expect(await morning("2026-04-16")).toBe(2);
  await unsubscribe(needs, moved.id, "one-click", press.store.clock.now());
  await minute(machine);
  const sent = press.smtp.seen.length;

  await backup.putBack();
  await minute(machine);
  expect(
    await press.store.sql("SELECT email, state, ended_because FROM subscriptions WHERE id = $1", [moving]),
  ).toEqual([{ email: null, state: "ended", ended_because: "moved" }]);
  expect(await press.store.sql("SELECT email, state FROM requests WHERE id = $1", [asked])).toEqual([
    { email: null, state: "expired" },
  ]);
  await morning("2026-04-17");
  expect(addressees(sent)).toEqual(await emailOf(staying));
  expect(addressees(sent)).not.toContain(old);
});

test("C7: who left since the backup, by a link that had gone to an earlier address, is not written to", async () => {
  const old = await press.store.aReader();
  const machine = await aMachine();
  const asked = await press.store.requests.add({
    ...{ email: "later@example.org", addressKey: "key of later@example.org", askedBy: "form" },
    ...{ wanted: preferences(), kind: "move", subscriptionId: old },
  });
  const needs = { ...machine, ...press.store };
  const { id } = (await confirm(needs, asked, press.store.clock.now())) as { id: bigint };
  const backup = await backUp(press.store.pool);
  expect(await morning("2026-04-15")).toBe(1);
  await unsubscribe(needs, old, "one-click", press.store.clock.now());
  await minute(machine);
  const sent = press.smtp.seen.length;

  await backup.putBack();
  await minute(machine);
  expect((await press.store.subscriptions.findById(id))!.state).toBe("ended");
  await morning("2026-04-16");
  expect(addressees(sent)).toEqual([]);
});

test("C7: restored a second time from the same backup, it is noticed again, and no number is given out twice", async () => {
  await press.store.aReader();
  const machine = await aMachine();
  const backup = await backUp(press.store.pool);
  for (const round of [1, 2]) {
    await morning("2026-04-15");
    await minute(machine);
    await backup.putBack();
    await minute(machine);
    await press.store.sql("UPDATE subscription_clocks SET last_local_day = NULL, last_edition = NULL");
    await press.store.sql("TRUNCATE group_days");
    expect(await press.store.sql("SELECT max(number) FROM restorations")).toEqual([{ max: round }]);
  }
  await morning("2026-04-15");
  const ids = press.smtp.seen.map(({ raw }) => /^Message-ID: (<.+>)\r$/im.exec(raw)![1]);
  expect([ids.length, new Set(ids).size]).toEqual([3, 3]);
  const later = await press.store.aReader();
  expect(later > 1_000_000n).toBe(true);
});

test("C7: a worker that starts beside another database is not told that this one was restored", async () => {
  const machine = await aMachine();
  for (let n = 0; n < 3; n += 1) await minute(machine);
  await press.store.sql("TRUNCATE witnesses, restorations, database_identity");
  const elsewhere = await aMachine();
  expect([elsewhere.highWater.databaseId === machine.highWater.databaseId, errors()]).toEqual([false, []]);
});
