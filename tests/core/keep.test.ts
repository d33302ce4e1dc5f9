import fc from "fast-check";
import PostalMime from "postal-mime";
import { describe, expect, test } from "vitest";
import { KEPT_BYTES, keepOfStream } from "../../src/core/keep.ts";

/** A text in chunks of so many bytes, as a network brings it. */
async function* inChunks(text: string, size: number) {
  const bytes = Buffer.from(text);
  for (let from = 0; from < bytes.length; from += size) yield bytes.subarray(from, from + size);
}

const lines = (...all: string[]) => all.map((line) => `${line}\r\n`).join("");

const TOP = lines(
  "From: mailer-daemon@far.example",
  "Content-Type: multipart/report; report-type=delivery-status;",
  '\tboundary="next"',
  "",
);
const WORDS = lines("--next", "Content-Type: text/plain", "", "Your mail did not arrive.");
const STATUS_LINES = lines(
  "Reporting-MTA: dns; far.example",
  "",
  "Final-Recipient: rfc822; a@far.example",
  "Action: failed",
);
const STATUS = lines("--next", "Content-Type: message/delivery-status", "") + STATUS_LINES;
const ORIGINAL_TOP = lines("--next", "content-type:", "  Message/RFC822", "", "Message-ID: <one@paperboy.example>", "");
const END = lines("--next--");
/** Body lines of `bytes` bytes together. */
const bulk = (bytes: number) => `${"x".repeat(74)}\r\n`.repeat(Math.ceil(bytes / 76));

test("a mail of ordinary length is kept whole", async () => {
  const mail = TOP + WORDS + STATUS + ORIGINAL_TOP + bulk(20_000) + END;
  expect(await keepOfStream(inChunks(mail, 1000))).toEqual({ raw: Buffer.from(mail), cut: 0 });
});

test("of a bounce with 50 MB the first 256 kB are kept, and what is cut is counted", async () => {
  async function* huge() {
    yield Buffer.from(TOP + WORDS + STATUS + ORIGINAL_TOP);
    const block = Buffer.from(bulk(64_000));
    for (let sent = 0; sent < 50_000_000; sent += block.length) yield block;
  }
  const { raw, cut } = await keepOfStream(huge());
  expect(raw.length).toBeGreaterThanOrEqual(KEPT_BYTES);
  expect(raw.length).toBeLessThan(KEPT_BYTES + 100);
  expect(raw.length + cut).toBeGreaterThan(50_000_000);
  expect(raw.toString().startsWith(TOP + WORDS + STATUS + ORIGINAL_TOP)).toBe(true);
});

describe("report parts behind a long text", () => {
  const LONG = lines("--next", "Content-Type: text/plain", "") + bulk(5_000);

  test("are kept, and a MIME parser finds them", async () => {
    const mail = TOP + LONG + STATUS + ORIGINAL_TOP + bulk(5_000) + END;
    const { raw, cut } = await keepOfStream(inChunks(mail, 777), 1_000);
    expect(raw.length + cut).toBe(Buffer.byteLength(mail));
    expect(raw.toString().slice(-(STATUS + ORIGINAL_TOP).length)).toBe(STATUS + ORIGINAL_TOP);
    const parsed = await PostalMime.parse(raw, { forceRfc822Attachments: true });
    expect(
      parsed.attachments.map(({ mimeType, content }) => [mimeType, Buffer.from(content as ArrayBuffer).toString()]),
    ).toEqual([
      ["message/delivery-status", STATUS_LINES.replaceAll("\r", "")],
      ["message/rfc822", "Message-ID: <one@paperboy.example>\n\n"],
    ]);
  });

  test("are kept when the limit falls into their headers, or into themselves", async () => {
    const mail = TOP + WORDS + STATUS + END;
    for (let limit = 1; limit < mail.length; limit += 1) {
      const { raw } = await keepOfStream(inChunks(mail, 64), limit);
      expect(raw.toString()).toContain(STATUS);
    }
  });

  test("have 64 kB, so that none is a way around the limit", async () => {
    const mail = TOP + STATUS + bulk(1_000_000) + STATUS + bulk(1_000_000);
    const { raw, cut } = await keepOfStream(inChunks(mail, 64_000), 1_000);
    expect(raw.length).toBeLessThan(1_000 + 80_000);
    expect(raw.length + cut).toBe(mail.length);
  });

  test("are told from text that begins with dashes", async () => {
    const mail =
      TOP + LONG + lines("-- ", "Kind regards", "", "--next", "Content-Type: text/html", "") + bulk(5_000) + END;
    const { raw } = await keepOfStream(inChunks(mail, 777), 1_000);
    expect(raw.length).toBeLessThan(1_100);
  });
});

test("a line without end is bounded too", async () => {
  const { raw, cut } = await keepOfStream(inChunks(`${TOP}${"x".repeat(2_000_000)}`, 10_000));
  expect(raw.length).toBeLessThan(KEPT_BYTES + 20_000);
  expect(raw.length + cut).toBe(TOP.length + 2_000_000);
});

test("what is kept depends on the bytes, not on how they were cut into chunks", async () => {
  const line = fc.constantFrom(
    "--next",
    "",
    "x",
    "Content-Type: message/delivery-status",
    "Action: failed",
    "y".repeat(300),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(line, { maxLength: 60 }),
      fc.integer({ min: 0, max: 4_000 }),
      fc.integer({ min: 1, max: 500 }),
      async (all, limit, size) => {
        const mail = TOP + lines(...all);
        const whole = await keepOfStream(inChunks(mail, mail.length), limit);
        expect(await keepOfStream(inChunks(mail, size), limit)).toEqual(whole);
        expect(whole.raw.length + whole.cut).toBe(mail.length);
      },
    ),
    { numRuns: 300 },
  );
});

test("a stream that fails keeps nothing", async () => {
  async function* broken() {
    yield Buffer.from(TOP);
    throw new Error("hung up");
  }
  await expect(keepOfStream(broken())).rejects.toThrow("hung up");
});
