import { expect, test } from "vitest";
import { openExchangers } from "../../src/mail/exchangers.ts";
import { at } from "../support/time.ts";

/** DNS as it answers now, and how often it was asked. */
function aResolver() {
  const asked: string[] = [];
  const dns = { answer: (): { exchange: string }[] => [{ exchange: "mx.example.org." }], at: at("2026-04-15T12:00Z") };
  const exchangers = openExchangers({
    now: () => dns.at,
    resolveMx: async (domain) => {
      asked.push(domain);
      return dns.answer();
    },
  });
  return { asked, dns, exchangers };
}
const failing = (code: string) => () => {
  throw Object.assign(new Error(code), { code });
};

test("a domain is asked about once an hour", async () => {
  const { asked, dns, exchangers } = aResolver();
  expect([await exchangers.of("example.org"), await exchangers.of("example.org")]).toEqual([
    ["mx.example.org"],
    ["mx.example.org"],
  ]);
  dns.at = at("2026-04-15T13:00Z");
  await exchangers.of("example.org");
  expect(asked).toEqual(["example.org", "example.org"]);
});

test("no record is an answer; no answer is none, and asked for again after a minute", async () => {
  const { asked, dns, exchangers } = aResolver();
  dns.answer = failing("ENODATA");
  expect(await exchangers.of("none.example")).toEqual([]);
  dns.answer = failing("ETIMEOUT");
  expect(await exchangers.of("example.org")).toBeNull();
  dns.answer = () => [{ exchange: "mx.example.org" }];
  expect(await exchangers.of("example.org")).toBeNull();
  dns.at = at("2026-04-15T12:01Z");
  expect(await exchangers.of("example.org")).toEqual(["mx.example.org"]);
  expect(asked).toEqual(["none.example", "example.org", "example.org"]);
});
