import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { deliverBatch } from "../../src/actions/deliver-batch.ts";
import { Temporary } from "../../src/errors.ts";
import { aFilter, preferences } from "../support/builders.ts";
import type { Misbehaviour, Step } from "../support/smtp.ts";
import { at } from "../support/time.ts";
import { aPress, type Press } from "./press.ts";

let press: Press;
let behave: (step: Step) => Misbehaviour;
beforeAll(async () => {
  press = await aPress({ behave: (step) => behave(step) });
});
afterAll(() => press.end());
beforeEach(async () => {
  behave = () => undefined;
  await press.clear();
  await press.list("2026-04-14", [{ title: "Agents that plan" }, { title: "Speech for all" }]);
});

const WEDNESDAY = { localDay: "2026-04-15", fromId: 0n, toId: 1_000_000n };
const at7 = "2026-04-15T07:00Z";
const wednesday = (state: string, reason: string | null = null) => ({
  ...{ day: "2026-04-15", edition: "2026-04-14", state, reason },
});
const addressees = () => press.smtp.taken.map(({ to }) => to[0]);
const raws = () => press.smtp.seen.map(({ raw }) => raw);
async function readers(count: number): Promise<bigint[]> {
  const ids: bigint[] = [];
  for (let n = 0; n < count; n += 1) ids.push(await press.store.aReader());
  return ids;
}
/** Plans for 07:00 and sends nothing yet. */
async function planned(): Promise<void> {
  await press.store.clock.set(at(at7));
  await press.close();
  await press.plan();
}

test("C13: who left, paused, was suspended or suppressed while their digest was queued gets no mail", async () => {
  const { store } = press;
  const [left, paused, suspended, suppressed] = await readers(5);
  await planned();
  await store.subscriptions.end(left!, "reader", "test");
  await store.subscriptions.pause(paused!, null, "test");
  await store.sql("UPDATE subscriptions SET state = 'suspended' WHERE id = $1", [suspended]);
  await store.sql(
    "INSERT INTO suppressions (address_key, because) SELECT address_key, 'complaint' FROM subscriptions WHERE id = $1",
    [suppressed],
  );
  const here = await store.sql<{ email: string }>(
    `SELECT email FROM subscriptions s WHERE state = 'active'
       AND NOT EXISTS (SELECT FROM suppressions x WHERE x.address_key = s.address_key)`,
  );

  expect(await press.deliver()).toBe(1);
  expect(addressees()).toEqual(here.map(({ email }) => email));
  expect(await press.fates()).toEqual([
    ...["ended", "paused", "suspended", "suppressed"].map((reason) => wednesday("withdrawn", reason)),
    wednesday("accepted"),
  ]);
});

test("a mail server that takes nothing is asked by one mail a connection; the others were never begun, and lose no try", async () => {
  await press.many(30);
  await planned();
  behave = (step) => (step === "greeting" ? "close" : undefined);
  press.smtp.hangUp();
  const fault = await deliverBatch(press.delivering(), WEDNESDAY).catch((error: unknown) => error);
  expect(fault).toBeInstanceOf(Temporary);
  const tried = await press.store.sql<{ state: string; reason: string; attempts: number; count: number }>(
    "SELECT state, reason, attempts, count(*)::int FROM deliveries GROUP BY 1, 2, 3 ORDER BY 4",
  );
  expect(tried).toEqual([
    { state: "retry", reason: "connection-failed", attempts: 1, count: 4 },
    { state: "planned", reason: null, attempts: 0, count: 26 },
  ]);

  behave = () => undefined;
  expect(await press.tick("2026-04-15T07:02Z")).toBe(30);
});

test("C3: a database that does not hear of what was sent costs a double a connection, not one a mail", async () => {
  await press.many(30);
  await planned();
  const recorder = { record: () => Promise.reject(new Temporary("the database does not answer")) };
  await expect(deliverBatch({ ...press.delivering(), recorder }, WEDNESDAY)).rejects.toThrow(Temporary);
  expect(press.smtp.taken).toHaveLength(4);

  await press.lapse();
  await press.sweep();
  await press.deliver();
  const times = new Map<string, string[]>();
  for (const { to, raw } of press.smtp.taken) times.set(to[0]!, [...(times.get(to[0]!) ?? []), raw]);
  expect([times.size, press.smtp.taken.length]).toEqual([30, 34]);
  for (const [first, second] of times.values()) if (second !== undefined) expect(second).toBe(first);
  expect((await press.fates()).every(({ state }) => state === "accepted")).toBe(true);
});

test("one line says what a batch came to: how many, of which edition, and nobody's address", async () => {
  await press.many(30);
  await planned();
  press.lines.length = 0;
  await press.deliver();
  const lines = press.lines.filter(({ msg }) => msg === "a batch is done");
  expect(lines.length).toBeGreaterThan(0);
  const accepted = lines.map(({ accepted }) => Number(accepted));
  expect(accepted.reduce((sum, count) => sum + count)).toBe(30);
  const { level, edition, localDay, ms } = lines[0]!;
  expect({ level, edition, localDay, ms }).toEqual({
    ...{ level: 30, edition: "2026-04-14", localDay: WEDNESDAY.localDay, ms: expect.any(Number) },
  });
  expect(JSON.stringify(lines)).not.toMatch(/@|\[address\]/);
});

test("one digest that cannot be made stops no other; it is tried again while it is valid", async () => {
  await press.many(3);
  await planned();
  const needs = press.delivering();
  const post: typeof needs.post = {
    ...needs.post,
    composeDigest: (mail) => {
      if (mail.delivery.email === "many2@example.org") throw new Error("no words for this one");
      return needs.post.composeDigest(mail);
    },
  };
  expect(await deliverBatch({ ...needs, post }, WEDNESDAY)).toBe(2);
  expect(await press.fates()).toEqual([wednesday("accepted"), wednesday("retry", "deferred"), wednesday("accepted")]);
  expect(press.lines.filter(({ level }) => level === 50).map(({ msg }) => msg)).toEqual(["a digest could not be made"]);
  expect(await press.tick("2026-04-15T07:02Z")).toBe(1);
});

test("C10: a worker that is told to stop begins no further mail, and loses none", async () => {
  await press.many(30);
  await planned();
  const stopping = new AbortController();
  const needs = press.delivering();
  const post: typeof needs.post = {
    ...needs.post,
    send: (mail) => {
      stopping.abort();
      return needs.post.send(mail);
    },
  };
  const accepted = await deliverBatch({ ...needs, post }, WEDNESDAY, stopping.signal);
  expect(press.smtp.taken).toHaveLength(accepted);
  expect(accepted).toBeLessThanOrEqual(4);
  expect(await press.tick("2026-04-15T07:01Z")).toBe(30 - accepted);
  expect(new Set(addressees()).size).toBe(30);
});

test("on a staging system only those on the allow-list are written to, and nobody waits for the others", async () => {
  await press.many(20);
  await planned();
  const needs = press.delivering();
  const post: typeof needs.post = {
    ...needs.post,
    send: async (mail) =>
      mail.envelope.to === "many13@example.org" ? needs.post.send(mail) : { kind: "unsent", cause: "withheld" },
  };
  expect(await deliverBatch({ ...needs, post }, WEDNESDAY)).toBe(1);
  expect(await press.store.sql("SELECT state, reason, count(*)::int FROM deliveries GROUP BY 1, 2 ORDER BY 1")).toEqual(
    [
      { state: "accepted", reason: null, count: 1 },
      { state: "withdrawn", reason: "withheld", count: 19 },
    ],
  );
});

test("a hundred readers who left do not hold up those behind them", async () => {
  await press.many(101);
  await planned();
  await press.store.sql("UPDATE subscriptions SET state = 'ended' WHERE email <> 'many101@example.org'");
  expect(await deliverBatch(press.delivering(), WEDNESDAY)).toBe(1);
  expect(addressees()).toEqual(["many101@example.org"]);
});

test("nothing to say is no mail: an empty digest is kept with its reason", async () => {
  const { store } = press;
  await store.aReader(preferences({ filter: aFilter({ include: ["quantum gravity"] }) }));
  const [everything] = [await store.aReader()];
  await press.tick(at7);
  await press.list("2026-04-15", [{ title: "A paper of no interest", withdrawn: true }, { title: "Robots" }]);
  await store.subscriptions.change(everything, preferences({ filter: aFilter({ include: ["speech"] }) }), "test");
  await press.tick("2026-04-16T07:00Z");
  expect(await press.fates()).toEqual([
    wednesday("empty", "nothing-matched"),
    wednesday("accepted"),
    { day: "2026-04-16", edition: "2026-04-15", state: "empty", reason: "nothing-matched" },
    { day: "2026-04-16", edition: "2026-04-15", state: "empty", reason: "nothing-new" },
  ]);
  expect(press.smtp.taken).toHaveLength(1);
});

test("D7: filters that changed yesterday bring no paper a second time", async () => {
  const id = await press.store.aReader(preferences({ filter: aFilter({ include: ["title:agents"] }) }));
  await press.tick(at7);
  await press.store.subscriptions.change(id, preferences(), "test");
  await press.list("2026-04-15", [{ title: "Robots" }]);
  await press.tick("2026-04-16T07:00Z");
  const titles = ["Agents that plan", "Speech for all", "Robots"];
  expect(raws().map((raw) => titles.filter((title) => raw.includes(title)))).toEqual([
    ["Agents that plan"],
    ["Speech for all", "Robots"],
  ]);
});

describe("D6: two papers that turn out to be one after one of them was sent", () => {
  const byTitle = { arxivId: undefined as never, title: "Found by its title" };
  const asArxiv = { arxivId: "2604.77777", title: "Found by its title" };

  test("the one that was sent takes the other's name: not sent again under it", async () => {
    await press.list("2026-04-14", [byTitle]);
    await press.store.aReader();
    await press.tick(at7);
    await press.list("2026-04-15", [asArxiv, { title: "Robots" }]);
    await press.tick("2026-04-16T07:00Z");
    expect(raws().map((raw) => raw.includes("Found by its title"))).toEqual([true, false]);
  });

  test("a paper of tomorrow's edition turns out to be one sent days ago, after that edition closed: not sent again", async () => {
    const other = { arxivId: "2604.77777", title: "Another title at first" };
    await press.list("2026-04-14", [other]);
    await press.store.aReader();
    await press.tick(at7);
    await press.list("2026-04-15", [byTitle]);
    await press.store.clock.set(at("2026-04-16T06:00Z"));
    await press.close();
    await press.store.papers.add(
      [{ source: "arxiv", authors: [], categories: [], keywords: [], signals: {}, ...asArxiv }],
      at("2026-04-16T06:30Z"),
    );
    await press.tick("2026-04-16T07:00Z");
    expect(await press.fates()).toEqual([
      wednesday("accepted"),
      { day: "2026-04-16", edition: "2026-04-15", state: "empty", reason: "nothing-new" },
    ]);
  });
});
