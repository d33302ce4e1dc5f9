import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { composeDigest } from "../../src/mail/compose.ts";
import { openSender } from "../../src/mail/sender.ts";
import { aKeyFolder, anEdKey, anRsaKey, aSigner, verdicts } from "../support/dkim.ts";
import { aDigest, aDigestMail, aRankedPaper, aRenderer } from "../support/mails.ts";
import { openSmtp } from "../support/smtp.ts";

const folder = aKeyFolder();
afterAll(() => folder.remove());
const keys = `s1:${folder.write("s1", anRsaKey())},ed:${folder.write("ed", anEdKey())}`;
const signer = await aSigner(keys);
const at = new Date("2026-04-02T07:00:00Z");

const papers = [1, 2, 3].map((key) =>
  aRankedPaper({ key, title: `Größe  ${key}`, abstract: ".\n..  Tabs\tand dots." }),
);
const mail = composeDigest(aDigestMail(await aRenderer(), aDigest(papers), { composedAt: at }));
const signed = await signer.sign(mail.raw, { at });
const text = signed.toString("latin1");

const PASSED = ["s1 rsa-sha256 pass", "ed ed25519-sha256 pass"];
const hasPassed = async (message: Buffer | string) =>
  (await verdicts(message, signer.records)).filter((verdict) => verdict.endsWith(" pass"));

test("a digest goes out with a signature of each key, which a receiver verifies", async () => {
  expect(await verdicts(signed, signer.records)).toEqual(PASSED);
  expect(signer.warnings).toEqual([]);
});

test("what was composed follows the signatures untouched, and their lines are short", () => {
  expect(signed.subarray(-mail.raw.length).equals(mail.raw)).toBe(true);
  const lines = text.slice(0, -mail.raw.length).split("\r\n");
  expect(lines.map((line) => line.length).filter((length) => length > 78)).toEqual([]);
  expect(lines.slice(0, 10)).toEqual([
    "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/simple;",
    " d=paperboy.example;",
    " s=s1; t=1775113200;",
    " h=From:From:Reply-To:To:To:Subject:Subject:Date:Date:Message-ID:",
    " Message-ID:MIME-Version:MIME-Version:Content-Type:Content-Type:List-Id:",
    " List-Id:List-Unsubscribe:List-Unsubscribe:List-Unsubscribe-Post:",
    " List-Unsubscribe-Post:Auto-Submitted:Auto-Submitted:Feedback-ID:",
    " Feedback-ID;",
    expect.stringMatching(/^ bh=[\w+/]{43}=;$/),
    expect.stringMatching(/^ b=[\w+/]{72}$/),
  ]);
});

test("the same mail is signed with the same bytes on every try, in whichever process", async () => {
  const again = await aSigner(keys);
  expect((await again.sign(mail.raw, { at })).equals(signed)).toBe(true);
  expect((await again.sign(mail.raw, { at: new Date("2026-04-02T07:00:01Z") })).equals(signed)).toBe(false);
});

test("with the next key in place of the first the mail is the same and its signature another", async () => {
  const next = await aSigner(`s2:${folder.write("s2", anRsaKey(1024))}`);
  const resigned = await next.sign(mail.raw, { at });
  expect(await verdicts(resigned, next.records)).toEqual(["s2 rsa-sha256 pass"]);
  expect(resigned.subarray(-mail.raw.length).equals(mail.raw)).toBe(true);
});

test("the signature outlives the way through SMTP, dots at the beginning of lines included", async () => {
  const server = await openSmtp();
  const log = { warn: () => {} };
  const sender = openSender({ urls: [server.url], connections: 1, socketTimeoutMs: 5_000, log });
  const raw = Buffer.concat([mail.raw, Buffer.from(".\r\n..two\r\n. \r\n")]);
  await sender.send({ raw: await signer.sign(raw, { at }), envelope: mail.envelope });
  await sender.close();
  await server.close();
  expect(await Promise.all(server.taken.map(({ raw }) => verdicts(raw, signer.records)))).toEqual([PASSED]);
});

describe("a mail that was changed on the way is not ours any more", () => {
  const changes: [what: string, from: RegExp, to: string][] = [
    ["From", /^From: Paperboy/m, "From: Paperboys"],
    ["From, to another domain", /^From: (.*)paperboy\.example/m, "From: $1elsewhere.example"],
    ["To", /^To: reader/m, "To: writer"],
    ["Subject", /^Subject: /m, "Subject: Re: "],
    ["Date", /^Date: Thu, 02/m, "Date: Thu, 03"],
    ["Message-ID", /^Message-ID: <digest/m, "Message-ID: <Digest"],
    ["List-Unsubscribe", /^(List-Unsubscribe: .*)u1>/m, "$1u2>"],
    ["List-Unsubscribe-Post", /=One-Click$/m, "=Two-Clicks"],
    ["List-Unsubscribe, gone", /^List-Unsubscribe: .*\r\n/m, ""],
    ["List-Unsubscribe-Post, gone", /^List-Unsubscribe-Post: .*\r\n/m, ""],
    ["Feedback-ID", /^Feedback-ID: /m, "Feedback-ID: 1"],
    ["Content-Type", /; {0,1}\r\n boundary=/, ";\r\n charset=x; boundary="],
    ["the end", /$/, "More.\r\n"],
  ];
  test.each(changes)("%s", async (_, from, to) => {
    const changed = text.replace(from, to);
    expect(changed).not.toBe(text);
    expect(await hasPassed(changed)).toEqual([]);
  });

  test.each(["From", "Reply-To", "To", "Subject", "Date", "List-Unsubscribe", "List-Unsubscribe-Post", "List-Id"])(
    "a second %s, on top or behind",
    async (name) => {
      const field = `${name}: <https://elsewhere.example/>\r\n`;
      expect(await hasPassed(field + text)).toEqual([]);
      expect(await hasPassed(text.replace("\r\n\r\n", `\r\n${field}\r\n`))).toEqual([]);
    },
  );

  test("one byte of the body, whichever", async () => {
    const bodyAt = text.indexOf("\r\n\r\n") + 4;
    const byte = fc.tuple(fc.integer({ min: bodyAt, max: signed.length - 1 }), fc.integer({ min: 1, max: 255 }));
    await fc.assert(
      fc.asyncProperty(byte, async ([place, difference]) => {
        const changed = Buffer.from(signed);
        changed[place]! ^= difference;
        expect(await hasPassed(changed)).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });

  test("headers that relays add or fold anew leave it ours", async () => {
    const relayed = `Received: from a by b;\r\n Thu, 02 Apr 2026 07:00:01 +0000\r\n${text}`
      .replace(/^Date: Thu, /m, "date : Thu,\r\n\t ")
      .replace(/^List-Id: Paperboy /m, "List-Id:   Paperboy\r\n ");
    expect(await hasPassed(relayed)).toEqual(PASSED);
  });
});

test("a provider that writes its own Message-ID and Date gets a signature that leaves them out", async () => {
  const headers = ["From", "To", "Subject", "List-Unsubscribe", "List-Unsubscribe-Post"];
  const forProvider = await aSigner(keys, { headers });
  const rewritten = (await forProvider.sign(mail.raw, { at }))
    .toString("latin1")
    .replace(/^Message-ID: .*$/m, "Message-ID: <0100@email.provider.example>")
    .replace(/^Date: .*$/m, "Date: Thu, 02 Apr 2026 07:00:09 +0000");
  expect(await hasPassed(rewritten)).toEqual(PASSED);
  expect(await hasPassed(rewritten.replace(/^Subject:/m, "Subject: x"))).toEqual([]);
});

describe("whatever a message is made of, what we sign a receiver verifies", () => {
  // Without the byte A0, which mailauth takes for white space and RFC 6376 does not; our headers are ASCII.
  const crumbs = ["word", " ", "  ", "\t", " \t ", "\r\n ", "\r\n\t", " \r\n  ", ":", ";", "b=", "é", "\x85"];
  const value = fc.array(fc.constantFrom(...crumbs, "=?utf-8?B?R3LDtsOfZQ==?=", "=?utf-8?Q?a_=3D?=", "<a@b.example>"));
  const name = fc.constantFrom("From", "to", "SUBJECT", "Subject ", "List-Unsubscribe", "List-Unsubscribe-Post", "X-Y");
  const line = fc
    .array(fc.constantFrom("a", "é", " ", "  ", "\t", ".", "=20", "=", "-- "))
    .map((parts) => parts.join(""));
  const message = fc.record({
    headers: fc.array(fc.tuple(name, value), { minLength: 1, maxLength: 12 }),
    body: fc.array(line, { maxLength: 6 }).map((lines) => lines.join("\r\n")),
    end: fc.constantFrom("", "\r\n", "\r\n\r\n", "\r\n\r\n\r\n", " \r\n", "\r\n.\r\n", "\t"),
  });

  test("folds, tabs, encoded words, bare bytes, empty bodies, bodies that end in blanks, blank lines or in mid-line", async () => {
    const quick = await aSigner(`s1:${folder.write("quick", anRsaKey(1024))},ed:${folder.path("ed")}`);
    await fc.assert(
      fc.asyncProperty(message, async ({ headers, body, end }) => {
        const head = headers.map(([key, parts]) => `${key}: ${parts.join("")}x\r\n`).join("");
        const raw = Buffer.from(`From: a@paperboy.example\r\n${head}\r\n${body}${end}`, "latin1");
        expect(await verdicts(await quick.sign(raw, { at }), quick.records)).toEqual(PASSED);
      }),
      { numRuns: 1_000 },
    );
  });
});
