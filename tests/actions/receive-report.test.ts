import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type Incoming, receiveReport } from "../../src/actions/receive-report.ts";
import { Temporary } from "../../src/errors.ts";
import { aStore, type TestStore } from "../support/store.ts";
import { aQueue } from "./press.ts";

let store: TestStore;
let queue: ReturnType<typeof aQueue>;
beforeAll(async () => {
  store = await aStore();
});
afterAll(() => store.close());
beforeEach(async () => {
  queue = aQueue();
  await store.sql("TRUNCATE reports CASCADE");
});

const receive = (given: Partial<Incoming> = {}, needs = {}) =>
  receiveReport(
    { ...store, queue, ...needs },
    { via: "raw", raw: Buffer.from("bounced"), cut: 0, eventKey: null, envelope: null, ...given },
  );
const kept = () =>
  store.sql(
    "SELECT via, convert_from(raw, 'UTF8') AS raw, cut::int, event_key, envelope_to, envelope_from FROM reports",
  );

test("B6: what came is in the database before anybody is answered, and rung for", async () => {
  const envelope = { to: "bounce+t@b.example", from: "" };
  expect(await receive({ via: "smtp", cut: 3, eventKey: "k", envelope })).toBe("kept");
  expect(await kept()).toEqual([
    { via: "smtp", raw: "bounced", cut: 3, event_key: "k", envelope_to: "bounce+t@b.example", envelope_from: "" },
  ]);
  const [row] = await store.sql<{ id: string }>("SELECT id FROM reports");
  expect(queue.rung()).toEqual([{ name: "apply-report", payload: { reportId: row!.id } }]);
});

test("an event that is posted again is known: nothing is kept and nobody is rung for", async () => {
  expect([await receive({ eventKey: "k" }), queue.rung().length]).toEqual(["kept", 1]);
  expect([await receive({ eventKey: "k" }), queue.rung().length]).toEqual(["known", 0]);
  expect(await kept()).toHaveLength(1);
});

test("event keys are told apart however long they are", async () => {
  const long = "k".repeat(5_000);
  expect([
    await receive({ eventKey: `${long}a` }),
    await receive({ eventKey: `${long}b` }),
    await receive({ eventKey: `${long}a` }),
  ]).toEqual(["kept", "kept", "known"]);
});

test("when it could not be kept nobody is answered: whoever brought it brings it again", async () => {
  const away = { reports: { keep: () => Promise.reject(new Temporary("The database does not answer")) } };
  await expect(receive({}, away)).rejects.toThrow(Temporary);
  expect([await kept(), queue.rung()]).toEqual([[], []]);
});

test("a queue that is away loses nothing: the sweep finds what waits", async () => {
  expect(await receive({}, { queue: { ring: async () => {} } })).toBe("kept");
  expect(await store.reports.overdue(10)).toHaveLength(0);
  await store.clock.set(new Date(store.clock.now().getTime() + 20_000));
  expect(await store.reports.overdue(10)).toHaveLength(1);
});

test("more than two megabytes are cut, and how much is noted; an envelope that no database takes is made one", async () => {
  await receive({
    raw: Buffer.alloc(2_097_160, "x"),
    cut: 2,
    envelope: { to: "a\0b\ud800c", from: "f".repeat(9_000) },
  });
  expect(
    await store.sql(
      "SELECT octet_length(raw) AS bytes, cut::int, envelope_to, length(envelope_from) AS from FROM reports",
    ),
  ).toEqual([{ bytes: 2_097_152, cut: 10, envelope_to: "abc", from: 400 }]);
});
