import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { openAdminKey } from "../../src/core/admin-key.ts";
import { LOGIN_CAPS } from "../../src/core/caps.ts";
import { at } from "../support/time.ts";
import { aWeb, type Web } from "./web.ts";

const PASSWORD = "correct horse battery staple";
const SECRET = "a secret of the tests, long enough";
const [{ most: MOST_TRIES }] = LOGIN_CAPS.visitor;

let web: Web;
/** What a process remembers of floods is gone with it. */
async function open() {
  await web?.close();
  web = await aWeb({ adminKey: openAdminKey(PASSWORD, SECRET), trustProxy: 1 });
}
beforeAll(open);
beforeEach(async () => {
  await web.store.clock.set(at("2026-04-16T09:00Z"));
  await web.store.sql("TRUNCATE door_counts");
});
afterAll(() => web.close());

const visitors = Array.from({ length: 250 }, (_, n) => `192.0.2.${n}`);
/** From an address of its own each time, unless it says which. */
const send = (on: Web, path: string, { fields, cookie = "", ...headers }: Record<string, unknown> = {}) =>
  on.send(path, {
    method: fields ? "POST" : "GET",
    headers: { "x-forwarded-for": visitors.pop()!, cookie: String(cookie), ...(headers as object) },
    ...(fields ? { body: new URLSearchParams(fields as Record<string, string>) } : {}),
  });
const login = (password: string, headers = {}) => send(web, "/admin/login", { fields: { password }, ...headers });
/** The cookie of a fresh session, as a browser sends it back. */
const enter = async () => (await login(PASSWORD)).headers.get("set-cookie")!.split(";")[0]!;
const formToken = async (cookie: string) =>
  /name="formToken" value="([\w-]+)"/.exec(await (await send(web, "/admin", { cookie })).text())![1]!;

test("without ADMIN_PASSWORD there is no /admin", async () => {
  const bare = await aWeb();
  const answers = [await bare.get("/admin"), await bare.press("/admin/login", { password: "" })];
  expect(answers.map(({ status }) => status)).toEqual([404, 404]);
  await bare.close();
});

test("what only the operator sees is loaded by the operator's pages alone", async () => {
  const sheets = async (answer: Promise<Response>) =>
    [...(await (await answer).text()).matchAll(/<link rel="stylesheet" href="\/assets\/(\w+)\.\w{12}\.css">/g)].map(
      ([, name]) => name,
    );
  const cookie = await enter();
  const THEIRS = ["page", "form", "archive", "admin"];
  const pages = [send(web, "/admin"), send(web, "/admin", { cookie }), send(web, "/"), send(web, "/privacy")];
  expect(await Promise.all(pages.map(sheets))).toEqual([THEIRS, THEIRS, ["page", "form"], ["page"]]);
});

test("the password opens, nothing else does; nobody is told more than that", async () => {
  const first = await send(web, "/admin");
  expect([first.status, first.headers.get("cache-control")]).toEqual([401, "no-store"]);
  for (const wrong of ["", "correct horse battery stapl", `${PASSWORD} `, PASSWORD.toUpperCase(), "x".repeat(50_000)]) {
    const answer = await login(wrong);
    expect([answer.status, answer.headers.get("set-cookie")]).toEqual([401, null]);
  }
  const right = await login(PASSWORD);
  expect([right.status, right.headers.get("location")]).toEqual([303, "/admin"]);
  const cookies = right.headers.getSetCookie().map((each) => each.split("; "));
  expect(
    cookies.map((each) => [each[0]!.split("=")[0], ...each.slice(1).filter((a) => !a.startsWith("Expires="))]),
  ).toEqual([
    ["paperboy_admin", "Max-Age=43200", "Path=/admin", "HttpOnly", "SameSite=Strict"],
    ["paperboy_known", "Max-Age=15552000", "Path=/admin", "HttpOnly", "SameSite=Strict"],
  ]);
  const cookie = cookies[0]![0]!;
  expect((await send(web, "/admin", { cookie })).status).toBe(200);
});

test("X5: without a session even an address where nothing is answers 401; the log-in's own leads to it", async () => {
  const cookie = await enter();
  for (const path of ["/admin/nothing", "/admin/readers/1/nothing", "/ADMIN/nothing"])
    expect([path, (await send(web, path)).status, (await send(web, path, { cookie })).status]).toEqual([
      path,
      401,
      404,
    ]);
  const again = await send(web, "/admin/login", { redirect: "manual" });
  expect([again.status, again.headers.get("location")]).toEqual([303, "/admin"]);
});

test("X5: on https the cookie is for https alone", async () => {
  const secure = await aWeb({ adminKey: openAdminKey(PASSWORD, SECRET), publicUrl: () => "https://paperboy.example" });
  const answer = await secure.press("/admin/login", { password: PASSWORD });
  const cookies = answer.headers.getSetCookie();
  expect(cookies.map((each) => /; HttpOnly; Secure; SameSite=Strict$/.test(each))).toEqual([true, true]);
  await secure.close();
});

describe("X5: a session", () => {
  test("is good at every process with the same password and keys, and ends when either changes", async () => {
    const cookie = await enter();
    const statusAt = async (adminKey: ReturnType<typeof openAdminKey>) => {
      const other = await aWeb({ adminKey });
      const { status } = await send(other, "/admin", { cookie });
      await other.close();
      return status;
    };
    expect(await statusAt(openAdminKey(PASSWORD, SECRET))).toBe(200);
    expect(await statusAt(openAdminKey("another password", SECRET))).toBe(401);
    expect(await statusAt(openAdminKey(PASSWORD, "another secret of the tests"))).toBe(401);
  });

  test("lasts twelve hours, whatever its cookie says", async () => {
    const cookie = await enter();
    const longer = cookie.replace(/\.\d+\./, (until) => `.${Number(until.slice(1, -1)) + 86_400_000}.`);
    expect((await send(web, "/admin", { cookie: longer })).status).toBe(401);
    await web.store.clock.set(at("2026-04-16T20:59:59Z"));
    expect((await send(web, "/admin", { cookie })).status).toBe(200);
    await web.store.clock.set(at("2026-04-16T21:00Z"));
    expect((await send(web, "/admin", { cookie })).status).toBe(401);
  });

  test("that was left is over, in a copy of its cookie too; another one goes on", async () => {
    const [cookie, other] = [await enter(), await enter()];
    const left = await send(web, "/admin/logout", { cookie, fields: { formToken: await formToken(cookie) } });
    expect([left.status, left.headers.get("set-cookie")]).toEqual([303, expect.stringMatching(/^paperboy_admin=;/)]);
    expect([
      (await send(web, "/admin", { cookie })).status,
      (await send(web, "/admin", { cookie: other })).status,
    ]).toEqual([401, 200]);
  });

  test("is nobody's when its cookie is bent", async () => {
    const cookie = await enter();
    const bent = [
      cookie.slice(0, -1),
      `${cookie}x`,
      cookie.replace("=", "=A"),
      "paperboy_admin=",
      "paperboy_admin=..",
      `x${cookie}`,
    ];
    for (const each of bent) expect([each, (await send(web, "/admin", { cookie: each })).status]).toEqual([each, 401]);
  });
});

describe("X5: forged requests", () => {
  test.each([
    ["a form of another site", { "sec-fetch-site": "cross-site" }],
    ["a form of a neighbour's subdomain", { "sec-fetch-site": "same-site" }],
    ["another Origin, from a browser that does not know Sec-Fetch-Site", { origin: "https://evil.example" }],
    ["a page without an origin", { origin: "null" }],
  ])("%s is refused before it is read", async (_, headers) => {
    expect((await login(PASSWORD, headers)).status).toBe(403);
  });

  test("our own forms pass, by Sec-Fetch-Site or by Origin", async () => {
    expect((await login(PASSWORD, { "sec-fetch-site": "same-origin", origin: "null" })).status).toBe(303);
    expect((await login(PASSWORD, { origin: "http://paperboy.example" })).status).toBe(303);
    expect((await login(PASSWORD, { origin: web.url })).status).toBe(303);
  });

  test("a form needs the token of its own session", async () => {
    const [cookie, other] = [await enter(), await enter()];
    const tokens = ["", "x", await formToken(other)];
    for (const token of tokens)
      expect((await send(web, "/admin/logout", { cookie, fields: { formToken: token } })).status).toBe(403);
    expect((await send(web, "/admin", { cookie })).status).toBe(200);
  });

  test("readers' forms and one click come from anywhere: there is nothing of a browser's that they could borrow", async () => {
    const headers = { "sec-fetch-site": "cross-site", origin: "https://mail.example" };
    const fields = { email: "reader@example.com" };
    expect((await send(web, "/subscriptions", { fields, ...headers })).status).toBe(200);
    const oneClick = { "List-Unsubscribe": "One-Click" };
    expect((await send(web, "/unsubscribe/unknown", { fields: oneClick, ...headers })).status).toBe(200);
  });
});

describe("X5: lock-out", () => {
  const from = (ip: string) => ({ "x-forwarded-for": ip });

  test("after five wrong passwords not even the right one is looked at, for a quarter of an hour; others may try", async () => {
    const ip = from("198.51.100.1");
    for (let n = 0; n < MOST_TRIES; n += 1) expect((await login("wrong", ip)).status).toBe(401);
    const locked = await login(PASSWORD, ip);
    expect([locked.status, locked.headers.get("retry-after"), locked.headers.get("set-cookie")]).toEqual([
      429,
      "900",
      null,
    ]);
    expect((await login(PASSWORD, from("198.51.100.2"))).status).toBe(303);
    await web.store.clock.set(at("2026-04-16T09:15Z"));
    expect((await login(PASSWORD, ip)).status).toBe(303);
  });

  describe("by strangers at many addresses", () => {
    beforeEach(open);
    afterAll(open);

    const known = async () => (await login(PASSWORD)).headers.getSetCookie().at(-1)!.split(";")[0]!;
    const locked = () =>
      web.store.sql(
        `INSERT INTO door_counts (key, count, until) VALUES ('login everybody 900000', $1, paperboy_now() + interval '15 minutes')
         ON CONFLICT (key) DO UPDATE SET count = $1, until = excluded.until`,
        [LOGIN_CAPS.everybody[0].most],
      );

    test("keeps out who never was in, and not the operator in a browser that was", async () => {
      const cookie = await known();
      await locked();
      expect((await login(PASSWORD)).status).toBe(429);
      expect((await login(PASSWORD, { cookie })).status).toBe(303);
      await web.store.clock.set(at("2026-10-13T08:59Z"));
      await locked();
      expect((await login(PASSWORD, { cookie })).status).toBe(303);
      await web.store.clock.set(at("2026-10-13T09:00Z"));
      await locked();
      expect((await login(PASSWORD, { cookie })).status).toBe(429);
    });

    test("a browser that was in has five tries of its own, from wherever, and a slate that is wiped", async () => {
      const [cookie, other] = [await known(), await known()];
      for (let n = 0; n < MOST_TRIES; n += 1) expect((await login("wrong", { cookie })).status).toBe(401);
      expect((await login(PASSWORD, { cookie })).status).toBe(429);
      for (let n = 0; n < 3 * MOST_TRIES; n += 1)
        expect((await login(n % 4 === 3 ? PASSWORD : "wrong", { cookie: other })).status).not.toBe(429);
    });

    test("a cookie that is bent, that another password sealed, or a session is no such browser", async () => {
      const cookie = await known();
      const [session] = (await login(PASSWORD)).headers.getSetCookie();
      const other = await aWeb({ adminKey: openAdminKey("another password", SECRET), door: web.store.door });
      await locked();
      const bent = [
        `${cookie}x`,
        cookie.replace("=", "=A"),
        cookie.replace(/\.\d+\./, (until) => `.${Number(until.slice(1, -1)) + 1}.`),
        session!.split(";")[0]!.replace("paperboy_admin", "paperboy_known"),
      ];
      for (const each of bent) expect([each, (await login(PASSWORD, { cookie: each })).status]).toEqual([each, 429]);
      const fields = { password: "another password" };
      expect((await send(other, "/admin/login", { fields, cookie })).status).toBe(429);
      await other.close();
    });
  });

  test("guesses at once are counted before any is looked at", async () => {
    const answers = await Promise.all(Array.from({ length: 30 }, () => login("wrong", from("198.51.100.3"))));
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status === 401)).toHaveLength(MOST_TRIES);
  });

  test("the right password wipes the slate", async () => {
    const ip = from("198.51.100.4");
    for (let n = 0; n < 3 * MOST_TRIES; n += 1)
      expect((await login(n % 4 === 3 ? PASSWORD : "wrong", ip)).status).not.toBe(429);
  });

  test("a wrong password is in the log, and what was typed is not", async () => {
    await login("hunter2-typed-by-mistake");
    const log = web.logged.join();
    expect([log.includes("wrong password"), log.includes("hunter2")]).toEqual([true, false]);
  });
});
