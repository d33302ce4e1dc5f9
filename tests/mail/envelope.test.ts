import { SMTPServer, type SMTPServerSession } from "smtp-server";
import { afterEach, describe, expect, test } from "vitest";
import { openSender } from "../../src/mail/sender.ts";
import { openSmtp } from "../support/smtp.ts";

const toClose: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of toClose.splice(0).reverse()) await close();
});

/** Sends one mail with a return address to this server. */
async function sendTo(url: string) {
  const sender = openSender({ urls: [url], connections: 1, socketTimeoutMs: 2_000, log: { warn: () => {} } });
  toClose.push(() => sender.close());
  const envelope = { from: "bounce+abc@bounce.paperboy.example", to: "ada@example.org", id: "abc" };
  return sender.send({ raw: Buffer.from("Subject: one\r\n\r\nHello.\r\n"), envelope });
}

/** A server that keeps the envelopes it was given. */
async function aServer(hideDSN: boolean) {
  const envelopes: SMTPServerSession["envelope"][] = [];
  const server = new SMTPServer({
    ...{ authOptional: true, disabledCommands: ["STARTTLS"], hideDSN, logger: false },
    onData(stream, session, done) {
      envelopes.push(structuredClone(session.envelope));
      stream.resume();
      stream.on("end", () => done());
    },
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  toClose.push(() => new Promise((resolve) => server.close(() => resolve())));
  const { port } = server.server.address() as { port: number };
  return { url: `smtp://127.0.0.1:${port}`, envelopes };
}

describe("what a server is asked to tell us", () => {
  test("one that offers DSN: failures and delays, with our headers alone, under the mail's own id", async () => {
    const { url, envelopes } = await aServer(false);
    expect((await sendTo(url)).kind).toBe("accepted");
    expect(envelopes).toMatchObject([
      {
        mailFrom: { address: "bounce+abc@bounce.paperboy.example" },
        rcptTo: [{ address: "ada@example.org", dsn: { notify: ["FAILURE", "DELAY"] } }],
        dsn: { ret: "HDRS", envid: "abc" },
      },
    ]);
  });

  test("one that does not offer it: nothing, and the mail goes all the same", async () => {
    const { url, envelopes } = await aServer(true);
    expect((await sendTo(url)).kind).toBe("accepted");
    expect(envelopes).toMatchObject([{ mailFrom: { args: false }, rcptTo: [{ args: false }] }]);
  });
});

describe("the id a server gave a mail is kept as its reports will name it", () => {
  test.each([
    ["Postfix", "250 2.0.0 Ok: queued as 4Z1xYz0abc", "4Z1xYz0abc"],
    ["Exim", "250 OK id=1tBcDe-000000001Ab-0xYz", "1tBcDe-000000001Ab-0xYz"],
    [
      "Amazon SES",
      "250 Ok 0100018b5c3c0a4f-01234567-89ab-cdef-0123-456789abcdef-000000",
      "0100018b5c3c0a4f-01234567-89ab-cdef-0123-456789abcdef-000000",
    ],
    ["SendGrid", "250 Ok: queued as geV7_p0mQ6-nq1xY0wABCD", "geV7_p0mQ6-nq1xY0wABCD"],
    [
      "Microsoft",
      "250 2.0.0 OK <AM0PR0x@eur01.prod.outlook.com> [Hostname=AM0PR0x.eurprd01.prod.outlook.com]",
      "AM0PR0x@eur01.prod.outlook.com",
    ],
    ["Mailgun, which gives none", "250 Great success", undefined],
    ["Google, which gives none that it would name again", "250 2.0.0 OK  1700000000 ab12cd.3 - gsmtp", undefined],
  ] as const)("%s", async (_, answer, serverId) => {
    const server = await openSmtp((step) => (step === "dot" ? answer : undefined));
    toClose.push(() => server.close());
    expect(await sendTo(server.url)).toEqual({
      ...{ kind: "accepted", response: answer },
      ...(serverId === undefined ? {} : { serverId }),
    });
  });
});
