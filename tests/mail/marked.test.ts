import fc from "fast-check";
import { encode, wrap } from "nodemailer/lib/qp";
import PostalMime from "postal-mime";
import { expect, test } from "vitest";
import { type Filling, fill, type Marked, markedQuotedPrintable, marks, softLines } from "../../src/mail/marked.ts";
import { Sheet } from "../../src/mail/sheets.ts";

function filled(marked: Marked, fillings: Record<string, Filling>): string {
  const sheet = new Sheet();
  fill(sheet, marked, fillings);
  return sheet.written().toString("latin1");
}

async function decoded(encoded: string): Promise<string> {
  const raw = `Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n${encoded}`;
  return ((await PostalMime.parse(raw)).text ?? "").replace(/\n$/u, "");
}

test("a mark in the middle of a word is filled without a trace", async () => {
  const marked = markedQuotedPrintable(`<a href="${marks.viewUrl}">${marks.number}. ü${marks.reason}</a>\n`);
  expect(marked.marks).toEqual(["viewUrl", "number", "reason"]);
  const mail = filled(marked, { viewUrl: softLines("https://x.example/?a=b"), number: softLines("1"), reason: "" });
  expect(mail).toBe('<a href=3D"=\r\nhttps://x.example/?a=3Db=\r\n">=\r\n1=\r\n=2E =C3=BC=\r\n</a>\r\n');
  expect(await decoded(mail)).toBe('<a href="https://x.example/?a=b">1. ü</a>');
});

test("whatever stands around a mark and in it, decoding gives text and value, in lines of at most 76", async () => {
  const texts = fc.string({
    unit: fc.oneof(fc.constantFrom(" ", "=", ".", "\n", "ü", "😀", "\t"), fc.string({ minLength: 1, maxLength: 1 })),
    maxLength: 250,
  });
  const clean = (text: string): string => text.replace(/[\r\p{Cs}]|\0/gu, "");
  await fc.assert(
    fc.asyncProperty(texts.map(clean), texts.map(clean), texts.map(clean), async (before, value, after) => {
      const marked = markedQuotedPrintable(`^${before}${marks.lead}${after}$\n`);
      const mail = filled(marked, { lead: softLines(value) });
      expect(Math.max(...mail.split("\r\n").map((line) => line.length))).toBeLessThanOrEqual(76);
      expect(await decoded(mail)).toBe(`^${before}${value}${after}$`);
    }),
    { numRuns: 300 },
  );
});

test("the short way for plain values decodes like the library's", async () => {
  const plain = fc.stringMatching(/^[!-~ ]{1,200}$/u);
  await fc.assert(
    fc.asyncProperty(plain, async (text) => {
      expect(await decoded(`${softLines(text)}$`)).toBe(await decoded(`${wrap(encode(text))}$`));
    }),
    { numRuns: 200 },
  );
});
