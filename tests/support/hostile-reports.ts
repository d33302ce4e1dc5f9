/** Reports bent, cut and spliced by chance, for fuzz tests of whatever reads mails that came back. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";

const folder = fileURLToPath(new URL("../fixtures/mail/reports/", import.meta.url));
const originals = readdirSync(folder)
  .sort()
  .map((file) => readFileSync(join(folder, file)));

const place = fc.nat(10_000);
const change = fc.oneof(
  fc.record({
    how: fc.constant("overwrite" as const),
    at: place,
    bytes: fc.uint8Array({ minLength: 1, maxLength: 30 }),
  }),
  fc.record({ how: fc.constant("insert" as const), at: place, bytes: fc.uint8Array({ maxLength: 200 }) }),
  fc.record({
    how: fc.constant("insert" as const),
    at: place,
    bytes: fc.string({ unit: "binary", maxLength: 60 }).map(bytesOf),
  }),
  fc.record({ how: fc.constant("insert" as const), at: place, bytes: fc.constantFrom(...syntax()).map(bytesOf) }),
  fc.record({ how: fc.constant("remove" as const), at: place, length: fc.nat(500) }),
  fc.record({
    how: fc.constant("repeat" as const),
    at: place,
    length: fc.integer({ min: 1, max: 300 }),
    times: fc.integer({ min: 2, max: 200 }),
  }),
  fc.record({ how: fc.constant("cut" as const), at: place }),
  fc.record({ how: fc.constant("splice" as const), at: place, other: fc.nat(originals.length - 1), from: place }),
);
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never;

/** Mostly reports with a few changes, some bytes of no meaning. */
export const hostileReport: fc.Arbitrary<Uint8Array> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.tuple(fc.constantFrom(...originals), fc.array(change, { minLength: 1, maxLength: 8 })).map(bent),
  },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 5_000 }) },
  {
    weight: 1,
    arbitrary: fc.array(fc.constantFrom(...syntax()), { maxLength: 300 }).map((words) => bytesOf(words.join(""))),
  },
);

function bent([original, changes]: [Uint8Array, Change[]]): Uint8Array {
  return changes.reduce((bytes: Uint8Array, one) => applied(bytes, one), original);
}

function applied(bytes: Uint8Array, one: Change): Uint8Array {
  const at = bytes.length === 0 ? 0 : one.at % bytes.length;
  const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)];
  switch (one.how) {
    case "overwrite":
      return Buffer.concat([before, one.bytes, after.subarray(one.bytes.length)]);
    case "insert":
      return Buffer.concat([before, one.bytes, after]);
    case "remove":
      return Buffer.concat([before, after.subarray(one.length)]);
    case "repeat":
      return Buffer.concat([before, ...Array<Uint8Array>(one.times).fill(after.subarray(0, one.length)), after]);
    case "cut":
      return before;
    case "splice": {
      const other = originals[one.other]!;
      return Buffer.concat([before, other.subarray(one.from % other.length)]);
    }
  }
}

/** What MIME, SMTP and report formats give a meaning to. */
function syntax(): string[] {
  return [
    ...[
      "\r\n",
      "\n",
      "\r\n\r\n",
      "\n ",
      ":",
      "--=_cut\r\n",
      "--=_cut--\r\n",
      "\r\n--",
      "<",
      ">",
      "<>",
      "(",
      "=",
      "=?",
      "?=",
    ],
    ...[
      "Content-Type: multipart/report; boundary==_cut\r\n",
      "Content-Type: message/rfc822\r\n\r\n",
      "boundary=",
      "=\r\n",
    ],
    ...[
      "Content-Transfer-Encoding: base64\r\n",
      "Content-Transfer-Encoding: quoted-printable\r\n",
      "charset=iso-2022-jp",
    ],
    ...[
      "Action: failed\r\n",
      "Status: 5.1.1\r\n",
      "Final-Recipient: rfc822; a@b.example\r\n",
      "Feedback-Type: abuse\r\n",
    ],
    ...[
      "550 5.1.1 ",
      "5.1.1.1.1",
      "550-",
      "user ",
      "unknown ",
      "delivery ",
      "not ",
      "@",
      "a@b.example ",
      "\u001b$B",
      "\u0000",
      "\u202e",
    ],
    ...[
      "From: MAILER-DAEMON@far.example\r\n",
      "Subject: ",
      "Return-Path: <>\r\n",
      "<p ",
      "&#x",
      "用户",
      "ユーザ",
      "не ",
    ],
  ];
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
