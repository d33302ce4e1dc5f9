import fc from "fast-check";
import PostalMime from "postal-mime";
import { describe, expect, test } from "vitest";
import type { Digest } from "../../src/core/digest.ts";
import { everything } from "../../src/core/filter.ts";
import { composeDigest } from "../../src/mail/compose.ts";
import { aDigest, aDigestMail, aRankedPaper, aRenderer, because, TWO_WATCHES } from "../support/mails.ts";

const renderer = await aRenderer();
/** One paper about whatever is odd, in a digest whose reader typed the same into a watch. */
function about(text: string, url = "https://example.com/"): Digest {
  const paper = aRankedPaper({ title: text, abstract: text, summary: text, authors: [text, text], url });
  return { ...aDigest([]), items: [{ number: 1, paper, because: [because({ name: text, include: [text] })] }] };
}

async function read(digest: Digest) {
  const reader = { email: "reader@example.com", language: "en", format: "html", filter: TWO_WATCHES } as const;
  const { raw } = composeDigest(aDigestMail(renderer, digest, { reader }));
  const { headers, subject = "", text = "", html = "" } = await PostalMime.parse(raw);
  return { raw: raw.toString("latin1"), headers: headers.map(({ key }) => key), subject, text, html };
}

/** Tags and their attributes but addresses: what a mail is made of, apart from its words. */
const skeleton = (html: string) =>
  [...html.matchAll(/<[^>]*>/gu)].map(([tag]) => tag.replace(/ (?:href|aria-label)="[^"]*"/gu, ""));
/** What is left to look at, as a browser would spell it. */
const visible = (html: string) =>
  html
    .replace(/<head[\s\S]*?<\/head>|<!--[\s\S]*?-->|<[^>]*>/gu, " ")
    .replace(/&lt;/gu, "<")
    .replace(/&gt;/gu, ">")
    .replace(/&quot;/gu, '"')
    .replace(/&#x([\dA-F]+);/giu, (_, code: string) => String.fromCodePoint(Number.parseInt(code, 16)))
    .replace(/&amp;/gu, "&");

const plain = await read(about("Plain words"));
const ALL_C0_AND_C1 = Array.from({ length: 160 }, (_, code) => code)
  .filter((code) => code < 32 || code > 126)
  .map((code) => String.fromCharCode(code))
  .join("");

describe("odd text is inert and readable in html, in text and in the subject: X1, X2", () => {
  /** What stands in a title, and what of it is to be seen. */
  const stories: readonly (readonly [what: string, title: string, seen: string])[] = [
    ["a script", "A <script>alert(1)</script> B", "A <script>alert(1)</script> B"],
    ["the end of a tag and of a cell", 'A "></a></td></table> B', 'A "></a></td></table> B'],
    ["an image that tells who reads", "A <img src=//evil.example/x> B", "A <img src=//evil.example/x> B"],
    ["entities", "A &lt;b&gt; &#x3C;i&#62; &amp;amp; B", "A &lt;b&gt; &#x3C;i&#62; &amp;amp; B"],
    [
      "template braces",
      "A {{constructor}} {{{x}}} {{#each a}} {{> p}} B",
      "A {{constructor}} {{{x}}} {{#each a}} {{> p}} B",
    ],
    [
      "the environment",
      "A {{process.env.SECRET_KEYS}} $HOME $(env) %HOME% B",
      "A {{process.env.SECRET_KEYS}} $HOME $(env) %HOME% B",
    ],
    [
      "MJML",
      "A </mj-text><mj-raw><mj-include path='/etc/passwd'/> B",
      "A </mj-text><mj-raw><mj-include path='/etc/passwd'/> B",
    ],
    [
      "provider placeholders",
      "A {{{ pm:unsubscribe }}} %recipient.email% [[name]] B",
      "A {{{ pm:unsubscribe }}} %recipient.email% [[name]] B",
    ],
    ["overrides of direction", "A \u202Egnp.\u202Dexe\u202C \u2066x\u2069 \u200E\u200F\u061C B", "A gnp.exe x B"],
    ["control characters", `A ${ALL_C0_AND_C1} B`, "A B"],
    [
      "line breaks and a header",
      "A\r\nBcc: evil@example.com\r\n\r\n\u2028body\u2029 B",
      "A Bcc: evil@example.com body B",
    ],
    [
      "encoded words",
      "A =?utf-8?Q?=0D=0ABcc:_evil?= =?utf-8?B?PGI+?= B",
      "A =?utf-8?Q?=0D=0ABcc:_evil?= =?utf-8?B?PGI+?= B",
    ],
    ["quoted-printable", "A =3Cb=3E =\u00A0= B", "A =3Cb=3E = = B"],
    ["the end of a message and of a part", "A\r\n.\r\n--=_0123--\r\nMAIL FROM:<x> B", "A . --=_0123-- MAIL FROM:<x> B"],
    ["our own marks", "A \uE000unsubscribeUrl\uE001 B", "A unsubscribeUrl B"],
    ["what only hides", "A pay\u200Bpal\uFEFF\u00AD\u2060\u{E0041} B", "A paypal B"],
    ["halves of a pair", "A \uD83D \uDE00 B", "A B"],
    ["patterns of replace()", "A $x $& $1 $$ B", "A $x $& $1 $$ B"],
  ];
  test.each(stories)("%s", async (_, title, seen) => {
    const mail = await read(about(title));
    expect([mail.headers, skeleton(mail.html)]).toEqual([plain.headers, skeleton(plain.html)]);
    const inOneLine = (text: string) => text.replace(/\s+/gu, " ");
    expect(mail.subject).toBe(seen);
    expect(inOneLine(visible(mail.html)).split(seen).length - 1).toBeGreaterThanOrEqual(4);
    expect(inOneLine(mail.text).split(seen).length - 1).toBeGreaterThanOrEqual(4);
    for (const part of [mail.subject, mail.text, mail.html])
      expect(part).not.toMatch(/[\p{Cs}\p{Co}\u202A-\u202E\u2066-\u2069\u200E\u200F\u061C]|(?!\n)\p{Cc}/u);
    expect(mail.raw).toMatch(/^(?:[\x20-\x7E]{0,78}\r\n)+$/u);
  });

  test.each([
    ["a word of 10,000 letters", "W".repeat(10_000), "W".repeat(80)],
    ["2,000 words", "word ".repeat(2_000), "word ".repeat(15).trim()],
    ["10,000 emoji", "😀".repeat(10_000), "😀".repeat(40)],
    ["10,000 letters that must be escaped", "<".repeat(10_000), "<".repeat(80)],
  ])("%s: cut, marked as cut, and small", async (_, title, begins) => {
    const mail = await read(about(title));
    expect(skeleton(mail.html)).toEqual(skeleton(plain.html));
    for (const part of [mail.subject, visible(mail.html), mail.text.replace(/\s+/gu, " ")]) {
      expect(part).toContain(begins);
      expect(part).toContain("…");
    }
    expect(mail.subject.length).toBeLessThanOrEqual(90);
    expect(mail.raw.length).toBeLessThan(30_000);
    expect(mail.raw).toMatch(/^(?:[\x20-\x7E]{0,78}\r\n)+$/u);
  });

  test("a title of nothing that can be seen is shown by the paper's id", async () => {
    const mail = await read(about("\u202E\u200B"));
    expect(mail.subject).toBe("Paperboy");
    expect(visible(mail.html)).toContain("2604.10001");
    expect(mail.text).toContain("1. 2604.10001\n");
  });

  test.each([
    "javascript:alert(1)",
    "JAVASCRIPT:alert(1)",
    "data:text/html,<script>",
    "//evil.example/",
    "https://user:password@example.com/",
    'https://example.com/"><script>alert(1)</script>',
    "https://example.com/{{process.env.HOME}}",
    "https://example.com/\r\nBcc: evil@example.com",
    `https://example.com/${"x".repeat(10_000)}`,
  ])("an address such as %j is a harmless one or none", async (url) => {
    const mail = await read(about("Plain words", url));
    expect([mail.headers, skeleton(mail.html)]).toEqual([plain.headers, skeleton(plain.html)]);
    const hrefs = [...mail.html.matchAll(/href="([^"]*)"/gu)].map(([, href]) => new URL(href!));
    expect(hrefs.filter(({ protocol, username }) => protocol !== "https:" || username !== "")).toEqual([]);
    expect(hrefs.filter(({ host }) => host !== "paperboy.example" && host !== "example.com")).toEqual([]);
  });

  test("a subject says the title as it is, however it is written", async () => {
    const titles = [
      "Größer ".repeat(9).trim(),
      "Plain",
      "x".repeat(80),
      "日本語の論文 😀",
      'A "quoted" one',
      "a=?b",
      "?= =",
    ];
    const subjects = await Promise.all(titles.map(async (title) => (await read(about(title))).subject));
    expect(subjects).toEqual(titles);
  });

  test("any text at all in any field keeps the shape of the mail", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "binary", maxLength: 300 }), async (text) => {
        const paper = aRankedPaper({
          ...{ title: text, abstract: text, summary: text, authors: [text, text] },
          ...{ url: text, pdfUrl: text, codeUrl: text },
        });
        const mail = await read(aDigest([paper]));
        expect(mail.headers).toEqual(plain.headers);
        expect(mail.html.match(/<h2/gu)).toHaveLength(1);
        expect(mail.raw).toMatch(/^[\x20-\x7E\r\n\t]*$/u);
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
    const reader = { email, language: "en", format: "html", filter: everything } as const;
    expect(() => composeDigest(aDigestMail(renderer, aDigest([aRankedPaper()]), { reader }))).toThrow(
      "cannot be written to",
    );
  }
  const reader = { email: "me+x@bücher.example", language: "en", format: "html", filter: everything } as const;
  expect(composeDigest(aDigestMail(renderer, aDigest([aRankedPaper()]), { reader })).envelope.to).toBe(
    "me+x@xn--bcher-kva.example",
  );
});
