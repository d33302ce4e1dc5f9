import { createServer, type Socket } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { composeDigest } from "../../src/mail/compose.ts";
import { type Mail, openSender, type Sender } from "../../src/mail/sender.ts";
import { aDigest, aDigestMail, aRankedPaper, aRenderer, because, TWO_WATCHES } from "../support/mails.ts";

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** Takes as the end of a mail whatever any server ever took for it: what stands behind it would be a mail of a stranger. */
const ENDS = /(?:\r\n|\n|\r)\.(?:\r\n|\n|\r)/;

/** A far end as careless as they come. @returns what it was told, commands and mails, in order */
async function aCarelessServer() {
  const heard: string[] = [];
  const answer = (socket: Socket) => {
    let rest = "";
    let isData = false;
    socket.write("220 careless\r\n");
    socket.setEncoding("latin1").on("data", (chunk) => {
      rest += chunk;
      for (;;) {
        const end = (isData ? ENDS : /\r\n|\n|\r/).exec(rest);
        if (end === null) return;
        const said = rest.slice(0, end.index);
        rest = rest.slice(end.index + end[0].length);
        heard.push(isData ? `mail of ${said.length} bytes` : said.split(" ")[0]!.toUpperCase());
        const begins = !isData && said === "DATA";
        socket.write(said === "QUIT" ? "221 bye\r\n" : begins ? "354 go on\r\n" : "250 OK\r\n");
        isData = begins;
      }
    });
    socket.on("error", () => {}); // whoever sent has gone
  };
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing.push(() => new Promise((resolve) => server.close(resolve)));
  return { heard, url: `smtp://127.0.0.1:${(server.address() as { port: number }).port}` };
}

async function sent(mail: Mail): Promise<string[]> {
  const { url, heard } = await aCarelessServer();
  const sender: Sender = openSender({ urls: [url], connections: 1, socketTimeoutMs: 5_000, log: { warn: () => {} } });
  const outcome = await sender.send(mail);
  await sender.close();
  return [outcome.kind, ...heard.filter((said) => said !== "QUIT").map((said) => said.replace(/\d+/, "N"))];
}

const ONE_MAIL = ["accepted", "EHLO", "MAIL", "RCPT", "DATA", "mail of N bytes"];
const SECOND = "MAIL FROM:<x@evil.example>\r\nRCPT TO:<y@victim.example>\r\nDATA\r\nSubject: smuggled\r\n\r\n.\r\n";
const envelope = { from: "digest@paperboy.example", to: "reader@example.com" };

describe("X8: what a stranger writes does not end our mail and begin another", () => {
  test.each(["\r\n.\r\n", "\n.\n", "\n.\r\n", "\r\n.\n", "\r.\r", "\r.\r\n", "\r\n.\r", "\u2028.\u2028", "\v.\v"])(
    "a paper with %j in it",
    async (end) => {
      const text = `Before${end}${SECOND}`;
      const paper = aRankedPaper({
        title: text,
        abstract: text,
        summary: text,
        authors: [text],
        id: text,
        organization: text,
      });
      const digest = {
        ...aDigest([]),
        items: [{ number: 1, paper, because: [because({ name: text, include: [text] })] }],
      };
      for (const format of ["html", "text"] as const) {
        const reader = { email: envelope.to, language: "en", format, filter: TWO_WATCHES } as const;
        const { raw } = composeDigest(aDigestMail(await aRenderer({ postalAddress: text }), digest, { reader }));
        expect(raw.toString("latin1")).not.toMatch(/\r(?!\n)|(?<!\r)\n/);
        expect(await sent({ raw, envelope })).toEqual(ONE_MAIL);
      }
    },
  );

  test("a line that begins with a dot, in a mail and as its first letter, arrives as a line", async () => {
    for (const raw of [
      "Subject: x\r\n\r\n.\r\n..\r\n.dot\r\n",
      `Subject: x\r\n\r\n.\r\n${SECOND}`,
      "Subject: x\r\n\r\n\r\n.",
    ])
      expect([raw, await sent({ raw: Buffer.from(raw), envelope })]).toEqual([raw, ONE_MAIL]);
  });

  test("a careless server would take a second mail from one that is not ours: the tests above would see it", async () => {
    const [, ...heard] = await sent({ raw: Buffer.from(`Subject: x\r\n\r\nBefore\n.\n${SECOND}`), envelope });
    expect(heard.filter((said) => said === "MAIL")).toHaveLength(2);
  });
});
