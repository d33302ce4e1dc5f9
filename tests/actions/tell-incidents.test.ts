import PostalMime from "postal-mime";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { tellIncidents } from "../../src/actions/tell-incidents.ts";
import type { Post } from "../../src/mail/post.ts";
import { incidents } from "../../src/store/incidents.ts";
import type { Misbehaviour, Step } from "../support/smtp.ts";
import { at } from "../support/time.ts";
import { aPress, type Press } from "./press.ts";

let press: Press;
let behave: (step: Step, said: string) => Misbehaviour;
beforeAll(async () => {
  press = await aPress({ behave: (step, _times, said) => behave(step, said) });
});
afterAll(() => press.end());
beforeEach(async () => {
  behave = () => undefined;
  await press.clear(at("2026-04-15T06:00Z"));
});

/** One process's view. */
const tell = (alertTo: readonly string[] = ["ops@example.org"], post: Pick<Post, "sendAlarm"> = press.needs.post) =>
  tellIncidents({ ...press.store, post, alertTo, now: press.store.clock.now, log: press.log });
const alarm = () => incidents(press.store.prisma, press.log, { askAgainMs: 0 });
const raise = (
  kind: Parameters<ReturnType<typeof alarm>["raise"]>[0],
  subject: string,
  words = `${subject} is wrong.`,
) => alarm().raise(kind, subject, words);
const clear = (kind: Parameters<ReturnType<typeof alarm>["raise"]>[0], subject: string) => alarm().clear(kind, subject);
const pass = (minutes: number) => press.store.clock.set(new Date(press.store.clock.now().getTime() + minutes * 60_000));
const mails = async () =>
  Promise.all(press.smtp.taken.map(async ({ to, raw }) => `${to[0]}: ${(await PostalMime.parse(raw)).subject}`));
/** A lease, or the wait after a mail that was not taken, is over. */
const laterOn = () =>
  press.store.sql("UPDATE incidents SET tell_after = now() - interval '1 second' WHERE tell_after > now()");

test("C17: one mail when it begins and one when it is over, however often two workers look", async () => {
  await raise("edition-late", "2026-04-14");
  for (let n = 0; n < 3; n++) await Promise.all([tell(), tell()]);
  expect(await mails()).toEqual(["ops@example.org: An edition is late"]);
  await pass(90);
  await clear("edition-late", "2026-04-14");
  for (let n = 0; n < 3; n++) await Promise.all([tell(), tell(), tell()]);
  expect(await mails()).toEqual(["ops@example.org: An edition is late", "ops@example.org: Over: An edition is late"]);
  const [row] = await press.store.sql("SELECT told_at, told_end_at, told_to, tell_after FROM incidents");
  expect(row).toEqual({
    ...{ told_at: at("2026-04-15T06:00Z"), told_end_at: at("2026-04-15T07:30Z"), told_to: [], tell_after: null },
  });
});

test("C17: killed between sending and recording, the alarm comes once more under the same Message-ID, and no third time", async () => {
  await raise("smtp-auth", "smtp.example.org");
  const killed = new Promise<never>(() => {});
  const dies: Pick<Post, "sendAlarm"> = {
    sendAlarm: async (mail) => {
      await press.needs.post.sendAlarm(mail);
      return killed;
    },
  };
  void tell(["ops@example.org"], dies);
  while (press.smtp.taken.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  await tell();
  expect(await mails()).toHaveLength(1);
  await laterOn();
  for (let n = 0; n < 3; n++) await Promise.all([tell(), tell()]);
  const ids = await Promise.all(press.smtp.taken.map(async ({ raw }) => (await PostalMime.parse(raw)).messageId));
  expect([ids.length, new Set(ids).size]).toEqual([2, 1]);
});

test.each<[Step, Misbehaviour]>([
  ["rcpt", "451 4.7.1 later"],
  ["greeting", "close"],
  ["mail", "close"],
])("a mail server that takes nothing (%s: %s) is asked again later, and the alarm is not lost", async (where, how) => {
  press.smtp.hangUp();
  behave = (step) => (step === where ? how : undefined);
  await raise("disk", "a:/data");
  await Promise.all([tell(), tell()]);
  behave = () => undefined;
  await tell();
  expect(await mails()).toEqual([]);
  await laterOn();
  expect(await tell()).toBe(1);
  expect(await mails()).toEqual(["ops@example.org: A disk is getting full"]);
});

test("an address that takes no mail is said so once in the log, and keeps nobody else from hearing", async () => {
  let rcpts = 0;
  behave = (step) => (step === "rcpt" && rcpts++ === 0 ? "550 5.1.1 no such user" : undefined);
  await raise("disk", "a:/data");
  await tell(["wrong@example.org", "ops@example.org"]);
  await tell(["wrong@example.org", "ops@example.org"]);
  expect(await mails()).toEqual(["ops@example.org: A disk is getting full"]);
  expect(press.lines.filter(({ msg }) => msg.includes("ALERT_TO"))).toHaveLength(1);
});

test("of two addresses the one that has the mail does not get it again when the other's is deferred", async () => {
  let rcpts = 0;
  behave = (step) => (step === "rcpt" && rcpts++ === 0 ? "451 4.7.1 greylisted" : undefined);
  await raise("disk", "a:/data");
  await tell(["slow@example.org", "ops@example.org"]);
  await pass(60);
  await clear("disk", "a:/data");
  await laterOn();
  await tell(["slow@example.org", "ops@example.org"]);
  const both = ["slow@example.org: Over: A disk is getting full", "ops@example.org: Over: A disk is getting full"];
  expect(await mails()).toEqual([
    "ops@example.org: A disk is getting full",
    "slow@example.org: A disk is getting full",
    ...both,
  ]);
});

test("an address that is deferred for as long as it lasts does not keep the other from hearing that it is over", async () => {
  const SLOW = "slow@example.org";
  let isDeferred = true;
  behave = (step, said) =>
    isDeferred && step === "rcpt" && said.includes(SLOW) ? "452 4.2.2 mailbox full" : undefined;
  await raise("disk", "a:/data");
  await tell([SLOW, "ops@example.org"]);
  await pass(60);
  await clear("disk", "a:/data");
  for (let n = 0; n < 3; n++) {
    await laterOn();
    await tell([SLOW, "ops@example.org"]);
  }
  const told = ["ops@example.org: A disk is getting full", "ops@example.org: Over: A disk is getting full"];
  expect(await mails()).toEqual(told);
  isDeferred = false;
  await laterOn();
  await tell([SLOW, "ops@example.org"]);
  expect(await mails()).toEqual([...told, `${SLOW}: Over: A disk is getting full`]);
});

describe("what is not worth a mail", () => {
  test("over before anybody was told and within a minute: nothing; after longer: one mail that says both", async () => {
    await raise("edition-late", "2026-04-13");
    await clear("edition-late", "2026-04-13");
    await tell();
    expect(await mails()).toEqual([]);
    await raise("edition-late", "2026-04-14");
    await pass(2);
    await clear("edition-late", "2026-04-14");
    await tell();
    await tell();
    expect(await mails()).toEqual(["ops@example.org: Was wrong, and is over: An edition is late"]);
  });

  test("what was over for a day when ALERT_TO was set at last", async () => {
    await raise("edition-late", "2026-04-13");
    await pass(10);
    await clear("edition-late", "2026-04-13");
    expect(await tell([])).toBe(0);
    await pass(24 * 60 + 1);
    await raise("edition-late", "2026-04-14");
    await tell();
    expect(await mails()).toEqual(["ops@example.org: An edition is late"]);
  });

  test("the end of what happened at one instant", async () => {
    await raise("restored", "1");
    await tell();
    await pass(24 * 60);
    await clear("restored", "1");
    await tell();
    expect(await mails()).toEqual(["ops@example.org: The database was restored from a backup"]);
  });
});

test("what flaps brings four mails an hour; what is left goes together when the hour has passed", async () => {
  for (let n = 0; n < 5; n++) {
    await raise("edition-late", "2026-04-14");
    await tell();
    await pass(3);
    await clear("edition-late", "2026-04-14");
    await tell();
    await pass(3);
  }
  // Another kind has its own four.
  await raise("disk", "a:/data");
  await tell();
  const [late, over] = ["ops@example.org: An edition is late", "ops@example.org: Over: An edition is late"];
  expect(await mails()).toEqual([late, over, late, over, "ops@example.org: A disk is getting full"]);
  await pass(60);
  await tell();
  expect((await mails()).slice(5)).toEqual(["ops@example.org: Was wrong, and is over: An edition is late"]);
  expect((await PostalMime.parse(press.smtp.taken.at(-1)!.raw)).text).toContain("2 more of the same: 2026-04-14");
});

test("it goes while the operator holds back all digests, and to an operator who is suppressed as a reader", async () => {
  await press.store.gate.pause("by hand");
  await press.store.sql("INSERT INTO suppressions (address_key, because) VALUES ('key of ops', 'complaint')");
  await raise("disk", "a:/data");
  await tell();
  await press.store.gate.resume();
  expect(await mails()).toEqual(["ops@example.org: A disk is getting full"]);
});

test("it says what, since when and what to do, with no address in it that a far end said", async () => {
  await raise("smtp-down", "smtp.example.org", "The SMTP server said <b>no</b> to ada@example.org. Look at it.");
  await tell();
  const { text, html } = await PostalMime.parse(press.smtp.taken[0]!.raw);
  expect(text).toBe(`The mail server cannot be reached

The SMTP server said <b>no</b> to [address] Look at it.

It began on April 15, 2026 at 06:00 UTC.

On the server, “npm run paperboy -- doctor” looks at everything and says what to do.

This comes once. You are told when it is over. You get this because ALERT_TO names this address, at the Paperboy of paperboy.example.
`);
  expect([html!.includes("<b>no</b>"), html!.includes("ada@")]).toEqual([false, false]);
});
