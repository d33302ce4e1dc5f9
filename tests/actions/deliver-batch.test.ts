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
const nextTry = async () => {
  const [row] = await press.store.sql<{ next_try_at: Date | null; attempts: number }>(
    "SELECT next_try_at, attempts FROM deliveries ORDER BY id",
  );
  return row!;
};
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

describe("C14: a server that says not now", () => {
  test.each(["421 closing", "450 busy", "451 greylisted", "452 full"] as const)(
    "%s: tried again after a minute or two, and accepted then",
    async (answer) => {
      await press.store.aReader();
      behave = (step) => (step === "rcpt" ? answer : undefined);
      expect(await press.tick(at7)).toBe(0);
      expect(await press.fates()).toEqual([wednesday("retry", "deferred")]);
      const waitMs = (await nextTry()).next_try_at!.getTime() - at(at7).getTime();
      expect([waitMs >= 60_000, waitMs <= 120_000]).toEqual([true, true]);

      behave = () => undefined;
      expect(await press.tick("2026-04-15T07:00:59Z")).toBe(0);
      expect(await press.tick("2026-04-15T07:02:00Z")).toBe(1);
      expect(await press.fates()).toEqual([wednesday("accepted")]);
    },
  );

  test("for ever: waits that double up to an hour, and after twenty hours the reason is kept", async () => {
    await press.store.aReader();
    behave = (step) => (step === "mail" ? "451 not now" : undefined);
    await press.tick(at7);
    const waits: number[] = [];
    for (let before = at(at7); ; ) {
      const { next_try_at: next } = await nextTry();
      if (!next) break;
      waits.push((next.getTime() - before.getTime()) / 60_000);
      before = next;
      await press.store.clock.set(next);
      await press.deliver();
    }
    const least = waits.map((_, n) => Math.min(2 ** n, 30));
    expect(waits.every((wait, n) => wait >= least[n]! && wait <= 2 * least[n]!)).toBe(true);
    expect([waits.length >= 20, waits.reduce((sum, wait) => sum + wait) <= 20 * 60]).toEqual([true, true]);
    expect(await press.fates()).toEqual([wednesday("expired", "late")]);
    expect(press.smtp.seen).toEqual([]);
  });

  test("550 is recorded as a refusal and never tried again; its papers were not sent, and come with the next digest", async () => {
    await press.store.aReader();
    behave = (step) => (step === "rcpt" ? "550 5.1.1 no such user" : undefined);
    await press.tick(at7);
    expect(await press.fates()).toEqual([wednesday("refused", "refused-by-server")]);
    expect(await press.store.sql("SELECT answer, next_try_at FROM deliveries")).toEqual([
      { answer: "550 5.1.1 no such user", next_try_at: null },
    ]);

    behave = () => undefined;
    await press.list("2026-04-15", [{ title: "Agents that act" }]);
    expect(await press.tick("2026-04-16T07:00Z")).toBe(1);
    const [mail] = raws();
    for (const title of ["Agents that plan", "Speech for all", "Agents that act"]) expect(mail).toContain(title);
  });
});

describe("C15: the connection dies after DATA", () => {
  test("once: the same bytes go once more, and are accepted", async () => {
    await press.store.aReader();
    behave = (step) => (step === "dot" && press.smtp.seen.length === 1 ? "close" : undefined);
    await press.tick(at7);
    expect(await press.fates()).toEqual([wednesday("retry", "answer-lost")]);
    expect(await press.tick("2026-04-15T07:02Z")).toBe(1);
    expect(await press.fates()).toEqual([wednesday("accepted")]);
    expect(raws()).toEqual([raws()[0], raws()[0]]);
    expect(raws()[0]).toMatch(/^Message-ID: <[^>]+>\r$/im);
  });

  test("twice: never a third time, and its papers count as sent", async () => {
    await press.store.aReader();
    behave = (step) => (step === "dot" ? "close" : undefined);
    for (const time of [at7, "2026-04-15T07:02Z", "2026-04-15T07:10Z", "2026-04-15T12:00Z"]) await press.tick(time);
    expect(await press.fates()).toEqual([wednesday("uncertain", "answer-lost")]);
    expect(raws()).toEqual([raws()[0], raws()[0]]);

    behave = () => undefined;
    await press.list("2026-04-15", [{ title: "Agents that act" }]);
    await press.tick("2026-04-16T07:00Z");
    const third = raws()[2]!;
    expect([third.includes("Agents that act"), third.includes("Agents that plan")]).toEqual([true, false]);
  });

  test("whatever the reader changed meanwhile, the second mail is the first; the change is for tomorrow", async () => {
    const id = await press.store.aReader();
    behave = (step) => (step === "dot" && press.smtp.seen.length === 1 ? "close" : undefined);
    await press.tick(at7);
    const changed = preferences({ filter: aFilter({ include: ["speech"] }), maxPapers: 1, format: "text" });
    await press.store.subscriptions.change(id, changed, "test");
    await press.tick("2026-04-15T07:02Z");
    expect(raws()).toEqual([raws()[0], raws()[0]]);
    expect(raws()[0]).toContain("multipart/alternative");

    await press.list("2026-04-15", [{ title: "Speech, again" }, { title: "Agents that act" }]);
    await press.tick("2026-04-16T07:00Z");
    const tomorrow = raws()[2]!;
    expect([tomorrow.includes("Speech, again"), tomorrow.includes("Agents that act")]).toEqual([true, false]);
    expect(tomorrow).not.toContain("multipart/alternative");
  });

  test("who left after an answer was lost gets no second one; the first counts as sent", async () => {
    const id = await press.store.aReader();
    behave = (step) => (step === "dot" ? "close" : undefined);
    await press.tick(at7);
    await press.store.subscriptions.end(id, "reader", "test");
    await press.tick("2026-04-15T07:02Z");
    expect(await press.fates()).toEqual([wednesday("uncertain", "ended")]);
    expect(press.smtp.seen).toHaveLength(1);
  });

  test("given back before its second try was begun, it is still one that may have arrived", async () => {
    await press.store.aReader();
    behave = (step) => (step === "dot" && press.smtp.seen.length === 1 ? "close" : undefined);
    await press.tick(at7);
    await press.store.clock.set(at("2026-04-15T07:02Z"));
    const stopping = new AbortController();
    const { claim } = press.store.deliveries;
    const deliveries = {
      ...press.store.deliveries,
      claim: async (...of: Parameters<typeof claim>) => {
        const claimed = await claim(...of);
        stopping.abort();
        return claimed;
      },
    };
    await deliverBatch({ ...press.delivering(), deliveries }, WEDNESDAY, stopping.signal);
    expect(await press.store.sql("SELECT state, was_uncertain, attempts FROM deliveries")).toEqual([
      { state: "planned", was_uncertain: true, attempts: 1 },
    ]);
    expect(await press.tick("2026-04-15T07:03Z")).toBe(1);
    expect(raws()).toEqual([raws()[0], raws()[0]]);
  });
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
