/** What strangers type and send, read by each of the small parsers of the core, and held to what each promises. */
import fc from "fast-check";
import { expect } from "vitest";
import { csvRow } from "../../src/core/csv.ts";
import { parseAddress } from "../../src/core/email-address.ts";
import { filterKey, normaliseFilter, parseFilter } from "../../src/core/filter.ts";
import { filterFromQuery, filterToQuery } from "../../src/core/filter-query.ts";
import { openLinks } from "../../src/core/link.ts";
import type { Purpose } from "../../src/core/link-payload.ts";
import { explainPhrase, parsePhrase } from "../../src/core/phrase.ts";
import { defaultCatalogue } from "../../src/core/topics.ts";
import { Invalid } from "../../src/errors.ts";
import { at } from "./time.ts";

/** Each runs so many cases and tells what each cost in milliseconds of this process's CPU, ascending. */
export const FUZZ: Readonly<Record<string, (runs: number) => number[]>> = {
  addresses: (runs) =>
    fuzz(runs, hostileText(["@", ".", "..", "+", "xn--", '"', "[", "\r\n", "example.org", "ü"]), address),
  links: (runs) => fuzz(runs, hostileLink(), link),
  phrases: (runs) =>
    fuzz(runs, hostileText([" + ", "+", '"', "“", "title:", "C++", "-", "’", "ﬁ", "speculative"]), phrase),
  filters: (runs) => fuzz(runs, hostileFilter(), filter),
  "filter queries": (runs) => fuzz(runs, hostileQuery(), filterQuery),
  "CSV fields": (runs) => fuzz(runs, hostileText(["=", "+", "-", "@", "\t", "\r", '"', ",", "'"]), csv),
};

/** The reader under the clock, then what must hold of what it read. */
type Case<T> = (input: T) => () => void;

function fuzz<T>(runs: number, inputs: fc.Arbitrary<T>, read: Case<T>): number[] {
  const costs: number[] = [];
  fc.assert(
    fc.property(inputs, (input) => {
      const before = process.cpuUsage();
      const check = read(input);
      const { user, system } = process.cpuUsage(before);
      costs.push((user + system) / 1_000);
      check();
    }),
    { numRuns: runs },
  );
  return costs.sort((one, other) => one - other);
}

/** The value, or null when it was refused as it should be: anything but Invalid goes on. */
function orRefused<T>(read: () => T): T | null {
  try {
    return read();
  } catch (fault) {
    if (!(fault instanceof Invalid)) throw fault;
    expect(fault.problems.filter(({ message }) => message !== "")).not.toEqual([]);
    return null;
  }
}

const address: Case<string> = (text) => {
  const read = orRefused(() => parseAddress(text));
  return () => {
    if (read === null) return;
    const wire = `${read.local}@${read.domain}`;
    expect(wire).toMatch(/^[\x21-\x7e]{3,254}$/);
    expect(parseAddress(wire)).toMatchObject({ local: read.local, domain: read.domain, key: read.key });
  };
};

const links = openLinks([{ id: "1", secret: "a secret of the tests, long enough", retired: false }]);
const NOW = at("2026-04-15T07:00Z");
const token = links.sign("unsubscribe", { subscriptionId: 123_456n, deliveryId: 99n }, NOW);
const PURPOSES: readonly Purpose[] = ["confirm", "never", "unsubscribe", "digest", "preferences", "account", "undo"];

const link: Case<string> = (text) => {
  const opened = PURPOSES.map((purpose) => links.open(purpose, text, NOW));
  return () => {
    // Nothing but the token itself opens anything, and it opens one thing; marks that stood around it in a text may follow.
    const isOurs = text.startsWith(token) && /^[^A-Za-z0-9]*$/.test(text.slice(token.length)) && text.length <= 1024;
    const expected = isOurs ? [{ payload: { subscriptionId: 123_456n, deliveryId: 99n } }] : [];
    expect(opened.filter((one) => one !== null)).toEqual(expected);
  };
};

const phrase: Case<string> = (text) => {
  const read = parsePhrase(text);
  explainPhrase(text);
  return () => {
    if ("mistake" in read) expect(read.mistake).not.toBe("");
    else expect(read.parts.every(({ words }) => words.length > 0) && read.parts.length > 0).toBe(true);
  };
};

const filter: Case<unknown> = (input) => {
  const read = orRefused(() => parseFilter(input, defaultCatalogue));
  const key = read && filterKey(read);
  return () => {
    if (read === null) return;
    expect(key).toMatch(/^[\da-f]{64}$/);
    expect(parseFilter(JSON.parse(JSON.stringify(read)), defaultCatalogue)).toEqual(read);
    expect(normaliseFilter(read)).toEqual(read);
  };
};

const filterQuery: Case<string> = (query) => {
  const read = orRefused(() => filterFromQuery(new URLSearchParams(query), defaultCatalogue, ["before"]));
  return () => {
    if (read === null) return;
    const written = filterToQuery(read);
    expect(filterFromQuery(new URLSearchParams(written), defaultCatalogue)).toEqual(read);
  };
};

const csv: Case<string> = (text) => {
  const row = csvRow([text, text]);
  return () => expect(row).toMatch(/^(?!"?[\s\p{C}]*[=+\-@])[\s\S]*\r\n$/u);
};

/** Pieces of a grammar, letters of any kind, and long runs of either: what makes a careless pattern slow. */
function hostileText(pieces: readonly string[]): fc.Arbitrary<string> {
  const piece = fc.oneof(
    fc.constantFrom(...pieces),
    fc.stringMatching(/^[A-Za-z0-9 ]{1,12}$/),
    // Any code unit, halves of a pair included. (The unit "binary" takes ten seconds to set up.)
    fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 6 }).map((codes) => String.fromCharCode(...codes)),
    fc
      .tuple(fc.constantFrom(...pieces, "a", " ", "́"), fc.integer({ min: 2, max: 3_000 }))
      .map(([one, times]) => one.repeat(times)),
  );
  return fc.array(piece, { maxLength: 8 }).map((parts) => parts.join("").slice(0, 20_000));
}

function hostileLink(): fc.Arbitrary<string> {
  const garbled = fc.tuple(fc.nat(token.length), fc.nat(3), fc.string({ maxLength: 4 })).map(([from, count, put]) => {
    return token.slice(0, from) + put + token.slice(from + count);
  });
  return fc.oneof(garbled, hostileText([token, ".", ".1", "_", "-", "%2e", "AAAA", "/"]));
}

const ENTRIES = [
  ...[
    "agents",
    "Agents ",
    "a + b",
    "a +b",
    '"exact words"',
    '"half',
    "title:vision",
    "title: ",
    "C++",
    "β-VAE",
    "",
    "+",
  ],
  ...["cs.CL", "CS.cl", "Y. Li", "李 明", "\u202Eabc", "x".repeat(100), "x".repeat(101), "e\u0301", "é", "\0"],
];

function hostileFilter(): fc.Arbitrary<unknown> {
  const text = hostileText(['"', " + ", "title:", "agents", "cs.CL", "C++", "\u0308"]);
  const odd = fc.oneof(fc.anything({ maxDepth: 2, maxKeys: 3 }), text);
  // Fifty hostile texts a list would take longer to make up than to read.
  const entry = fc.oneof({ weight: 20, arbitrary: fc.constantFrom(...ENTRIES) }, { weight: 1, arbitrary: text });
  const list = fc.oneof(
    { weight: 9, arbitrary: fc.array(entry, { maxLength: 6 }) },
    { weight: 1, arbitrary: fc.array(entry, { minLength: 45, maxLength: 55 }) },
  );
  const entries = fc.oneof({ weight: 4, arbitrary: list }, { weight: 1, arbitrary: odd });
  const watch = fc.record(
    {
      name: fc.oneof(text, fc.constant("Mine")),
      topics: fc.oneof(fc.subarray(["agents", "code", "nonsense"]), entries),
      categories: fc.oneof(fc.subarray(["cs.CL", "stat.ML", "CS.cl"]), entries),
      ...{ include: entries, authors: entries, exclude: entries },
      minUpvotes: fc.oneof(fc.integer(), fc.double(), odd),
      onlyWithCode: fc.oneof(fc.boolean(), odd),
    },
    { requiredKeys: [] },
  );
  const whole = fc.record(
    { watches: fc.array(fc.oneof(watch, odd), { maxLength: 7 }), grammar: fc.constantFrom(1, 2) },
    { requiredKeys: [] },
  );
  return fc.oneof({ weight: 4, arbitrary: whole }, { weight: 1, arbitrary: odd });
}

function hostileQuery(): fc.Arbitrary<string> {
  const name = fc.constantFrom(
    "topics",
    "include",
    "exclude",
    "authors",
    "categories",
    "name",
    "minUpvotes",
    "onlyWithCode",
    "filter",
    "before",
    "__proto__",
  );
  const encoded = hostileFilter().map((value) => {
    try {
      return Buffer.from(JSON.stringify(value) ?? "").toString("base64url");
    } catch {
      return ""; // a bigint or a circle, which no JSON holds
    }
  });
  const value = fc.oneof(
    hostileText(["%", ",", "+", "&", "=", "agents", "%F0%9F", "\0"]),
    fc.constantFrom("agents", "true", "5", "cs.CL"),
    encoded,
  );
  const pairs = fc.array(fc.tuple(name, value, fc.boolean()), { maxLength: 5 });
  return pairs.map((all) =>
    all
      .map(([one, text, isRaw]) => `${one}=${isRaw ? text : encodeURIComponent(text.replace(/\p{Cs}/gu, "?"))}`)
      .join("&"),
  );
}
