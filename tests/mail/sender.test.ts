import { afterEach, describe, expect, test } from "vitest";
import { type Outcome, openSender, type Sender, type SenderOptions } from "../../src/mail/sender.ts";
import { type Misbehaviour, openSmtp, type SmtpServer, type Step } from "../support/smtp.ts";

const toClose: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of toClose.splice(0).reverse()) await one.close();
});

async function aServer(...args: Parameters<typeof openSmtp>): Promise<SmtpServer> {
  const server = await openSmtp(...args);
  toClose.push(server);
  return server;
}

/** What the log was told, to be read by tests. */
const warnings: object[] = [];

function aSender(of: Partial<SenderOptions> & Pick<SenderOptions, "urls">): Sender {
  warnings.length = 0;
  const log = { warn: (fields: object) => void warnings.push(fields) };
  const sender = openSender({ connections: 1, socketTimeoutMs: 300, connectTimeoutMs: 300, log, ...of });
  toClose.push(sender);
  return sender;
}

function aMail(n = 1, to = "reader@example.com", letters = 50) {
  const raw = Buffer.from(`Subject: mail ${n}\r\n\r\n${"x".repeat(60)}\r\n`.padEnd(letters, "y\r\n"));
  return { raw, envelope: { from: "digest@paperboy.example", to } };
}

/** Misbehaves at one step, every time. */
const at =
  (wanted: Step, misbehaviour: Misbehaviour) =>
  (step: Step): Misbehaviour =>
    step === wanted ? misbehaviour : undefined;

test("a mail that the server took is accepted, with the server's answer", async () => {
  const server = await aServer();
  const outcome = await aSender({ urls: [server.url] }).send(aMail());
  expect(outcome).toEqual({
    kind: "accepted",
    response: "250 2.0.0 OK: queued as TEST1",
    serverId: "TEST1",
  } satisfies Outcome);
  expect(server.taken.map(({ from, to, raw }) => ({ from, to, raw }))).toEqual([
    { from: "digest@paperboy.example", to: ["reader@example.com"], raw: aMail().raw.toString() },
  ]);
});

describe("a server that misbehaves", () => {
  const unsent = { kind: "unsent", cause: "connection" } as const;
  const stories: [string, Step, Misbehaviour, Outcome][] = [
    ["closes before its greeting", "greeting", "close", unsent],
    ["never greets", "greeting", "silence", unsent],
    ["greets with 554", "greeting", "554 no", unsent],
    ["greets with 421", "greeting", "421 too busy", unsent],
    ["closes on MAIL", "mail", "close", unsent],
    ["answers MAIL with 451", "mail", "451 later", { kind: "temporary", code: 451, response: "451 later" }],
    [
      "answers MAIL with 421",
      "mail",
      "421 shutting down",
      { kind: "temporary", code: 421, response: "421 shutting down" },
    ],
    [
      "answers RCPT with 450",
      "rcpt",
      "450 4.2.0 greylisted",
      { kind: "temporary", code: 450, response: "450 4.2.0 greylisted" },
    ],
    [
      "answers RCPT with 550",
      "rcpt",
      "550 5.1.1 no such user",
      { kind: "refused", code: 550, response: "550 5.1.1 no such user" },
    ],
    ["closes on DATA", "data", "close", unsent],
    ["answers DATA with 452", "data", "452 4.3.1 full", { kind: "temporary", code: 452, response: "452 4.3.1 full" }],
    ["closes after the final dot", "dot", "close", { kind: "uncertain" }],
    ["is silent after the final dot", "dot", "silence", { kind: "uncertain" }],
    [
      "answers the final dot with 451",
      "dot",
      "451 4.7.1 later",
      { kind: "temporary", code: 451, response: "451 4.7.1 later" },
    ],
    [
      "answers the final dot with 554",
      "dot",
      "554 5.7.1 spam",
      { kind: "refused", code: 554, response: "554 5.7.1 spam" },
    ],
  ];
  test.each(stories)("%s", async (_, step, misbehaviour, expected) => {
    const server = await aServer(at(step, misbehaviour));
    expect(await aSender({ urls: [server.url] }).send(aMail())).toEqual(expected);
    expect(server.seen.length).toBe(step === "dot" ? 1 : 0);
  });

  test("closes in the middle of a large mail: nothing that can double was sent", async () => {
    const server = await aServer(at("body", "close"));
    // More than the socket buffers of this machine hold, so that the end of it never left.
    const outcome = await aSender({ urls: [server.url] }).send(aMail(1, "reader@example.com", 40_000_000));
    expect(outcome).toEqual(unsent);
  });

  test("refuses our password", async () => {
    const server = await aServer(at("auth", "535 5.7.8 wrong"), { auth: true });
    const sender = aSender({ urls: [server.url.replace("//", "//user:password@")] });
    expect(await sender.send(aMail())).toEqual({ kind: "unsent", cause: "auth" });
    expect(await sender.verify()).toEqual({ kind: "unsent", cause: "auth" });
    expect(JSON.stringify(warnings)).not.toContain("password");
  });

  test("does not speak TLS where we ask for it", async () => {
    const server = await aServer();
    expect(await aSender({ urls: [`${server.url}?requireTLS=true`] }).send(aMail())).toEqual({
      kind: "unsent",
      cause: "tls",
    });
  });
});

test("each mail of many at once gets its own outcome", async () => {
  const server = await aServer();
  const refusing = await aServer(async (step) => (step === "dot" ? "close" : undefined));
  const good = aSender({ urls: [server.url], connections: 4 });
  const bad = aSender({ urls: [refusing.url], connections: 4 });
  const outcomes = await Promise.all(Array.from({ length: 40 }, (_, i) => (i % 2 === 0 ? good : bad).send(aMail(i))));
  expect(outcomes.map(({ kind }) => kind)).toEqual(
    Array.from({ length: 40 }, (_, i) => (i % 2 === 0 ? "accepted" : "uncertain")),
  );
  expect(server.sessions).toBe(4);
});

test("on one server, a mail lost after the dot does not make the next one uncertain", async () => {
  const server = await aServer((step, times) =>
    (step === "dot" && times === 0) || (step === "mail" && times === 1) ? "close" : undefined,
  );
  const sender = aSender({ urls: [server.url] });
  expect(
    [await sender.send(aMail(1)), await sender.send(aMail(2)), await sender.send(aMail(3))].map(({ kind }) => kind),
  ).toEqual(["uncertain", "unsent", "accepted"]);
});

test("a refused mail leaves its connection usable", async () => {
  const server = await aServer((step, times) => (step === "rcpt" && times === 0 ? "550 no" : undefined));
  const sender = aSender({ urls: [server.url] });
  expect((await sender.send(aMail(1))).kind).toBe("refused");
  expect((await sender.send(aMail(2))).kind).toBe("accepted");
  expect(server.sessions).toBe(1);
});

test("a connection that was hung up while it rested costs no mail", async () => {
  const server = await aServer();
  const sender = aSender({ urls: [server.url] });
  await sender.send(aMail(1));
  server.hangUp();
  expect((await sender.send(aMail(2))).kind).toBe("accepted");
  expect(server.taken.length).toBe(2);
});

test("when the first server cannot be reached the second takes the mail, and the first is asked last for a while", async () => {
  const first = await aServer(at("greeting", "close"));
  const second = await aServer();
  const sender = aSender({ urls: [first.url, second.url] });
  expect((await sender.send(aMail(1))).kind).toBe("accepted");
  expect((await sender.send(aMail(2))).kind).toBe("accepted");
  expect([first.sessions, second.sessions, second.taken.length]).toEqual([1, 1, 2]);
  expect(warnings).toEqual([{ server: new URL(first.url).host, cause: "connection" }]);
});

test("a mail whose answer was lost is never given to the next server", async () => {
  const first = await aServer(at("dot", "close"));
  const second = await aServer();
  expect(await aSender({ urls: [first.url, second.url] }).send(aMail())).toEqual({ kind: "uncertain" });
  expect(second.seen).toEqual([]);
});

test("on a staging system only the allow-list is written to", async () => {
  const server = await aServer();
  const sender = aSender({ urls: [server.url], onlyTo: ["Me@Example.com", "@staging.example"] });
  const outcomes = [];
  for (const to of ["me@example.com", "x@staging.example", "x@evil-staging.example", "reader@example.com"]) {
    outcomes.push(await sender.send(aMail(1, to)));
  }
  expect(outcomes.map((o) => (o.kind === "unsent" ? o.cause : o.kind))).toEqual([
    "accepted",
    "accepted",
    "withheld",
    "withheld",
  ]);
  expect(server.seen.map(({ to }) => to[0])).toEqual(["me@example.com", "x@staging.example"]);
});

test("an address that smuggles a second recipient reaches nobody", async () => {
  const server = await aServer();
  const outcome = await aSender({ urls: [server.url] }).send(aMail(1, "a@example.com, evil@example.org"));
  expect(outcome.kind).toBe("refused");
  expect(server.seen).toEqual([]);
});

test("closing waits for the mail on a connection and turns away what waits for one", async () => {
  let letGo: () => void = () => {};
  const held = new Promise<undefined>((resolve) => {
    letGo = () => resolve(undefined);
  });
  let dotReached: () => void = () => {};
  const reached = new Promise<void>((resolve) => {
    dotReached = resolve;
  });
  const server = await aServer(async (step) => {
    if (step !== "dot") return undefined;
    dotReached();
    return held;
  });
  const sender = aSender({ urls: [server.url], socketTimeoutMs: 5_000 });
  const [first, second] = [sender.send(aMail(1)), sender.send(aMail(2))];
  await reached;
  const closing = sender.close();
  letGo();
  expect(await Promise.all([first, second, sender.send(aMail(3))])).toEqual([
    { kind: "accepted", response: "250 2.0.0 OK: queued as TEST1", serverId: "TEST1" },
    { kind: "unsent", cause: "closing" },
    { kind: "unsent", cause: "closing" },
  ]);
  await closing;
});

test("verify says ready when any server is", async () => {
  const down = await aServer(at("greeting", "close"));
  const up = await aServer();
  expect(await aSender({ urls: [down.url] }).verify()).toEqual({ kind: "unsent", cause: "connection" });
  expect(await aSender({ urls: [down.url, up.url] }).verify()).toEqual({ kind: "ready" });
});
