/** The digest that somebody makes for themselves: nobody is subscribed, and no server of ours is behind it. */
import PostalMime from "postal-mime";
import { expect, test } from "vitest";
import { openPost } from "../../src/mail/post.ts";
import { preferences } from "../support/builders.ts";
import { aDigest, aRankedPaper, aRenderer } from "../support/mails.ts";
import { LINKS, NOON, PAPERS, returnsAt } from "../support/outbox.ts";

const EDITION = { date: "2026-04-14", rankedBy: "trend", revision: 1 } as const;
const sender = { send: async () => ({ kind: "accepted", response: "250 ok" }) as const };
const post = openPost({
  ...{ renderer: await aRenderer(), sender, letterSender: sender, links: LINKS, returns: returnsAt(null) },
  ...{ publicUrl: "https://paperboy.example", notice: () => null },
  mailFrom: "Paperboy <digest@paperboy.example>",
  confirmFrom: "Paperboy <digest@paperboy.example>",
});
const { filter } = preferences();
const alone = (papers: Parameters<typeof aDigest>[0], language = "en") =>
  post.composeAlone({
    ...{ digest: { ...aDigest(papers), matched: 9 }, edition: EDITION, composedAt: NOON, id: "2026-04-14.abc" },
    reader: { email: "me@example.org", language, format: "html", filter },
  });
const linksIn = (html: string) => [...html.matchAll(/href="([^"]*)"/g)].map(([, url]) => url!).sort();

test("it leads to papers and to nothing that only a server could show", async () => {
  const mail = await PostalMime.parse(alone(PAPERS).message.raw);
  expect(linksIn(mail.html!)).toEqual([
    "https://arxiv.org/pdf/2603.19835",
    "https://github.com/qwenpilot/FIPO",
    "https://huggingface.co/papers/2603.19835",
    "https://huggingface.co/papers/2604.10002",
    "https://huggingface.co/papers/2604.10003",
    "https://huggingface.co/papers/2604.10004",
  ]);
  expect(`${mail.html}${mail.text}`).not.toMatch(/paperboy\.example|localhost|unsubscribe|preferences/i);
  expect(mail.text).toContain("5 more papers of this edition match");
  expect(mail.text).toContain("Nobody is subscribed by it, so there is nothing to leave");
});

test("it promises no way to leave, is of no list, and bounces to its sender", async () => {
  const { message, count } = alone(PAPERS);
  const { headers, to, messageId } = await PostalMime.parse(message.raw);
  expect(headers.map(({ key }) => key).filter((key) => key.startsWith("list-"))).toEqual([]);
  expect([count, to, messageId, message.envelope]).toEqual([
    4,
    [{ address: "me@example.org", name: "" }],
    "<digest.today.2026-04-14.abc@paperboy.example>",
    { from: "digest@paperboy.example", to: "me@example.org" },
  ]);
});

test("a paper without an address of its own is a title without a link", async () => {
  const mail = await PostalMime.parse(
    alone([aRankedPaper({ key: 1, title: "Nowhere to be found", url: "", pdfUrl: null })]).message.raw,
  );
  expect([linksIn(mail.html!), /Nowhere to be found/.test(mail.html!)]).toEqual([[], true]);
  expect(mail.text).not.toMatch(/https?:/);
});

test("its words are in the language that was asked for", async () => {
  const { text } = await PostalMime.parse(alone(PAPERS, "de").message.raw);
  expect(text).toContain("Niemand ist dadurch angemeldet");
});
