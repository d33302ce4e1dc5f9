import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import PostalMime from "postal-mime";
import { describe, expect, test } from "vitest";
import type { Digest } from "../../src/core/digest.ts";
import { composeDigest, fitDigest } from "../../src/mail/compose.ts";
import { htmlBudget } from "../../src/mail/fit.ts";
import { aDigest, aDigestMail, aRankedPaper, aRenderer, because } from "../support/mails.ts";

const renderer = await aRenderer();

/** What stands between the tags, as a reader sees it. */
function visible(html: string): string {
  return html
    .replace(/<(head|style)[\s\S]*?<\/\1>/gu, "")
    .replace(/<!--[\s\S]*?-->/gu, "")
    .replace(/<[^>]*>/gu, " ");
}

function htmlBytes(raw: Buffer): number {
  const text = raw.toString("latin1");
  return text.length - text.indexOf("Content-Type: text/html");
}

/** Facts of a real day, with sentences written for this test. */
const goldenPapers = [
  aRankedPaper({
    key: 1,
    title: "FIPO: Eliciting Deep Reasoning with Future-KL Influenced Policy Optimization",
    summary: "Rewards each token by how much it sways what follows. Answers grow longer & better.",
    authors: ["Chiyu Ma", "Shuo Yang", "Kexin Huang", "Jinda Lu", "Haoming Meng"],
    url: "https://huggingface.co/papers/2603.19835",
    pdfUrl: "https://arxiv.org/pdf/2603.19835",
    codeUrl: "https://github.com/qwenpilot/FIPO",
    upvotes: 351,
    comments: 12,
    stars: 1_204,
    starsGained: 34,
  }),
  aRankedPaper({ key: 2, title: "LLäMmlein: Größer ist nicht immer besser", authors: [], upvotes: 1, abstract: "" }),
  aRankedPaper({
    key: 3,
    title: "Followed <b>quietly</b>",
    lane: "followed",
    pdfUrl: "javascript:alert(1)",
    url: "nowhere",
  }),
];

test("the golden digest", async () => {
  const reader = { email: "reader@example.com", language: "en", format: "html", watches: 2 } as const;
  const whys = [
    [because({ name: "Work", topics: ["reasoning", "agents"] })],
    [because({ watch: 1, name: "Fun", include: ["größer"] }), because({ name: "Work", categories: ["cs.CL"] })],
    [because({ watch: 1, name: "Fun", authors: ["Ada Lovelace"] })],
  ];
  const items = aDigest(goldenPapers).items.map((item, i) => ({ ...item, because: whys[i]! }));
  const withPost = await aRenderer({ postalAddress: "Paperboy, 1 Example Street, 12345 Exampleton" });
  const mail = composeDigest(
    aDigestMail(withPost, { ...aDigest([]), items }, { reader, notice: "These papers come from the bundled sample." }),
  );
  const golden = fileURLToPath(new URL("../fixtures/mail/digest.eml", import.meta.url));
  // UPDATE_GOLDEN=1 writes it anew; what changed is then read in the diff.
  if (process.env.UPDATE_GOLDEN) writeFileSync(golden, mail.raw);
  expect(mail.raw.toString("latin1")).toBe(readFileSync(golden, "latin1"));
});

test("the same input gives the same bytes, also from a renderer that begins anew", async () => {
  const compose = (r: typeof renderer) => composeDigest(aDigestMail(r, aDigest(goldenPapers))).raw.toString("latin1");
  expect(compose(await aRenderer())).toBe(compose(renderer));
});

test("each header stands once, and what RFC 8058 and the providers ask for is there", async () => {
  const mail = aDigestMail(renderer, aDigest([aRankedPaper({ title: "First" }), aRankedPaper({ key: 2 })]));
  const { raw, envelope, messageId } = composeDigest(mail);
  const { headers } = await PostalMime.parse(raw);
  expect({ envelope, messageId }).toEqual({
    envelope: { from: "digest@paperboy.example", to: "reader@example.com" },
    messageId: "digest.d-1@paperboy.example",
  });
  expect(headers.map(({ key, value }) => `${key}: ${value}`)).toEqual([
    "from: Paperboy <digest@paperboy.example>",
    "to: reader@example.com",
    "subject: First, and 1 more",
    "date: Thu, 02 Apr 2026 07:00:00 +0000",
    "message-id: <digest.d-1@paperboy.example>",
    "mime-version: 1.0",
    "auto-submitted: auto-generated",
    "list-id: Paperboy <digest.paperboy.example>",
    "list-unsubscribe: <https://paperboy.example/unsubscribe/u1>",
    "list-unsubscribe-post: List-Unsubscribe=One-Click",
    "feedback-id: 20260401:daily:en:paperboy",
    expect.stringMatching(/^content-type: multipart\/alternative;/),
  ]);
});

test("a mailto may follow the one https address, and bounces may go to an address of their own", async () => {
  const base = aDigestMail(renderer, aDigest([aRankedPaper()]));
  const { raw, envelope } = composeDigest({
    ...base,
    links: { ...base.links, unsubscribeMailto: "mailto:leave+u1@bounce.paperboy.example" },
    letterhead: { ...base.letterhead, envelopeFrom: "bounce+t1@bounce.paperboy.example" },
  });
  const { headers } = await PostalMime.parse(raw);
  expect(headers.find(({ key }) => key === "list-unsubscribe")?.value).toBe(
    "<https://paperboy.example/unsubscribe/u1>, <mailto:leave+u1@bounce.paperboy.example>",
  );
  expect(envelope.from).toBe("bounce+t1@bounce.paperboy.example");
});

describe("the text part", () => {
  test("is complete in itself: every paper, every address on a line of its own, the way out", async () => {
    const { text = "" } = await PostalMime.parse(composeDigest(aDigestMail(renderer, aDigest(goldenPapers))).raw);
    for (const { title } of goldenPapers.slice(1)) expect(text).toContain(`. ${title}\n`);
    const lines = text.split("\n").map((line) => line.trim());
    for (const url of [
      "https://huggingface.co/papers/2603.19835",
      "https://arxiv.org/pdf/2603.19835",
      "https://github.com/qwenpilot/FIPO",
      "https://paperboy.example/editions/2026-04-01",
      "https://paperboy.example/digest/d1",
      "https://paperboy.example/preferences/p1",
      "https://paperboy.example/preferences/p1#pause",
      "https://paperboy.example/unsubscribe/u1",
    ]) {
      expect(lines).toContain(url);
    }
    expect(lines.filter((line) => line.length > 72 && !line.startsWith("http"))).toEqual([]);
  });

  test("is the whole mail for a reader who asked for text", async () => {
    const reader = { email: "reader@example.com", language: "en", format: "text", watches: 1 } as const;
    const { raw } = composeDigest(aDigestMail(renderer, aDigest(goldenPapers), { reader }));
    const mail = await PostalMime.parse(raw);
    expect(mail.html).toBeUndefined();
    expect(mail.text).toContain("LLäMmlein: Größer");
    expect(mail.headers.find(({ key }) => key === "content-type")?.value).toBe("text/plain; charset=utf-8");
  });
});

test("papers without votes are in the order they were listed, and nothing is called trending", async () => {
  const {
    text = "",
    html = "",
    subject,
  } = await PostalMime.parse(composeDigest(aDigestMail(renderer, aDigest(goldenPapers, { rankedBy: "listing" }))).raw);
  expect(text.split("\n").slice(0, 3)).toEqual([
    "3 papers for you, in the order they were listed",
    "",
    "Papers of Wednesday, April 1, 2026",
  ]);
  expect(`${subject} ${text} ${visible(html)}`).not.toMatch(/trending|best first/i);
});

test("links are of http and https only, each title is linked once, and code and PDF have names of their own", async () => {
  const { html = "" } = await PostalMime.parse(composeDigest(aDigestMail(renderer, aDigest(goldenPapers))).raw);
  const links = [...html.matchAll(/<a [^>]*href="([^"]*)"[^>]*>/gu)].map(([tag, url]) =>
    `${url} ${/aria-label="([^"]*)"/u.exec(tag)?.[1] ?? ""}`.trim(),
  );
  expect(links).toEqual([
    "https://huggingface.co/papers/2603.19835",
    "https://arxiv.org/pdf/2603.19835 PDF of FIPO",
    "https://github.com/qwenpilot/FIPO Code for FIPO",
    "https://huggingface.co/papers/2604.10002",
    "https://paperboy.example/papers/2604.10003",
    "https://paperboy.example/editions/2026-04-01",
    "https://paperboy.example/digest/d1",
    "https://paperboy.example/preferences/p1",
    "https://paperboy.example/preferences/p1#pause",
    "https://paperboy.example/unsubscribe/u1",
  ]);
});

test("the html has a language, a title, one h1, an h2 a paper, and loads nothing", async () => {
  const { html = "" } = await PostalMime.parse(composeDigest(aDigestMail(renderer, aDigest(goldenPapers))).raw);
  expect(html).toMatch(/^<!doctype html><html lang="en" dir="ltr"/);
  expect(html).toContain("<title>Trending papers of Wednesday, April 1, 2026</title>");
  expect(html.match(/<h1/gu)).toHaveLength(1);
  expect(html.match(/<h2/gu)).toHaveLength(3);
  expect(html.match(/<table(?![^>]*role="presentation")/gu)).toBeNull();
  expect(html).not.toMatch(/<img|<link|@import|@font-face|url\(|<script/);
});

describe("hostile text is inert and readable: X2, S10", () => {
  const hostile = [
    "<script>alert(1)</script>",
    "{{constructor}} {{{x}}} {{#each a}}",
    "</td></mj-text><mj-raw>",
    "\u202Etxt.exe\u202C",
    "a\r\nBcc: evil@example.com\r\n\r\nbody",
    "=?utf-8?Q?=0D=0ABcc:_evil?=",
    'quote " and \\ and <x@y>',
    "\uE000unsubscribeUrl\uE001",
    ".\r\n.\r\nMAIL FROM:<x>",
    "--=_0123",
    "$x $& $1 %s `x`",
    "W".repeat(10_000),
    "word ".repeat(2_000),
  ];
  test.each(hostile)("%j", async (text) => {
    const paper = aRankedPaper({
      title: text,
      abstract: text,
      authors: [text],
      url: `https://example.com/?q=${encodeURIComponent(text)}`,
    });
    const digest: Digest = {
      ...aDigest([]),
      items: [{ number: 1, paper, because: [because({ name: text, include: [text] })] }],
    };
    const { raw } = composeDigest(aDigestMail(renderer, digest, { notice: text }));
    const mail = await PostalMime.parse(raw);
    expect(mail.headers.map(({ key }) => key)).toEqual([
      ...["from", "to", "subject", "date", "message-id", "mime-version", "auto-submitted"],
      ...["list-id", "list-unsubscribe", "list-unsubscribe-post", "feedback-id", "content-type"],
    ]);
    expect(mail.html).not.toMatch(/<script|<mj-|<x@y>|\u202E/);
    expect(mail.html!.match(/unsubscribe\/u1/gu)).toHaveLength(1);
    expect(mail.text).toContain("https://paperboy.example/unsubscribe/u1");
    expect(
      Math.max(
        ...raw
          .toString("latin1")
          .split("\r\n")
          .map((line) => line.length),
      ),
    ).toBeLessThanOrEqual(78);
    expect(raw.toString("latin1").replaceAll("\r\n", "")).not.toMatch(/[\r\n\0\x80-\xFF]/u);
  });

  test("a subject says the title as it is, however it is written", async () => {
    const titles = [
      "Größer ".repeat(9).trim(),
      "=?utf-8?Q?spoof?= of a word",
      "Plain",
      "x".repeat(80),
      "日本語の論文 😀",
      'A "quoted" one',
    ];
    const subjects = await Promise.all(
      titles.map(
        async (title) =>
          (await PostalMime.parse(composeDigest(aDigestMail(renderer, aDigest([aRankedPaper({ title })]))).raw))
            .subject,
      ),
    );
    expect(subjects).toEqual(titles);
  });

  test("any text at all in any field keeps the shape of the mail", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "binary", maxLength: 300 }), async (text) => {
        const paper = aRankedPaper({
          title: text,
          abstract: text,
          summary: text,
          authors: [text, text],
          url: text,
          pdfUrl: text,
          codeUrl: text,
        });
        const { raw } = composeDigest(aDigestMail(renderer, aDigest([paper])));
        const mail = await PostalMime.parse(raw);
        expect(mail.headers).toHaveLength(12);
        expect(mail.html!.match(/<h2/gu)).toHaveLength(1);
        expect(raw.toString("latin1")).toMatch(/^[\x20-\x7E\r\n\t]*$/u);
      }),
      { numRuns: 150 },
    );
  });
});

test("an address that cannot be written to is refused before anything is made of it", () => {
  for (const email of [
    "a@b.example, evil@example.org",
    "a\r\nBcc: x@y.example",
    "<a@b.example>",
    "ü@b.example",
    "@b.example",
    "a@",
  ]) {
    const reader = { email, language: "en", format: "html", watches: 1 } as const;
    expect(() => composeDigest(aDigestMail(renderer, aDigest([aRankedPaper()]), { reader }))).toThrow(
      "cannot be written to",
    );
  }
  const reader = { email: "me+x@bücher.example", language: "en", format: "html", watches: 1 } as const;
  expect(composeDigest(aDigestMail(renderer, aDigest([aRankedPaper()]), { reader })).envelope.to).toBe(
    "me+x@xn--bcher-kva.example",
  );
});

describe("a mail is never clipped", () => {
  const long = (key: number) =>
    aRankedPaper({
      key,
      title: `Ü${"ber ".repeat(70)}`,
      abstract: "Äöü ".repeat(400),
      url: `https://example.com/${"ä".repeat(200)}`,
      codeUrl: `https://example.com/${"x".repeat(1_900)}`,
    });

  test("papers that do not fit are cut from the end, and what is left stays below 80 kB", () => {
    const mail = aDigestMail(renderer, aDigest(Array.from({ length: 50 }, (_, i) => long(i + 1))));
    const fitted = fitDigest(mail.digest, mail.fragments, mail.reader);
    expect(fitted.items).toEqual(mail.digest.items.slice(0, fitted.items.length));
    expect(fitted.items.length).toBeGreaterThan(1);
    expect(fitted.items.length).toBeLessThan(50);
    expect(htmlBytes(composeDigest({ ...mail, digest: fitted }).raw)).toBeLessThanOrEqual(htmlBudget);
    expect(
      htmlBytes(
        composeDigest({ ...mail, digest: { ...fitted, items: mail.digest.items.slice(0, fitted.items.length + 3) } })
          .raw,
      ),
    ).toBeGreaterThan(htmlBudget);
  });

  test("twenty ordinary papers all fit", () => {
    const papers = Array.from({ length: 20 }, (_, i) =>
      aRankedPaper({ ...goldenPapers[0]!, key: i + 1, summary: "x".repeat(380) }),
    );
    const mail = aDigestMail(renderer, aDigest(papers));
    expect(fitDigest(mail.digest, mail.fragments, mail.reader)).toBe(mail.digest);
  });
});

test("every visible word of a digest comes from the catalogue", async () => {
  const numbers = { summary: "", abstract: "", authors: [], title: "7" };
  const papers = [
    aRankedPaper({ ...goldenPapers[0]!, ...numbers }),
    aRankedPaper({ ...goldenPapers[0]!, ...numbers, key: 2, lane: "followed" }),
  ];
  const whys = [because({ topics: ["1"], include: ["2"], authors: ["3"], categories: ["4"] }), because()];
  const reader = { email: "reader@example.com", language: "en-XA", format: "html", watches: 1 } as const;
  for (const of of [{}, { rankedBy: "listing" as const }, { cadence: "weekly" as const }]) {
    const items = aDigest(papers).items.map((item) => ({ ...item, because: whys }));
    const mail = await PostalMime.parse(
      composeDigest(aDigestMail(renderer, aDigest([], { ...of, items }), { reader })).raw,
    );
    expect(plainWords(`${mail.subject}\n${mail.text}\n${visible(mail.html!)}`)).toEqual([]);
  }
});

/** Words in plain letters, without addresses and the date, which is Intl's. */
function plainWords(text: string): string[] {
  return (
    text
      .replace(/https?:\S+/gu, "")
      .replace(/Wednesday, April 1, 2026/gu, "")
      .match(/[a-z]{2,}/giu) ?? []
  );
}
