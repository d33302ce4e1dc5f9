import PostalMime from "postal-mime";
import { beforeEach, describe, expect, test } from "vitest";
import type { Edition } from "../../src/core/edition.ts";
import { openLinks } from "../../src/core/link.ts";
import type { Purpose } from "../../src/core/link-payload.ts";
import type { Composed } from "../../src/mail/message.ts";
import { type Addressee, type AnswerLetter, openPost, type Post, type PostOptions } from "../../src/mail/post.ts";
import { aFilter, preferences } from "../support/builders.ts";
import { aDigest, aRankedPaper, aRenderer } from "../support/mails.ts";
import { NEWS, returnsAt } from "../support/outbox.ts";
import { at } from "../support/time.ts";

const links = openLinks([{ id: "1", secret: "a secret of tests", retired: false }]);
const NOON = at("2026-04-15T12:00Z");
const EDITION: Pick<Edition, "date" | "rankedBy" | "revision"> = { date: "2026-04-14", rankedBy: "trend", revision: 1 };

/** Everything that was handed over, by counter. */
let sent: { digests: Composed[]; letters: Composed[] };
let asked: number;
beforeEach(() => {
  sent = { digests: [], letters: [] };
  asked = 0;
});
async function aPost(given: Partial<PostOptions> = {}): Promise<Post> {
  const keeping = (kept: Composed[]) => ({
    send: async (mail: Parameters<PostOptions["sender"]["send"]>[0]) => {
      kept.push(mail as Composed);
      return { kind: "accepted", response: "250 ok" } as const;
    },
  });
  return openPost({
    ...{ renderer: await aRenderer(), sender: keeping(sent.digests), letterSender: keeping(sent.letters), links },
    returns: returnsAt(null),
    publicUrl: "https://paperboy.example",
    mailFrom: "Paperboy <digest@paperboy.example>",
    confirmFrom: "Paperboy <hello@paperboy.example>",
    notice: () => {
      asked += 1;
      return null;
    },
    ...given,
  });
}

const papers = [aRankedPaper({ key: 11 }), aRankedPaper({ key: 22 })];
const addressee = (given: Partial<Addressee> = {}): Addressee => ({
  ...{ id: 7n, localDay: "2026-04-15", subscriptionId: 42n, email: "ada@example.org", preferences: preferences() },
  ...given,
});
const aMail = (given: Partial<Parameters<Post["composeDigest"]>[0]> = {}) => ({
  ...{
    digest: aDigest(papers, { editionDate: EDITION.date }),
    edition: EDITION,
    delivery: addressee(),
    composedAt: NOON,
  },
  ...given,
});
const letter = (given: Partial<AnswerLetter> = {}): AnswerLetter => ({
  ...{ kind: "confirmation", requestId: 5n, subscriptionId: null, email: "ada@example.org", language: "en" },
  ...{ askedAt: NOON, takenAt: NOON, askedBy: "form", page: null, ...given },
});

const parsed = ({ raw }: Pick<Composed, "raw">) => PostalMime.parse(raw);
/** What the link of a purpose in a mail's text opens. */
async function opens(mail: Pick<Composed, "raw">, purpose: Purpose) {
  const { text } = await parsed(mail);
  const [, token] = new RegExp(`https://paperboy\\.example/${purpose}/([\\w.-]+)`).exec(text!) ?? [];
  return token === undefined ? null : links.open(purpose, token, NOON);
}

describe("a digest", () => {
  test("goes to its reader, from the digests' sender, with links that open what they say and nothing else", async () => {
    const post = await aPost();
    const mail = post.composeDigest(aMail());
    expect(mail.envelope).toMatchObject({ from: "digest@paperboy.example", to: "ada@example.org" });
    expect(mail.messageId).toMatch(/^[^@]*2026-04-15\.7[^@]*@paperboy\.example$/);
    expect(await opens(mail, "unsubscribe")).toEqual({ payload: { subscriptionId: 42n, deliveryId: 7n } });
    expect(await opens(mail, "preferences")).toEqual({ payload: { subscriptionId: 42n } });
    expect(await opens(mail, "digest")).toEqual({ payload: { editionDate: "2026-04-14", paperKeys: [11, 22] } });
    expect((await parsed(mail)).text).toMatch(/\/preferences\/[\w.-]+#pause/);
  });

  test("one-click leaving is in its headers, for the same link as in its text", async () => {
    const { headers, text } = await parsed((await aPost()).composeDigest(aMail()));
    const header = (name: string) => headers.find(({ key }) => key === name)?.value;
    const [url] = /https:\/\/paperboy\.example\/unsubscribe\/[\w.-]+/.exec(text!)!;
    expect(header("list-unsubscribe")).toContain(`<${url}>`);
    expect(header("list-unsubscribe-post")).toBe("List-Unsubscribe=One-Click");
  });

  test("the same input makes the same bytes, in another process too; another moment does not", async () => {
    const [one, two] = [await aPost(), await aPost()];
    const raw = one.composeDigest(aMail()).raw.toString();
    expect(two.composeDigest(aMail()).raw.toString()).toBe(raw);
    expect(one.composeDigest(aMail({ composedAt: at("2026-04-15T12:00:01Z") })).raw.toString()).not.toBe(raw);
  });

  test("two readers of one edition share no link", async () => {
    const post = await aPost();
    const mails = [42n, 43n].map((subscriptionId) =>
      post.composeDigest(aMail({ delivery: addressee({ subscriptionId }) })),
    );
    const found = await Promise.all(mails.map((mail) => opens(mail, "unsubscribe")));
    expect(found).toEqual([42n, 43n].map((subscriptionId) => ({ payload: { subscriptionId, deliveryId: 7n } })));
  });

  test("in text alone it has no html, and is the same digest", async () => {
    const post = await aPost();
    const text = await parsed(
      post.composeDigest(aMail({ delivery: addressee({ preferences: preferences({ format: "text" }) }) })),
    );
    const html = await parsed(post.composeDigest(aMail()));
    expect([text.html, text.text]).toEqual([undefined, html.text]);
  });

  test("with several watches each reason names its own", async () => {
    const post = await aPost();
    const of = (...names: string[]) => {
      const filter = aFilter(...names.map((name) => ({ name, topics: ["agents"] })));
      const digest = aDigest(papers.slice(0, 1), { editionDate: EDITION.date });
      const item = { ...digest.items[0]!, because: [{ ...digest.items[0]!.because[0]!, name: names[0]! }] };
      return parsed(
        post.composeDigest(
          aMail({
            digest: { ...digest, items: [item] },
            delivery: addressee({ preferences: preferences({ filter }) }),
          }),
        ),
      );
    };
    expect((await of("Mine")).text).not.toContain("Mine");
    expect((await of("Mine", "Yours")).text).toContain("Mine");
  });

  test("what does not fit one mail is cut from its end before it is fixed", async () => {
    const post = await aPost();
    const long = Array.from({ length: 50 }, (_, n) =>
      aRankedPaper({
        key: n + 1,
        abstract: `${"A sentence that goes on for a while. ".repeat(3)}`,
        authors: Array(40).fill("A Very Long Name Indeed"),
      }),
    );
    const whole = aDigest(long, { editionDate: EDITION.date });
    const fitted = post.fitDigest({ digest: whole, edition: EDITION, delivery: addressee() });
    expect(fitted.items).toEqual(whole.items.slice(0, fitted.items.length));
    const { raw } = post.composeDigest(aMail({ digest: fitted }));
    expect(raw.toString().split("text/html")[1]!.length).toBeLessThanOrEqual(80_000);
  });

  test("can be looked at without being sent: its text, its html, or all of it", async () => {
    const post = await aPost();
    const mail = post.composeDigest(aMail());
    const { text, html } = await parsed(mail);
    const shown = await post.show(aMail(), "text");
    expect([shown.replace(/(?<=\S)\n(?=it\.)/u, " "), await post.show(aMail(), "html")]).toEqual([text, html]);
    expect(Math.max(...shown.split("\n").map((line) => (line.startsWith("http") ? 0 : line.length)))).toBe(72);
    expect(await post.show(aMail(), "eml")).toBe(mail.raw.toString("latin1"));
    expect(sent).toEqual({ digests: [], letters: [] });
  });
});

describe("what is said on top of every digest", () => {
  test("is asked once an edition and language, not once a mail, and stands in each", async () => {
    const post = await aPost({
      notice: () => {
        const number = ++asked;
        return () => `Notice number ${number}`;
      },
    });
    const texts = await Promise.all(
      [1n, 2n, 3n].map(async (id) => (await parsed(post.composeDigest(aMail({ delivery: addressee({ id }) })))).text),
    );
    expect([asked, texts.every((text) => text!.includes("Notice number 1"))]).toEqual([1, true]);
  });

  test("is said in the language of the digest it stands on", async () => {
    const taken = new Date("2026-04-30T00:00:00Z");
    const post = await aPost({ notice: () => (say) => say("mail.digest.sampleNotice", { date: taken }) });
    const said = async (language: string) => {
      const delivery = addressee({ preferences: preferences({ language }) });
      return (await parsed(post.composeDigest(aMail({ delivery })))).text!.replace(/\s+/g, " ");
    };
    expect(await said("de")).toContain("aus der mitgelieferten Probe vom April 2026.");
    expect(await said("en")).toContain("from the bundled sample of April 2026.");
  });

  test("is asked again for another edition, and for another revision of this one; four of them are remembered", async () => {
    const post = await aPost();
    const compose = (date: string, revision = 1) =>
      post.composeDigest(aMail({ edition: { ...EDITION, date, revision } }));
    for (const day of ["11", "12", "13", "14"]) compose(`2026-04-${day}`);
    for (const day of ["14", "12", "11", "13"]) compose(`2026-04-${day}`);
    expect(asked).toBe(4);
    compose("2026-04-14", 2);
    compose("2026-04-11");
    expect(asked).toBe(5);
    compose("2026-04-14");
    expect(asked).toBe(6);
  });
});

describe("a letter", () => {
  test("a confirmation opens its one request, to confirm and never to be written to again, and nothing of a reader", async () => {
    const post = await aPost();
    expect(await post.sendLetter(letter())).toEqual({ kind: "accepted", response: "250 ok" });
    const [mail] = sent.letters;
    expect(mail!.envelope).toMatchObject({ from: "hello@paperboy.example", to: "ada@example.org" });
    expect(await opens(mail!, "confirm")).toEqual({ payload: { requestId: 5n } });
    expect(await opens(mail!, "never")).toEqual({ payload: { requestId: 5n } });
    expect(await opens(mail!, "preferences")).toBeNull();
    expect(sent.digests).toEqual([]);
  });

  test.each(["already", "link"] as const)(
    "the answer `%s` opens the reader's preferences and confirms nothing",
    async (kind) => {
      const post = await aPost();
      await post.sendLetter(letter({ kind, subscriptionId: 42n }));
      const [mail] = sent.letters;
      expect(await opens(mail!, "preferences")).toEqual({ payload: { subscriptionId: 42n } });
      expect(await opens(mail!, "confirm")).toBeNull();
    },
  );

  test("written twice it is the same letter; two requests are two", async () => {
    const post = await aPost();
    for (const requestId of [5n, 5n, 6n]) await post.sendLetter(letter({ requestId }));
    const [first, again, other] = sent.letters;
    expect([again!.raw.equals(first!.raw), other!.messageId === first!.messageId]).toEqual([true, false]);
  });

  test("its links last from when it was asked for, however late it is written", async () => {
    const post = await aPost();
    await post.sendLetter(letter({ askedAt: at("2026-04-08T12:00Z") }));
    expect(await opens(sent.letters[0]!, "confirm")).toEqual({ expired: { requestId: 5n } });
  });
});

describe("the mail after a month without a match", () => {
  const quiet = {
    kind: "quiet",
    requestId: 5n,
    subscriptionId: 42n,
    email: "ada@example.org",
    language: "en",
  } as const;

  test("goes by the letters' connections, from the digests' sender, and opens preferences and the way out", async () => {
    const post = await aPost();
    await post.sendLetter({ ...quiet, format: "html", askedAt: NOON, news: NEWS });
    const [mail] = sent.letters;
    expect(mail!.envelope).toMatchObject({ from: "digest@paperboy.example", to: "ada@example.org" });
    expect(mail!.messageId).toBe("quiet.5@paperboy.example");
    expect(await opens(mail!, "preferences")).toEqual({ payload: { subscriptionId: 42n } });
    expect(await opens(mail!, "unsubscribe")).toEqual({ payload: { subscriptionId: 42n, deliveryId: 0n } });
    expect(sent.digests).toEqual([]);
  });

  test("written twice it is the same mail; in text alone it has no html", async () => {
    const post = await aPost();
    for (const format of ["html", "html", "text"] as const)
      await post.sendLetter({ ...quiet, format, askedAt: NOON, news: NEWS });
    const [first, again, text] = sent.letters;
    expect(again!.raw.equals(first!.raw)).toBe(true);
    expect([(await parsed(first!)).html === undefined, (await parsed(text!)).html]).toEqual([false, undefined]);
  });
});

test("a sender that is no address is found out when the room opens, not with the first mail", async () => {
  await expect(aPost({ mailFrom: "Paperboy" })).rejects.toThrow('"Paperboy" is not one mail address');
});
