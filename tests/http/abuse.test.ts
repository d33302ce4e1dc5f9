import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { VISIT_CAPS } from "../../src/core/caps.ts";
import type { WebApp } from "../../src/http/server.ts";
import { at } from "../support/time.ts";
import { type Doors, freshDoors, statuses, times } from "./doors.ts";
import { aWeb, type Web } from "./web.ts";

const [{ most: MOST }] = VISIT_CAPS.visitor;
const [{ most: MOST_OF_NETWORK }] = VISIT_CAPS.network;
const [{ most: MOST_OF_ALL }] = VISIT_CAPS.everybody;

let web: Web;
let doors: Doors;
let asked: Doors["asked"];

const fresh = freshDoors();
async function open(replaced: Partial<WebApp> = {}) {
  doors = await fresh.open(replaced);
  ({ web, asked } = doors);
}
afterAll(fresh.close);

describe("S6, S7: caps are the same at form and API, for every address, and shared by all of them", () => {
  beforeEach(() => open());

  test("one IP address: so many in ten minutes, by whichever door; another's are not held up", async () => {
    const all = [doors.form, doors.lostLink, doors.api];
    const answers = [];
    for (let n = 0; n < MOST; n += 1) answers.push(await all[n % 3]!("192.0.2.1", `reader${n}@example.com`));
    expect(new Set(statuses(answers))).toEqual(new Set([200, 202]));
    expect(statuses(await Promise.all(all.map((ask) => ask("192.0.2.1", "other@example.com"))))).toEqual([
      429, 429, 429,
    ]);
    expect(statuses(await Promise.all(all.map((ask) => ask("192.0.2.2"))))).toEqual([200, 200, 202]);
    expect(await asked()).toHaveLength(MOST + 3);
    await web.store.clock.set(at("2026-04-16T09:10Z"));
    expect((await doors.form("192.0.2.1")).status).toBe(200);
    await web.store.clock.set(at("2026-04-16T09:00Z"));
  });

  test("who is refused is told when to come again: a page, a problem document, in the same bytes for every address", async () => {
    await Promise.all(times(MOST, () => doors.api("192.0.2.1")));
    await web.store.clock.set(at("2026-04-16T09:04Z"));
    const subscribed = await web.store.aReader();
    const { email } = (await web.store.subscriptions.findById(subscribed))!;
    for (const [name, ask] of Object.entries({ form: doors.form, lostLink: doors.lostLink, api: doors.api })) {
      const answers = await Promise.all(["new@example.org", email!].map((each) => ask("192.0.2.1", each)));
      const [one, other] = await Promise.all(answers.map((answer) => answer.text()));
      expect([name, statuses(answers), one]).toEqual([name, [429, 429], other]);
      expect(answers.map(({ headers }) => headers.get("retry-after"))).toEqual(["360", "360"]);
      const isPage = answers[0]!.headers.get("content-type") === "text/html; charset=utf-8";
      if (isPage) expect(one).toContain("One moment, please");
      else expect(JSON.parse(one!)).toMatchObject({ status: 429, title: "Too Many Requests" });
    }
    await web.store.clock.set(at("2026-04-16T09:00Z"));
  });

  test("one /64 counts as one customer, whatever address in it is used", async () => {
    const answers = [];
    for (let n = 0; n < MOST_OF_NETWORK; n += 1) answers.push(await doors.api(`2001:db8:1:2::${n.toString(16)}`));
    expect(new Set(statuses(answers))).toEqual(new Set([202]));
    expect((await doors.api("2001:db8:1:2:ffff::1")).status).toBe(429);
    expect((await doors.api("2001:db8:1:3::1")).status).toBe(202);
  });

  test("the breaker: when everybody together asks for too much, everybody waits", async () => {
    await open({ proofOfWork: "off" });
    await doors.press(MOST_OF_ALL - 1);
    expect(statuses([await doors.form("192.0.2.1"), await doors.form("192.0.2.2")])).toEqual([200, 429]);
    expect(statuses([await doors.api("2001:db8::1"), await doors.lostLink("192.0.2.3")])).toEqual([429, 429]);
    expect(await asked()).toHaveLength(1);
  });

  test("who floods from one address does not use up what is everybody's", async () => {
    await Promise.all(times(MOST * 3, () => doors.api("192.0.2.1")));
    expect(await web.store.sql("SELECT count FROM door_counts WHERE key = 'everybody 600000'")).toEqual([
      { count: MOST },
    ]);
  });

  test("mistakes count for nobody: they ask for no mail", async () => {
    await Promise.all(times(MOST + 1, () => doors.form("192.0.2.1", "nobody")));
    expect((await doors.form("192.0.2.1")).status).toBe(200);
  });

  test("a second web process counts on where the first one is", async () => {
    const other = await aWeb({ trustProxy: 1, door: web.store.door });
    await Promise.all(times(MOST, () => doors.api("192.0.2.1")));
    const answer = await other.send("/lost-link", {
      ...{ method: "POST", headers: { "x-forwarded-for": "192.0.2.1" } },
      body: new URLSearchParams({ email: "reader@example.com" }),
    });
    expect(answer.status).toBe(429);
    await other.close();
  });

  test("no IP address is stored, and counts that are over are deleted", async () => {
    await doors.form("192.0.2.1");
    await doors.api("2001:db8:1:2::1");
    const rows = JSON.stringify(await web.store.sql("SELECT * FROM door_counts"));
    expect([rows.includes("192.0.2.1"), rows.includes("2001:db8"), rows.includes("everybody")]).toEqual([
      false,
      false,
      true,
    ]);
    await web.store.clock.set(at("2026-04-17T09:00Z"));
    await web.store.door.forget();
    expect(await web.store.sql("SELECT * FROM door_counts")).toEqual([]);
  });
});

describe("TRUST_PROXY: X-Forwarded-For is believed as far as it was configured", () => {
  const from = (forwarded: string) => () =>
    web.send("/api/v1/subscriptions", {
      ...{ method: "POST", body: JSON.stringify({ email: "reader@example.com" }) },
      headers: { "x-forwarded-for": forwarded, "content-type": "application/json" },
    });
  /** Does whoever changes what X-Forwarded-For says, with this in front of the address, count as somebody else? */
  async function isSomebodyElse(trustProxy: number | string, forwarded: (n: number) => string): Promise<boolean> {
    await open({ trustProxy });
    const answers = await Promise.all(times(MOST + 1, (n) => from(forwarded(n))()));
    return !statuses(answers).includes(429);
  }

  test.each<[string, number | string, (n: number) => string, boolean]>([
    ["0: by nobody", 0, (n) => `192.0.2.${n}`, false],
    ["1: what the one proxy added at the end", 1, (n) => `192.0.2.${n}`, true],
    ["1: nothing of what a visitor wrote before it", 1, (n) => `192.0.2.${n}, 198.51.100.7`, false],
    ["2: what the first of two added", 2, (n) => `192.0.2.${n}, 10.0.0.1`, true],
    ["a list: as long as addresses of it follow", "loopback,10.0.0.0/8", (n) => `192.0.2.${n}, 10.0.0.1`, true],
    [
      "a list: nothing before an address that is not in it",
      "loopback,10.0.0.0/8",
      (n) => `192.0.2.${n}, 203.0.113.9`,
      false,
    ],
    ["a list that the socket's own address is not in: nothing", "10.0.0.0/8", (n) => `192.0.2.${n}`, false],
  ])("%s", async (_, trustProxy, forwarded, is) => {
    expect(await isSomebodyElse(trustProxy, forwarded)).toBe(is);
  });

  test("a cap that is reached through a proxy nobody told us of is said once in the log, without an address", async () => {
    await open({ trustProxy: 0 });
    await Promise.all(times(MOST + 5, (n) => from(`192.0.2.${n}`)()));
    const warnings = web.logged.filter((line) => line.includes("TRUST_PROXY"));
    expect([warnings.length, warnings.join().includes("192.0.2.")]).toEqual([1, false]);
  });
});
