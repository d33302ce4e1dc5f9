import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { deliverBatch } from "../../src/actions/deliver-batch.ts";
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
const byState = (a: { state: string }, b: { state: string }) => a.state.localeCompare(b.state);
const raws = () => press.smtp.seen.map(({ raw }) => raw);
const nextTry = async () => {
  const [row] = await press.store.sql<{ next_try_at: Date | null; attempts: number }>(
    "SELECT next_try_at, attempts FROM deliveries ORDER BY id",
  );
  return row!;
};

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

describe("what a server says is kept", () => {
  test("without the address that most of them name, in the delivery and in the report of it", async () => {
    await press.store.aReader();
    const [reader] = await press.store.sql<{ email: string }>(
      "SELECT email FROM subscriptions ORDER BY id DESC LIMIT 1",
    );
    behave = (step) => (step === "rcpt" ? `550 5.1.1 <${reader!.email}>: User unknown` : undefined);
    await press.tick(at7);
    const said = "550 5.1.1 <[address]>: User unknown";
    expect(await press.store.sql("SELECT answer FROM deliveries")).toEqual([{ answer: said }]);
    expect(await press.store.sql("SELECT convert_from(raw, 'UTF8') AS raw FROM reports")).toEqual([{ raw: said }]);
  });

  test.each([
    ["dot", "250 OK <a\0b@mail.example> \0", wednesday("accepted"), ["250 OK <[address]> ", "ab@mail.example"]],
    ["rcpt", "550 5.1.1 \0nobody", wednesday("refused", "refused-by-server"), ["550 5.1.1 nobody", null]],
  ] as const)("at %s, though zero bytes stand in it: no outcome is lost for it", async (where, said, fate, kept) => {
    await press.store.aReader();
    await press.store.aReader();
    let times = 0;
    behave = (step) => (step === where && times++ === 0 ? said : undefined);
    await press.tick(at7);
    expect((await press.fates()).sort(byState)).toEqual([fate, wednesday("accepted")].sort(byState));
    const [row] = await press.store.sql<{ answer: string; server_id: string | null }>(
      "SELECT answer, server_id FROM deliveries WHERE answer LIKE '%OK <%' OR answer LIKE '550%'",
    );
    expect([row!.answer.trimEnd(), row!.server_id]).toEqual([kept[0].trimEnd(), kept[1]]);
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
