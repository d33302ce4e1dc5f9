import { expect, test } from "vitest";
import { visitorKeys } from "../../src/core/visitor-key.ts";
import { at } from "../support/time.ts";

const NOON = at("2026-04-15T12:00Z");
const keys = (ip: string, now = NOON, secret = "a key") => visitorKeys(ip, now, secret);

test("addresses of one /64 share its key and have one of their own; those of the next have another", () => {
  const [one, other, next] = ["2001:db8:1:2::1", "2001:db8:1:2:ffff::9", "2001:db8:1:3::1"].map((ip) => keys(ip));
  expect(one!.network).toBe(other!.network);
  expect(one!.visitor).not.toBe(other!.visitor);
  expect(next!.network).not.toBe(one!.network);
});

test.each([
  ["2001:db8::1", "2001:0DB8:0:0:0:0:0:1"],
  ["2001:db8::1", "2001:db8:0:0::1"],
  ["fe80::1%eth0", "fe80::1"],
  ["192.0.2.7", "::ffff:192.0.2.7"],
  ["192.0.2.7", "::FFFF:c000:207"],
])("%s and %s are one visitor", (one, other) => {
  expect(keys(one)).toEqual(keys(other));
});

test("IPv4 addresses, loopback and what is no address have no network", () => {
  expect(["192.0.2.7", "::ffff:192.0.2.7", "", "unknown", "[::1"].map((ip) => keys(ip).network)).toEqual(
    Array(5).fill(null),
  );
  expect(keys("::1").network).not.toBeNull();
});

test("a key shows nothing of the address, and is another one tomorrow and under another secret", () => {
  const { visitor } = keys("192.0.2.7");
  expect(visitor).toMatch(/^[\w-]{22}$/);
  expect([keys("192.0.2.7", at("2026-04-15T00:00Z")).visitor, keys("192.0.2.8").visitor]).toEqual([
    visitor,
    expect.not.stringMatching(visitor),
  ]);
  expect(keys("192.0.2.7", at("2026-04-16T00:00Z")).visitor).not.toBe(visitor);
  expect(keys("192.0.2.7", NOON, "another key").visitor).not.toBe(visitor);
});
