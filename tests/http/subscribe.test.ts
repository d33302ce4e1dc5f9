import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { aFilter, preferences } from "../support/builders.ts";
import { aWeb, type Web } from "./web.ts";

let web: Web;
beforeAll(async () => {
  web = await aWeb();
});
beforeEach(() => web.store.sql("DELETE FROM requests WHERE state = 'waiting'; TRUNCATE door_counts"));
afterAll(() => web.close());

/** What waits to be answered. */
const asked = () =>
  web.store.sql<{ email: string; wanted: unknown; asked_by: string }>(
    "SELECT email, wanted, asked_by FROM requests WHERE state = 'waiting'",
  );

test("a form with nothing but an address asks for every trending paper, every morning", async () => {
  const answer = await web.press("/subscriptions", { email: "reader@example.com" });
  expect([answer.status, await answer.text()]).toEqual([200, expect.stringContaining("Check your inbox")]);
  expect(await asked()).toEqual([{ email: "reader@example.com", wanted: preferences(), asked_by: "form" }]);
  expect(web.rung).toContain("answer-request");
});

test("a form asks for exactly what was typed, and the API for the same", async () => {
  await web.press("/subscriptions", [
    ["email", " reader@example.com "],
    ["topics", "agents"],
    ["topics", "code"],
    ["include", "tool use\r\n\r\nspeculative decoding + cache"],
    ["exclude", "survey"],
    ["authors", "Ada Lovelace\nAlan Turing"],
    ["categories", "cs.cl, stat.ML"],
    ["minUpvotes", "5"],
    ["onlyWithCode", "on"],
    ["cadence", "weekly"],
    ["weekday", "3"],
    ["hour", "6"],
    ["zone", "europe/berlin"],
    ["maxPapers", "20"],
    ["language", "en"],
    ["format", "text"],
  ]);
  const watch = {
    ...{
      topics: ["agents", "code"],
      categories: ["cs.CL", "stat.ML"],
      exclude: ["survey"],
      authors: ["Ada Lovelace", "Alan Turing"],
    },
    ...{ include: ["tool use", "speculative decoding + cache"], minUpvotes: 5, onlyWithCode: true },
  };
  const rest = {
    cadence: "weekly",
    weekday: 3,
    hour: 6,
    zone: "Europe/Berlin",
    maxPapers: 20,
    format: "text",
  } as const;
  const wanted = preferences({ filter: aFilter(watch), ...rest });
  const api = await web.json("POST", "/subscriptions", {
    email: "reader@example.com",
    filter: { watches: [watch] },
    ...rest,
    language: "en",
  });
  expect([api.status, await api.json()]).toEqual([202, { status: "check-your-inbox" }]);
  expect(await asked()).toEqual([
    { email: "reader@example.com", wanted, asked_by: "form" },
    { email: "reader@example.com", wanted, asked_by: "api" },
  ]);
});

test("S5: new, waiting, subscribed, ended and suppressed addresses get the same bytes, from form and API", async () => {
  const active = await web.store.aReader();
  const ended = await web.store.aReader();
  await web.store.subscriptions.end(ended, "reader", "test");
  await web.store.sql("INSERT INTO suppressions (address_key, because) VALUES ('key of never@example.org', 'never')");
  const emails = await Promise.all(
    [active, ended].map(async (id) => (await web.store.subscriptions.findById(id))!.email!),
  );
  const everybody = ["new@example.org", "new@example.org", "never@example.org", ...emails];
  const seen = async (response: Response) => {
    const headers = [...response.headers].filter(([name]) => name !== "date" && name !== "x-request-id");
    return JSON.stringify([response.status, headers, await response.text()]);
  };
  for (const ask of [
    (email: string) => web.press("/subscriptions", { email }),
    (email: string) => web.press("/lost-link", { email }),
    (email: string) => web.json("POST", "/subscriptions", { email }),
  ]) {
    const answers = [];
    for (const email of everybody) answers.push(await seen(await ask(email)));
    expect(new Set(answers).size).toBe(1);
  }
});

test("a form with mistakes keeps what was typed, says beside each field what is wrong, and asks for nothing", async () => {
  const answer = await web.press("/subscriptions", {
    ...{
      email: "nobody",
      topics: "agents",
      include: "title:",
      minUpvotes: "many",
      cadence: "weekly",
      weekday: "8",
      zone: "Mars/Olympus",
    },
  });
  const page = await answer.text();
  const wrong = [...page.matchAll(/<p class="wrong" id="field-([\w-]+)-wrong">/g)].map(([, field]) => field);
  expect([answer.status, wrong]).toEqual([422, ["email", "include", "minUpvotes", "weekday", "zone"]]);
  expect(page).toContain('value="agents" checked');
  expect(page).toContain(">title:</textarea>");
  expect(page).toContain('value="nobody"');
  expect(await asked()).toEqual([]);
});

test("a lost link is asked for with the address alone", async () => {
  expect((await web.press("/lost-link", { email: "reader@example.com" })).status).toBe(200);
  expect(await asked()).toEqual([{ email: "reader@example.com", wanted: null, asked_by: "form" }]);
  expect((await web.press("/lost-link", { email: "reader" })).status).toBe(422);
});

describe("S10: an address is right or refused, at form and API alike, and goes out as it was typed", () => {
  test.each([
    ["plus and dots", "ada.lovelace+papers@example.com"],
    ["case", "Ada@Example.COM"],
    ["an IDN", "ada@m\u00fcller.example"],
    ["its A-label", "ada@xn--mller-kva.example"],
    ["marks", "o'hara!#$%&*/=?^_`{|}~-@example.com"],
  ])("%s", async (_, email) => {
    expect((await web.press("/subscriptions", { email })).status).toBe(200);
    expect((await web.json("POST", "/subscriptions", { email })).status).toBe(202);
    expect((await asked()).map((row) => row.email)).toEqual([email, email]);
  });

  test.each([
    ["a line break and a header", "reader@example.com\r\nBcc: all@example.com"],
    ["a line break before the @", "reader\nBcc: all@example.com"],
    ["a bare CR in the domain", "reader@example\r.com"],
    ["a NUL", "reader\u0000@example.com"],
    ["a line separator of Unicode", "reader\u2028@example.com"],
    ["Unicode before the @", "ad\u00e4@example.com"],
    ["a quoted part", '"ada lovelace"@example.com'],
    ["a comment", "ada(home)@example.com"],
    ["two addresses", "ada@example.com,eve@example.com"],
    ["a name around it", "Ada <ada@example.com>"],
    ["an IP address", "ada@[192.0.2.1]"],
    ["letters of two scripts", "ada@ex\u0430mple.com"],
  ])("%s is refused", async (_, email) => {
    expect((await web.press("/subscriptions", { email })).status).toBe(422);
    const api = await web.json("POST", "/subscriptions", { email });
    expect([api.status, await api.json()]).toMatchObject([422, { errors: [{ field: "email" }] }]);
    expect(await asked()).toEqual([]);
  });
});

test("S5: the door does the same work for every address: the same statements, and nothing is looked up", async () => {
  const active = await web.store.aReader();
  await web.store.sql("INSERT INTO suppressions (address_key, because) VALUES ('key of shut@example.org', 'never')");
  await web.press("/subscriptions", { email: "waiting@example.org" });
  const known = (await web.store.subscriptions.findById(active))!.email!;
  const said = async (email: string) => {
    const calls: string[] = [];
    const spied = async (name: string, arguments_: unknown[]) => void calls.push(`${name} ${arguments_.length}`);
    const other = await aWeb({
      door: listening(web.store.door, spied),
      requests: listening(web.store.requests, spied),
      subscriptions: listening(web.store.subscriptions, spied),
    });
    await other.press("/subscriptions", { email });
    await other.json("POST", "/subscriptions", { email });
    await other.press("/lost-link", { email });
    await other.close();
    return calls;
  };
  const ONE = ["count 3", "add 1"];
  for (const email of ["new@example.org", "waiting@example.org", "shut@example.org", known])
    expect([email, await said(email)]).toEqual([email, [...ONE, ...ONE, ...ONE]]);
});

/** The same room, and whoever listens is told what it is asked. */
function listening<T extends object>(room: T, told: (name: string, values: unknown[]) => void): T {
  return new Proxy(room, {
    get(target, name, receiver) {
      const value = Reflect.get(target, name, receiver);
      if (typeof value !== "function") return value;
      return (...values: unknown[]) => {
        told(String(name), values);
        return value.apply(target, values);
      };
    },
  });
}
