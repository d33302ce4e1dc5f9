import { MockAgent } from "undici";
import { beforeEach, describe, expect, test } from "vitest";
import { Temporary } from "../../../src/errors.ts";
import { type FetchOptions, openFetch } from "../../../src/fetch.ts";
import { openLog } from "../../../src/log.ts";
import type { Provider } from "../../../src/mail/providers/provider.ts";
import { openSes } from "../../../src/mail/providers/ses.ts";
import { selfSigned } from "../../support/der-certificate.ts";
import { at } from "../../support/time.ts";
import { anSns, aSesBounce, CERTIFICATE_URL, type Post, TOPIC } from "../../support/webhooks.ts";

const now = at("2026-04-16T09:00Z");
const log = openLog({ level: "silent", pretty: false });
const sns = anSns();
let ses: Provider;
beforeEach(() => {
  sns.asked.length = 0;
  ses = openSes({ fetch: sns.fetch, topics: [TOPIC], log });
});
const judge = (post: Post, when = now) => ses.authentic({ ...post, now: when });
const kept = { ok: true, eventKey: "ses:22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324" };
const refused = (why: string) => ({ ok: false, why });

/** The post with one field of its envelope changed after it was signed. */
function tampered(post: Post, change: (envelope: Record<string, string>) => void): Post {
  const envelope = JSON.parse(post.rawBody.toString());
  change(envelope);
  return { ...post, rawBody: Buffer.from(JSON.stringify(envelope)) };
}

describe("a message of SNS is believed", () => {
  test.each(["1", "2"])("with a signature of version %s", async (SignatureVersion) => {
    expect(await judge(sns.notification(aSesBounce(), { SignatureVersion }))).toEqual(kept);
  });

  test("with a subject, and with line breaks in what it says", async () => {
    expect(await judge(sns.notification("two\nlines", { Subject: "Amazon SES Email Event Notification" }))).toEqual(
      kept,
    );
  });

  test("of China's and the government's regions, each by its own host", async () => {
    const topics = ["arn:aws-cn:sns:cn-north-1:123456789012:b", "arn:aws-us-gov:sns:us-gov-west-1:123456789012:b"];
    const hosts = ["sns.cn-north-1.amazonaws.com.cn", "sns.us-gov-west-1.amazonaws.com"];
    const fetch = {
      get: async (url: string) => ({ status: 200, headers: {}, body: Buffer.from(sns.certificate.pem), url }),
    };
    const provider = openSes({ fetch, topics, log });
    const verdicts = topics.flatMap((TopicArn) =>
      hosts.map((host) => {
        const SigningCertURL = `https://${host}/SimpleNotificationService-1.pem`;
        return provider.authentic({ ...sns.notification(aSesBounce(), { TopicArn, SigningCertURL }), now });
      }),
    );
    const elsewhere = refused("a certificate from elsewhere");
    expect(await Promise.all(verdicts)).toEqual([kept, elsewhere, elsewhere, kept]);
  });

  test("and the certificate is fetched once, however many come", async () => {
    const posts = Array.from({ length: 20 }, () => sns.notification(aSesBounce()));
    expect(await Promise.all(posts.map((post) => judge(post)))).toEqual(posts.map(() => kept));
    expect(await judge(posts[0]!)).toEqual(kept);
    expect(sns.asked).toEqual([CERTIFICATE_URL]);
  });
});

describe("a message is refused", () => {
  const changes: [string, (envelope: Record<string, string>) => void][] = [
    ["its words", (envelope) => (envelope.Message += " ")],
    ["its id", (envelope) => (envelope.MessageId = "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf325")],
    ["its time", (envelope) => (envelope.Timestamp = "2026-04-16T08:59:59.000Z")],
    ["a subject put in", (envelope) => (envelope.Subject = "x")],
    ["the version of its signature", (envelope) => (envelope.SignatureVersion = "1")],
    ["its signature", (envelope) => (envelope.Signature = Buffer.from("x").toString("base64"))],
  ];
  test.each(changes)("when somebody changed %s", async (_, change) => {
    expect(await judge(tampered(sns.notification(aSesBounce()), change))).toEqual(refused("signature"));
  });

  test("when it is of another topic, or older than an hour: then nothing is even fetched", async () => {
    const other = sns.notification(aSesBounce(), { TopicArn: TOPIC.replace("bounces", "others") });
    expect(await judge(other)).toEqual(refused("another topic"));
    expect(await judge(sns.notification(aSesBounce()), at("2026-04-16T09:59:58.001Z"))).toEqual(
      refused("older than an hour"),
    );
    expect(sns.asked).toEqual([]);
    expect(await judge(sns.notification(aSesBounce()), at("2026-04-16T09:59:58Z"))).toEqual(kept);
  });

  const elsewhere = [
    "http://sns.eu-west-1.amazonaws.com/a.pem",
    "https://sns.eu-west-1.amazonaws.com.evil.example/a.pem",
    "https://evil.example/sns.eu-west-1.amazonaws.com/a.pem",
    "https://sns.eu-west-1.amazonaws.com@evil.example/a.pem",
    "https://evil.example#@sns.eu-west-1.amazonaws.com/a.pem",
    "https://sns.us-east-1.amazonaws.com/a.pem",
    "https://sns.eu-west-1.amazonaws.com:8443/a.pem",
    "https://bucket.s3.eu-west-1.amazonaws.com/a.pem",
    "https://sns.eu-west-1.amazonaws.com.cn/a.pem",
    "https://sns.eu-west-1.amazonaws.com/a.pem?x=1",
    "https://sns.eu-west-1.amazonaws.com/a/../../b/c.pem",
    "https://sns.eu-west-1.amazonaws.com/",
    "https://169.254.169.254/latest/meta-data/a.pem",
    "https://[::1]/a.pem",
    "file:///etc/ssl/a.pem",
    "not an address",
  ];
  test.each(elsewhere)("when its certificate is at %s, which nobody asks", async (SigningCertURL) => {
    expect(await judge(sns.notification(aSesBounce(), { SigningCertURL }))).toEqual(
      refused("a certificate from elsewhere"),
    );
    expect(sns.asked).toEqual([]);
  });

  test("when the certificate is that of somebody else, is over, or is none", async () => {
    const stranger = anSns();
    expect(await judge(stranger.notification(aSesBounce()))).toEqual(refused("signature"));
    const none = refused("a certificate that is none, or not valid now");
    const over = anSns(selfSigned("sns.amazonaws.com", { from: at("2024-01-01T00:00Z"), to: at("2026-04-16T08:00Z") }));
    const old = openSes({ fetch: over.fetch, topics: [TOPIC], log });
    expect(await old.authentic({ ...over.notification(aSesBounce()), now })).toEqual(none);
    const fetch = { get: async (url: string) => ({ status: 200, headers: {}, body: Buffer.from("<html>"), url }) };
    const page = openSes({ fetch, topics: [TOPIC], log });
    expect(await page.authentic({ ...sns.notification(aSesBounce()), now })).toEqual(none);
  });

  test("when the certificate's address leads on to another", async () => {
    const body = Buffer.from(sns.certificate.pem);
    const fetch = { get: async () => ({ status: 200, headers: {}, body, url: "https://evil.example/a.pem" }) };
    const led = openSes({ fetch, topics: [TOPIC], log });
    const verdict = await led.authentic({ ...sns.notification(aSesBounce()), now });
    expect(verdict).toEqual(refused("a certificate that is none, or not valid now"));
  });

  test.each(["", "null", "[]", '{"Type":"Notification"}', "x=1"])("when it is %j", async (text) => {
    expect(await judge({ headers: {}, rawBody: Buffer.from(text) })).toEqual(refused("no message of SNS"));
  });

  test("when a line of its own in a value would make two values of one", async () => {
    const post = sns.notification(aSesBounce(), { Subject: "a\nTimestamp\nb" });
    expect(await judge(post)).toEqual(refused("no message of SNS"));
  });
});

test("SNS is told to come back while the certificate cannot be fetched, and is believed when it can", async () => {
  let isDown = true;
  const fetch = {
    get: (url: string) => (isDown ? Promise.reject(new Temporary("Amazon does not answer.")) : sns.fetch.get(url)),
  };
  const provider = openSes({ fetch, topics: [TOPIC], log });
  const post = { ...sns.notification(aSesBounce()), now };
  await expect(provider.authentic(post)).rejects.toBeInstanceOf(Temporary);
  isDown = false;
  expect(await provider.authentic(post)).toEqual(kept);
});

test("whoever invents certificates by the dozen has Amazon asked for four a minute", async () => {
  const invented = Array.from({ length: 12 }, (_, i) =>
    sns.notification(aSesBounce(), { SigningCertURL: `https://sns.eu-west-1.amazonaws.com/${i}.pem` }),
  );
  const verdicts = await Promise.allSettled(invented.map((post) => judge(post)));
  expect(verdicts.filter(({ status }) => status === "rejected")).toHaveLength(8);
  expect(sns.asked).toHaveLength(4);
  expect(await judge(invented[0]!)).toEqual(kept); // it was fetched
  expect(await judge(sns.notification(aSesBounce()), at("2026-04-16T09:01:01Z"))).toEqual(kept);
});

describe("a new subscription", () => {
  const address = `https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=${TOPIC}&Token=2336412f37`;

  test("of our topic is confirmed, and nothing is kept", async () => {
    expect(await judge(sns.confirmation())).toEqual({ ok: true, eventKey: null });
    expect(sns.asked).toEqual([CERTIFICATE_URL, address]);
  });

  const leadingElsewhere = [
    address.replace("https:", "http:"),
    address.replace("sns.eu-west-1.amazonaws.com", "evil.example"),
    address.replace("sns.eu-west-1.amazonaws.com", "169.254.169.254"),
    address.replace("eu-west-1.amazonaws", "us-east-1.amazonaws"),
    address.replace("ConfirmSubscription", "DeleteTopic"),
    address.replace(TOPIC, TOPIC.replace("bounces", "others")),
    address.replace("/?", "/elsewhere?"),
  ];
  test.each(leadingElsewhere)("that leads to %s is not, though it is signed", async (SubscribeURL) => {
    expect(await judge(sns.confirmation({ SubscribeURL }))).toEqual(refused("a confirmation that leads elsewhere"));
    expect(sns.asked).toEqual([CERTIFICATE_URL]);
  });

  test("that is not signed is not", async () => {
    const post = tampered(sns.confirmation(), (envelope) => (envelope.Token = "another"));
    expect(await judge(post)).toEqual(refused("signature"));
    expect(sns.asked).toEqual([CERTIFICATE_URL]);
  });

  test("that ends asks nobody anything: not the address that would begin it anew, and never UnsubscribeURL", async () => {
    expect(await judge(sns.confirmation({ Type: "UnsubscribeConfirmation" }))).toEqual({ ok: true, eventKey: null });
    expect(await judge(sns.notification(aSesBounce()))).toEqual(kept);
    expect(sns.asked).toEqual([CERTIFICATE_URL]);
  });
});

describe("nobody is led into our own house (docs/promises.md X4)", () => {
  const throughReal = async (options: Partial<FetchOptions>, post: Post) => {
    const fetch = openFetch({ userAgent: "Paperboy", backOffMs: 1, ...options });
    try {
      return await openSes({ fetch, topics: [TOPIC], log }).authentic({ ...post, now });
    } finally {
      await fetch.close();
    }
  };
  const none = refused("a certificate that is none, or not valid now");

  test.each(["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "fd00::1", "::ffff:192.168.0.1"])(
    "when DNS says that SNS is at %s",
    async (address) => {
      const asked: string[] = [];
      const resolve = async (hostname: string) => {
        asked.push(hostname);
        return [{ address, family: address.includes(":") ? 6 : 4 }];
      };
      expect(await throughReal({ resolve }, sns.notification(aSesBounce()))).toEqual(none);
      expect(asked).toEqual(["sns.eu-west-1.amazonaws.com"]);
    },
  );

  test.each([
    "https://169.254.169.254/latest/meta-data",
    "http://sns.eu-west-1.amazonaws.com/a.pem",
    "https://127.0.0.1/",
  ])("when SNS sends on to %s", async (location) => {
    const outside = new MockAgent();
    outside.disableNetConnect();
    const { origin, pathname } = new URL(CERTIFICATE_URL);
    const site = outside.get(origin);
    site.intercept({ path: pathname }).reply(302, "", { headers: { location } });
    expect(await throughReal({ outside }, sns.notification(aSesBounce()))).toEqual(none);

    site.intercept({ path: pathname }).reply(200, sns.certificate.pem);
    expect(await throughReal({ outside }, sns.notification(aSesBounce()))).toEqual(kept);
    await outside.close();
  });
});
