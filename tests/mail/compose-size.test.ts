import PostalMime from "postal-mime";
import { describe, expect, test } from "vitest";
import { filterFromQuery } from "../../src/core/filter-query.ts";
import { defaultCatalogue } from "../../src/core/topics.ts";
import { composeDigest, fitDigest } from "../../src/mail/compose.ts";
import { htmlBudget } from "../../src/mail/fit.ts";
import { aFilter } from "../support/builders.ts";
import { aDigest, aDigestMail, aRankedPaper, aRenderer, because } from "../support/mails.ts";
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

/** Sentences of the length real ones have, links to PDF and code, three names: 1.5 kB of html each. */
const ordinary = (key: number) =>
  aRankedPaper({
    ...PAPERS[0]!,
    key,
    title: `${PAPERS[0]!.title}, Part ${key}`,
    summary: "Each sentence of it says something that the others do not, and none is short. ".repeat(4),
  });

describe("a digest is at most 80 kB of html, and says what it left out", () => {
  test.each([
    [1, 1],
    [10, 10],
    [20, 20],
    [50, 43],
  ])("with %i papers asked for, of 163 that match, it has %i", async (count, shown) => {
    const papers = Array.from({ length: count }, (_, i) => ordinary(i + 1));
    const filter = aFilter({ name: "Work & more", topics: ["agents"] }, { include: ["speculative decoding"] });
    const reader = { email: "reader@example.com", language: "en", format: "html", filter } as const;
    const mail = aDigestMail(renderer, aDigest(papers, { matched: 163 }), { reader });
    const digest = fitDigest(mail.digest, mail.fragments, reader);
    const { raw } = composeDigest({ ...mail, digest });
    console.log(
      `${count} papers asked for, ${digest.items.length} shown: ${htmlBytes(raw)} bytes of html, ${raw.length} in all`,
    );
    expect(htmlBytes(raw)).toBeLessThanOrEqual(htmlBudget);
    expect(digest.items).toEqual(mail.digest.items.slice(0, shown));

    const { html = "", text = "" } = await PostalMime.parse(raw);
    const [, url = "", words] = /<a [^>]*href="([^"]*)"[^>]*>(See all [\d,]+)<\/a>/u.exec(html) ?? [];
    const address = new URL(url.replaceAll("&#x3D;", "=").replaceAll("&amp;", "&"));
    expect([words, address.pathname, filterFromQuery(address.searchParams, defaultCatalogue)]).toEqual([
      "See all 163",
      "/editions/2026-04-01",
      filter,
    ]);
    expect(html).toContain(`${163 - shown} more papers of this edition match`);
    expect(text).toContain(`See all 163:\n${address.href}\n`);
    expect(text.split("\n")[0]).toContain(`${count === 1 ? "1 paper" : `${shown} papers`} for you, of 163 that match`);
  });

  test("with all of them in the mail it leads to the edition, and nothing is said to be left out", async () => {
    const { html = "", text = "" } = await PostalMime.parse(
      composeDigest(aDigestMail(renderer, aDigest([ordinary(1)]))).raw,
    );
    expect(html).toContain('href="https://paperboy.example/editions/2026-04-01"');
    expect(`${html} ${text}`).not.toMatch(/See all|that match|of this edition match/u);
  });

  test("a filter too long for an address leads to the whole edition, and the link says so", async () => {
    const filter = aFilter({ include: Array.from({ length: 50 }, (_, i) => `a phrase of some length, number ${i}`) });
    const reader = { email: "reader@example.com", language: "en", format: "html", filter } as const;
    const mail = aDigestMail(renderer, aDigest([ordinary(1)], { matched: 9 }), { reader });
    const { html = "" } = await PostalMime.parse(composeDigest(mail).raw);
    expect(html).toMatch(
      /8 more papers [^<]*<a [^>]*href="https:\/\/paperboy\.example\/editions\/2026-04-01"[^>]*>All papers of this edition</u,
    );
  });

  test("the worst names of watches and the longest of filters still fit", () => {
    const phrases = Array.from({ length: 20 }, (_, i) => `${"\u00FC=&".repeat(8)}${i}`);
    const filter = aFilter(
      ...Array.from({ length: 5 }, (_, i) => ({ name: `${i}${"=\u00FC😀".repeat(14)}`, include: phrases.slice(0, i) })),
    );
    const papers = Array.from({ length: 50 }, (_, i) => ordinary(i + 1));
    const items = aDigest(papers).items.map((item, i) => ({
      ...item,
      because: filter.watches.map(({ name }, at) =>
        because({ watch: (i + at) % 5, name, include: phrases.slice(0, 3) }),
      ),
    }));
    const reader = { email: "reader@example.com", language: "de", format: "html", filter } as const;
    const mail = aDigestMail(renderer, { ...aDigest([]), items, matched: 5_000 }, { reader });
    const digest = fitDigest(mail.digest, mail.fragments, reader);
    expect(digest.items.length).toBeGreaterThan(10);
    expect(htmlBytes(composeDigest({ ...mail, digest }).raw)).toBeLessThanOrEqual(htmlBudget);
  });
});
