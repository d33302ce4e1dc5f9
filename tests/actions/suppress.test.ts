import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { answerRequest } from "../../src/actions/answer-request.ts";
import { confirm } from "../../src/actions/confirm.ts";
import { liftSuppression } from "../../src/actions/lift-suppression.ts";
import { neverAgain } from "../../src/actions/never-again.ts";
import { suppress } from "../../src/actions/suppress.ts";
import type { App } from "../../src/app.ts";
import { suppress as command } from "../../src/cli/commands/suppress.ts";
import type { Terminal } from "../../src/cli/terminal.ts";
import type { Suppression, SuppressionReason } from "../../src/store/suppressions.ts";
import { preferences } from "../support/builders.ts";
import { at } from "../support/time.ts";
import { aPress, type Press } from "./press.ts";

let press: Press;
beforeAll(async () => {
  press = await aPress();
});
afterAll(() => press.end());
beforeEach(() => press.clear());

const KEY = "key of ada@example.org";
const now = () => press.store.clock.now();
const ask = (key = KEY) =>
  press.store.requests.add({ email: "ada@example.org", addressKey: key, wanted: preferences(), askedBy: "form" });
const answer = (id: bigint) => answerRequest(press.needs, id);
const confirming = async (id: bigint) => (await confirm(press.needs, id, now())).outcome;
/** A subscription of that address. */
async function subscribed(): Promise<bigint> {
  const id = await ask();
  const result = await confirm(press.needs, id, now());
  if (result.outcome !== "confirmed") throw new Error(result.outcome);
  return result.id;
}
const standing = async () => {
  const found = await press.store.suppressions.find(KEY);
  return found && [found.because, found.liftedAt === null ? "stands" : "lifted"];
};
const days = (count: number) => press.store.clock.set(new Date(now().getTime() + count * 86_400_000));

describe("the operator", () => {
  test("suppresses an address: its subscription ends, and both are in the journal first", async () => {
    const id = await subscribed();
    expect(await suppress(press.needs, KEY, "asked by letter", now())).toBe("suppressed");
    expect(await suppress(press.needs, KEY, "again", now())).toBe("already-suppressed");
    expect(await press.store.suppressions.find(KEY)).toEqual<Suppression>({
      ...{ addressKey: KEY, because: "operator", at: now(), note: "asked by letter", liftedAt: null, liftedNote: null },
    });
    expect((await press.store.subscriptions.findById(id))?.state).toBe("ended");
    const when = now().toISOString();
    expect(press.journaled).toEqual([
      { what: "suppressed", addressKey: KEY, because: "operator", at: when },
      { what: "ended", subscriptionId: String(id), because: "operator", at: when },
    ]);
  });

  test("is not told that it is done when the journal could not keep it", async () => {
    const full = { ...press.needs, journal: { append: () => Promise.reject(new Error("the disk is full")) } };
    await expect(suppress(full, KEY, null, now())).rejects.toThrow("the disk is full");
    expect(await standing()).toBeNull();
  });

  test("lifts it with a note; nobody is subscribed by that, and lifting again finds nothing", async () => {
    const id = await subscribed();
    await suppress(press.needs, KEY, null, now());
    expect(await liftSuppression(press.needs, KEY, "it was a mistake", now())).toMatchObject({ because: "operator" });
    expect(await liftSuppression(press.needs, KEY, "again", now())).toBeNull();
    expect(press.journaled.at(-1)).toEqual({ what: "lifted", addressKey: KEY, at: now().toISOString() });
    expect((await press.store.subscriptions.findById(id))?.state).toBe("ended");
    expect(await press.store.suppressions.find(KEY)).toMatchObject({ liftedNote: "it was a mistake" });
  });
});

test("who lifts again after the journal could not keep it leaves the line of when it was lifted", async () => {
  await press.store.suppressions.suppress(KEY, "operator");
  const full = { ...press.needs, journal: { append: () => Promise.reject(new Error("the disk is full")) } };
  await expect(liftSuppression(full, KEY, "a mistake", now())).rejects.toThrow("the disk is full");
  const line = { what: "lifted", addressKey: KEY, at: now().toISOString() };
  await days(1);
  expect([await liftSuppression(press.needs, KEY, "again", now()), press.journaled]).toEqual([null, [line]]);
  expect(await liftSuppression(press.needs, "key of nobody", "who?", now())).toBeNull();
  expect(press.journaled).toEqual([line]);
});

describe("who may come back", () => {
  const condemned = async (because: SuppressionReason) => {
    await subscribed();
    await press.store.suppressions.suppress(KEY, because);
    await press.store.sql("UPDATE subscriptions SET state = 'ended', ended_at = paperboy_now()");
    await days(1);
  };

  test("after bounces: whoever asks is answered, and the suppression is lifted when they confirm, not before", async () => {
    await condemned("bounces");
    const id = await ask();
    expect([await answer(id), await standing()]).toEqual(["confirmation", ["bounces", "stands"]]);
    expect(await confirming(id)).toBe("confirmed");
    expect(await standing()).toEqual(["bounces", "lifted"]);
    expect(press.journaled).toEqual([{ what: "lifted", addressKey: KEY, at: now().toISOString() }]);
    expect(await press.store.subscriptions.findByAddressKey(KEY)).toMatchObject({ state: "active" });
  });

  test("after bounces a fresh link is not mailed to the address all the same", async () => {
    await condemned("bounces");
    const link = { email: "ada@example.org", addressKey: KEY, wanted: null, askedBy: "form" } as const;
    expect(await answer(await press.store.requests.add(link))).toBe("nothing");
  });

  test.each(["complaint", "never", "operator"] as const)(
    "after '%s' by the operator alone: nothing is answered, and no earlier link confirms anything",
    async (because) => {
      const earlier = await ask();
      await condemned(because);
      expect([await answer(await ask()), await confirming(earlier)]).toEqual(["nothing", "unknown"]);
      expect([await standing(), press.journaled]).toEqual([[because, "stands"], []]);
      await liftSuppression(press.needs, KEY, "she wrote to us", now());
      await days(1);
      const id = await ask();
      expect([await answer(id), await confirming(id)]).toEqual(["confirmation", "confirmed"]);
    },
  );

  test("bounces give way to a graver reason, which does not give way to them", async () => {
    await press.store.suppressions.suppress(KEY, "bounces");
    const id = await ask();
    await neverAgain(press.needs, id, now());
    expect(await standing()).toEqual(["never", "stands"]);
    expect(await press.store.suppressions.suppress(KEY, "bounces")).toBe(false);
    expect(await standing()).toEqual(["never", "stands"]);
  });
});

describe("paperboy suppress", () => {
  let printed: string[];
  beforeEach(() => {
    printed = [];
  });
  const terminal: Terminal = {
    print: (text) => void printed.push(text),
    complain: (text) => void printed.push(text),
    // Of the application the commands need the store, the journal and the keys of addresses.
    withApp: (work) =>
      work({
        ...press.needs,
        databaseNow: async () => now(),
        addressKey: ({ key }: { key: string }) => `key of ${key}`,
      } as unknown as App),
  };
  const run = (...args: string[]) => command(terminal).exitOverride().parseAsync(args, { from: "user" });

  test("adds, lists and lifts, by address or by key, and never shows an address", async () => {
    await run("add", "Ada@Example.org", "--note", "asked by letter");
    await run("add", "ada@example.org");
    await run("list");
    await run("lift", "ada@example.org", "--note", "she asked again");
    await run("lift", "ada@example.org", "--note", "she asked again");
    await run("list");
    expect(printed).toEqual([
      `Suppressed: ${KEY}`,
      `It was suppressed already: ${KEY}`,
      `2026-04-15T06:00Z  operator  ${KEY}  asked by letter`,
      `Lifted: ${KEY}, suppressed since 2026-04-15T06:00Z (operator). Nobody is subscribed by that: its owner may ask again.`,
      `It is not suppressed: ${KEY}`,
      "No address is suppressed.",
    ]);
    const hex = "0123456789abcdef".repeat(4);
    await run("add", hex);
    expect(await press.store.suppressions.find(hex)).toMatchObject({ because: "operator" });
  });

  test("lifts nothing without a note, and takes nothing that is no address", async () => {
    await run("add", "ada@example.org");
    await expect(run("lift", "ada@example.org")).rejects.toThrow("--note");
    await expect(run("lift", "ada@example.org", "--note", " ")).rejects.toThrow("--note is empty");
    await expect(run("add", "ada")).rejects.toThrow("An email address looks like");
    expect(await standing()).toEqual(["operator", "stands"]);
  });

  test("lists page by page, newest first, each once, also those of one instant; programs get one JSON object", async () => {
    for (let n = 0; n < 7; n += 1) {
      await press.store.clock.set(at(`2026-04-15T0${Math.floor(n / 3)}:00Z`));
      await press.store.suppressions.suppress(`key ${n}`, "bounces");
    }
    await press.store.suppressions.lift("key 4", "test");
    const keys: string[] = [];
    let pages = 0;
    for (let after: string | null = null; pages === 0 || after !== null; pages += 1) {
      await run("list", "--json", "--all", "--limit", "3", ...(after === null ? [] : ["--after", after]));
      const page = JSON.parse(printed.at(-1)!) as { suppressions: Suppression[]; next: string | null };
      keys.push(...page.suppressions.map(({ addressKey }) => addressKey));
      after = page.next;
    }
    expect([keys, pages]).toEqual([["key 6", "key 5", "key 4", "key 3", "key 2", "key 1", "key 0"], 3]);
    await run("list", "--limit", "2");
    expect(printed.at(-1)).toBe("There are more: --after key 5");
    await run("list", "--json", "--after", "key 5");
    expect(JSON.parse(printed.at(-1)!).suppressions.map((one: Suppression) => one.addressKey)).toEqual([
      ...["key 3", "key 2", "key 1", "key 0"],
    ]);
  });
});
