import fc from "fast-check";
import { expect, test } from "vitest";
import { base32, fromBase32 } from "../../src/core/base32.ts";

test("bytes are written as RFC 4648 section 10 shows, in small letters and without padding", () => {
  const written = ["", "f", "fo", "foo", "foob", "fooba", "foobar"].map((text) => base32(Buffer.from(text)));
  expect(written).toEqual(["", "my", "mzxq", "mzxw6", "mzxw6yq", "mzxw6ytb", "mzxw6ytboi"]);
});

test("they come back in either case", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      const text = base32(bytes);
      expect([fromBase32(text), fromBase32(text.toUpperCase())]).toEqual([Buffer.from(bytes), Buffer.from(bytes)]);
    }),
  );
});

test("every text has one meaning, and every meaning one text", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(..."abcdefghijklmnopqrstuvwxyz234567"), maxLength: 20 }), (text) => {
      const bytes = fromBase32(text);
      expect(bytes === null ? null : base32(bytes)).toBe(bytes === null ? null : text);
    }),
  );
  expect(["mz", "m", "mzx", "mzxw6y", "mzxq=", "m1", "m8", "m\u212a", "m y"].map(fromBase32)).toEqual(
    Array(9).fill(null),
  );
});
