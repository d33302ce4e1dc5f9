import PostalMime from "postal-mime";
import { describe, expect, test } from "vitest";
import { everyMail, LETTERS, LINKS, NOON, type Outgoing, returnsAt } from "../support/outbox.ts";

const mails = await everyMail();
const inGerman = await everyMail({}, "de");
const named = (name: string, among = mails) => among.find((mail) => mail.name === name)!;
const NAMES = ["digest, html", "digest, text", ...LETTERS, "quiet"];
/** Of the list of digests: from their sender, and with a way to leave it. */
const OF_LIST = new Set(["digest, html", "digest, text", "quiet"]);
const text = ({ bytes }: Outgoing) => bytes.toString("latin1");
const linesOf = async ({ bytes }: Outgoing) =>
  (await PostalMime.parse(bytes)).headers.map(({ key, value }) => `${key}: ${value}`);
const header = async (mail: Outgoing, name: string) =>
  (await linesOf(mail)).filter((line) => line.startsWith(`${name}: `)).map((line) => line.slice(name.length + 2));

test("these are all the mails there are", () => {
  expect(mails.map(({ name }) => name)).toEqual(NAMES);
});

describe.each(
  NAMES.flatMap((name) => [
    { name, language: "en" },
    { name, language: "de" },
  ]),
)("$name in $language", ({ name, language }) => {
  const mail = named(name, language === "de" ? inGerman : mails);

  test("each header stands once, those every mail needs and no others but a list's", async () => {
    const keys = (await PostalMime.parse(mail.bytes)).headers.map(({ key }) => key);
    const needed = ["from", "to", "subject", "date", "message-id", "mime-version", "auto-submitted", "feedback-id"];
    const ofList = OF_LIST.has(name) ? ["list-id", "list-unsubscribe", "list-unsubscribe-post"] : [];
    const ofText = name === "digest, text" ? ["content-type", "content-transfer-encoding"] : ["content-type"];
    expect(keys).toEqual([...needed, ...ofList, ...ofText]);
  });

  test("is ASCII in lines of at most 78 letters that end in CRLF, but for an address that is longer", () => {
    expect(text(mail)).toMatch(/^(?:[\x20-\x7E]*\r\n)+$/);
    const long = text(mail)
      .split("\r\n")
      .filter((line) => line.length > 78);
    expect(long.filter((line) => !/^ <(?:https|mailto):\S+>,?$/.test(line))).toEqual([]);
    expect(Math.max(0, ...long.map((line) => line.length))).toBeLessThan(998);
  });

  test("its parts are quoted-printable UTF-8, text first, and text says what html says", async () => {
    const types = [...text(mail).matchAll(/^Content-Type: (text\/\w+); (charset=.+)\r\n(.*)\r\n/gm)];
    const encoding = "Content-Transfer-Encoding: quoted-printable";
    const kinds = name === "digest, text" ? ["text/plain"] : ["text/plain", "text/html"];
    expect(types.map(([, type, charset, next]) => [type, charset, next])).toEqual(
      kinds.map((kind) => [
        kind,
        kind === "text/html" ? "charset=utf-8" : "charset=utf-8; format=flowed; delsp=no",
        encoding,
      ]),
    );
    const { text: plain = "", html } = await PostalMime.parse(mail.bytes);
    const links = [...(html ?? "").matchAll(/href="(https?:[^"]+)"/g)].map(([, url]) => url!.replaceAll("&amp;", "&"));
    expect(links.filter((url) => !plain.includes(url))).toEqual([]);
  });

  test("its ids are ours, the date is when it was composed, and no machine answers it", async () => {
    const [domain, from] = OF_LIST.has(name)
      ? ["paperboy.example", "Paperboy <digest@paperboy.example>"]
      : ["confirm.paperboy.example", "Paperboy <hello@confirm.paperboy.example>"];
    expect([
      await header(mail, "from"),
      await header(mail, "to"),
      await header(mail, "date"),
      await header(mail, "auto-submitted"),
    ]).toEqual([[from], ["ada@example.org"], ["Wed, 15 Apr 2026 12:00:00 +0000"], ["auto-generated"]]);
    expect(await header(mail, "message-id")).toEqual([
      expect.stringMatching(new RegExp(`^<[a-z-]+\\.[\\d.-]+@${domain.replaceAll(".", "\\.")}>$`)),
    ]);
  });

  test("its Feedback-ID names the campaign and the sender, and is the same for the next reader", async () => {
    const feedback = name.startsWith("digest")
      ? `20260414:daily:${language}:paperboy`
      : expect.stringMatching(new RegExp(`^letter:[a-z-]+:${language}:paperboy$`));
    expect(await header(mail, "feedback-id")).toEqual([feedback]);
    expect((await header(mail, "feedback-id"))[0]!.split(":").at(-1)).toMatch(/^[a-z]{5,15}$/);
  });

  test("bounces come back to an address that names it and nothing else does", () => {
    const returns = returnsAt("bounce.paperboy.example");
    const about = name.startsWith("digest")
      ? { kind: "delivery", localDay: "2026-04-15", deliveryId: 7n, subscriptionId: 42n }
      : { kind: "letter", requestId: 5n };
    expect(mail.envelope).toEqual({
      from: expect.stringMatching(/^bounce\+[a-z2-7]+@bounce\.paperboy\.example$/),
      to: "ada@example.org",
      id: expect.stringMatching(/^[a-z2-7]+$/),
    });
    expect([returns.open(mail.envelope.from, NOON), returns.open(mail.envelope.id!, NOON)]).toEqual([about, about]);
  });
});

describe("a list's headers", () => {
  const digest = named("digest, html");

  test("one https address and one mailto, that leave and do nothing else", async () => {
    const [ways = ""] = await header(digest, "list-unsubscribe");
    const [, link, address] =
      /^<https:\/\/paperboy\.example\/unsubscribe\/([^>]+)>, <mailto:([^>]+)>$/.exec(ways) ?? [];
    const payload = { subscriptionId: 42n, deliveryId: 7n };
    expect(LINKS.open("unsubscribe", link!, NOON)).toEqual({ payload });
    expect(address).toMatch(/^unsubscribe\+[a-z2-7]+@bounce\.paperboy\.example$/);
    expect(returnsAt(null).open(address!, NOON)).toEqual({ kind: "leave", ...payload });
    expect([await header(digest, "list-unsubscribe-post"), await header(digest, "list-id")]).toEqual([
      ["List-Unsubscribe=One-Click"],
      ["Paperboy <digest.paperboy.example>"],
    ]);
  });

  test("the mail that nobody asked for is left like a digest, and comes from no delivery", async () => {
    const [ways = ""] = await header(named("quiet"), "list-unsubscribe");
    const [, link, address] =
      /^<https:\/\/paperboy\.example\/unsubscribe\/([^>]+)>, <mailto:([^>]+)>$/.exec(ways) ?? [];
    const payload = { subscriptionId: 42n, deliveryId: 0n };
    expect(LINKS.open("unsubscribe", link!, NOON)).toEqual({ payload });
    expect(returnsAt(null).open(address!, NOON)).toEqual({ kind: "leave", ...payload });
    expect((await PostalMime.parse(named("quiet").bytes)).text).toContain(
      `\nhttps://paperboy.example/unsubscribe/${link}\n`,
    );
    expect([await header(named("quiet"), "list-unsubscribe-post"), await header(named("quiet"), "list-id")]).toEqual([
      ["List-Unsubscribe=One-Click"],
      ["Paperboy <digest.paperboy.example>"],
    ]);
  });

  test("without a bounce domain: the https address alone, and bounces go to the senders' own addresses", async () => {
    const plain = await everyMail({ returns: returnsAt(null) });
    const [ways] = await header(plain[0]!, "list-unsubscribe");
    expect(ways).toMatch(/^<https:\/\/paperboy\.example\/unsubscribe\/[\w.-]+>$/);
    expect(plain.map(({ envelope }) => envelope.from)).toEqual([
      ...["digest@paperboy.example", "digest@paperboy.example"],
      ...LETTERS.map(() => "hello@confirm.paperboy.example"),
      "digest@paperboy.example",
    ]);
    expect(plain.map(({ envelope }) => envelope.id)).toEqual(mails.map(({ envelope }) => envelope.id));
  });
});

test("a domain outside ASCII is written in A-labels wherever it stands", async () => {
  const inUnicode = await everyMail({
    mailFrom: "Bücherbote <digest@bücher.example>",
    confirmFrom: "Bücherbote <hallo@bücher.example>",
  });
  for (const mail of inUnicode) {
    expect(text(mail)).not.toMatch(/[\x80-\xFF]/);
    expect((await header(mail, "message-id"))[0]).toMatch(/@xn--bcher-kva\.example>$/);
  }
  expect(await header(inUnicode[0]!, "list-id")).toEqual(["Paperboy <digest.xn--bcher-kva.example>"]);
  expect(text(inUnicode[0]!)).toContain("From: =?UTF-8?B?QsO8Y2hlcmJvdGU=?= <digest@xn--bcher-kva.example>\r\n");
});
