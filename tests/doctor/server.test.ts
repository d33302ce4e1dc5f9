import type { AddressInfo } from "node:net";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";
import { afterEach, describe, expect, test } from "vitest";
import { judgeServer } from "../../src/doctor/server.ts";
import { examineServer, type ServerFacts } from "../../src/mail/examine-server.ts";
import { freePort } from "../support/free-port.ts";
import { needs } from "../support/needs.ts";
import { openSmtp } from "../support/smtp.ts";
import { at } from "../support/time.ts";
import { aCertificate, hasOpenssl } from "../support/tls-certificate.ts";

const opened: { close(done: () => void): unknown }[] = [];
afterEach(async () => {
  for (const server of opened.splice(0)) await new Promise<void>((resolve) => server.close(resolve));
});

/** Takes reader:secret. */
async function aServer(options: SMTPServerOptions): Promise<string> {
  const server = new SMTPServer({
    authOptional: true,
    onAuth: ({ username, password }, _, done) =>
      username === "reader" && password === "secret" ? done(null, { user: username }) : done(new Error("no")),
    ...options,
  });
  server.on("error", () => {}); // a client that does not trust us hangs up
  opened.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `127.0.0.1:${(server.server.address() as AddressInfo).port}`;
}

const verdictsOf = async (url: string) => judgeServer(await examineServer(url, { timeoutMs: 3_000 }), new Date());

describe("a mail server on this machine", () => {
  test("that takes mail in the clear is green: nobody stands in between", async () => {
    const smtp = await openSmtp();
    expect(await verdictsOf(smtp.url)).toEqual([
      {
        ...{ level: "green", advice: null },
        found: `${smtp.url.slice(7)} takes mail: this machine; no login; offers 8BITMIME; not SMTPUTF8, DSN, SIZE.`,
      },
    ]);
    expect(smtp.seen).toEqual([]);
    await smtp.close();
  });

  test("that nobody runs, that does not want us, and that no name leads to are red", async () => {
    const port = await freePort();
    expect(await verdictsOf(`smtp://127.0.0.1:${port}`)).toMatchObject([
      { level: "red", found: `127.0.0.1:${port} cannot be reached (ECONNREFUSED).` },
    ]);
    const smtp = await openSmtp((step) => (step === "greeting" ? "554 5.7.1 go away" : undefined));
    expect(await verdictsOf(smtp.url)).toMatchObject([
      { level: "red", found: `${smtp.url.slice(7)} does not want us (554 5.7.1 go away).` },
    ]);
    await smtp.close();
  });

  test("that hangs up or says nothing is red within the time we give it", async () => {
    for (const behaviour of ["close", "silence"] as const) {
      const smtp = await openSmtp((step) => (step === "greeting" ? behaviour : undefined));
      const [verdict] = judgeServer(await examineServer(smtp.url, { timeoutMs: 200 }), new Date());
      expect([verdict!.level, verdict!.found]).toEqual(["red", expect.stringContaining("cannot be reached")]);
      await smtp.close();
    }
  });

  test("that offers no login although SMTP_URL has one is amber", async () => {
    const smtp = await openSmtp();
    expect(await verdictsOf(smtp.url.replace("//", "//reader:secret@"))).toMatchObject([
      { level: "amber", found: `${smtp.url.slice(7)} offers no login, so user and password of SMTP_URL are not used.` },
    ]);
    await smtp.close();
  });
});

describe("a mail server with TLS", () => {
  const needsOpenssl = needs(hasOpenssl, "there is no openssl to make a certificate");

  needsOpenssl("whose certificate nobody vouches for is red, and amber where SMTP_URL says not to mind", async () => {
    for (const secure of [true, false]) {
      const host = await aServer({ ...aCertificate(30), secure });
      const scheme = secure ? "smtps" : "smtp";
      expect(await verdictsOf(`${scheme}://reader:secret@${host}`)).toEqual([
        {
          level: "red",
          found: `${host} and we do not agree on TLS (DEPTH_ZERO_SELF_SIGNED_CERT).`,
          advice: "Give 127.0.0.1 a certificate that is trusted, or name its authority in NODE_EXTRA_CA_CERTS.",
        },
      ]);
      expect(await verdictsOf(`${scheme}://reader:secret@${host}?tls.rejectUnauthorized=false`)).toMatchObject([
        { level: "amber", found: `The certificate of ${host} is not one we trust, and SMTP_URL says not to mind.` },
      ]);
    }
  });

  needsOpenssl("tells us what it offers, and whether it takes our login", async () => {
    const host = await aServer({ ...aCertificate(30), secure: true, size: 1_000_000 });
    const url = (login: string) => `smtps://${login}@${host}?tls.rejectUnauthorized=false`;
    const { name, tls, largestMail, login, extensions } = (await examineServer(url("reader:secret"))) as ServerFacts;
    const inDays = Math.round((tls!.validUntil.getTime() - Date.now()) / 86_400_000);
    expect({
      hasName: name !== "",
      version: tls!.version,
      isTrusted: tls!.isTrusted,
      inDays,
      largestMail,
      login,
    }).toEqual({
      ...{ hasName: true, version: "TLSv1.3", isTrusted: false, inDays: 30, largestMail: 1_000_000, login: "accepted" },
    });
    expect(["8BITMIME", "SMTPUTF8", "SIZE", "AUTH"].filter((keyword) => !extensions.has(keyword))).toEqual([]);

    const [refused] = await verdictsOf(url("reader:wrong"));
    expect([refused!.level, refused!.found.includes("refuses our login"), refused!.found.includes("wrong")]).toEqual([
      ...["red", true, false],
    ]);
  });
});

describe("what a server says of itself", () => {
  const facts: ServerFacts = {
    ...{ host: "mail.example.org", port: 465, address: "9.9.9.1", name: "mail.example.org", login: "accepted" },
    ...{ extensions: new Set(["8BITMIME", "SIZE", "DSN", "SMTPUTF8"]), largestMail: 10_000_000 },
    tls: { version: "TLSv1.3", isTrusted: true, validUntil: at("2026-08-01T00:00Z") },
  };
  const now = at("2026-05-01T00:00Z");
  const judged = (change: Partial<ServerFacts>) =>
    judgeServer({ ...facts, ...change }, now).map(({ level, found }) => `${level}: ${found}`);
  const until = (day: string) => ({ tls: { ...facts.tls!, validUntil: at(`${day}T00:00Z`) } });

  test.each([
    [{}, "green: mail.example.org:465 takes mail: TLSv1.3; login accepted; offers 8BITMIME, SMTPUTF8, DSN, SIZE."],
    [
      until("2026-05-15"),
      "green: mail.example.org:465 takes mail: TLSv1.3; login accepted; offers 8BITMIME, SMTPUTF8, DSN, SIZE.",
    ],
    [until("2026-05-14"), "amber: The certificate of mail.example.org:465 ends on 2026-05-14, in 13 days."],
    [until("2026-04-30"), "red: The certificate of mail.example.org:465 ended on 2026-04-30."],
    [{ tls: { ...facts.tls!, version: "TLSv1.1" } }, "red: mail.example.org:465 speaks TLSv1.1."],
    [{ tls: null }, "red: mail.example.org:465 has no TLS: our password and every mail cross the network readable."],
    [
      { tls: null, login: "none" as const },
      "amber: mail.example.org:465 has no TLS: every mail crosses the network readable.",
    ],
    [{ largestMail: 100_000 }, "red: mail.example.org:465 takes mails of 100000 bytes at most."],
  ])("%j is judged", (change, said) => {
    expect(judged(change)).toEqual([said]);
  });
});
