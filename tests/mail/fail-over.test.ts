/** Several mail servers: the next one takes what the first does not, and the first is asked again when it may be well. */
import { createServer } from "node:net";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { openSender, type Sender } from "../../src/mail/sender.ts";
import { type Misbehaviour, openSmtp, type SmtpServer, type Step } from "../support/smtp.ts";

/** How long a server that failed is asked last (mail/sender.ts). */
const REST_MS = 30_000;

const toClose: { close(): Promise<void> }[] = [];
let aheadMs: number;
beforeEach(() => {
  aheadMs = 0;
  const { now } = performance;
  vi.spyOn(performance, "now").mockImplementation(() => now.call(performance) + aheadMs);
});
afterEach(async () => {
  vi.restoreAllMocks();
  for (const one of toClose.splice(0).reverse()) await one.close();
});

async function aServer(...args: Parameters<typeof openSmtp>): Promise<SmtpServer> {
  const server = await openSmtp(...args);
  toClose.push(server);
  return server;
}
function aSender(urls: readonly string[], connections = 1) {
  const warnings: { server?: string; cause?: string }[] = [];
  const log = { warn: (fields: object) => void warnings.push(fields) };
  const sender = openSender({ urls, connections, socketTimeoutMs: 500, connectTimeoutMs: 500, log });
  toClose.push(sender);
  return { sender, warnings };
}
const aMail = (n: number) => ({
  raw: Buffer.from(`Subject: mail ${n}\r\n\r\nHello.\r\n`),
  envelope: { from: "digest@paperboy.example", to: `reader${n}@example.com` },
});
async function kinds(sender: Sender, count: number, from = 0): Promise<string[]> {
  const all: string[] = [];
  for (let n = from; n < from + count; n += 1) all.push((await sender.send(aMail(n))).kind);
  return all;
}

/** A server that fails in one way until it is mended. */
async function aFailing(fails: (step: Step) => Misbehaviour, options?: { auth: boolean }) {
  let isMended = false;
  const server = await aServer((step) => (isMended ? undefined : fails(step)), options);
  const mend = () => {
    isMended = true;
  };
  return { server, url: server.url, mend };
}
const on =
  (wanted: Step, misbehaviour: Misbehaviour) =>
  (step: Step): Misbehaviour =>
    step === wanted ? misbehaviour : undefined;

const failures: [string, string, () => ReturnType<typeof aFailing>][] = [
  ["says 421 instead of a greeting", "connection", () => aFailing(on("greeting", "421 too busy"))],
  ["says 554 instead of a greeting", "connection", () => aFailing(on("greeting", "554 not you"))],
  ["hangs up instead of a greeting", "connection", () => aFailing(on("greeting", "close"))],
  ["never greets", "connection", () => aFailing(on("greeting", "silence"))],
  ["hangs up in EHLO", "connection", () => aFailing(on("ehlo", "close"))],
  ["never answers EHLO", "connection", () => aFailing(on("ehlo", "silence"))],
  [
    "refuses our password",
    "auth",
    async () => {
      const failing = await aFailing(on("auth", "535 5.7.8 wrong"), { auth: true });
      return { ...failing, url: failing.url.replace("//", "//user:password@") };
    },
  ],
  ["hangs up at MAIL", "connection", () => aFailing(on("mail", "close"))],
  ["hangs up at DATA", "connection", () => aFailing(on("data", "close"))],
];

describe("the first server", () => {
  test.each(failures)(
    "%s: the second takes every mail, one warning, and after a rest the first is back",
    async (_, cause, fail) => {
      const first = await fail();
      const second = await aServer();
      const { sender, warnings } = aSender([first.url, second.url]);
      expect(await kinds(sender, 3)).toEqual(["accepted", "accepted", "accepted"]);
      expect([second.taken.length, first.server.seen.length]).toEqual([3, 0]);
      expect(warnings).toEqual([{ server: new URL(first.url).host, cause }]);

      aheadMs += REST_MS;
      first.mend();
      expect(await kinds(sender, 2, 3)).toEqual(["accepted", "accepted"]);
      expect([first.server.taken.length, second.taken.length]).toEqual([2, 3]);
    },
  );

  test("is still ill after its rest: asked by one mail, which the second takes, and it rests again", async () => {
    const first = await aFailing(on("greeting", "421 too busy"));
    const second = await aServer();
    const { sender, warnings } = aSender([first.url, second.url]);
    await kinds(sender, 1);
    aheadMs += REST_MS;
    expect(await kinds(sender, 3, 1)).toEqual(["accepted", "accepted", "accepted"]);
    expect([first.server.sessions, second.taken.length, warnings.length]).toEqual([2, 4, 2]);
  });

  test("listens no more", async () => {
    const port = await freePort();
    const second = await aServer();
    const { sender, warnings } = aSender([`smtp://127.0.0.1:${port}`, second.url]);
    expect(await kinds(sender, 2)).toEqual(["accepted", "accepted"]);
    expect([second.taken.length, warnings.map((one) => one.cause)]).toEqual([2, ["connection"]]);
  });

  test("speaks no TLS where we ask for it", async () => {
    const first = await aServer();
    const second = await aServer();
    const { sender, warnings } = aSender([`${first.url}?requireTLS=true`, second.url]);
    expect(await kinds(sender, 2)).toEqual(["accepted", "accepted"]);
    expect([first.seen.length, second.taken.length, warnings.map((one) => one.cause)]).toEqual([0, 2, ["tls"]]);
  });

  test("says no to a mail: that is an answer, which the second is not asked to better", async () => {
    const first = await aServer((step) => (step === "rcpt" ? "550 5.1.1 no such user" : undefined));
    const second = await aServer();
    const { sender, warnings } = aSender([first.url, second.url]);
    expect([await kinds(sender, 2), second.sessions, warnings]).toEqual([["refused", "refused"], 0, []]);
  });
});

test("no server takes anything: the mail is unsent, and both are asked again for the next", async () => {
  const [first, second] = [await aFailing(on("greeting", "421 no")), await aFailing(on("greeting", "421 no"))];
  const { sender } = aSender([first.url, second.url]);
  expect(await sender.send(aMail(1))).toEqual({ kind: "unsent", cause: "connection" });
  second.mend();
  expect(await kinds(sender, 1)).toEqual(["accepted"]);
  expect(second.server.taken.length).toBe(1);
});

test("many connections at once, and the first server dies under them: nothing is lost, nothing doubled", async () => {
  const first = await aServer();
  const second = await aServer();
  const { sender } = aSender([first.url, second.url], 8);
  const sending = Array.from({ length: 80 }, (_, n) =>
    sender.send(aMail(n)).then((outcome) => {
      if (n === 20) {
        first.hangUp();
        void first.close();
      }
      return outcome.kind;
    }),
  );
  const outcomes = await Promise.all(sending);
  const taken = [...first.taken, ...second.taken].map(({ to }) => to[0]);
  // What the first had in hand when it died may be uncertain: one a connection.
  const uncertain = outcomes.filter((kind) => kind === "uncertain").length;
  expect(outcomes.filter((kind) => kind === "accepted").length + uncertain).toBe(80);
  expect(uncertain).toBeLessThanOrEqual(8);
  expect(new Set(taken).size).toBe(taken.length);
});

/** A port nobody listens on. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
