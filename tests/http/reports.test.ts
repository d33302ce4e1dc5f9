import { request } from "node:http";
import { connect } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { Temporary } from "../../src/errors.ts";
import type { WebApp } from "../../src/http/server.ts";
import { openLog } from "../../src/log.ts";
import { openProviders } from "../../src/mail/providers/open.ts";
import { inLanes } from "../support/in-lanes.ts";
import { at } from "../support/time.ts";
import {
  aMailgunEvent,
  anSns,
  aPostmarkBounce,
  aSendgrid,
  aSendgridEvent,
  aSesBounce,
  aSesEvent,
  MAILGUN_KEY,
  mailgunPost,
  POSTMARK_LOGIN,
  type Post,
  postmarkPost,
  TOPIC,
} from "../support/webhooks.ts";
import { aWeb, returnAddresses, type Web } from "./web.ts";

const TOKEN = "a-token-of-the-mail-server";
const sns = anSns();
const sendgrid = aSendgrid();
const NAMES = ["ses", "postmark", "sendgrid", "mailgun"] as const;

let web: Web;
let shut: Web;
beforeAll(async () => {
  const log = openLog({ level: "silent", pretty: false });
  const settings = { ses: [TOPIC], postmark: POSTMARK_LOGIN, sendgrid: sendgrid.publicKey, mailgun: MAILGUN_KEY };
  const providers = openProviders(settings, { fetch: sns.fetch, log });
  web = await aWeb({ providers, rawIntakeToken: TOKEN });
  shut = await aWeb();
});
afterAll(() => Promise.all([web.close(), shut.close()]));
beforeEach(async () => {
  await web.store.sql("TRUNCATE reports CASCADE");
  await web.store.clock.set(at("2026-04-16T09:00Z"));
  web.rung.length = 0;
  web.logged.length = 0;
});

/** What each provider posts of one bounce. */
const bounces: Record<(typeof NAMES)[number], Post> = {
  ses: sns.notification(aSesBounce()),
  postmark: postmarkPost(aPostmarkBounce()),
  sendgrid: sendgrid.post([aSendgridEvent("bounce", { type: "bounce", reason: "550 5.1.1 unknown" })]),
  mailgun: mailgunPost(aMailgunEvent("failed", { severity: "permanent" })),
};
const post = (path: string, { headers, rawBody }: Post, to = web) =>
  to.send(path, { method: "POST", headers, body: new Uint8Array(rawBody) });
const raw = (body: string | Uint8Array, headers: Record<string, string> = {}) =>
  web.send("/reports/raw", { method: "POST", headers: { authorization: `Bearer ${TOKEN}`, ...headers }, body });
const reports = () =>
  web.store.sql<{ via: string; raw: Buffer; cut: string; to: string | null; from: string | null }>(
    'SELECT via, raw, cut, envelope_to AS "to", envelope_from AS "from" FROM reports ORDER BY id',
  );

describe.each(NAMES)("%s", (name) => {
  test("is answered 200 once its bounce is kept, byte by byte, and it is rung for", async () => {
    const answer = await post(`/reports/${name}`, bounces[name]);
    expect([answer.status, await answer.text()]).toEqual([200, ""]);
    expect(await reports()).toEqual([{ via: name, raw: bounces[name].rawBody, cut: "0", to: null, from: null }]);
    expect(web.rung).toEqual(["apply-report"]);
  });

  test("is answered 200 again when it repeats itself, and that is not kept twice, not even at once", async () => {
    const answers = await Promise.all(Array.from({ length: 5 }, () => post(`/reports/${name}`, bounces[name])));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    expect(await reports()).toHaveLength(1);
    expect(web.rung).toEqual(["apply-report"]);
  });

  test("is answered 401 when what it brings is not its own, and nothing is kept", async () => {
    const { headers, rawBody } = bounces[name];
    const stranger = anSns();
    const wrong: Post[] = {
      ses: [stranger.notification(aSesBounce()), { headers, rawBody: Buffer.from("{}") }],
      postmark: [postmarkPost(aPostmarkBounce(), "paperboy:another"), { headers: {}, rawBody }],
      sendgrid: [
        { headers, rawBody: Buffer.from("[]") },
        { headers: {}, rawBody },
      ],
      mailgun: [mailgunPost(aMailgunEvent("failed"), { key: "another-key" }), { headers, rawBody: Buffer.from("{}") }],
    }[name];
    const answers = await Promise.all(wrong.map((each) => post(`/reports/${name}`, each)));
    expect(answers.map(({ status }) => status)).toEqual([401, 401]);
    expect(answers[0]!.headers.get("content-type")).toMatch(/^application\/problem\+json/);
    expect(answers[0]!.headers.get("www-authenticate")).toMatch(/^\w+ realm="reports"$/);
    expect([await reports(), web.rung]).toEqual([[], []]);
  });

  test("is told to come back when its bounce cannot be kept", async () => {
    const keep = web.app.reports.keep;
    const app = web.app as { reports: Pick<WebApp["reports"], "keep"> };
    app.reports = { keep: () => Promise.reject(new Temporary("The database is away.")) };
    try {
      const answer = await post(`/reports/${name}`, bounces[name]);
      expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "10"]);
    } finally {
      app.reports = { keep };
    }
    expect((await post(`/reports/${name}`, bounces[name])).status).toBe(200);
    expect(await reports()).toHaveLength(1);
  });

  test("is not there without its setting, like any other address, whatever the method", async () => {
    const nowhere = await shut.get("/reports/nobody");
    const answers = [
      await post(`/reports/${name}`, bounces[name], shut),
      await shut.get(`/reports/${name}`),
      await post("/reports/nobody", bounces[name], shut),
    ];
    const document = await nowhere.text();
    expect(nowhere.status).toBe(404);
    for (const answer of answers) expect([answer.status, await answer.text()]).toEqual([404, document]);
    expect(await shut.store.sql("SELECT FROM reports")).toEqual([]);
  });

  test("is answered 413 beyond 2 MB, with its length announced and without", async () => {
    const { headers } = bounces[name];
    const body = new Uint8Array(2_000_001);
    const announced = await web.send(`/reports/${name}`, { method: "POST", headers, body });
    const streamed = await web.send(`/reports/${name}`, {
      ...{ method: "POST", headers, body: new Blob([body]).stream(), duplex: "half" },
    } as RequestInit);
    expect([announced.status, streamed.status]).toEqual([413, 413]);
    expect(await announced.json()).toMatchObject({ detail: "The report is too long. There is room for 2 MB." });
    expect(await reports()).toEqual([]);
  });

  test("posts from a page of somebody else's all the same: there is no session that could be abused", async () => {
    const headers = { ...bounces[name].headers, origin: "https://evil.example", "sec-fetch-site": "cross-site" };
    expect((await post(`/reports/${name}`, { ...bounces[name], headers })).status).toBe(200);
  });
});

test("every other method is refused with the list of those there are", async () => {
  const answer = await web.get("/reports/ses");
  expect([answer.status, answer.headers.get("allow")]).toEqual([405, "OPTIONS, POST"]);
});

test("what says nothing of an address is answered 200 and not kept: it would be a row for every mail opened", async () => {
  const posts: [string, Post][] = [
    ["ses", sns.notification(aSesEvent({ eventType: "Open" }))],
    ["postmark", postmarkPost({ RecordType: "Delivery", MessageID: "m" })],
    ["sendgrid", sendgrid.post([aSendgridEvent("delivered"), aSendgridEvent("open")])],
    ["mailgun", mailgunPost(aMailgunEvent("delivered"))],
  ];
  for (const [name, each] of posts) expect((await post(`/reports/${name}`, each)).status).toBe(200);
  expect(await reports()).toEqual([]);
});

test("a new subscription of SNS confirms itself, and is no report", async () => {
  sns.asked.length = 0;
  expect((await post("/reports/ses", sns.confirmation())).status).toBe(200);
  expect(sns.asked.map((url) => new URL(url).searchParams.get("Action")).filter(Boolean)).toEqual([
    "ConfirmSubscription",
  ]);
  expect(await reports()).toEqual([]);
});

describe("the raw intake", () => {
  const mail = "From: MAILER-DAEMON@mx.example.net\r\nSubject: failure\r\n\r\nno such user\r\n";

  test("keeps a mail as it came, with whom it was for, once", async () => {
    const envelope = { "x-envelope-to": "<bounce+token@bounce.example.org>", "x-envelope-from": "<>" };
    expect((await raw(mail, envelope)).status).toBe(200);
    expect((await raw(mail, envelope)).status).toBe(200);
    const kept = { via: "raw", raw: Buffer.from(mail), cut: "0", to: "bounce+token@bounce.example.org", from: "" };
    expect(await reports()).toEqual([kept]);
    expect((await raw(mail)).status).toBe(200);
    expect(await reports()).toEqual([kept, { ...kept, to: null, from: null }]);
  });

  test.each<[string, Record<string, string>]>([
    ["whose sender the mail server tells", { "x-envelope-from": "reader1@example.org" }],
    ["whose sender it does not tell", {}],
  ])("takes leave from a mail to a reader's unsubscribe address, %s", async (_, sender) => {
    const subscriptionId = await web.store.aReader();
    const to = returnAddresses.of({ kind: "leave", subscriptionId, deliveryId: 1n }, web.store.clock.now());
    expect((await raw(mail, { "x-envelope-to": to, ...sender })).status).toBe(200);
    expect((await web.store.subscriptions.findById(subscriptionId))?.state).toBe("ended");
    expect(await reports()).toEqual([]);
  });

  test.each([undefined, "", "Bearer", "Bearer a-token-of-the-mail-serve", `Basic ${TOKEN}`])(
    "refuses whoever shows %j, and keeps nothing",
    async (authorization) => {
      const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
      const answer = await web.send("/reports/raw", { method: "POST", headers, body: mail });
      expect([answer.status, answer.headers.get("www-authenticate")]).toEqual([401, 'Bearer realm="reports"']);
      expect(await reports()).toEqual([]);
    },
  );

  test("keeps the first 256 kB and the report of 50 MB, and says what was cut, in bounded memory", async () => {
    const top = 'Content-Type: multipart/report; boundary="b"\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n';
    const report =
      "--b\r\nContent-Type: message/delivery-status\r\n\r\nFinal-Recipient: rfc822; reader@example.net\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n--b--\r\n";
    const line = `${"x".repeat(76)}\r\n`.repeat(1_000);
    const lines = Math.ceil(50_000_000 / line.length);
    const before = process.memoryUsage.rss();
    let most = 0;
    const answer = await new Promise<number>((resolve, reject) => {
      const sending = request(`${web.url}/reports/raw`, {
        method: "POST",
        headers: { authorization: `Bearer ${TOKEN}` },
      });
      sending.on("response", (response) => resolve(response.resume().statusCode!)).on("error", reject);
      sending.write(top);
      const write = async () => {
        for (let i = 0; i < lines; i += 1) {
          if (!sending.write(line)) await new Promise((drained) => sending.once("drain", drained));
          most = Math.max(most, process.memoryUsage.rss());
        }
        sending.end(report);
      };
      write().catch(reject);
    });
    expect(answer).toBe(200);
    const [kept] = await reports();
    const total = top.length + lines * line.length + report.length;
    expect(kept!.raw.length + Number(kept!.cut)).toBe(total);
    expect(kept!.raw.length).toBeLessThan(300_000);
    expect(kept!.raw.toString()).toMatch(/^Content-Type: multipart\/report[\s\S]+Status: 5\.1\.1/);
    expect(most - before).toBeLessThan(40_000_000);
  });

  test("refuses an empty body, a packed one, and one that breaks off", async () => {
    expect((await raw("")).status).toBe(400);
    expect((await raw(mail, { "content-encoding": "gzip" })).status).toBe(415);
    await new Promise<void>((resolve) => {
      const { port } = new URL(web.url);
      const socket = connect(Number(port), "127.0.0.1", () => {
        const head = `POST /reports/raw HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${TOKEN}\r\nContent-Length: 1000\r\n\r\n`;
        socket.write(`${head}From: a`, () => setTimeout(() => socket.destroy(), 50));
      });
      socket.on("close", () => setTimeout(resolve, 100));
    });
    expect(await reports()).toEqual([]);
    expect(web.logged.filter((line) => line.includes('"level":50'))).toEqual([]);
  });

  test("is not there without its token", async () => {
    expect(
      (await post("/reports/raw", { headers: { authorization: `Bearer ${TOKEN}` }, rawBody: Buffer.from(mail) }, shut))
        .status,
    ).toBe(404);
  });
});

test("bounces that come by the hundred at once are all kept, none twice, and pages are answered meanwhile", async () => {
  const posts = Array.from({ length: 500 }, (_, i) => postmarkPost(aPostmarkBounce({ MessageID: `mail-${i}` })));
  const pages: number[] = [];
  const answers = await inLanes(100, [...posts, ...posts.slice(0, 50)], async (each, i) => {
    if (i % 100 === 0) pages.push((await web.get("/topics")).status);
    return (await post("/reports/postmark", each)).status;
  });
  expect(new Set([...answers, ...pages])).toEqual(new Set([200]));
  const kept = await reports();
  expect(kept.map((row) => row.raw.toString()).sort()).toEqual(posts.map(({ rawBody }) => rawBody.toString()).sort());
});

test("the log tells the operator once a minute that reports are refused, and nothing of what was posted", async () => {
  await web.store.clock.set(at("2026-04-16T09:20Z"));
  const wrong = sns.notification(aSesBounce(), { TopicArn: `${TOPIC}-of-somebody` });
  for (let i = 0; i < 10; i += 1) await post("/reports/ses", wrong);
  await web.store.clock.set(at("2026-04-16T09:21:01Z"));
  await post("/reports/ses", wrong);
  await post("/reports/ses", bounces.ses);
  const told = web.logged.map((line) => JSON.parse(line)).map(({ via, why, msg }) => ({ via, why, msg }));
  const msg = "Reports are refused: they do not show that they come from where they should";
  expect(told).toEqual([
    { via: "ses", why: "another topic", msg },
    { via: "ses", why: "another topic", msg },
  ]);
});
