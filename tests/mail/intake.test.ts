import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import {
  aClient,
  aListener,
  begin,
  bounceOf,
  closeListeners,
  code,
  DOMAIN,
  FROM_NOBODY,
  NOW,
  OURS,
  returnAddresses,
  toOurs,
} from "../support/bounce-listener.ts";
import { anSmtpClient } from "../support/smtp-client.ts";

afterEach(closeListeners);

describe("who is written to", () => {
  const forged = OURS.replace(
    /^(bounce\+.{10})(.)/,
    (_, start: string, letter: string) => start + (letter === "a" ? "b" : "a"),
  );

  test("the return address of a mail, in any case of letters, the unsubscribe address, and the operator", async () => {
    const client = await aClient(await aListener());
    const leave = returnAddresses.of({ kind: "leave", subscriptionId: 7n, deliveryId: 1n }, NOW);
    const all = [OURS, OURS.toUpperCase(), leave, `postmaster@${DOMAIN}`, "postmaster", `Abuse@${DOMAIN}`];
    await client.say(FROM_NOBODY);
    const answers = [];
    for (const to of all) answers.push(await client.say(toOurs(to)));
    expect(answers).toEqual(all.map(() => "250 2.1.5 Accepted"));
  });

  test.each([
    ["a forged token", forged],
    ["a token whose fortnight is over", bounceOf(1n, "2026-04-01")],
    ["no token", `bounce@${DOMAIN}`],
    ["a token under the wrong word", OURS.replace("bounce+", "unsubscribe+")],
    ["somebody else", `reader@${DOMAIN}`],
    ["another domain: nothing is relayed", "reader@example.com"],
    ["our token at another domain", OURS.replace(DOMAIN, "example.com")],
    ["a route through us", `reader%example.com@${DOMAIN}`],
  ])("%s is refused, in the same words", async (_, to) => {
    const client = await aClient(await aListener());
    await client.say(FROM_NOBODY);
    expect(await client.say(toOurs(to))).toBe("550 5.1.1 There is no such address");
    expect(code(await client.say("DATA"))).toBe("503");
  });

  test("whoever guesses addresses is sent away", async () => {
    const client = await aClient(await aListener({ limits: { guesses: 3 } }));
    await client.say(FROM_NOBODY);
    const answers = [];
    for (let guess = 0; guess < 4; guess += 1) answers.push(code(await client.say(toOurs(`guess${guess}@${DOMAIN}`))));
    expect([...answers, await client.answer()]).toEqual(["550", "550", "550", "421", ""]);
  });

  test("one address takes so many mails an hour, the next is asked to wait", async () => {
    const listener = await aListener({ limits: { hourly: 2 } });
    const client = await aClient(listener);
    for (let mail = 0; mail < 2; mail += 1) {
      await begin(client);
      await client.send(`Subject: ${mail}\r\n\r\n.\r\n`);
      await client.answer();
    }
    await client.say(FROM_NOBODY);
    expect([await client.say(toOurs()), code(await client.say(toOurs(bounceOf(2n))))]).toEqual([
      "450 4.2.1 It receives too much mail, try again later",
      "250",
    ]);
  });
});

test("it offers neither login nor TLS nor jokes, and says how much it takes", async () => {
  const client = await aClient(await aListener());
  expect(await client.say("EHLO mx.far.example")).toBe(
    [DOMAIN, "PIPELINING", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES", "SIZE 100000000"]
      .map((line, i, all) => `250${i === all.length - 1 ? " " : "-"}${line}`)
      .join("\n"),
  );
  const refused = [];
  for (const command of ["AUTH PLAIN AGEAYg==", "STARTTLS", "WIZ x", "KILL x", "XCLIENT ADDR=1.2.3.4"])
    refused.push(code(await client.say(command)));
  expect(refused).toEqual(["500", "500", "500", "500", "550"]);
});

describe("a mail", () => {
  test.each(["<>", "<mailer-daemon@far.example>", "<dot.@far.example>", "<ü@far.example> SMTPUTF8"])(
    "from %s is taken, byte for byte",
    async (sender) => {
      const listener = await aListener();
      const client = await aClient(listener);
      await begin(client, OURS, `MAIL FROM:${Buffer.from(sender).toString("latin1")}`);
      await client.send("Subject: \xff\r\n\r\n..\r\n...two\r\nthree\r\n.\r\n");
      expect(await client.answer()).toBe("250 2.6.0 OK: message queued");
      expect(listener.received).toEqual([
        {
          to: OURS,
          from: /<(.*)>/.exec(sender)![1],
          raw: Buffer.from("Subject: \xff\r\n\r\n.\r\n..two\r\nthree\r\n", "latin1"),
          cut: 0,
        },
      ]);
    },
  );

  test("is answered 250 when it is stored, not before; 451 when it could not be", async () => {
    const stored: (() => void)[] = [];
    let fails = false;
    const listener = await aListener({
      receive: () =>
        fails ? Promise.reject(new Error("no database")) : new Promise<void>((done) => stored.push(done)),
    });
    const client = await aClient(listener);
    await begin(client);
    await client.send("Subject: one\r\n\r\n.\r\n");
    const answer = client.answer();
    expect(await Promise.race([answer, sleep(150, "waiting")])).toBe("waiting");
    stored[0]!();
    expect(code(await answer)).toBe("250");
    fails = true;
    await begin(client);
    await client.send("Subject: two\r\n\r\n.\r\n");
    expect(await client.answer()).toBe("451 4.3.0 It could not be stored, try again later");
  });

  test("for two addresses is stored for each", async () => {
    const listener = await aListener();
    const client = await aClient(listener);
    await client.say(FROM_NOBODY);
    for (const id of [1n, 2n]) await client.say(toOurs(bounceOf(id)));
    await client.say("DATA");
    await client.send("Subject: both\r\n\r\n.\r\n");
    expect(code(await client.answer())).toBe("250");
    expect(listener.received.map(({ to }) => to)).toEqual([bounceOf(1n), bounceOf(2n)]);
  });

  test("that breaks off is none", async () => {
    const listener = await aListener();
    const client = await aClient(listener);
    await begin(client);
    await client.send("Subject: half\r\n\r\nand then");
    client.hangUp();
    // The next one is served as if nothing had been.
    const next = await aClient(listener);
    await begin(next);
    await next.send("Subject: whole\r\n\r\n.\r\n");
    expect(code(await next.answer())).toBe("250");
    expect(listener.received.map(({ raw }) => raw.toString())).toEqual(["Subject: whole\r\n\r\n"]);
  });

  test("beyond the size is refused, when it is announced and when it is not", async () => {
    const listener = await aListener({ limits: { size: 1_000 } });
    const client = await aClient(listener);
    expect(code(await client.say("MAIL FROM:<> SIZE=1001"))).toBe("552");
    await begin(client);
    await client.send(`Subject: long\r\n\r\n${"x".repeat(2_000)}\r\n.\r\n`);
    expect(code(await client.answer())).toBe("552");
    expect(listener.received).toEqual([]);
  });
});

test("closing lets the mail under way be stored, sends the idle away, and takes nothing new", async () => {
  let stored = () => {};
  const listener = await aListener({
    receive: () =>
      new Promise<void>((done) => {
        stored = done;
      }),
  });
  const [busy, idle] = [await aClient(listener), await aClient(listener)];
  await begin(busy);
  await busy.send("Subject: the last\r\n\r\n.\r\n");
  await sleep(50);
  const closing = listener.close({ graceMs: 5_000 });
  expect(code(await idle.answer())).toBe("421");
  await expect(anSmtpClient(listener.port)).rejects.toThrow("ECONNREFUSED");
  stored();
  expect(code(await busy.answer())).toBe("250");
  await busy.quit();
  await closing;
});

test("a port that is taken stops the start", async () => {
  const { port } = await aListener();
  await expect(aListener({ port })).rejects.toThrow("EADDRINUSE");
});
