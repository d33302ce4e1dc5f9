import PostalMime from "postal-mime";
import { afterAll, describe, expect, test } from "vitest";
import { mostSignatures, profilesOf, signableHeaders } from "../../src/mail/profiles.ts";
import { aKeyFolder, anEdKey, anRsaKey, aSigner, verdicts } from "../support/dkim.ts";
import { everyMail, NOON, returnsAt } from "../support/outbox.ts";

const folder = aKeyFolder();
afterAll(() => folder.remove());
const keys = `s1:${folder.write("s1", anRsaKey())},ed:${folder.write("ed", anEdKey())}`;
const SES = "smtps://user:pass@email-smtp.eu-west-1.amazonaws.com";
const POSTMARK = "smtp://user:pass@smtp.postmarkapp.com:587";

const names = (...urls: string[]) => profilesOf(urls).map(({ name }) => name);
/** What a digest and a confirmation tell the servers behind these addresses, beyond what they tell everybody. */
async function told(...urls: string[]) {
  const [digest, , confirmation] = await everyMail({ profiles: profilesOf(urls) });
  const extra = async (bytes: Buffer) =>
    Object.fromEntries(
      (await PostalMime.parse(bytes)).headers
        .filter(({ key }) => key.startsWith("x-"))
        .map(({ originalKey, value }) => [originalKey, value]),
    );
  return { digest: await extra(digest!.bytes), confirmation: await extra(confirmation!.bytes) };
}
const ofDigest = { kind: "delivery", localDay: "2026-04-15", deliveryId: 7n, subscriptionId: 42n } as const;
const token = {
  digest: returnsAt(null).tokenOf(ofDigest, NOON),
  confirmation: returnsAt(null).tokenOf({ kind: "letter", requestId: 5n }, NOON),
};

test("workers that name the same servers in another order make the same mail", async () => {
  const [here, there] = await Promise.all(
    [
      [SES, POSTMARK],
      [POSTMARK, SES],
    ].map((urls) => everyMail({ profiles: profilesOf(urls) })),
  );
  expect(here!.map(({ bytes }) => String(bytes))).toEqual(there!.map(({ bytes }) => String(bytes)));
});

describe("a provider is known by its server", () => {
  test.each([
    [[SES], ["ses"]],
    [["smtp://email-smtp-fips.us-east-1.amazonaws.com:587"], ["ses"]],
    [["smtp://vpce-0a1b.email-smtp.us-east-1.vpce.amazonaws.com:587"], ["ses"]],
    [[POSTMARK, "smtp://smtp-broadcasts.postmarkapp.com"], ["postmark"]],
    [["smtp://smtp.sendgrid.net"], ["sendgrid"]],
    [["smtp://SMTP.EU.mailgun.org"], ["mailgun"]],
    [
      [POSTMARK, "smtp://mail.example.org", SES],
      ["ses", "postmark"],
    ],
    [["smtp://127.0.0.1:2525?provider=postmark"], ["postmark"]],
    [["smtp://mail.example.org", "smtp://smtp.postmarkapp.com.example.org"], []],
    [["smtp://notemail-smtp.eu-west-1.amazonaws.com", "smtp://s3.eu-west-1.amazonaws.com"], []],
  ])("%j: %j", (urls, expected) => {
    expect(names(...urls)).toEqual(expected);
  });
});

describe("what a provider is told", () => {
  test("a server that passes mail on as it is: nothing", async () => {
    expect(await told("smtp://mail.example.org")).toEqual({ digest: {}, confirmation: {} });
  });

  test("Postmark: what is of a list goes by the broadcast stream, and only that", async () => {
    const mails = await everyMail({ profiles: profilesOf([POSTMARK]) });
    const streams = await Promise.all(
      mails.map(async ({ name, bytes }) => {
        const { headers } = await PostalMime.parse(bytes);
        const value = (key: string) => headers.find((header) => header.key === key)?.value;
        return [name, value("x-pm-message-stream"), value("list-id") !== undefined];
      }),
    );
    const isOfList = (name: string) => name.startsWith("digest") || name === "quiet";
    expect(streams).toEqual(mails.map(({ name }) => [name, isOfList(name) ? "broadcast" : "outbound", isOfList(name)]));
  });

  test("Postmark: digests go by the broadcast stream and letters by the transactional one, under our Message-ID", async () => {
    const lines = (stream: string, of: string) => ({
      "X-PM-Message-Stream": stream,
      "X-PM-Metadata-return": of,
      "X-PM-KeepID": "true",
    });
    expect(await told(POSTMARK)).toEqual({
      digest: lines("broadcast", token.digest),
      confirmation: lines("outbound", token.confirmation),
    });
  });

  test("Amazon SES: the token, as a tag of its events", async () => {
    expect(await told(SES)).toEqual({
      digest: { "X-SES-MESSAGE-TAGS": `return=${token.digest}` },
      confirmation: { "X-SES-MESSAGE-TAGS": `return=${token.confirmation}` },
    });
  });

  test("SendGrid and Mailgun: the token, in the JSON each of them reads", async () => {
    const read = async (url: string, name: string) => {
      const { digest, confirmation } = await told(url);
      return [JSON.parse(digest[name]!), JSON.parse(confirmation[name]!)];
    };
    const both = [{ return: token.digest }, { return: token.confirmation }];
    expect(await read("smtp://smtp.sendgrid.net", "X-SMTPAPI")).toEqual(both.map((args) => ({ unique_args: args })));
    expect(await read("smtp://smtp.mailgun.org", "X-Mailgun-Variables")).toEqual(both);
  });

  test("with several servers a mail carries what each wants, once, whichever takes it", async () => {
    const { digest } = await told(SES, POSTMARK, "smtp://smtp-broadcasts.postmarkapp.com", "smtp://smtp.mailgun.org");
    expect(Object.keys(digest)).toEqual([
      ...["X-SES-MESSAGE-TAGS", "X-PM-Message-Stream", "X-PM-Metadata-return", "X-PM-KeepID", "X-Mailgun-Variables"],
    ]);
  });

  test("its lines are short for the largest ids too", async () => {
    const longest = 55;
    const profiles = profilesOf([SES, POSTMARK, "smtp://smtp.sendgrid.net", "smtp://smtp.mailgun.org"]);
    const returns = { ...returnsAt(null), tokenOf: () => "a".repeat(longest) };
    const [digest] = await everyMail({ profiles, returns });
    const [head = ""] = digest!.bytes.toString("latin1").split("\r\n\r\n");
    const lines = head.split("\r\n").filter((line) => line.length > 78 && !line.startsWith(" <https:"));
    expect(lines).toEqual([]);
  });
});

describe("Amazon SES", () => {
  const profiles = profilesOf([SES]);

  test("writes Message-ID and Date anew and adds a Feedback-ID: our signature leaves them out and still holds", async () => {
    const signer = await aSigner(keys, {
      senders: { MAIL_FROM: "digest@paperboy.example", CONFIRM_FROM: "hello@confirm.paperboy.example" },
      headers: signableHeaders(profiles),
      mostSignatures: mostSignatures(profiles),
    });
    for (const { bytes } of await everyMail({ profiles, signer })) {
      const sent = bytes.toString("latin1");
      const arrived = `Feedback-ID: 1.eu-west-1.abc=:AmazonSES\r\n${sent}`
        .replace(/^Message-ID: .*$/m, "Message-ID: <0102018b5c3c0a4f-000000@eu-west-1.amazonses.com>")
        .replace(/^Date: .*$/m, "Date: Wed, 15 Apr 2026 12:00:09 +0000");
      expect(await verdicts(arrived, signer.records)).toEqual(["s1 rsa-sha256 pass"]);
      const changed = arrived.replace(/^(Subject: )/m, "$1Re: ");
      expect(await verdicts(changed, signer.records)).toEqual(["s1 rsa-sha256 fail"]);
    }
  });

  test("refuses a mail with two signatures: the first key alone signs, and the operator is told", async () => {
    const signer = await aSigner(keys, { mostSignatures: mostSignatures(profiles) });
    expect([signer.count, signer.records.length]).toEqual([1, 2]);
    expect(signer.warnings).toEqual([
      "DKIM_KEYS: a provider in SMTP_URL takes 1 of 2 signatures, so the first keys sign",
    ]);
    expect((await aSigner(keys, { mostSignatures: mostSignatures([]) })).count).toBe(2);
  });
});
