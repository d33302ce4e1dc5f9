import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { SigningKey } from "../../src/core/link.ts";
import { type Named, openReturnAddresses } from "../../src/core/return-address.ts";
import { Invalid } from "../../src/errors.ts";

const at = (text: string) => new Date(text);
const NOW = at("2026-03-02T08:00Z");
const key = (id: string, retired = false): SigningKey => ({ id, secret: `the secret of ${id}, long enough`, retired });
const openWith = (...keys: SigningKey[]) => openReturnAddresses({ keys, domain: "bounce.example.org" });
const returns = openWith(key("k2"));

const DELIVERY: Named = { kind: "delivery", localDay: "2026-03-02", deliveryId: 9n, subscriptionId: 7n };
const LETTER: Named = { kind: "letter", requestId: 7n };
const LEAVE: Named = { kind: "leave", subscriptionId: 7n, deliveryId: 9n };

const ids = fc.oneof(fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }), fc.bigInt({ min: 0n, max: 300n }));
const days = fc.integer({ min: 20_514, max: 20_521 }).map((n) => new Date(n * 86_400_000).toISOString().slice(0, 10));
const anyNamed: fc.Arbitrary<Named> = fc.oneof(
  fc.record({ kind: fc.constant("delivery" as const), localDay: days, deliveryId: ids, subscriptionId: ids }),
  fc.record({ kind: fc.constant("letter" as const), requestId: ids }),
  fc.record({ kind: fc.constant("leave" as const), subscriptionId: ids, deliveryId: ids }),
);
const letters = fc.constantFrom(..."abcxyz0123456789-_.~ +@<>k\n\u0000éK\u212a\u017f");

describe("a return address", () => {
  test("says what it is about however it comes back", () => {
    fc.assert(
      fc.property(anyNamed, (named) => {
        const address = returns.of(named, NOW);
        const [local = ""] = address.split("@");
        const token = returns.tokenOf(named, NOW);
        const spellings = [
          ...[address, `<${address}>`, ` <${address}>\r\n`, local, token, local.replace("+", "+2B")],
          `${local}@another-domain-that-forwards.example`,
        ];
        for (const text of [...spellings, ...spellings.map((text) => text.toUpperCase())])
          expect(returns.open(text, NOW), text).toEqual(named);
      }),
    );
  });

  test("has a local part of at most 64 letters, for the largest ids too", () => {
    fc.assert(
      fc.property(anyNamed, (named) => {
        expect(returns.of(named, NOW)).toMatch(/^(?:bounce|unsubscribe)\+[a-z2-7]{24,55}@bounce\.example\.org$/);
        expect(returns.of(named, NOW).indexOf("@")).toBeLessThanOrEqual(64);
      }),
    );
    const MAX = 2n ** 63n - 1n;
    const lengths = [
      returns.of({ kind: "delivery", localDay: "2199-12-31", deliveryId: MAX, subscriptionId: MAX }, NOW),
      returns.of({ kind: "letter", requestId: MAX }, NOW),
      returns.of({ kind: "leave", subscriptionId: MAX, deliveryId: MAX }, NOW),
      returns.of(DELIVERY, NOW),
    ].map((address) => address.indexOf("@"));
    expect(lengths).toEqual([62, 47, 62, 36]);
  });

  test("with any one letter changed names nothing", () => {
    fc.assert(
      fc.property(anyNamed, fc.nat(), letters, (named, n, letter) => {
        const token = returns.tokenOf(named, NOW);
        const place = n % token.length;
        fc.pre(token[place] !== letter.toLowerCase() || letter === "\u212a");
        const changed = token.slice(0, place) + letter + token.slice(place + 1);
        expect([returns.open(changed, NOW), returns.open(`bounce+${changed}@bounce.example.org`, NOW)]).toEqual([
          null,
          null,
        ]);
      }),
      { numRuns: 1000 },
    );
  });

  test("has no second spelling: every other last letter names nothing", () => {
    for (const named of [DELIVERY, LETTER, LEAVE]) {
      const token = returns.tokenOf(named, NOW);
      const opened = [..."abcdefghijklmnopqrstuvwxyz234567"].filter(
        (letter) => returns.open(token.slice(0, -1) + letter, NOW) !== null,
      );
      expect(opened).toEqual([token.at(-1)]);
    }
  });

  test("made with another key names nothing", () => {
    fc.assert(
      fc.property(anyNamed, (named) => {
        expect(openWith(key("k3")).open(returns.of(named, NOW), NOW)).toBeNull();
        expect(openWith(key("k3"), key("k2")).open(returns.of(named, NOW), NOW)).toEqual(named);
      }),
    );
  });

  test("a token for a bounce, sent to the unsubscribe address, is nobody's wish to leave", () => {
    const swapped = (named: Named, from: string, to: string) =>
      returns.open(returns.of(named, NOW).replace(from, to), NOW);
    expect([
      swapped(DELIVERY, "bounce+", "unsubscribe+"),
      swapped(LETTER, "bounce+", "unsubscribe+"),
      swapped(LEAVE, "unsubscribe+", "bounce+"),
      swapped(LEAVE, "unsubscribe+", "UNSUBSCRIBE+"),
    ]).toEqual([null, null, null, LEAVE]);
  });

  test("is none when its letters are only part of a text", () => {
    const token = returns.tokenOf(LEAVE, NOW);
    for (const text of [
      ...[`x${token}`, `${token}x`, `bounces+${token}`, `+${token}`, `bounce-${token}`, `bounce+${token}@a@b`],
      ...[`bounce+${token}@a b`, `${token} ${token}`, `${token}.`, `bounce+${token.slice(1)}`, `${token}=`],
    ])
      expect(returns.open(text, NOW), text).toBeNull();
  });

  test("never throws for garbage of any length", () => {
    const anyCharacter = fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code));
    const garbage = fc.oneof(
      fc.string({ unit: anyCharacter, maxLength: 300 }),
      fc.string({ unit: fc.constantFrom(..."abcdefghijklmnopqrstuvwxyz234567"), maxLength: 60 }),
      fc.constantFrom("", "@", "<>", "bounce+@", `bounce+${"a".repeat(24)}@b`, "a".repeat(1_000_000), " ".repeat(399)),
    );
    fc.assert(
      fc.property(garbage, (text) => {
        expect(returns.open(text, NOW)).toBeNull();
      }),
      { numRuns: 1000 },
    );
  });

  test("of a delivery is the same on every try; without a domain there are tokens alone", () => {
    const tomorrow = at("2026-03-03T08:00Z");
    const nowhere = openReturnAddresses({ keys: [key("k2")], domain: null });
    expect(returns.of(DELIVERY, tomorrow)).toBe(returns.of(DELIVERY, NOW));
    expect(nowhere.tokenOf(DELIVERY, tomorrow)).toBe(returns.tokenOf(DELIVERY, NOW));
    expect(() => nowhere.of(DELIVERY, NOW)).toThrow(Invalid);
  });
});

describe("how long a return address opens", () => {
  const openOn = (named: Named, day: string) => returns.open(returns.of(named, NOW), at(`${day}T23:59:59Z`)) !== null;

  test("a delivery's for 14 days after its local day, a letter's for 14 after it was asked for", () => {
    for (const named of [DELIVERY, LETTER])
      expect([openOn(named, "2026-03-16"), openOn(named, "2026-03-17")]).toEqual([true, false]);
  });

  test("one to leave by for ever, two years and two changes of keys later too", () => {
    expect(openOn(LEAVE, "2126-01-01")).toBe(true);
    const today = openWith(key("k4"), key("k3", true), key("k2", true));
    expect(today.open(returns.of(LEAVE, NOW), at("2028-03-02T08:00Z"))).toEqual(LEAVE);
  });

  test("under a retired key only one to leave by", () => {
    const today = openWith(key("k3"), key("k2", true));
    expect([DELIVERY, LETTER, LEAVE].map((named) => today.open(returns.of(named, NOW), NOW))).toEqual([
      null,
      null,
      LEAVE,
    ]);
  });

  test("without a key to sign with there are none", () => {
    expect(() => openWith()).toThrow(Invalid);
    expect(() => openWith(key("k1", true))).toThrow(Invalid);
  });
});
