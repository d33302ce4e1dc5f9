import type { IncomingMessage } from "node:http";
import { expect, test } from "vitest";
import { mayScrape } from "../../src/http/may-scrape.ts";

const TOKEN = "a-token-of-the-operator";
const isAllowed = (
  remoteAddress: string,
  headers: Record<string, string> = {},
  { publicUrl = "https://paperboy.example", apiToken = TOKEN as string | null } = {},
) =>
  mayScrape({ apiToken, publicUrl: () => publicUrl, previousPublicUrls: ["https://old.example"] })({
    socket: { remoteAddress },
    headers,
  } as unknown as IncomingMessage);
const direct = { host: "10.0.0.7:3000" };

test.each(["127.0.0.1", "::1", "::ffff:127.0.0.1", "10.0.0.9", "192.168.1.2", "fd00::1", "fe80::1%eth0", "100.64.0.1"])(
  "Prometheus at %s may read them",
  (address) => expect(isAllowed(address, direct)).toBe(true),
);

test.each(["8.8.8.8", "2a00:1450::1", "::ffff:8.8.8.8", "", "nonsense"])("whoever asks from %j may not", (address) =>
  expect(isAllowed(address, direct)).toBe(false),
);

test("from anywhere with API_TOKEN, and with nothing like it", () => {
  const withToken = (authorization: string) => isAllowed("8.8.8.8", { ...direct, authorization });
  expect(withToken(`Bearer ${TOKEN}`)).toBe(true);
  for (const wrong of [`Bearer ${TOKEN}x`, `bearer ${TOKEN.slice(1)}`, TOKEN, "Bearer", "Bearer null", ""])
    expect([wrong, withToken(wrong)]).toEqual([wrong, false]);
  expect(isAllowed("8.8.8.8", { ...direct, authorization: "Bearer null" }, { apiToken: null })).toBe(false);
});

test("behind a proxy on the same machine, whose word it is that somebody of the Internet asks", () => {
  const proxied = (headers: Record<string, string>) => isAllowed("127.0.0.1", { ...direct, ...headers });
  expect(proxied({ "x-forwarded-for": "8.8.8.8" })).toBe(false);
  expect(proxied({ "x-forwarded-for": "10.0.0.1, 8.8.8.8" })).toBe(false);
  expect(proxied({ "x-forwarded-for": "127.0.0.1, unknown" })).toBe(false);
  expect(proxied({ "x-real-ip": "8.8.8.8" })).toBe(false);
  expect(proxied({ forwarded: "for=_hidden" })).toBe(false);
  // Nothing but the name that readers know: a proxy that says no more.
  expect(proxied({ host: "paperboy.example" })).toBe(false);
  expect(proxied({ host: "PAPERBOY.example:443" })).toBe(false);
  expect(proxied({ host: "paperboy.example." })).toBe(false);
  expect(proxied({ host: "old.example" })).toBe(false);
  expect(proxied({ host: "a b" })).toBe(false);
  expect(proxied({ "x-forwarded-for": "10.0.0.1" })).toBe(true);
});

test("where readers' own address is this machine, as on a developer's", () => {
  expect(isAllowed("127.0.0.1", { host: "localhost:3000" }, { publicUrl: "http://localhost:3000" })).toBe(true);
});
