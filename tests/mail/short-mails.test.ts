import PostalMime from "postal-mime";
import { describe, expect, test } from "vitest";
import type { QuietNews } from "../../src/core/quiet-news.ts";
import { WIDENINGS } from "../../src/core/wider.ts";
import {
  type AskedMail,
  composeAlarm,
  composeAlreadySubscribed,
  composeConfirm,
  composeLink,
  composeQuiet,
  type ToldIncident,
} from "../../src/mail/short-mails.ts";
import { aRenderer } from "../support/mails.ts";
import { htmlComplaints, OF_MAILS } from "../support/page-looks.ts";

const renderer = await aRenderer({ postalAddress: "1 Example Street" });
const mail: AskedMail = {
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

Paperboy mails a digest of trending research papers. One step is left: confirm that it may write to you.

Confirm my subscription:
https://paperboy.example/confirm/c1

The link works for 7 days.

Somebody, probably you, asked for this at https://paperboy.example/ on April 1, 2026 at 09:59 UTC.
If it was not you, you need not do anything: without your answer nothing more is sent to you.

This was not me. Never write to me again:
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

const ADVICE = { widening: "minUpvotes", name: "Decoding", number: 2, isOnly: false, papersPerWeek: 3 } as const;
function quiet(news: Partial<QuietNews> = {}, of: Partial<AskedMail> = {}) {
  return composeQuiet({
    ...{
      ...mail,
      ...of,
      preferencesUrl: "https://2.example/",
      list: { listId: "digest.paperboy.example", unsubscribeUrl },
    },
    news: { days: 30, since: new Date("2026-03-02T10:00:00Z"), editions: 21, advice: ADVICE, ...news },
  });
}
const unsubscribeUrl = "https://3.example/";
/** The paragraph of the mail that says what to do. */
async function advised(given: Partial<NonNullable<QuietNews["advice"]>> | null) {
  const { text } = await PostalMime.parse(quiet({ advice: given && { ...ADVICE, ...given } }).raw);
  return text!.split("\n\n")[2]!.replaceAll("\n", " ");
}

describe("the mail after a month without a match", () => {
  test("says since when, that Paperboy works, what would have helped, and how to change it or leave", async () => {
    const { raw, messageId } = quiet();
    const { subject, text, html } = await PostalMime.parse(raw);
    expect([messageId, subject]).toEqual(["quiet.r-1@paperboy.example", "Nothing new for you in 30 days"]);
    expect(text).toBe(`Nothing new matched for 30 days

Since March 2, 2026 no new paper has matched what you asked for, so no digest came. Paperboy works: 21 editions came out in that time.

Without the minimum of votes, your watch “Decoding” would have brought about 3 papers a week.

Change what I look for:
https://2.example/

The link works for 30 days.
If it is as you want it, you need not do anything: your digest comes as soon as something matches.

You get this because you asked Paperboy for a digest and confirmed it. It comes once, and not again before something has matched or you have changed something.

Unsubscribe:
https://3.example/

1 Example Street
`);
    const links = [...html!.matchAll(/href="([^"]*)"/gu)].map(([, url]) => url);
    expect(links).toEqual(["https://2.example/", unsubscribeUrl]);
    expect(html).toContain("your watch “Decoding” would have brought about 3 papers a week.");
  });

  test("names a watch by its name, the only one as that, another by its number", async () => {
    const names = [{}, { name: "", isOnly: true }, { name: "" }, { name: "\u202e\u200b" }];
    expect(await Promise.all(names.map(advised))).toEqual(
      ["your watch “Decoding”", "your watch", "watch 2", "watch 2"].map(
        (watch) => `Without the minimum of votes, ${watch} would have brought about 3 papers a week.`,
      ),
    );
  });

  test("says what each widening lets go of, and how much that is", async () => {
    const all = await Promise.all(WIDENINGS.map((widening, papersPerWeek) => advised({ widening, papersPerWeek })));
    const would = "your watch “Decoding” would have brought";
    expect(all).toEqual([
      `If it looked for its words in abstracts too, and not in titles alone, ${would} about one paper in two weeks.`,
      `Without the quotation marks, which ask for exactly that form of a word, ${would} about 1 paper a week.`,
      `Without the minimum of votes, ${would} about 2 papers a week.`,
      `With papers that have no code as well, ${would} about 3 papers a week.`,
      `Without the words it leaves out, ${would} about 4 papers a week.`,
      `Without its arXiv categories, ${would} about 5 papers a week.`,
      `Without its topics, ${would} about 6 papers a week.`,
      `If any one of the words joined by + were enough, ${would} about 7 papers a week.`,
    ]);
  });

  test("says so plainly where nothing short of other words would have helped", async () => {
    expect(await advised(null)).toBe(
      "Lifting a single limit would not have helped: it takes other words, people or topics. Shorter phrases find more.",
    );
  });

  test("the name of a watch is text and stays text, and no line of its own comes of it", async () => {
    const name = '<a href="https://evil.example">{{t "x"}}</a>\r\nBcc: all@example.org';
    const { raw } = quiet({ advice: { ...ADVICE, name } });
    const { headers, html, text } = await PostalMime.parse(raw);
    expect(headers.map(({ key }) => key)).not.toContain("bcc");
    expect(html).not.toContain('href="https://evil.example"');
    expect(html).toContain("“&lt;a href");
    expect(text).not.toMatch(/^Bcc/mu);
  });

  test("a reader of plain text gets plain text alone", async () => {
    const read = await PostalMime.parse(quiet({}, { format: "text" }).raw);
    expect([read.html, read.text?.includes(unsubscribeUrl)]).toEqual([undefined, true]);
  });
});

/** Three of a kind, of which the second still stands. */
function alarm(of: Partial<ToldIncident> = {}, given: Partial<Parameters<typeof composeAlarm>[0]> = {}) {
  const incident: ToldIncident = {
    ...{ kind: "smtp-down", subject: "1.2.3.4:25", words: "It <cannot> be reached.", stage: "over" },
    ...{ beganAt: mail.asked.at, endedAt: new Date("2026-04-01T11:00Z"), ...of },
  };
  return composeAlarm({
    ...{ ...mail, adminUrl: "https://3.example/admin", site: "paperboy.example" },
    incidents: [incident, { ...incident, subject: "5.6.7.8:25" }, { ...incident, subject: "5.6.7.8:25" }],
    ...given,
  });
}

describe("an alarm", () => {
  test("is about what still stands, names the others, and has html that says the same", async () => {
    const over = { kind: "disk", words: "It is full.", beganAt: mail.asked.at } as const;
    const incidents: ToldIncident[] = [
      { ...over, subject: "one:/data", endedAt: mail.composedAt, stage: "both" },
      { ...over, subject: "two:/data", words: "This one stands.", endedAt: null, stage: "begun" },
    ];
    const { raw, messageId } = alarm({}, { incidents });
    const { subject, text, html } = await PostalMime.parse(raw);
    expect([messageId, subject]).toEqual(["alarm.r-1@paperboy.example", "A disk is getting full"]);
    expect(text).toContain(
      "This one stands.\n\nIt began on April 1, 2026 at 09:59 UTC.\n\nOne more of the same: one:/data\n",
    );
    const seen = html!.replace(/<(?:head|style)[\s\S]*?<\/(?:head|style)>|<!--[\s\S]*?-->|<[^>]*>/gu, " ");
    for (const said of ["This one stands.", "One more of the same: one:/data", "at the Paperboy of paperboy.example"])
      expect(seen).toContain(said);
  });

  test("without an /admin it leads nowhere, and what a far end said is no markup", async () => {
    const { text, html } = await PostalMime.parse(alarm({}, { adminUrl: null }).raw);
    expect([text!.includes("http"), [...html!.matchAll(/href="/gu)].length]).toEqual([false, 0]);
    expect(html).toContain("It &lt;cannot&gt; be reached.");
    expect(text).toContain("2 more of the same: 5.6.7.8:25\n");
  });

  test("goes to whom it is addressed, with no way to leave a list", async () => {
    const { raw, envelope } = alarm();
    expect(envelope).toEqual({ from: "hello@paperboy.example", to: "reader@example.com" });
    const keys = (await PostalMime.parse(raw)).headers.map(({ key }) => key);
    expect(keys.filter((key) => key.startsWith("list-"))).toEqual([]);
  });

  test("html-validate has nothing to say of it, in any stage and language", async () => {
    for (const stage of ["begun", "over", "both"] as const)
      for (const language of ["en", "de"])
        expect(
          await htmlComplaints((await PostalMime.parse(alarm({ stage }, { language }).raw)).html!, OF_MAILS),
        ).toEqual([]);
  });
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
    ...[null, ...WIDENINGS].map((widening) =>
      quiet({ advice: widening && { ...ADVICE, widening, name: "…" } }, inPseudo),
    ),
    ...(["begun", "over", "both"] as const).map((stage) => alarm({ stage, words: "…" }, { ...inPseudo, site: "1" })),
  ];
  for (const { raw } of mails) {
    const { subject, text, html } = await PostalMime.parse(raw);
    const seen = html!.replace(/<(?:head|style)[\s\S]*?<\/(?:head|style)>|<!--[\s\S]*?-->|<[^>]*>/gu, " ");
    const words = `${subject} ${text} ${seen}`
      .replace(/https?:\S+|(?:April|March) \d+, 2026/gu, "")
      .match(/[a-z]{2,}/giu);
    expect(words).toBeNull();
  }
});
