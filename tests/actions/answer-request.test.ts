import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { answerRequest } from "../../src/actions/answer-request.ts";
import { confirm } from "../../src/actions/confirm.ts";
import { neverAgain } from "../../src/actions/never-again.ts";
import { requestSubscription } from "../../src/actions/request-subscription.ts";
import { addressKey } from "../../src/core/address-key.ts";
import { parseAddress } from "../../src/core/email-address.ts";
import type { Preferences } from "../../src/core/subscription.ts";
import { Temporary } from "../../src/errors.ts";
import type { JournalEntry } from "../../src/store/journal.ts";
import { aFilter, preferences } from "../support/builders.ts";
import type { Misbehaviour, Step } from "../support/smtp.ts";
import { at } from "../support/time.ts";
import { aPress, LINKS, type Press } from "./press.ts";

let press: Press;
let behave: (step: Step) => Misbehaviour;
let journal: JournalEntry[];
beforeAll(async () => {
  press = await aPress({ behave: (step) => behave(step) });
});
afterAll(() => press.end());
beforeEach(async () => {
  behave = () => undefined;
  journal = [];
  await press.clear();
});

const NOON = at("2026-04-15T12:00Z");
const key = (email: string) => addressKey(parseAddress(email).key, "a key for suppressions");

/** Asks as a form does. @returns the id of the request that rang */
async function ask(email = "ada@example.org", wanted: Preferences | null = preferences()): Promise<bigint> {
  const needs = {
    ...press.needs,
    addressKey: (address: { key: string }) => addressKey(address.key, "a key for suppressions"),
  };
  await requestSubscription(needs, { address: parseAddress(email), wanted, askedBy: "form" });
  const [ring] = press.queue.rung();
  expect(ring!.name).toBe("answer-request");
  return BigInt(ring!.payload.requestId!);
}
const answer = (id: bigint) => answerRequest(press.needs, id);
const confirming = (id: bigint) => confirm(press.needs, id, press.store.clock.now());
const never = (id: bigint) =>
  neverAgain(
    { requests: press.store.requests, journal: { append: async (entry) => void journal.push(entry) } },
    id,
    NOON,
  );
const pass = (minutes: number) => press.store.clock.set(new Date(press.store.clock.now().getTime() + minutes * 60_000));
/** Subjects mailed to an address so far. */
const mails = (email = "ada@example.org") =>
  press.smtp.taken.filter(({ to }) => to[0] === email).map(({ raw }) => /^Subject: (.*)\r$/m.exec(raw)![1]!);
const states = () => press.store.sql("SELECT state, answer FROM requests ORDER BY id");
const stored = (email = "ada@example.org") => press.store.subscriptions.findByAddressKey(key(email));

const CONFIRM = "Please confirm: is this you?";

describe("who is answered what", () => {
  test("an address nobody knows: the mail with the link, and nothing a second time", async () => {
    const id = await ask();
    expect([await answer(id), await answer(id)]).toEqual(["confirmation", "not-due"]);
    expect(mails()).toEqual([CONFIRM]);
    expect(await states()).toEqual([{ state: "answered", answer: "confirmation" }]);
  });

  test("a reader: that they are one, with the way to their preferences, and nothing is changed", async () => {
    await confirming(await ask());
    await pass(60);
    const other = preferences({ hour: 3 });
    expect(await answer(await ask("ada@example.org", other))).toBe("already");
    expect((await stored())!.preferences).toEqual(preferences());
    expect(press.smtp.taken.at(-1)!.raw).toContain("/preferences/");
  });

  test("who left: the confirmation anew; who was suspended for bounces too, for that is how they come back", async () => {
    const first = await confirming(await ask());
    const { id } = first as { id: bigint };
    for (const state of ["ended", "suspended"]) {
      await press.store.sql("UPDATE subscriptions SET state = $2 WHERE id = $1", [id, state]);
      await pass(60);
      const again = await ask("ada@example.org", preferences({ hour: 9 }));
      expect([state, await answer(again)]).toEqual([state, "confirmation"]);
      expect(await confirming(again)).toMatchObject({ outcome: "confirmed", id });
    }
  });

  test("a wish for a fresh link: to a reader, and to nobody else", async () => {
    await confirming(await ask());
    await pass(60);
    expect(await answer(await ask("ada@example.org", null))).toBe("link");
    expect(await answer(await ask("nobody@example.org", null))).toBe("nothing");
    expect(mails("nobody@example.org")).toEqual([]);
  });

  test("a suppressed address: nothing, and no link from before opens it", async () => {
    const before = await ask();
    await answer(before);
    await press.store.sql("INSERT INTO suppressions (address_key, because) VALUES ($1, 'complaint')", [
      key("ada@example.org"),
    ]);
    await pass(60);
    expect(await answer(await ask())).toBe("nothing");
    expect(await confirming(before)).toEqual({ outcome: "unknown" });
    expect([await stored(), mails().length]).toEqual([null, 1]);
    expect((await states())[0]).toEqual({ state: "answered", answer: "confirmation" });
  });
});

test("S9: nothing that a stranger typed stands in a confirmation mail", async () => {
  const filter = aFilter({ name: "BUY-GOLD", include: ["visit evil example"], authors: ["Mallory"] });
  await answer(await ask("ada@example.org", preferences({ filter, zone: "Antarctica/Troll", language: "x-mallory" })));
  const [mail] = press.smtp.taken;
  for (const typed of ["BUY-GOLD", "evil", "Mallory", "mallory", "Troll"]) expect(mail!.raw).not.toContain(typed);
  expect(mail!.raw).toContain("/confirm/");
});

test("S4: a stranger's second request before the victim confirms does not change what the victim confirms", async () => {
  const mine = await ask("ada@example.org", preferences({ hour: 7 }));
  await answer(mine);
  await ask("ada@example.org", preferences({ hour: 3, filter: aFilter({ include: ["spam"] }) }));
  expect(await confirming(mine)).toMatchObject({ outcome: "confirmed" });
  expect((await stored())!.preferences).toEqual(preferences({ hour: 7 }));
});

test("S11: confirmed twice, or by the link of another request: told so, and nothing is changed", async () => {
  const [one, two] = [await ask(), await ask("ada@example.org", preferences({ hour: 3 }))];
  const { id } = (await confirming(one)) as { id: bigint };
  expect(await confirming(one)).toEqual({ outcome: "already", id });
  expect(await confirming(two)).toMatchObject({ outcome: "already" });
  expect(await stored()).toMatchObject({ state: "active", version: 1, preferences: preferences() });
});

describe("S6: nobody's inbox is filled by asking in their name", () => {
  test("a second request within ten minutes brings no mail then; after ten minutes it does", async () => {
    await answer(await ask());
    await pass(9);
    const again = await ask();
    expect(await answer(again)).toBe("delayed");
    expect([await answer(again), mails().length]).toEqual(["not-due", 1]);
    await pass(1);
    expect([await answer(again), mails().length]).toEqual(["confirmation", 2]);
  });

  test("a fourth in thirty days brings none, and is forgotten; in the second month there may be one again", async () => {
    for (let n = 0; n < 3; n += 1) {
      expect(await answer(await ask())).toBe("confirmation");
      await pass(24 * 60);
    }
    const fourth = await ask();
    expect(await answer(fourth)).toBe("delayed");
    for (let day = 0; day < 8; day += 1) {
      await pass(24 * 60);
      expect(await answer(fourth)).toBe("not-due");
    }
    await press.store.requests.forgetExpired();
    expect((await states()).at(-1)).toEqual({ state: "expired", answer: null });
    await pass(20 * 24 * 60);
    expect([await answer(await ask()), mails().length]).toEqual(["confirmation", 4]);
  });

  test("two requests answered at the same moment give one mail; the other waits its ten minutes", async () => {
    const both = [await ask(), await ask()];
    expect((await Promise.all(both.map(answer))).sort()).toEqual(["confirmation", "delayed"]);
    expect(mails()).toHaveLength(1);
  });

  test("a confirmation that was pressed before its mail was noted counts as a mail", async () => {
    const id = await ask();
    const requests = { ...press.store.requests, answered: () => Promise.reject(new Error("killed")) };
    await expect(answerRequest({ ...press.needs, requests }, id)).rejects.toThrow("killed");
    await confirming(id);
    expect(await answer(await ask("ada@example.org", null))).toBe("delayed");
  });

  test("other spellings of one mailbox share two mails in ten minutes", async () => {
    const spellings = ["ada+1@example.org", "a.da@example.org", "ad.a+x@example.org"];
    const answers = [];
    for (const email of spellings) answers.push(await answer(await ask(email)));
    expect(answers).toEqual(["confirmation", "confirmation", "delayed"]);
  });

  test("the twenty-first mail to a small domain in ten minutes waits; to one that Google's servers take mail for, it goes", async () => {
    for (let n = 0; n < 20; n += 1) await answer(await ask(`student${n}@small.example`));
    const exchangers = { of: async (): Promise<string[]> => [] };
    const late = await ask("late@small.example");
    expect(await answerRequest({ ...press.needs, exchangers }, late)).toBe("delayed");
    expect(await press.store.sql("SELECT not_before FROM requests WHERE state = 'waiting'")).toEqual([
      { not_before: new Date(press.store.clock.now().getTime() + 10 * 60_000) },
    ]);
    exchangers.of = async () => ["aspmx.l.google.com"];
    const hosted = await ask("other@small.example");
    expect(await answerRequest({ ...press.needs, exchangers }, hosted)).toBe("confirmation");
    await pass(10);
    expect(await answerRequest({ ...press.needs, exchangers: { of: async () => null } }, late)).toBe("confirmation");
  });

  test("gmail.com is never held up, whether DNS answers or not", async () => {
    const exchangers = { of: () => Promise.reject(new Error("was asked")) };
    for (let n = 0; n < 25; n += 1)
      expect(await answerRequest({ ...press.needs, exchangers }, await ask(`reader${n}@gmail.com`))).toBe(
        "confirmation",
      );
  });

  test("another address is not held up", async () => {
    await answer(await ask());
    expect(await answer(await ask("bob@example.org"))).toBe("confirmation");
  });
});

describe("a mail server that does not take the answer", () => {
  test("not now: rung again after a minute, and ever more seldom", async () => {
    behave = (step) => (step === "rcpt" ? "451 later" : undefined);
    const id = await ask();
    await expect(answer(id)).rejects.toThrow(Temporary);
    const waits: number[] = [];
    for (let n = 0; n < 6; n += 1) {
      const [row] = await press.store.sql<{ not_before: Date }>("SELECT not_before FROM requests");
      waits.push((row!.not_before.getTime() - press.store.clock.now().getTime()) / 60_000);
      await press.store.clock.set(row!.not_before);
      await expect(answer(id)).rejects.toThrow(Temporary);
    }
    expect(waits).toEqual([1, 1, 1, 1.5, 2.25, 3.375]);
    behave = () => undefined;
    await pass(60);
    expect([await answer(id), mails().length]).toEqual(["confirmation", 1]);
  });

  test("never: that is an answer, and the address is not tried again", async () => {
    behave = (step) => (step === "rcpt" ? "550 no such user" : undefined);
    const id = await ask();
    expect([await answer(id), await answer(id)]).toEqual(["confirmation", "not-due"]);
  });

  test("C15: no answer after DATA: once more with the same bytes, and never a third time", async () => {
    behave = (step) => (step === "dot" ? "close" : undefined);
    const id = await ask();
    expect(await answer(id)).toBe("confirmation");
    await pass(60);
    expect(await answer(id)).toBe("not-due");
    const [first, second, ...more] = press.smtp.seen.map(({ raw }) => raw);
    expect([second, more]).toEqual([first, []]);
  });

  test("C3: killed between the server's answer and ours: the same mail once more, under the same Message-ID", async () => {
    const id = await ask();
    const requests = { ...press.store.requests, answered: () => Promise.reject(new Error("killed")) };
    await expect(answerRequest({ ...press.needs, requests }, id)).rejects.toThrow("killed");
    await pass(1);
    expect(await answer(id)).toBe("confirmation");
    const [first, second] = press.smtp.taken.map(({ raw }) => raw);
    expect(second).toBe(first);
    expect(first).toMatch(/^Message-ID: </m);
  });
});

describe("never again", () => {
  const withLink = (purpose: "never" | "confirm") => {
    const [, token] = new RegExp(`/${purpose}/([\\w.-]+)`).exec(press.smtp.taken[0]!.raw.replaceAll("=\r\n", ""))!;
    return (LINKS.open(purpose, token!, NOON) as { payload: { requestId: bigint } }).payload.requestId;
  };

  test("the link in the mail declines the request and keeps the address from being written to; twice is once", async () => {
    await answer(await ask());
    expect(withLink("never")).toBe(withLink("confirm"));
    await never(withLink("never"));
    await never(withLink("never"));
    expect(await states()).toEqual([{ state: "declined", answer: "confirmation" }]);
    expect(await confirming(withLink("confirm"))).toEqual({ outcome: "unknown" });
    await pass(24 * 60);
    expect([await answer(await ask()), mails().length]).toEqual(["nothing", 1]);
    expect(journal[0]).toEqual({
      ...{ what: "suppressed", addressKey: key("ada@example.org"), because: "never", at: NOON.toISOString() },
    });
  });

  test("it works before we noted that the mail had gone", async () => {
    const id = await ask();
    await never(id);
    expect(await answer(id)).toBe("not-due");
    expect(await answer(await ask())).toBe("nothing");
    expect(mails()).toEqual([]);
  });

  test("it works after the request expired and its address was forgotten", async () => {
    const id = await ask();
    await answer(id);
    await pass(8 * 24 * 60);
    await press.store.requests.forgetExpired();
    await never(id);
    expect(await answer(await ask())).toBe("nothing");
  });

  test("of a request that was confirmed it does nothing: that reader has the way to leave", async () => {
    const id = await ask();
    await confirming(id);
    await never(id);
    expect([(await stored())!.state, journal]).toEqual(["active", []]);
  });
});

test("not on the allow-list of a staging system: nothing is sent, and it is not tried for a week", async () => {
  const staging = {
    ...press.needs,
    post: { ...press.needs.post, sendLetter: async () => ({ kind: "unsent", cause: "withheld" }) as const },
  };
  const id = await ask();
  expect(await answerRequest(staging, id)).toBe("nothing");
  expect(await states()).toEqual([{ state: "answered", answer: "nothing" }]);
});
