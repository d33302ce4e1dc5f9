import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { foldedKey, maskAddress, parseAddress } from "../../src/core/email-address.ts";
import { Invalid } from "../../src/errors.ts";

/** Any code unit, halves of a pair included. (The unit "binary" takes ten seconds to set up.) */
const anyCharacter = fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code));

const problemsWith = (text: string) => {
  try {
    return parseAddress(text).key;
  } catch (fault) {
    return fault instanceof Invalid ? fault.problems.map(({ field }) => field) : fault;
  }
};

describe("S10: an address is right or refused", () => {
  test("as it was typed, as the envelope needs it, and as we know it", () => {
    expect(parseAddress(" Ada.Lovelace+Papers@Bücher.Example\t")).toEqual({
      typed: "Ada.Lovelace+Papers@Bücher.Example",
      local: "Ada.Lovelace+Papers",
      domain: "xn--bcher-kva.example",
      key: "ada.lovelace+papers@xn--bcher-kva.example",
    });
  });

  test.each([
    ["reader@example.com", "reader@example.com"],
    ["READER@EXAMPLE.COM", "reader@example.com"],
    ["a@b.co", "a@b.co"],
    ["o'brien@example.ie", "o'brien@example.ie"],
    ["!#$%&'*+-/=?^_`{|}~@example.com", "!#$%&'*+-/=?^_`{|}~@example.com"],
    ["x@faß.example", "x@xn--fa-hia.example"],
    ["x@BU\u0308CHER.example", "x@xn--bcher-kva.example"],
    ["x@xn--bcher-kva.example", "x@xn--bcher-kva.example"],
    ["x@日本語.jp", "x@xn--wgv71a119e.jp"],
    ["x@東京タワーtokyo.jp", "x@xn--tokyo-lr4dmmodv073ay09b.jp"],
    ["x@почта.рф", "x@xn--80a1acny.xn--p1ai"],
    ["x@123.example", "x@123.example"],
    [`${"a".repeat(64)}@example.com`, `${"a".repeat(64)}@example.com`],
    ["x@a.b-c.d--e.example", "x@a.b-c.d--e.example"],
  ])("%s is known as %s", (text, key) => {
    expect(problemsWith(text)).toEqual(key);
  });

  test.each([
    "", " ", "@", "reader", "reader@", "@example.com", "reader@localhost", "reader@example.com.", "reader@.example.com",
    "reader@example..com", ".reader@example.com", "reader.@example.com", "rea..der@example.com", "rea der@example.com",
    '"rea der"@example.com', '"reader"@example.com', "reader(comment)@example.com", "reader@(comment)example.com",
    "Reader <reader@example.com>", "<reader@example.com>", "mailto:reader@example.com", "a@b, evil@example.com",
    "a@b@example.com", "a,b@example.com", "a;b@example.com", "a\\b@example.com", "a[b@example.com",
    "reader@[127.0.0.1]", "reader@[IPv6:::1]", "reader@127.0.0.1", "reader@0x7f.1", "reader@2130706433.1", "reader@example.123",
    "reader@-example.com", "reader@example-.com", "reader@exa_mple.com", "reader@exa%61mple.com", "reader@example.com/path",
    "reader@example.com:25", "reader@example.com?x", "reader@xn--a.com", `reader@${"a".repeat(64)}.com`, `${"a".repeat(65)}@example.com`,
    `reader@${"abcdefg.".repeat(32)}com`, "lesér@example.com", "読者@example.com", "rea\u0000der@example.com", "reader@exam\u200dple.com",
    "reader@example.com\u202e", "reader@example.com\r\nBcc: evil@example.com", "reader@example.com\n", "\r\nreader@example.com",
    "reader\r@example.com", "reader@example。com", "reader@аpple.com", "reader@gοοgle.com", "reader@xn--pple-43d.com", "reader@例ーex例Ж.com",
  ])("%j is refused", (text) => {
    expect(problemsWith(text)).toEqual(["email"]);
  }); // biome-ignore format: a list

  test("the refusal says what to do and does not repeat the address", () => {
    expect(() => parseAddress("lesér@example.com")).toThrow(
      "Before the @ we can only write to addresses with the letters a to z, digits and marks.",
    );
    expect(() => parseAddress("reader@example.com\r\nBcc: evil@example.com")).toThrow(
      "An email address has no spaces, line breaks or invisible characters.",
    );
  });

  test("at most 254 characters on the wire, however few were typed", () => {
    const label = "ü".repeat(30); // about forty as an A-label
    const domain = `${`${label}.`.repeat(7)}example`;
    expect(domain.length).toBeLessThan(254);
    expect(problemsWith(`reader@${domain}`)).toEqual(["email"]);
    expect(problemsWith(`reader@${label}.example`)).toMatch(/^reader@xn--/);
  });

  test("any text is read or refused, and what is read can stand in a header and an envelope", () => {
    const pieces = fc.constantFrom(
      "a",
      "Z",
      "9",
      ".",
      "@",
      "+",
      '"',
      "(",
      "<",
      ",",
      "\r\n",
      " ",
      "é",
      "日",
      "\u202e",
      "-",
      "[",
      "\\",
      "%",
      "xn--",
      "example.com",
    );
    const text = fc.oneof(
      fc.string({ unit: anyCharacter }),
      fc.string({ unit: pieces, maxLength: 20 }),
      fc.emailAddress(),
    );
    fc.assert(
      fc.property(text, (typed) => {
        try {
          const { local, domain, key } = parseAddress(typed);
          expect(`${local}@${domain}`).toMatch(/^[^\s@",:;<>()[\]\\]+@[a-z0-9.-]+\.[a-z0-9-]+$/);
          expect(parseAddress(key).key).toBe(key);
          expect(parseAddress(`${local}@${domain}`).key).toBe(key);
        } catch (fault) {
          expect(fault).toBeInstanceOf(Invalid);
        }
      }),
      { numRuns: 1000 },
    );
  });

  test("every ordinary address is taken", () => {
    const word = fc.stringMatching(/^[A-Za-z0-9]{1,12}$/);
    const local = fc.array(word, { minLength: 1, maxLength: 4 }).map((words) => words.join("."));
    fc.assert(
      fc.property(local, word, (name, domain) => {
        const text = `${name}@${domain}.example.org`;
        expect(parseAddress(text)).toEqual({
          typed: text,
          local: name,
          domain: `${domain}.example.org`.toLowerCase(),
          key: text.toLowerCase(),
        });
      }),
    );
  });
});

test("for limits, dots and plus fall away; the address itself keeps them", () => {
  const folded = (text: string) => foldedKey(parseAddress(text));
  expect(folded("R.e.a.d.e.r+papers+2@Example.com")).toBe("reader@example.com");
  expect(folded("+papers@example.com")).toBe("+papers@example.com");
  expect(folded("reader@sub.example.com")).toBe("reader@sub.example.com");
  expect(parseAddress("r.eader@example.com").key).not.toBe(parseAddress("reader@example.com").key);
});

test("a masked address tells its owner, and not how long it is", () => {
  const masked = ["reader@example.com", "ra@example.com", "r@example.com", "no address"].map(maskAddress);
  expect(masked).toEqual(["r•••@example.com", "r•••@example.com", "•••@example.com", "•••"]);
});
