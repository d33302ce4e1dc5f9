/** Digests go out through a provider of mail, and what becomes of them comes back by its webhook. */
import PostalMime from "postal-mime";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Listening, listen } from "../../src/http/listen.ts";
import { createServer } from "../../src/http/server.ts";
import { openProviders } from "../../src/mail/providers/open.ts";
import { aSighting } from "../support/builders.ts";
import { aFakePostmark, aFakeSes, type FakeProvider } from "../support/fake-providers.ts";
import { aReaderOf } from "../support/readers.ts";
import { at } from "../support/time.ts";
import { POSTMARK_LOGIN, type Post, TOPIC } from "../support/webhooks.ts";
import { aWorld, type World } from "../support/world.ts";

const MORNING = at("2026-04-16T07:01Z");
const [GONE, ANGRY, FINE] = ["gone@far.example", "angry@far.example", "fine@far.example"];

describe.each([
  ["ses", aFakeSes, { WEBHOOK_SES: TOPIC }],
  ["postmark", aFakePostmark, { WEBHOOK_POSTMARK: POSTMARK_LOGIN }],
] as const)("through %s", (name, open, env) => {
  let provider: FakeProvider;
  let world: World;
  let web: Listening;

  beforeAll(async () => {
    provider = await open();
    // No BOUNCE_DOMAIN: what tells whom a report is about is the provider's own, and no return address.
    world = await aWorld({ start: at("2026-04-15T09:00Z"), offline: true, env: { SMTP_URL: provider.url, ...env } });
    const { app, clock } = world;
    const webhooks = { ses: null, postmark: null, sendgrid: null, mailgun: null };
    const settings = { ...webhooks, ...(name === "ses" ? { ses: [TOPIC] } : { postmark: POSTMARK_LOGIN }) };
    // The certificate is not fetched from Amazon.
    const providers = openProviders(settings, { fetch: provider.fetch, log: app.log });
    web = await listen(createServer({ ...app, providers }), 0, "127.0.0.1");

    for (const email of [GONE, ANGRY, FINE]) await aReaderOf(app, email!);
    await app.papers.add([aSighting({ source: "file", listedOn: "2026-04-15" })], clock.now());
    await clock.set(at("2026-04-16T01:05Z"));
    await world.settle();
    await clock.set(MORNING);
    await world.settle();
  });
  afterAll(async () => {
    await web?.close();
    await world?.close();
    await provider?.close();
  });

  test("a hard bounce and a complaint suppress their readers, once, and a delivery is no news", async () => {
    const posts = [
      await provider.bounce(GONE!, MORNING),
      await provider.complaint(ANGRY!, MORNING),
      await provider.delivery(FINE!, MORNING),
    ];
    // Twice, as providers do that did not hear us.
    for (const one of [...posts, ...posts]) expect(await send(one)).toBe(200);
    await world.settle();
    expect(
      await world.sql(`
        SELECT s.email, s.state, x.because AS suppressed, v.class, v.via
        FROM subscriptions s LEFT JOIN suppressions x USING (address_key) LEFT JOIN verdicts v ON v.subscription_id = s.id
        ORDER BY s.email`),
    ).toEqual([
      { email: ANGRY, state: "ended", suppressed: "complaint", class: "complaint", via: name },
      { email: FINE, state: "active", suppressed: null, class: null, via: null },
      { email: GONE, state: "suspended", suppressed: "bounces", class: "hard", via: name },
    ]);
  });

  test("whoever cannot show to be the provider hears 401, and nothing is kept", async () => {
    const count = async () => (await world.sql("SELECT FROM reports")).length;
    const before = await count();
    const { rawBody, headers } = await provider.bounce(FINE!, MORNING);
    const forged =
      name === "ses"
        ? { headers, rawBody: Buffer.from(rawBody.toString().replace("Permanent", "Permanemt")) }
        : {
            headers: { ...headers, authorization: `Basic ${Buffer.from("paperboy:guess").toString("base64")}` },
            rawBody,
          };
    expect([await send(forged), (await count()) - before]).toEqual([401, 0]);
  });

  test("the reader's copy is what the provider makes of it", async () => {
    const sent = await PostalMime.parse(provider.copyFor(FINE!));
    const ours = await world.sql<{ id: string }>(
      "SELECT d.id FROM deliveries d JOIN subscriptions s ON s.id = d.subscription_id WHERE s.email = $1",
      [FINE],
    );
    const isOurs = sent.messageId?.startsWith(`<digest.2026-04-16.${ours[0]!.id}@`);
    // SES has a Message-ID of its own, Postmark keeps ours as it is asked to, and takes its own headers out.
    expect([isOurs, sent.headers.filter(({ key }) => key.startsWith("x-pm-"))]).toEqual([name === "postmark", []]);
  });

  async function send({ headers, rawBody }: Post): Promise<number> {
    const url = `http://127.0.0.1:${web.port}/reports/${name}`;
    return (await fetch(url, { method: "POST", headers, body: new Uint8Array(rawBody) })).status;
  }
});
