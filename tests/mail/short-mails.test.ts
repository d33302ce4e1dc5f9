import PostalMime from "postal-mime";
import { expect, test } from "vitest";
import { composeAlreadySubscribed, composeConfirm, composeLink, type ShortMail } from "../../src/mail/short-mails.ts";
import { aRenderer } from "../support/mails.ts";

const renderer = await aRenderer({ postalAddress: "1 Example Street" });
const mail: ShortMail = {
  renderer,
  to: "reader@example.com",
  language: "en",
  format: "html",
  letterhead: { from: { name: "Paperboy", address: "hello@paperboy.example" }, messageIdDomain: "paperboy.example" },
  id: "r-1",
  composedAt: new Date("2026-04-01T10:00:00Z"),
  asked: { at: new Date("2026-04-01T09:59:00Z"), page: "https://paperboy.example/" },
};
const confirmUrl = "https://paperboy.example/confirm/c1";
const neverUrl = "https://paperboy.example/confirm/n1";

test("the confirmation mail says when and where it was asked, and has both links", async () => {
  const { raw, envelope, messageId } = composeConfirm({ ...mail, confirmUrl, neverUrl });
  const read = await PostalMime.parse(raw);
  expect({ envelope, messageId }).toEqual({
    envelope: { from: "hello@paperboy.example", to: "reader@example.com" },
    messageId: "confirm.r-1@paperboy.example",
  });
  expect(read.text).toBe(`Do you want Paperboy’s digest?

Paperboy mails a digest of trending research papers. One step is left:
confirm that it may write to you.

Confirm my subscription:
https://paperboy.example/confirm/c1

The link works for 7 days.

Somebody, probably you, asked for this on April 1, 2026 at 09:59 UTC at
https://paperboy.example/.
If it was not you, you need not do anything: without your answer nothing
more is sent to you.

This was not me: never write to me again:
https://paperboy.example/confirm/n1

1 Example Street
`);
  const links = [...read.html!.matchAll(/href="([^"]*)"/gu)].map(([, url]) => url);
  expect(links).toEqual([confirmUrl, neverUrl]);
});

test("a short mail has each header once and no List-Unsubscribe", async () => {
  const { raw } = composeConfirm({ ...mail, confirmUrl, neverUrl });
  const { headers } = await PostalMime.parse(raw);
  expect(headers.map(({ key, value }) => `${key}: ${value}`)).toEqual([
    "from: Paperboy <hello@paperboy.example>",
    "to: reader@example.com",
    "subject: Please confirm: is this you?",
    "date: Wed, 01 Apr 2026 10:00:00 +0000",
    "message-id: <confirm.r-1@paperboy.example>",
    "mime-version: 1.0",
    "auto-submitted: auto-generated",
    "feedback-id: letter:confirm:en:paperboy",
    expect.stringMatching(/^content-type: multipart\/alternative; boundary="=_[0-9a-f]{24}"$/),
  ]);
});

test("who is subscribed already, or lost the link, gets a way to manage it", async () => {
  const preferencesUrl = "https://paperboy.example/preferences/p1";
  const mails = [composeAlreadySubscribed({ ...mail, preferencesUrl }), composeLink({ ...mail, preferencesUrl })];
  const read = await Promise.all(mails.map(({ raw }) => PostalMime.parse(raw)));
  expect(read.map(({ subject }) => subject)).toEqual(["You are subscribed to Paperboy", "Your Paperboy link"]);
  for (const { text, html } of read) {
    expect(text).toContain(`\n${preferencesUrl}\n`);
    expect(html).toContain(`href="${preferencesUrl}"`);
  }
});

test("a reader of plain text gets plain text alone", async () => {
  const { raw } = composeConfirm({ ...mail, format: "text", confirmUrl, neverUrl });
  const read = await PostalMime.parse(raw);
  expect(read.html).toBeUndefined();
  expect(read.text).toContain(confirmUrl);
});

test("nothing a visitor sent can be the page: S9", () => {
  for (const page of [
    "https://paperboy.example/?utm=win+a+prize",
    "https://paperboy.example/Hello you",
    "win a prize",
    "javascript:x",
  ]) {
    expect(() => composeConfirm({ ...mail, asked: { ...mail.asked, page }, confirmUrl, neverUrl })).toThrow(
      "plain address",
    );
  }
});

test("every visible word of the short mails comes from the catalogue", async () => {
  const asked = { at: mail.asked.at, page: "https://1.example/" };
  const inPseudo = { ...mail, renderer: await aRenderer(), language: "en-XA", asked };
  const preferencesUrl = "https://2.example/";
  const mails = [
    composeConfirm({ ...inPseudo, confirmUrl, neverUrl }),
    composeAlreadySubscribed({ ...inPseudo, preferencesUrl }),
    composeLink({ ...inPseudo, preferencesUrl }),
  ];
  for (const { raw } of mails) {
    const { subject, text, html } = await PostalMime.parse(raw);
    const seen = html!.replace(/<(?:head|style)[\s\S]*?<\/(?:head|style)>|<!--[\s\S]*?-->|<[^>]*>/gu, " ");
    const words = `${subject} ${text} ${seen}`.replace(/https?:\S+|April 1, 2026/gu, "").match(/[a-z]{2,}/giu);
    expect(words).toBeNull();
  }
});
