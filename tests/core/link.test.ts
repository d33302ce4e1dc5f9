import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LINK_LIFETIME_S, openLinks, parseSecretKeys, type SigningKey } from "../../src/core/link.ts";
import type { Payloads, Purpose } from "../../src/core/link-payload.ts";
import { Invalid } from "../../src/errors.ts";

const at = (text: string) => new Date(text);
const NOW = at("2026-03-02T08:00Z");
const key = (id: string, retired = false): SigningKey => ({ id, secret: `the secret of ${id}, long enough`, retired });
const links = openLinks([key("k2")]);
const PURPOSES = Object.keys(LINK_LIFETIME_S) as Purpose[];

const ids = fc.oneof(fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }), fc.bigInt({ min: 0n, max: 300n }));
/** Any code unit, halves of a pair included. (The unit "binary" takes ten seconds to set up.) */
const anyCharacter = fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code));
const days = fc.integer({ min: 0, max: 40_000 }).map((n) => new Date(n * 86_400_000).toISOString().slice(0, 10));
const paperKeys = fc.array(fc.integer({ min: 0, max: 2 ** 31 - 1 }), { maxLength: 50 });
/** A purpose and something it can say. */
const anyLink = fc.constantFrom(...PURPOSES).chain((purpose) =>
  fc.record({
    purpose: fc.constant(purpose),
    payload: {
      confirm: fc.record({ requestId: ids }),
      never: fc.record({ requestId: ids }),
      unsubscribe: fc.record({ subscriptionId: ids, deliveryId: ids }),
      digest: fc.record({ editionDate: days, paperKeys }),
      preferences: fc.record({ subscriptionId: ids }),
      account: fc.record({ subscriptionId: ids }),
      undo: fc.record({ subscriptionId: ids }),
    }[purpose] as fc.Arbitrary<Payloads[typeof purpose]>,
  }),
);

describe("a link", () => {
  test("opens what it was signed for", () => {
    fc.assert(
      fc.property(anyLink, ({ purpose, payload }) => {
        const token = links.sign(purpose, payload, NOW);
        expect(links.open(purpose, token, NOW)).toEqual({ payload });
        expect(token).toMatch(/^[A-Za-z0-9_-]+\.k2$/);
        expect(encodeURIComponent(token)).toBe(token);
      }),
    );
  });

  test("opens nothing else", () => {
    fc.assert(
      fc.property(anyLink, fc.constantFrom(...PURPOSES), ({ purpose, payload }, other) => {
        fc.pre(purpose !== other);
        expect(links.open(other, links.sign(purpose, payload, NOW), NOW)).toBeNull();
      }),
    );
  });

  test("with any one character changed opens nothing", () => {
    const characters = fc.constantFrom(..."ABCxyz0189-_.~ k\n\u0000é");
    fc.assert(
      fc.property(anyLink, fc.nat(), characters, ({ purpose, payload }, n, character) => {
        const token = links.sign(purpose, payload, NOW);
        const place = n % token.length;
        fc.pre(token[place] !== character);
        expect(links.open(purpose, token.slice(0, place) + character + token.slice(place + 1), NOW)).toBeNull();
      }),
      { numRuns: 1000 },
    );
  });

  test("has no second spelling: every other last letter of its text opens nothing", () => {
    const token = links.sign("preferences", { subscriptionId: 7n }, NOW);
    const [text = ""] = token.split(".");
    const opened = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"].filter(
      (letter) => links.open("preferences", `${text.slice(0, -1)}${letter}.k2`, NOW) !== null,
    );
    expect(opened).toEqual([text.at(-1)]);
  });

  test("is opened with what a sentence left behind it, and with nothing else", () => {
    const token = links.sign("undo", { subscriptionId: 7n }, NOW);
    const open = (text: string) => links.open("undo", text, NOW);
    for (const left of [".", ",", ")", ">", '"', "»", " ", "\r\n", "=", ").", "_", "*"])
      expect(open(token + left), JSON.stringify(left)).toEqual({ payload: { subscriptionId: 7n } });
    expect([
      open(`${token}x`),
      open(`(${token}`),
      open(token.toLowerCase()),
      open(token.slice(1)),
      open(token.slice(0, -3)),
    ]).toEqual([null, null, null, null, null]);
  });

  test("never throws for garbage of any length", () => {
    const garbage = fc.oneof(
      fc.string({ unit: anyCharacter, maxLength: 300 }),
      fc.base64String({ maxLength: 1200 }).map((text) => `${text.replaceAll(/[+/=]/g, "")}.k2`),
      fc.constantFrom("", ".", ".k2", "k2", "A.k2", "__proto__.k2", `${"A".repeat(100_000)}.k2`, ".".repeat(100_000)),
    );
    fc.assert(
      fc.property(garbage, fc.constantFrom(...PURPOSES), (token, purpose) => {
        expect(links.open(purpose, token, NOW)).toBeNull();
      }),
      { numRuns: 300 },
    );
  });

  test("is the same text each time it is made: a retry sends the same bytes", () => {
    const made = () =>
      openLinks([key("k2")]).sign("digest", { editionDate: "2026-03-01", paperKeys: [7, 300, 5] }, NOW);
    expect(made()).toBe(made());
    expect(links.sign("digest", { editionDate: "2026-03-01", paperKeys: [300, 7, 5] }, NOW)).not.toBe(made());
  });

  test("is short: one line of a mail for most, and short enough for any with fifty papers", () => {
    const lengths = {
      unsubscribe: links.sign("unsubscribe", { subscriptionId: 1_000_000n, deliveryId: 100_000_000n }, NOW).length,
      account: links.sign("account", { subscriptionId: 1_000_000n }, NOW).length,
      tenPapers: links.sign("digest", { editionDate: "2026-03-01", paperKeys: Array(10).fill(1_000_000) }, NOW).length,
      fiftyPapers: links.sign("digest", { editionDate: "2026-03-01", paperKeys: Array(50).fill(2 ** 31 - 1) }, NOW)
        .length,
    };
    expect(lengths).toEqual({ unsubscribe: 35, account: 35, tenPapers: 70, fiftyPapers: 363 });
  });

  test("holds no number that is negative", () => {
    expect(() => links.sign("undo", { subscriptionId: -1n }, NOW)).toThrow(RangeError);
  });
});

describe("how long a link lasts", () => {
  const DAY = 86_400_000;
  test.each([
    ["confirm", 7 * DAY, { requestId: 7n }],
    ["never", 30 * DAY, { requestId: 7n }],
    ["preferences", 30 * DAY, { subscriptionId: 7n }],
    ["account", 3_600_000, { subscriptionId: 7n }],
    ["undo", 1_800_000, { subscriptionId: 7n }],
  ] as const)("%s: %i ms, and then it still says what it was", (purpose, lifetimeMs, payload) => {
    const token = links.sign(purpose, payload as Payloads[typeof purpose], NOW);
    const openAfter = (ms: number) => links.open(purpose, token, new Date(NOW.getTime() + ms));
    expect([openAfter(lifetimeMs - 1), openAfter(lifetimeMs)]).toEqual([{ payload }, { expired: payload }]);
  });

  test.each([
    ["unsubscribe", { subscriptionId: 7n, deliveryId: 0n }],
    ["digest", { editionDate: "2026-03-01", paperKeys: [] }],
  ] as const)("%s: for ever", (purpose, payload) => {
    const token = links.sign(purpose, payload as Payloads[typeof purpose], NOW);
    expect(links.open(purpose, token, at("2126-01-01T00:00Z"))).toEqual({ payload });
  });
});

describe("keys", () => {
  test("S3: an unsubscribe link two years old works after two key changes", () => {
    const old = openLinks([key("k1")]).sign(
      "unsubscribe",
      { subscriptionId: 7n, deliveryId: 9n },
      at("2024-03-02T08:00Z"),
    );
    const today = openLinks([key("k3"), key("k2", true), key("k1", true)]);
    expect(today.open("unsubscribe", old, NOW)).toEqual({ payload: { subscriptionId: 7n, deliveryId: 9n } });
  });

  test("a retired key opens what lasts for ever, a second one that is not retired opens all", () => {
    const other = openLinks([key("k1")]);
    const opened = (retired: boolean) => {
      const now = openLinks([key("k2"), key("k1", retired)]);
      const samples: { [P in Purpose]: Payloads[P] } = {
        confirm: { requestId: 7n },
        never: { requestId: 7n },
        unsubscribe: { subscriptionId: 7n, deliveryId: 0n },
        digest: { editionDate: "2026-03-01", paperKeys: [1] },
        preferences: { subscriptionId: 7n },
        account: { subscriptionId: 7n },
        undo: { subscriptionId: 7n },
      };
      return PURPOSES.filter((purpose) => now.open(purpose, other.sign(purpose, samples[purpose], NOW), NOW) !== null);
    };
    expect(opened(true)).toEqual(["unsubscribe", "digest"]);
    expect(opened(false)).toEqual(PURPOSES);
  });

  test("the first key signs; one that is gone, or has another secret, opens nothing", () => {
    const two = openLinks([key("k2"), key("k1")]);
    const token = two.sign("undo", { subscriptionId: 7n }, NOW);
    expect(token).toMatch(/\.k2$/);
    expect(openLinks([key("k1")]).open("undo", token, NOW)).toBeNull();
    expect(openLinks([{ ...key("k2"), secret: "another secret altogether" }]).open("undo", token, NOW)).toBeNull();
  });

  test("without a key to sign with there are no links", () => {
    expect(() => openLinks([])).toThrow(Invalid);
    expect(() => openLinks([key("k1", true)])).toThrow(Invalid);
  });
});

describe("SECRET_KEYS", () => {
  test("names its keys, the newest first", () => {
    expect(parseSecretKeys("k2:0123456789abcdef, k1:fedcba9876543210:retired")).toEqual([
      { id: "k2", secret: "0123456789abcdef", retired: false },
      { id: "k1", secret: "fedcba9876543210", retired: true },
    ]);
  });

  test.each([
    ["", "SECRET_KEYS, key 1: its id is not 1 to 8 letters and digits"],
    ["0123456789abcdef", "SECRET_KEYS, key 1: its id is not 1 to 8 letters and digits"],
    ["k2:0123456789abcdef,", "SECRET_KEYS, key 2: its id is not 1 to 8 letters and digits"],
    ["k_2:0123456789abcdef", "SECRET_KEYS, key 1: its id is not 1 to 8 letters and digits"],
    ["k2:too-short", "SECRET_KEYS, key 1: its secret is shorter than 16 characters"],
    ["k2", "SECRET_KEYS, key 1: its secret is shorter than 16 characters"],
    ["k2:0123456789 abcdef", "SECRET_KEYS, key 1: its secret has spaces in it"],
    ["k2:0123456789abcdef:old", 'SECRET_KEYS, key 1: after its secret only ":retired" may follow'],
    ["k2:0123456789abcdef:retired:x", 'SECRET_KEYS, key 1: after its secret only ":retired" may follow'],
    ["k2:0123456789abcdef:retired", "SECRET_KEYS: the first key signs, so it cannot be retired"],
    ["k2:0123456789abcdef,k2:fedcba9876543210", "SECRET_KEYS: two keys have the same id"],
  ])("%j stops with a sentence", (text, message) => {
    expect(() => parseSecretKeys(text)).toThrow(message);
    expect(() => parseSecretKeys(text)).toThrow(Invalid);
  });

  test("a secret is never in the sentence", () => {
    for (const text of ["k2:top-secret", "k2:top-secret-top-secret:old", "top-secret-top-secret-top-secret"]) {
      const message = (() => {
        try {
          return parseSecretKeys(text);
        } catch (fault) {
          return (fault as Error).message;
        }
      })();
      expect(message).not.toContain("top-secret");
    }
  });
});
