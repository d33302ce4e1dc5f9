import { createServer as createHttp, type RequestListener } from "node:http";
import { createServer as createHttps } from "node:https";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { ask } from "../../src/doctor/ask.ts";
import { lookAtWeb, type Web } from "../../src/doctor/web.ts";
import { aWeb } from "../http/web.ts";
import { freePort } from "../support/free-port.ts";
import { needs } from "../support/needs.ts";
import { aCertificate, hasOpenssl } from "../support/tls-certificate.ts";

const opened: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0)) await close();
});

/** What a proxy in front of us might do; the rest is as we answer. */
async function aSite(listener: RequestListener, tls?: { key: string; cert: string }): Promise<string> {
  const server = tls ? createHttps(tls, listener) : createHttp(listener);
  server.on("tlsClientError", () => {}); // a client that does not trust us hangs up
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  opened.push(() => new Promise((resolve) => void server.close(resolve).closeAllConnections()));
  return `${tls ? "https" : "http"}://localhost:${(server.address() as AddressInfo).port}`;
}

const asWeAnswer: RequestListener = (req, res) => {
  if (req.url === "/health") res.setHeader("content-type", "application/json").end('{"status":"ok"}');
  else if (req.url === "/") res.setHeader("content-type", "text/html").end('<link href="/assets/page.0123abc.css">');
  else if (req.url?.startsWith("/assets/")) res.setHeader("content-type", "text/css").end("body{}");
  else res.end();
};
const look = (publicUrl: string, more: Partial<Web> = {}) =>
  lookAtWeb({ publicUrl, isLoopback: false, ask, now: () => new Date(), knowsInternet: async () => true, ...more });
const levels = async (publicUrl: string, more?: Partial<Web>) =>
  (await look(publicUrl, more)).map(({ level, found }) => `${level}: ${found.replaceAll(publicUrl, "US")}`);

test("our own pages are what it looks for", async () => {
  const web = await aWeb();
  expect(await levels(web.url, { isLoopback: true })).toEqual([
    "green: Paperboy answers at US, for this machine alone.",
    "green: One-click unsubscribe answers a POST with 200, as mail providers want it.",
    "green: Pages and their style sheet arrive.",
  ]);
  await web.close();
});

describe("a public address", () => {
  const needsOpenssl = needs(hasOpenssl, "there is no openssl to make a certificate");

  needsOpenssl("with a certificate that holds is green, and amber in its last days", async () => {
    for (const [days, said] of [
      [30, "green: Paperboy answers at US, with a certificate that is trusted."],
      [5, expect.stringMatching(/^amber: The certificate of US ends on \S+, in [45] days\.$/)],
    ] as const) {
      const tls = aCertificate(days);
      const url = await aSite(asWeAnswer, tls);
      const [first] = await levels(url, { ask: (at, question) => ask(at, { ...question, ca: tls.cert }) });
      expect(first).toEqual(said);
    }
  });

  needsOpenssl("with a certificate that nobody vouches for is red", async () => {
    const url = await aSite(asWeAnswer, aCertificate(30));
    expect(await levels(url)).toEqual([
      "red: The certificate of US is not one that browsers trust (DEPTH_ZERO_SELF_SIGNED_CERT).",
    ]);
  });

  test("without https is red", async () => {
    const [first] = await levels(await aSite(asWeAnswer));
    expect(first).toMatch(/^red: Paperboy answers at US, readable to everybody on the way/);
  });

  test("behind a login, a redirect or a cookie takes no one-click", async () => {
    const tries: [RequestListener, string][] = [
      [(_, res) => res.writeHead(302, { location: "https://login.example/" }).end(), "302 to https://login.example/"],
      [(_, res) => res.writeHead(403).end(), "403"],
      [(_, res) => res.writeHead(405).end(), "405"],
      [(_, res) => res.writeHead(200, { "set-cookie": "session=1" }).end(), "200"],
    ];
    for (const [onPost, said] of tries) {
      const url = await aSite((req, res) => (req.method === "POST" ? onPost(req, res) : asWeAnswer(req, res)));
      expect((await levels(url))[1]).toBe(`red: One-click unsubscribe answers a POST with ${said}.`);
    }
  });

  test("where the style sheet is missing, or another site answers, is red", async () => {
    const bare = await aSite((req, res) =>
      req.url?.startsWith("/assets/") ? res.writeHead(404).end() : asWeAnswer(req, res),
    );
    expect((await levels(bare))[2]).toBe("red: The style sheet /assets/page.0123abc.css does not arrive (404).");
    const other = await aSite((_, res) => res.setHeader("content-type", "text/html").end("Welcome to nginx"));
    expect(await levels(other)).toEqual(["red: US/health does not answer as Paperboy does (200)."]);
  });
});

describe("an address where nobody answers", () => {
  test("is red, or amber on this machine: it may simply not be started", async () => {
    const url = `http://127.0.0.1:${await freePort()}`;
    expect(await levels(url)).toEqual(["red: US does not answer (ECONNREFUSED)."]);
    expect(await levels(url, { isLoopback: true })).toEqual(["amber: Nothing answers at US."]);
  });

  test("in time is red", async () => {
    const url = await aSite(() => {});
    expect(await levels(url, { ask: (at) => ask(at, { timeoutMs: 50 }) })).toEqual([
      "red: US does not answer (ETIMEDOUT).",
    ]);
  });

  test("because no name leads there is red, but not in a closed network, where no name leads anywhere", async () => {
    const denied = async () => Promise.reject(Object.assign(new Error(), { code: "ENOTFOUND" }));
    const url = "https://paperboy.example.org";
    expect(await levels(url, { ask: denied })).toEqual(["red: There is no host paperboy.example.org."]);
    expect(await levels(url, { ask: denied, knowsInternet: async () => false })).toEqual([
      "amber: Not looked at: US is out of reach from here (ENETUNREACH).",
    ]);
  });
});
