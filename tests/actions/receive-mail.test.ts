import { afterAll, beforeAll, expect, test } from "vitest";
import { receiveMail } from "../../src/actions/receive-mail.ts";
import { openReturnAddresses } from "../../src/core/return-address.ts";
import type { JournalEntry } from "../../src/store/journal.ts";
import { aStore } from "../support/store.ts";
import { at } from "../support/time.ts";
import { aQueue } from "./press.ts";

const now = at("2026-04-15T07:00Z");
const returnAddresses = openReturnAddresses({
  keys: [{ id: "1", secret: "a secret of tests", retired: false }],
  domain: "bounce.paperboy.example",
});

let store: Awaited<ReturnType<typeof aStore>>;
beforeAll(async () => {
  store = await aStore(now);
});
afterAll(() => store.close());

const WISH = Buffer.from("From: reader@example.org\r\nSubject: unsubscribe\r\nAuto-Submitted: auto-generated\r\n\r\n");

/** What somebody's mail led to. */
async function receiving(to: string, from: string, raw = WISH) {
  const queue = aQueue();
  const journal: JournalEntry[] = [];
  const append = async (entry: JournalEntry) => void journal.push(entry);
  const needs = { ...store, queue, journal: { append }, returnAddresses, now: () => now };
  const envelope = { to, from };
  const answer = await receiveMail(needs, { via: "smtp", raw, cut: 0, eventKey: `${to} ${from}`, envelope });
  return { answer, journal, rung: queue.rung().map(({ name }) => name) };
}

async function stateOf(id: bigint) {
  return (await store.subscriptions.findById(id))!.state;
}

test("a mail to the unsubscribe address ends the subscription, once, and is kept nowhere", async () => {
  const [id, other] = [await store.aReader(), await store.aReader()];
  const leave = returnAddresses.of({ kind: "leave", subscriptionId: id, deliveryId: 1n }, now);
  expect(await receiving(leave, "reader@example.org")).toEqual({
    answer: "ended",
    journal: [{ what: "ended", subscriptionId: String(id), because: "reader", at: now.toISOString() }],
    rung: [],
  });
  expect(await receiving(leave.toUpperCase(), "reader@example.org")).toEqual({
    answer: "already-ended",
    journal: [],
    rung: [],
  });
  expect([await stateOf(id), await stateOf(other), await store.sql("SELECT FROM reports")]).toEqual([
    "ended",
    "active",
    [],
  ]);
});

test("a bounce that strays there, a forged token and an address to bounce to end nothing: they are kept", async () => {
  const id = await store.aReader();
  const leave = returnAddresses.of({ kind: "leave", subscriptionId: id, deliveryId: 1n }, now);
  const bounce = returnAddresses.of(
    { kind: "delivery", localDay: "2026-04-15", deliveryId: 1n, subscriptionId: id },
    now,
  );
  const forged = leave.replace(
    /(\+.{8})(.)/,
    (_, start: string, letter: string) => start + (letter === "a" ? "b" : "a"),
  );
  const kept = { answer: "kept", journal: [], rung: ["apply-report"] };
  for (const [to, from] of [
    [leave, ""],
    [forged, "reader@example.org"],
    [bounce, "reader@example.org"],
    ["postmaster", "reader@example.org"],
  ] as const)
    expect(await receiving(to, from)).toEqual(kept);
  expect(await stateOf(id)).toBe("active");
  expect(
    await store.sql('SELECT via, envelope_to AS "to", envelope_from AS "from", state FROM reports ORDER BY id'),
  ).toEqual([
    { via: "smtp", to: leave, from: "", state: "waiting" },
    { via: "smtp", to: forged, from: "reader@example.org", state: "waiting" },
    { via: "smtp", to: bounce, from: "reader@example.org", state: "waiting" },
    { via: "smtp", to: "postmaster", from: "reader@example.org", state: "waiting" },
  ]);
});

test("a sender that missed our answer sends the same mail again: it is kept once, and still answered", async () => {
  const before = await store.sql("SELECT FROM reports");
  const again = () => receiving("abuse@bounce.paperboy.example", "reader@example.org");
  expect([(await again()).answer, (await again()).answer]).toEqual(["kept", "kept"]);
  expect((await store.sql("SELECT FROM reports")).length - before.length).toBe(1);
});
