import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { inertText } from "../../src/core/inert.ts";
import { NO_KEYS } from "../../src/core/mail-report.ts";
import { classOf, namesNoUser } from "../../src/core/reports.ts";
import { parseReport } from "../../src/mail/report-parser.ts";
import { processorTime } from "../support/processor-time.ts";

const folder = fileURLToPath(new URL("../fixtures/mail/reports/", import.meta.url));
const read = (name: string) => parseReport(readFileSync(join(folder, `${name}.eml`)));
const mail = (...lines: string[]) => new TextEncoder().encode(lines.join("\r\n"));

/** kind, status, class, and `no user` where the words alone settle it. */
async function seen(name: string): Promise<string> {
  const report = await read(name);
  const words = [report.kind, report.status ?? "-", classOf(report)];
  return [...words, ...(namesNoUser(report) ? ["no user"] : [])].join(" ");
}

async function expectSeen(expected: Record<string, string>): Promise<void> {
  const entries = await Promise.all(Object.keys(expected).map(async (name) => [name, await seen(name)]));
  expect(Object.fromEntries(entries)).toEqual(expected);
}

describe("B1: delivery reports of many makes", () => {
  test("with RFC 3464 parts", () =>
    expectSeen({
      "postfix-unknown-user": "failed 5.1.1 hard no user",
      "postfix-two-recipients": "failed 5.1.1 hard no user",
      "postfix-delivered": "nothing 2.0.0 nothing",
      "postfix-expired": "failed 4.4.1 soft",
      "postfix-host-not-found": "failed 5.4.4 domain",
      "sendmail-unknown-user": "failed 5.1.1 hard no user",
      "sendmail-delayed": "delayed 4.4.1 soft",
      "courier-unknown-user": "failed 5.0.0 hard no user",
      "exchange-online-html": "failed 5.1.10 hard no user",
      "exchange-online-edge-block": "failed 5.4.1 hard",
      "gmail-address-not-found": "failed 5.1.1 hard no user",
      "gmail-disabled": "failed 5.2.1 hard",
      "ses-no-user": "failed 5.1.1 hard no user",
      "international-recipient": "failed 5.1.1 hard no user",
      "no-blank-line-between-recipients": "failed 5.1.1 hard no user",
      "report-without-status": "unreadable - unknown",
    }));

  test("without them", () =>
    expectSeen({
      "exim-no-report-parts": "failed - hard no user",
      "exim-delayed": "delayed - soft",
      "exim-timeout": "failed - soft",
      "qmail-no-mailbox": "failed 5.1.1 hard no user",
      "qmail-no-host": "failed 5.1.2 domain",
      "exchange-2003-no-report": "failed 5.1.1 hard no user",
      "yahoo-no-report": "failed - hard no user",
      "domino-not-listed": "failed - hard no user",
      "groupwise-not-found": "failed - hard no user",
      "mailenable-no-mailbox": "failed - hard no user",
      "opensmtpd-invalid-recipient": "failed - hard no user",
      "imail-full": "failed - soft",
      "zoho-no-user": "failed 5.1.1 hard no user",
      "status-in-the-text": "failed 5.1.1 hard no user",
      "gateway-content-refused": "failed 5.7.1 ours",
      riddle: "unreadable - unknown",
    }));

  test("in many languages and character sets", () =>
    expectSeen({
      "german-unknown": "failed - hard no user",
      "french-unknown": "failed - hard no user",
      "spanish-unknown": "failed - hard no user",
      "portuguese-unknown": "failed - hard no user",
      "italian-unknown": "failed - hard no user",
      "polish-unknown": "failed - hard no user",
      "dutch-full": "failed - soft",
      "russian-unknown": "failed - hard no user",
      "russian-full": "failed - soft",
      "japanese-unknown": "failed - hard no user",
      "japanese-full": "failed - soft",
      "chinese-unknown": "failed - hard no user",
      "korean-unknown": "failed - hard no user",
    }));
});

test("B3: what passes, what is about us, and a code that its words contradict do not condemn the address", () =>
  expectSeen({
    "postfix-full": "failed 5.2.2 soft",
    "gmail-rate": "failed 5.2.1 soft",
    "postfix-hard-code-full-words": "failed 5.1.1 soft",
    "postfix-hard-code-spam-words": "failed 5.1.1 ours",
    "postfix-policy-code-no-user-words": "failed 5.7.1 hard",
    "postfix-filtered-after-data": "failed 5.0.0 soft",
    "postfix-mobile-filter": "failed 5.0.0 soft",
    "postfix-blocklisted": "failed 5.7.1 ours",
    "postfix-sender-rejected": "failed 5.1.8 ours",
    "gmail-unauthenticated": "failed 5.7.26 ours",
  }));

test("B4: a complaint is one; feedback of other kinds says nothing", () =>
  expectSeen({
    "complaint-abuse": "complaint - complaint",
    "complaint-fraud": "complaint - complaint",
    "complaint-opt-out": "complaint - complaint",
    "complaint-microsoft": "complaint - complaint",
    "feedback-auth-failure": "nothing - nothing",
    "feedback-not-spam": "nothing - nothing",
    "feedback-virus": "nothing - nothing",
    "feedback-other": "nothing - nothing",
  }));

test("B4: absence notes, challenges, receipts and people's replies say nothing, even where they quote a bounce", async () => {
  const names = [
    ...["absence-english", "absence-null-sender", "absence-german", "absence-french", "absence-spanish"],
    ...["absence-japanese", "absence-chinese", "left-the-company", "challenge", "challenge-null-sender", "receipt"],
    ...["reply-by-a-person", "reply-quoting-a-bounce", "forwarded-bounce", "question-about-a-bounce", "ticket-receipt"],
  ];
  await expectSeen(Object.fromEntries(names.map((name) => [name, "nothing - nothing"])));
});

test("every fixture is looked at", async () => {
  const source = readFileSync(fileURLToPath(import.meta.url), "utf8");
  const names = readdirSync(folder).map((file) => file.replace(/\.eml$/, ""));
  expect(names.filter((name) => !new RegExp(`\\b${name}\\b`).test(source))).toEqual([]);
});

test("a report names its mail by the address it came to, ENVID, the returned envelope sender and the Message-ID", async () => {
  const raw = readFileSync(join(folder, "postfix-unknown-user.eml"));
  const { keys } = await parseReport(raw, { to: "bounce+k7d2@mx.paper.example", from: "" });
  expect(keys).toEqual({
    returnAddresses: ["bounce+k7d2@mx.paper.example", "bounce+k7d2@bounce.paper.example", "k7d2"],
    serverIds: [],
    messageIds: ["digest.2026-03-02.12@paper.example"],
  });
});

test("an ENVID that comes back in xtext is tried as it stands and decoded (RFC 3461 section 4)", async () => {
  const { keys } = await read("international-recipient");
  expect(keys.returnAddresses).toEqual(["bounce+k7d2@bounce.paper.example", "k7+2Bd2", "k7+d2"]);
});

test("a notice without report parts names its mail by what stands behind it", async () => {
  const { keys } = await read("qmail-no-mailbox");
  expect(keys.messageIds).toEqual(["digest.2026-03-02.12@paper.example"]);
});

test("what the far end said comes first in the text", async () => {
  const { text } = await read("postfix-full");
  expect(text).toMatch(/^552 5\.2\.2 <ines@far\.example> Quota exceeded \(mailbox for user is full\) /);
});

test("B7: markup, control characters and directions in a bounce are text on one line of at most 1,000 letters", async () => {
  const { text } = await read("hostile");
  expect(text).toContain("550 5.1.1 resu hcus on <img src=x onerror=alert(1)>[31m user unknown");
  expect(text).toBe(inertText(text));
  expect(text.length).toBeLessThanOrEqual(1_000);
});

test("B7: of an HTML report only its words are kept", async () => {
  const { text } = await read("exchange-online-html");
  expect(text).toContain("Your message to ines@far.example couldn’t be delivered.");
  expect(text).not.toMatch(/[<>]|alert|color/);
});

describe("B8: what no report looks like is read in bounded time and memory", () => {
  const head = ["From: MAILER-DAEMON@far.example", "Subject: failure notice"];
  const nested = Array.from({ length: 5_000 }, (_, depth) => [
    `--b${depth}`,
    `Content-Type: multipart/mixed; boundary=b${depth + 1}`,
    "",
  ]).flat();
  const odd: Record<string, Uint8Array> = {
    empty: new Uint8Array(),
    "5,000 nested parts": mail("Content-Type: multipart/mixed; boundary=b0", "", ...nested),
    "a head of 2 MB": mail(`Subject: ${"a".repeat(2_000_000)}`, "", "x"),
    "2 MB of line ends": mail(...head, "", "\r\n".repeat(1_000_000)),
    "2 MB without any": mail(...head, "", "a".repeat(2_000_000)),
    "2 MB of open tags": mail("Content-Type: text/html", "", "<p ".repeat(700_000)),
    "a sender of 60 kB": mail(`From: ${"a".repeat(60_000)}`, "", "x"),
    "zero bytes": new Uint8Array(2_000_000),
    "no boundary": mail(
      ...head,
      "Content-Type: multipart/report; report-type=delivery-status",
      "",
      "550 5.1.1 user unknown",
    ),
  };

  test.each(Object.keys(odd))("%s", async (name) => {
    const passed = processorTime();
    const report = await parseReport(odd[name]!);
    expect(report.text.length).toBeLessThanOrEqual(1_000);
    expect(passed()).toBeLessThan(1_000);
  });

  test("nothing at all is unreadable", async () => {
    const report = await parseReport(new Uint8Array());
    expect(report).toEqual({ kind: "unreadable", status: null, text: "", lasting: null, keys: NO_KEYS });
  });

  test("a report that is too deep to open is still read as it stands", async () => {
    const deep = Array.from({ length: 40 }, (_, depth) => [
      `--b${depth}`,
      `Content-Type: multipart/mixed; boundary=b${depth + 1}`,
      "",
    ]);
    const report = await parseReport(
      mail(...head, "Content-Type: multipart/mixed; boundary=b0", "", "550 5.1.1 user unknown", "", ...deep.flat()),
    );
    expect([report.kind, report.status, classOf(report)]).toEqual(["failed", "5.1.1", "hard"]);
  });

  test("the mail that comes back behind the report may be as large as it likes", async () => {
    const raw = readFileSync(join(folder, "postfix-unknown-user.eml"), "utf8");
    const large = raw.replace("--=_cut--", `${"A".repeat(75)}\n`.repeat(30_000));
    const [small, cut] = await Promise.all([raw, large].map((text) => parseReport(new TextEncoder().encode(text))));
    expect(cut).toEqual(small);
  });
});
