import { createHmac } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { hmac, hmacKey } from "../../src/core/hmac.ts";

test("test case 2 of RFC 4231", () => {
  expect(hmac(hmacKey("Jefe"), Buffer.from("what do ya want for nothing?")).toString("hex")).toBe(
    "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
  );
});

test("the same as the platform's for any key and message, shorter and longer than a block", () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 200 }), fc.uint8Array({ maxLength: 300 }), (secret, message) => {
      expect(hmac(hmacKey(secret), message)).toEqual(createHmac("sha256", secret).update(message).digest());
    }),
    { numRuns: 1_000 },
  );
});
