/** Calls made from the document: as it says, nearly so, and as nobody should write them. */
import fc from "fast-check";
import { addressOf, type Json, type Operation, type Schema, textOf } from "./api-document.ts";

export interface Call {
  readonly address: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Values that mean something in a field of this name: made from its schema alone, hardly one would get further than its reader. */
const MEANINGFUL: Readonly<Record<string, readonly Json[]>> = {
  topics: ["agents", "code", "AGENTS", "nonsense"],
  categories: ["cs.CL", "cs", "stat.ML", "not a category"],
  include: ["agents", "agents + act", 'title:"speech"', '"half', "C++", "+", "title:"],
  exclude: ["survey", "title:survey"],
  authors: ["Ada Lovelace", "Lovelace, Ada", "A. Lovelace", "…"],
  zone: ["Europe/Berlin", "UTC", "Asia/Kathmandu", "Mars/Olympus"],
  language: ["en", "pt-BR", "x"],
  email: [
    "reader@example.com",
    "Größe@exämple.de",
    "a@b",
    '"a b"@example.com',
    "reader@example.com\r\nBcc: x@example.com",
  ],
  address: ["reader@example.com", "reader1@example.org", "0".repeat(64), "nobody"],
  pausedUntil: ["2026-08-01", "2026-08-01T07:00:00Z", "2026-02-30", "0000-01-01", "9999-12-31", null],
  filter: ["eyJ3YXRjaGVzIjpbXX0", "e30", "bnVsbA", "W10", "%%%"],
  date: ["latest", "2026-04-15", "2026-04-14", "2026-04-01", "0000-01-01", "9999-12-31", "2026-02-30"],
  id: ["2604.00903", "1", "999999999999999999", "import:0"],
  after: ["1", "0", "999999999999999999", "2026-04-16.1", "9999-99-99.9", "2026-02-30.1", "key of reader@example.com"],
  altcha: ["", "e30=", "nonsense"],
};

/** What breaks readers of text: zero bytes, marks that turn round, halves of letters, numbers that are none, other people's syntax. */
const HOSTILE: readonly string[] = [
  ...["\0", "a\0b", "\u202e", "\ud800", "\uffff", "'", '"', "\\", "%", "%00", "../../etc/passwd", "' OR 1=1 --"],
  ...["-1", "1e309", "NaN", "99999999999999999999", "0000-00-00", "-271821-04-20", "__proto__", "constructor"],
  ...["{{7*7}}", "<script>alert(1)</script>", "\r\nSet-Cookie: a=b", "x".repeat(3_000), " ", "\t\n"],
];
const hostile = fc.constantFrom(...HOSTILE);

/** @param links some for the `link` in an address: good ones of all purposes among them */
export function callOf(
  operation: Operation,
  links: readonly string[],
  credentials: Call["headers"],
): fc.Arbitrary<Call> {
  const link = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...links) },
    { weight: 1, arbitrary: hostile },
    { weight: 1, arbitrary: fc.constantFrom(...links).map((one) => one.slice(0, -1)) },
  );
  const values = fc.record(
    Object.fromEntries(
      operation.parameters.map(({ name, schema }) => [
        name,
        name === "link"
          ? link
          : fc.oneof({ weight: 3, arbitrary: valuesOf(schema, name) }, { weight: 1, arbitrary: anyValue }),
      ]),
    ),
    { requiredKeys: operation.parameters.filter(({ in: where }) => where === "path").map(({ name }) => name) },
  );
  const stranger = fc.option(fc.tuple(fc.constantFrom("sort", "limit", "filter", "__proto__", "a[]"), hostile), {
    nil: null,
    freq: 6,
  });
  const address = fc.tuple(values, stranger).map(([given, other]) => {
    const there = addressOf(operation, notElsewhere(operation, given as Record<string, Json>));
    return other === null ? there : `${there}${there.includes("?") ? "&" : "?"}${new URLSearchParams([[...other]])}`;
  });
  const media = Object.entries(operation.body)[0];
  return fc
    .record({
      address,
      headers: headersOf(credentials),
      body: media === undefined ? fc.constant(undefined) : bodyOf(media[1].schema ?? {}),
    })
    .map(({ address: there, headers, body }) => ({
      ...{ address: there, method: operation.method },
      headers: {
        ...(body !== undefined && { "content-type": media?.[0].replace("*/*", "text/plain") ?? "" }),
        ...headers,
      },
      ...(body !== undefined && { body }),
    }));
}

/** Nothing, and dots, in the place of a part of a path make another address of it. */
function notElsewhere({ parameters }: Operation, values: Record<string, Json>): Record<string, Json> {
  const parts = parameters.filter(({ in: where, name }) => where === "path" && /^\.{0,2}$/.test(textOf(values[name]!)));
  return { ...values, ...Object.fromEntries(parts.map(({ name }) => [name, "x"])) };
}

function headersOf(credentials: Call["headers"]): fc.Arbitrary<Record<string, string>> {
  const odd = fc.record(
    {
      accept: fc.constantFrom("*/*", "text/html", "application/xml", ";;;", "a/b;q=x"),
      "accept-encoding": fc.constantFrom("gzip", "identity;q=0", "br, *;q=0", "=,="),
      "accept-language": fc.constantFrom("de", "xx-very-odd", "*;q=0", "en;q=nan", "-"),
      "if-none-match": fc.constantFrom("*", '"x"', 'W/"a", "b"', "\\", '"'),
      "if-modified-since": fc.constantFrom("yesterday", "Thu, 01 Jan 2099 00:00:00 GMT"),
      range: fc.constantFrom("bytes=0-1", "bytes=9999999-", "x=1"),
      cookie: fc.constantFrom("a=b", "paperboy_admin=x.1.y", "=;=;"),
      "x-http-method-override": fc.constantFrom("DELETE", "PATCH"),
      "content-type": fc.constantFrom(
        "application/json; charset=ebcdic",
        "text/plain",
        "application/json;;",
        "multipart/form-data",
      ),
      "content-encoding": fc.constantFrom("gzip", "br", "nonsense"),
    },
    { requiredKeys: [] },
  );
  // Everybody comes from somewhere else, so that caps seldom hide what is behind them.
  const from = fc.nat({ max: 0xffffff }).map((n) => `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`);
  return fc
    .tuple(from, fc.oneof({ weight: 3, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: odd }))
    .map(([ip, others]) => ({ "x-forwarded-for": ip, ...credentials, ...others }));
}

function bodyOf(schema: Schema): fc.Arbitrary<string | undefined> {
  const asSaid = valuesOf(schema, "");
  const nearly = fc
    .tuple(asSaid, fc.constantFrom(...Object.keys(schema.properties ?? { x: 1 }), "stranger", "__proto__"), anyValue)
    .map(([value, name, odd]) =>
      typeof value === "object" && value !== null && !Array.isArray(value)
        ? JSON.stringify({ ...value }).replace(
            /\}$/,
            `${Object.keys(value).length > 0 ? "," : ""}${JSON.stringify(name)}:${JSON.stringify(odd)}}`,
          )
        : JSON.stringify(odd),
    );
  return fc.oneof(
    { weight: 4, arbitrary: asSaid.map((value) => JSON.stringify(value)) },
    { weight: 3, arbitrary: nearly },
    { weight: 1, arbitrary: fc.json() },
    {
      weight: 1,
      arbitrary: fc.oneof(
        hostile,
        fc.constant("["),
        fc.constant("[".repeat(50_000)),
        fc.constant(`"${"x".repeat(100_001)}"`),
      ),
    },
    { weight: 1, arbitrary: fc.constant(undefined) },
  );
}

const anyValue: fc.Arbitrary<Json> = fc.oneof(
  hostile,
  fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<Json>,
  fc.constantFrom<Json>(null, [], {}, -1, 0.5, 1e21, true, ""),
);

/** A value as its schema wants it; `name` is that of the field it stands in. */
function valuesOf(schema: Schema, name: string): fc.Arbitrary<Json> {
  const { type, anyOf, oneOf, properties, items, required = [], maxItems = 3, minimum, maximum } = schema;
  const several = anyOf ?? oneOf;
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  const known = MEANINGFUL[name];
  const meant =
    known && type !== "array" && type !== "object" ? [{ weight: 5, arbitrary: fc.constantFrom(...known) }] : [];
  if (several !== undefined)
    return fc.oneof(...meant, ...several.map((one) => ({ weight: 1, arbitrary: valuesOf(one, name) })));
  if (properties !== undefined)
    return fc.record(
      Object.fromEntries(Object.entries(properties).map(([field, one]) => [field, valuesOf(one, field)])),
      {
        requiredKeys: [...required],
      },
    ) as fc.Arbitrary<Json>;
  if (type === "array") return fc.array(valuesOf(items ?? {}, name), { maxLength: Math.min(maxItems, 4) });
  if (type === "integer" || type === "number")
    return fc.integer({ min: minimum ?? 0, max: Math.min(maximum ?? 100, 1_000_000) });
  if (type === "boolean") return fc.boolean();
  if (type === "null") return fc.constant(null);
  const text =
    schema.format === "date"
      ? fc
          .date({ min: new Date("1970-01-01"), max: new Date("2100-01-01"), noInvalidDate: true })
          .map((at) => at.toJSON().slice(0, 10))
      : fc.string({ unit: "grapheme", minLength: 1, maxLength: Math.min(schema.maxLength ?? 40, 120) });
  return fc.oneof(...meant, { weight: 1, arbitrary: text });
}
