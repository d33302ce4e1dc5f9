import { expect, test } from "vitest";
import { Temporary } from "../src/errors.ts";
import { mask, openLog } from "../src/log.ts";
import { processorTime } from "./support/processor-time.ts";

function linesOf(write: (log: ReturnType<typeof openLog>) => void, pretty = false): string {
  const lines: string[] = [];
  write(openLog({ level: "trace", pretty, write: (line) => lines.push(line) }));
  return lines.join("");
}

const token = "eyJpIjo0Mn0.b3BlbnNlc2FtZQ-_~";

test.each([
  ["sent to reader@example.com, accepted", "sent to [address], accepted"],
  ["<Reader+tag@Sub.Example.co.uk>", "<[address]>"],
  ['"john doe"@example.com said', "[address] said"],
  ["o'brien@example.com;x=1", "[address];x=1"],
  ["почта@пример.рф", "[address]"],
  ["user@[192.0.2.1]", "[address]"],
  ["user@[IPv6:2001:db8::1]", "[address]"],
  ["GET /lost-link?email=reader%40example.com&x=1", "GET /lost-link?[address]&x=1"],
  ["bounce+reader=example.com@bounces.example.org", "[address]"],
  ["connect postgresql://paperboy:secret@127.0.0.1:5432/paperboy", "connect postgresql://[address]:5432/paperboy"],
  ["smtps://user:password@smtp.example.com", "smtps://[address]"],
  ["user:password@smtp.example.org.evil.example", "[address]"],
  ["bounce+abc@bounces.example.org, reader@example.com", "[address], [address]"],
  [`GET /confirm/${token}`, "GET /confirm/[link]"],
  [`https://x.test/preferences/${token}?a=b#c`, "https://x.test/preferences/[link]?a=b#c"],
  [`POST /unsubscribe/${token} 200`, "POST /unsubscribe/[link] 200"],
  [`/account/${token}/export`, "/account/[link]/export"],
  [`/digest/${token}`, "/digest/[link]"],
  [`/api/v1/subscriptions/${token}/confirm`, "/api/v1/subscriptions/[link]/confirm"],
  [`next=%2Fpreferences%2F${token}`, "next=%2Fpreferences%2F[link]"],
])("%j is written as %j", (text, masked) => {
  expect(mask(text)).toBe(masked);
});

test.each([
  "collected 40 papers in 1.2 s",
  "GET /editions/latest",
  "POST /subscriptions",
  "follow @openai, price @ 10",
  "at run (/srv/paperboy/node_modules/@prisma/client/runtime.js:10:5)",
  "SMTP_URL is not set. Write SMTP_URL=smtps://user:password@smtp.example.org",
  "DATABASE_URL is not such a URL. Write postgresql://user:password@host:5432/paperboy",
  "10.1145/3292500.3330701 and arXiv 2604.01234v2",
])("%j stays as it is", (text) => {
  expect(mask(text)).toBe(text);
});

test("an address is masked wherever it stands: field, name of a field, list, error, stack, cause", () => {
  const cause = new Error("550 no such user reader@example.com");
  const error = Object.assign(new Error(`refused for reader@example.com on /digest/${token}`, { cause }), {
    code: "EENVELOPE",
  });
  const written = linesOf((log) => {
    log
      .child({ to: "reader@example.com" })
      .error({ err: error, list: [{ "reader@example.com": 1 }] }, "no way to %s", "reader@example.com");
  });
  const { time, err, ...line } = JSON.parse(written);
  expect(line).toEqual({ level: 50, to: "[address]", list: [{ "[address]": 1 }], msg: "no way to [address]" });
  expect(err).toMatchObject({
    type: "Error",
    code: "EENVELOPE",
    message: "refused for [address] on /digest/[link]",
    cause: { message: "550 no such user [address]" },
  });
  expect(written).not.toMatch(/reader|b3Blb/);
  expect(time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
});

test("a message with quotes and line breaks stays one line of JSON", () => {
  const written = linesOf((log) => log.info('he said ":"@user\n"a b"@example.com'));
  expect(written.split("\n")).toHaveLength(2);
  expect(JSON.parse(written).msg).toBe("he said [address]\n[address]");
});

test("in a terminal a line is for people", () => {
  const written = linesOf((log) => log.warn({ host: "smtp.example.org", tries: 3 }, "The mail server is slow"), true);
  expect(written).toMatch(/^\d\d:\d\d:\d\d warn {2}The mail server is slow {2}host=smtp\.example\.org {2}tries=3\n$/);
});

test("what is below the level is not written", () => {
  const lines: string[] = [];
  const log = openLog({ level: "warn", pretty: false, write: (line) => lines.push(line) });
  log.info("quiet");
  log.warn("loud");
  expect(lines.map((line) => JSON.parse(line).msg)).toEqual(["loud"]);
});

test("a hundred thousand letters without an address take no noticeable time", () => {
  const text = `x@y ${"a".repeat(100_000)}`;
  const timed = () => {
    const passed = processorTime();
    mask(text);
    return passed();
  };
  // The best of three: 0.35 s on an idle machine.
  expect(Math.min(timed(), timed(), timed())).toBeLessThan(1_000);
});

test("for people a fault of ours is its sentence, and what nobody foresaw comes with its stack", () => {
  const foreseen = linesOf((log) => log.warn({ err: new Temporary("The hub is away.") }, "no answer"), true);
  expect(foreseen.slice(9)).toBe("warn  no answer\nThe hub is away.\n");
  expect(linesOf((log) => log.warn({ err: new TypeError("x is undefined") }, "no answer"), true)).toMatch(
    /no answer\nTypeError: x is undefined\n +at /,
  );
  const forPrograms = linesOf((log) => log.warn({ err: new Temporary("The hub is away.") }, "no answer"));
  expect(JSON.parse(forPrograms).err.stack).toMatch(/^Temporary: The hub is away\.\n +at /);
});
