/** The site has moved: PREVIOUS_PUBLIC_URLS. What mails of before name goes on working, and leads nowhere else. */
import { request } from "node:http";
import { createConnection } from "node:net";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, expect, test } from "vitest";
import { lookAtPrevious } from "../../src/doctor/web.ts";
import { aWeb, links, type Web } from "./web.ts";

let web: Web;
beforeAll(async () => {
  web = await aWeb({
    publicUrl: () => "https://new.example",
    previousPublicUrls: ["https://old.example", "http://older.example:8080/paperboy", "https://new.example/before"],
  });
});
afterAll(() => web.close());

/** As a browser, or a mail provider, that found this host in a mail. */
async function ask(host: string, method: string, path: string, headers: Record<string, string> = {}, body = "") {
  const { port } = new URL(web.url);
  return new Promise<{ status: number; location: string | undefined; cacheControl: string | undefined; body: string }>(
    (resolve, reject) => {
      const asked = request({
        port,
        host: "127.0.0.1",
        method,
        path,
        headers: { host, connection: "close", ...headers },
      });
      asked.on("error", reject);
      asked.on("response", async (response) => {
        const { location, "cache-control": cacheControl } = response.headers;
        resolve({ status: response.statusCode!, location, cacheControl, body: await text(response) });
      });
      asked.end(body);
    },
  );
}
const form = { "content-type": "application/x-www-form-urlencoded" };
const ONE_CLICK = "List-Unsubscribe=One-Click";

test("a page that is opened at an old address is sent on to the same page at the new one, link and all", async () => {
  const link = links.sign("unsubscribe", { subscriptionId: 1n, deliveryId: 0n }, web.app.now());
  const moved = (path: string) => ({ status: 301, location: `https://new.example${path}`, cacheControl: "no-store" });
  for (const host of ["old.example", "OLD.example", "older.example:8080"])
    for (const path of ["/", `/unsubscribe/${link}`, "/editions/latest?topics=agents&include=a%20b", "/admin"]) {
      expect(await ask(host, "GET", path)).toMatchObject(moved(path));
      expect(await ask(host, "HEAD", path)).toMatchObject({ ...moved(path), body: "" });
    }
});

test("one click at an old address leaves, without a redirect; so does the form of a page that was still open", async () => {
  for (const [headers, body] of [
    [form, ONE_CLICK],
    [{ ...form, origin: "https://old.example" }, "why="],
  ] as const) {
    const reader = await web.store.aReader();
    const link = links.sign("unsubscribe", { subscriptionId: reader, deliveryId: 0n }, web.app.now());
    expect(await ask("old.example", "POST", `/unsubscribe/${link}`, headers, body)).toMatchObject({
      status: 200,
      location: undefined,
    });
    expect((await web.store.subscriptions.findById(reader))!.state).toBe("ended");
  }
});

test("programs, feeds and whoever watches the process are answered wherever they ask", async () => {
  await web.anEdition("2026-04-15", [{ title: "A paper" }]);
  for (const path of ["/health", "/ready", "/api/v1/topics", "/API/v1/topics", "/feed.xml", "/feed.json?topics=agents"])
    expect([path, (await ask("old.example", "GET", path)).status]).toEqual([path, 200]);
  // A feed names the new address, under the ids it always had.
  const [there, here] = [await ask("old.example", "GET", "/feed.json"), await ask("new.example", "GET", "/feed.json")];
  expect(there.body).toBe(here.body);
  expect(JSON.parse(there.body).feed_url).toBe("https://new.example/feed.json");
});

test("X3: nothing in a request leads anywhere but to PUBLIC_URL, and a host nobody named is not sent on", async () => {
  for (const host of ["new.example", "evil.example", "old.example.evil.example", "127.0.0.1", "old.example:444"])
    expect([host, (await ask(host, "GET", "/")).location]).toEqual([host, undefined]);
  for (const path of [
    "//evil.example/",
    "/\\evil.example",
    "/%2f%2fevil.example",
    "/?to=https://evil.example",
    "/@evil.example",
    "/.evil.example",
  ]) {
    const { location } = await ask("old.example", "GET", path);
    expect([path, new URL(location!).origin]).toEqual([path, "https://new.example"]);
  }
  // In absolute form (RFC 9112 3.2.2) what is asked for is a whole address.
  for (const target of ["http://evil.example/", ".evil.example/", "@evil.example/"]) {
    const said = await raw(`GET ${target} HTTP/1.1\r\nHost: old.example\r\nConnection: close\r\n\r\n`);
    expect([target, /^location:/im.test(said)]).toEqual([target, false]);
  }
});

async function raw(bytes: string): Promise<string> {
  const socket = createConnection(Number(new URL(web.url).port), "127.0.0.1");
  socket.end(bytes);
  return text(socket);
}

test("the doctor says of an old address whether mails that name it still lead here", async () => {
  const answering = (status: number, headers = {}) => ({
    ask: async () => ({ status, headers, body: "", validUntil: null }) as never,
  });
  const look = async (of: Parameters<typeof lookAtPrevious>[1]) => {
    const { level, found } = await lookAtPrevious("https://old.example", of);
    return `${level}: ${found}`;
  };
  expect(await look(answering(200))).toBe("green: Links of mails that name https://old.example still lead here.");
  expect(await look(answering(301, { location: "https://new.example/" }))).toBe(
    "red: One-click unsubscribe at https://old.example, where it was before, answers 301 to https://new.example/.",
  );
  const gone = { ask: () => Promise.reject(Object.assign(new Error("gone"), { code: "ENOTFOUND" })) };
  expect(await look(gone)).toBe(
    "red: https://old.example, where it was before, does not answer (ENOTFOUND): links in mails of then do not open.",
  );
});
