import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import PostalMime from "postal-mime";
import { describe, expect, test } from "vitest";
import { everything } from "../../src/core/filter.ts";
import { composeDigest } from "../../src/mail/compose.ts";
import { aDigest, aDigestMail, aRankedPaper, aRenderer, because, TWO_WATCHES } from "../support/mails.ts";
import { PAPERS } from "../support/outbox.ts";

const renderer = await aRenderer();

/** The text part with the breaks it is sent with: a reading program takes out those of a flowed line. */
function linesOfText(raw: Buffer): string[] {
  const [, part = ""] = raw.toString("latin1").split(/Content-Type: text\/plain[\s\S]*?\r\n\r\n/u);
  const encoded = part.split("\r\n--=_")[0]!.replace(/=\r\n/gu, "");
  const bytes = encoded.replace(/=([\dA-F]{2})/gu, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
  return Buffer.from(bytes, "latin1").toString("utf8").split("\r\n");
}

/** What stands between the tags, as a reader sees it. */
function visible(html: string): string {
  return html
    .replace(/<(head|style)[\s\S]*?<\/\1>/gu, "")
    .replace(/<!--[\s\S]*?-->/gu, "")
    .replace(/<[^>]*>/gu, " ");
}

/** Facts of a real day, with sentences written for this test. */
const goldenPapers = [
  PAPERS[0]!,
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
  const reader = { email: "reader@example.com", language: "en", format: "html", filter: TWO_WATCHES } as const;
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
    const asSent = linesOfText(composeDigest(aDigestMail(renderer, aDigest(goldenPapers))).raw);
    expect(asSent.filter((line) => line.length > 73 && !line.startsWith("http"))).toEqual([]);
  });

  test("is the whole mail for a reader who asked for text", async () => {
    const reader = { email: "reader@example.com", language: "en", format: "text", filter: everything } as const;
    const { raw } = composeDigest(aDigestMail(renderer, aDigest(goldenPapers), { reader }));
    const mail = await PostalMime.parse(raw);
    expect(mail.html).toBeUndefined();
    expect(mail.text).toContain("LLäMmlein: Größer");
    expect(mail.headers.find(({ key }) => key === "content-type")?.value).toBe(
      "text/plain; charset=utf-8; format=flowed; delsp=no",
    );
  });
});

test("papers without votes are in the order they were listed, and nothing is called trending", async () => {
  const {
    text = "",
    html = "",
    subject,
  } = await PostalMime.parse(composeDigest(aDigestMail(renderer, aDigest(goldenPapers, { rankedBy: "listing" }))).raw);
  expect(text.split("\n").slice(0, 5)).toEqual([
    "Wednesday, April 1: 3 papers for you, in the order they were listed\u00A0· agents",
    "",
    "Paperboy",
    "Papers of Wednesday, April 1, 2026",
    "No. 91 of 2026",
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
  expect(html).toMatch(/^<!DOCTYPE html><html lang="en" dir="ltr"/);
  expect(html).toContain("<title>Trending papers of Wednesday, April 1, 2026</title>");
  expect(html.match(/<h1/gu)).toHaveLength(1);
  expect(html.match(/<h2/gu)).toHaveLength(3);
  expect(html.match(/<table(?![^>]*role="presentation")/gu)).toBeNull();
  expect(html).not.toMatch(/<img|<link|@import|@font-face|url\(|<script/);
});

test("every visible word of a digest comes from the catalogue", async () => {
  const numbers = { summary: "", abstract: "", authors: [], title: "7", topics: ["8"] };
  const papers = [
    aRankedPaper({ ...goldenPapers[0]!, ...numbers }),
    aRankedPaper({ ...goldenPapers[0]!, ...numbers, key: 2, lane: "followed" }),
  ];
  const whys = [because({ topics: ["1"], include: ["2"], authors: ["3"], categories: ["4"] }), because()];
  const reader = { email: "reader@example.com", language: "en-XA", format: "html", filter: everything } as const;
  for (const of of [{}, { rankedBy: "listing" as const }, { cadence: "weekly" as const }, { matched: 9 }]) {
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
      .replace(/Wednesday, April 1(?:, 2026)?|April 1$|March 26\s*–\s*April 1/gmu, "")
      .match(/[a-z]{2,}/giu) ?? []
  );
}
