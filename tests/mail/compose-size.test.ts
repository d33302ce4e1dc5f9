import { describe, expect, test } from "vitest";
import { composeDigest, fitDigest } from "../../src/mail/compose.ts";
import { htmlBudget } from "../../src/mail/fit.ts";
import { aDigest, aDigestMail, aRankedPaper, aRenderer } from "../support/mails.ts";
import { PAPERS } from "../support/outbox.ts";

const renderer = await aRenderer();

function htmlBytes(raw: Buffer): number {
  const text = raw.toString("latin1");
  return text.length - text.indexOf("Content-Type: text/html");
}

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
      aRankedPaper({ ...PAPERS[0]!, key: i + 1, summary: "x".repeat(380) }),
    );
    const mail = aDigestMail(renderer, aDigest(papers));
    expect(fitDigest(mail.digest, mail.fragments, mail.reader)).toBe(mail.digest);
  });
});
