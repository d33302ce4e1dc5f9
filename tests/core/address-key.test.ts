import { expect, test } from "vitest";
import { addressKey, networkKey } from "../../src/core/address-key.ts";

const SECRET = "a key for suppressions";

test("a network address is known by its key alone: the same for IPv4 in IPv6 clothes, another under another secret", () => {
  const key = networkKey("192.0.2.7", SECRET);
  expect(key).toMatch(/^[0-9a-f]{64}$/);
  expect([networkKey("::ffff:192.0.2.7", SECRET), networkKey("::FFFF:192.0.2.7", SECRET)]).toEqual([key, key]);
  expect(networkKey("2001:DB8::7", SECRET)).toBe(networkKey("2001:db8::7", SECRET));
  expect(new Set([key, networkKey("192.0.2.8", SECRET), networkKey("192.0.2.7", "another secret")]).size).toBe(3);
});

test("no network address has the key of a mail address", () => {
  expect(networkKey("192.0.2.7", SECRET)).not.toBe(addressKey("192.0.2.7", SECRET));
});
