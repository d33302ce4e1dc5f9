import { mkdtemp, readFile, rm } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { type Catcher, type CatcherOptions, openCatcher } from "../../src/mail/catcher.ts";
import { openSender } from "../../src/mail/sender.ts";

const toClose: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of toClose.splice(0).reverse()) await close();
});

async function aCatcher(options: Partial<CatcherOptions> = {}): Promise<Catcher> {
  const catcher = await openCatcher({
    smtpPort: 0,
    httpPort: 0,
    now: () => new Date("2026-04-01T07:00:00Z"),
    ...options,
  });
  toClose.push(() => catcher.close());
  return catcher;
}

async function mail(catcher: Catcher, raw: string, to = "reader@example.com") {
  const sender = openSender({
    urls: [catcher.smtpUrl],
    connections: 1,
    socketTimeoutMs: 5_000,
    log: { warn: () => {} },
  });
  const outcome = await sender.send({ raw: Buffer.from(raw), envelope: { from: "digest@paperboy.example", to } });
  await sender.close();
  return outcome;
}

const html = (body: string, subject = "Hello") =>
  `From: Paperboy <digest@paperboy.example>\r\nSubject: ${subject}\r\nMessage-ID: <1@x>\r\nContent-Type: text/html\r\n\r\n${body}\r\n`;

async function page(catcher: Catcher, path: string) {
  const response = await fetch(catcher.webUrl + path);
  return {
    status: response.status,
    policy: response.headers.get("content-security-policy") ?? "",
    text: await response.text(),
  };
}

test("a mail that was sent is there: in the list, as a page, as its source", async () => {
  const catcher = await aCatcher();
  const raw = html("<html><head></head><body><h1>Papers</h1></body></html>");
  expect((await mail(catcher, raw)).kind).toBe("accepted");

  const listed = await (await fetch(`${catcher.webUrl}/messages.json`)).json();
  expect(listed).toEqual([
    {
      id: 1,
      receivedAt: "2026-04-01T07:00:00.000Z",
      from: "digest@paperboy.example",
      to: ["reader@example.com"],
      subject: "Hello",
      messageId: "<1@x>",
      bytes: raw.length,
      text: null,
      html: "/messages/1/body",
      eml: "/messages/1.eml",
      file: null,
    },
  ]);
  expect((await page(catcher, "/messages/1.eml")).text).toBe(raw);
  expect((await page(catcher, "/messages/1/body")).text).toContain(
    '<head><base target="_blank"></head><body><h1>Papers</h1>',
  );
  expect((await page(catcher, "/")).text).toContain("<h1>Hello</h1>");
  expect((await page(catcher, "/messages/1/source")).text).toContain("&#60;h1&#62;Papers");
});

test("an empty inbox says so", async () => {
  const { status, text } = await page(await aCatcher(), "/");
  expect(status).toBe(200);
  expect(text).toContain("No mail yet");
});

test("script in a mail is shown in a frame that runs none, and in our own pages as text", async () => {
  const catcher = await aCatcher();
  await mail(
    catcher,
    html("<script>alert(1)</script><img src=https://track.example/x>", '<script>alert("s")</script>'),
  );
  const body = await page(catcher, "/messages/1/body");
  expect(body.policy).toContain("sandbox allow-popups");
  expect(body.policy).toContain("default-src 'none'");
  expect(body.policy).not.toMatch(/allow-scripts|script-src|allow-same-origin/);
  const inbox = await page(catcher, "/messages/1");
  expect(inbox.text).not.toContain("<script");
  expect(inbox.policy).toContain("default-src 'none'");
});

test("a page elsewhere that points its own name here reads nothing", async () => {
  const catcher = await aCatcher();
  const status = await new Promise((resolve, reject) => {
    request(`${catcher.webUrl}/messages.json`, { headers: { Host: "evil.example:1080" } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on("error", reject)
      .end();
  });
  expect(status).toBe(421);
});

test("there is only reading, and only what is there", async () => {
  const catcher = await aCatcher();
  expect((await fetch(catcher.webUrl, { method: "POST" })).status).toBe(405);
  expect((await page(catcher, "/messages/7")).status).toBe(404);
  expect((await page(catcher, "/etc/passwd")).status).toBe(404);
});

test("one may wait for a mail, caught already or to come", async () => {
  const catcher = await aCatcher();
  const isMine = ({ envelope }: { envelope: { to: readonly string[] } }) => envelope.to.includes("me@example.com");
  const waiting = catcher.waitFor(isMine, 5_000);
  await mail(catcher, html("1"), "other@example.com");
  await mail(catcher, html("2"), "me@example.com");
  expect((await waiting)?.id).toBe(2);
  expect((await catcher.waitFor(isMine, 0))?.id).toBe(2);
  expect(await catcher.waitFor(() => false, 10)).toBeNull();
});

test("the newest thousand stay, and a mail over ten megabytes is refused", async () => {
  const catcher = await aCatcher();
  const sender = openSender({
    urls: [catcher.smtpUrl],
    connections: 4,
    socketTimeoutMs: 5_000,
    log: { warn: () => {} },
  });
  toClose.push(() => sender.close());
  const envelope = { from: "digest@paperboy.example", to: "reader@example.com" };
  await Promise.all(Array.from({ length: 1_001 }, () => sender.send({ raw: Buffer.from(html("x")), envelope })));
  expect([catcher.messages().length, catcher.messages()[0]!.id, catcher.messages().at(-1)!.id]).toEqual([
    1_000, 2, 1_001,
  ]);
  const large = await sender.send({ raw: Buffer.from(html("x\r\n".repeat(3_500_000))), envelope });
  expect(large).toMatchObject({ kind: "refused", code: 552 });
});

test("with a folder, every mail is kept in it before it is answered", async () => {
  const dir = await mkdtemp(join(tmpdir(), "paperboy-catcher-"));
  toClose.push(() => rm(dir, { recursive: true }));
  const catcher = await aCatcher({ dir: join(dir, "mails") });
  await mail(catcher, html("kept"));
  const [caught] = catcher.messages();
  expect(await readFile(caught!.file!, "utf8")).toBe(html("kept"));
});

test("a mail that is not MIME at all is caught", async () => {
  const catcher = await aCatcher();
  expect((await mail(catcher, "\0\xFF nonsense without headers")).kind).toBe("accepted");
  expect((await page(catcher, "/messages/1")).text).toContain("(no subject)");
});

test("a port that is taken is an error, not a shared inbox", async () => {
  const first = await aCatcher();
  const httpPort = Number(new URL(first.webUrl).port);
  await expect(openCatcher({ smtpPort: 0, httpPort })).rejects.toMatchObject({ code: "EADDRINUSE" });
});
