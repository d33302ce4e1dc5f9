/** Programs of others that judge our mails as receivers do: OpenDKIM, dkimpy, SpamAssassin, rspamd. All of them offline. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect } from "vitest";
import { aKeyFolder, anEdKey, anRsaKey, aSigner } from "../support/dkim.ts";
import { type NameServer, startNameServer } from "../support/name-server.ts";
import { needs } from "../support/needs.ts";
import { everyMail, NOON } from "../support/outbox.ts";
import { hasRspamd, type Rspamd, startRspamd } from "../support/rspamd.ts";

const runs = (command: string, ...args: string[]) => spawnSync(command, args).status === 0;
const packageOf = (program: string) => `${program} is not here: apt-get install ${program}`;
const withOpenDkim = needs(runs("opendkim", "-V"), packageOf("opendkim"));
const withDkimpy = needs(runs("/usr/bin/python3", "-c", "import dkim, nacl"), packageOf("python3-dkim"));
const withSpamAssassin = needs(runs("spamassassin", "-V"), packageOf("spamassassin"));
const withRspamd = needs(hasRspamd, packageOf("rspamd"));

const keys = aKeyFolder();
const folder = mkdtempSync(join(tmpdir(), "paperboy-checkers-"));
afterAll(() => {
  keys.remove();
  rmSync(folder, { recursive: true });
});
function file(name: string, content: string | Buffer): string {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
}

const signer = await aSigner(`s1:${keys.write("s1", anRsaKey())},ed:${keys.write("ed", anEdKey())}`, {
  senders: { MAIL_FROM: "digest@paperboy.example", CONFIRM_FROM: "hello@confirm.paperboy.example" },
});
const mails = await everyMail({ signer });
const digest = mails[0]!;
const text = (bytes: Buffer) => bytes.toString("latin1");

/** The digest with one of its headers for one-click leaving changed. */
const changed = [
  text(digest.bytes).replace(/(<https:\/\/paperboy\.example\/unsubscribe\/)./, "$1_"),
  text(digest.bytes).replace(/(<mailto:unsubscribe\+)./, "$1z"),
  text(digest.bytes).replace("=One-Click\r\n", "=Two-Clicks\r\n"),
].map((message) => Buffer.from(message, "latin1"));

describe("signatures", () => {
  const openDkim = (message: Buffer) => {
    const records = signer.records.map(({ name, strings }) => `${name} ${strings.join("")}\n`).join("");
    const lines = ["Mode v", `TestPublicKeys ${file("keys", records)}`, "Syslog no", `TemporaryDirectory ${folder}`];
    const args = ["-x", file("opendkim.conf", `${lines.join("\n")}\n`), "-vv", "-t", file("mail.eml", message)];
    const { stdout } = spawnSync("opendkim", args, { encoding: "utf8" });
    return [...stdout.matchAll(/dkim=(\w+)[\s\S]*?header\.a=([\w-]+)/g)].map(([, verdict, by]) => `${by} ${verdict}`);
  };

  withOpenDkim("OpenDKIM passes both of every mail, and neither when a header for leaving was changed", () => {
    const passed = mails.map(({ name, bytes }) => [name, openDkim(bytes)]);
    expect(passed).toEqual(mails.map(({ name }) => [name, ["rsa-sha256 pass", "ed25519-sha256 pass"]]));
    expect(changed.flatMap(openDkim).filter((verdict) => verdict.endsWith("pass"))).toEqual([]);
  });

  const dkimpy = (message: Buffer): boolean[] => {
    const records = Object.fromEntries(signer.records.map(({ name, strings }) => [name, strings.join("")]));
    const script = fileURLToPath(new URL("../support/verify-dkim.py", import.meta.url));
    const args = [script, file("records.json", JSON.stringify(records)), file("mail.eml", message)];
    return JSON.parse(spawnSync("/usr/bin/python3", args, { encoding: "utf8" }).stdout);
  };

  withDkimpy("dkimpy passes both of every mail, and neither when a header for leaving was changed", () => {
    expect(mails.map(({ bytes }) => dkimpy(bytes))).toEqual(mails.map(() => [true, true]));
    expect(changed.map(dkimpy)).toEqual(changed.map(() => [false, false]));
  });
});

/** As it stands at a receiver who was called by our server; from an address of the net, for those of documentation cost points. */
function received(message: Buffer): Buffer {
  const at = NOON.toUTCString().replace("GMT", "+0000");
  const line = `Received: from mail.paperboy.example (mail.paperboy.example [93.184.216.34])\r\n\tby mx.example.org (Postfix) with ESMTPS id 4Z1xYz0abc\r\n\tfor <ada@example.org>; ${at}\r\n`;
  return Buffer.concat([Buffer.from(line), message]);
}

describe("SpamAssassin, its local tests alone", () => {
  const judged = (message: Buffer) => {
    const options = { input: received(message), encoding: "utf8" } as const;
    const { stdout } = spawnSync("spamassassin", ["-L", "-t", "-x"], options);
    const [, score, tests = ""] = /^X-Spam-Status: \w+, score=(-?[\d.]+) [\s\S]*?tests=([\s\S]*?) autolearn/m.exec(
      stdout.replaceAll(/\r?\n[ \t]+/g, " "),
    )!;
    return { score: Number(score), tests: tests.replaceAll(" ", "").split(",") };
  };

  withSpamAssassin("every mail scores below 0.5", () => {
    const scores = mails.map(({ name, bytes }) => ({ name, ...judged(bytes) }));
    for (const { name, score, tests } of scores) process.stdout.write(`${name}: ${score} (${tests.join(", ")})\n`);
    expect(scores.filter(({ score }) => !(score < 0.5))).toEqual([]);
  });

  withSpamAssassin("and it would say so if one were spam", () => {
    const gtube = "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X";
    expect(judged(Buffer.from(`Subject: x\r\n\r\n${gtube}\r\n`)).score).toBeGreaterThan(500);
  });
});

describe("rspamd, which asks a name server of ours", () => {
  let names: NameServer;
  let rspamd: Rspamd;
  beforeAll(async () => {
    if (!hasRspamd) return;
    names = await startNameServer({
      ...Object.fromEntries(signer.records.map(({ name, strings }) => [name, { txt: strings }])),
      "bounce.paperboy.example": { txt: ["v=spf1 ip4:203.0.113.10 -all"] },
      "_dmarc.paperboy.example": { txt: ["v=DMARC1; p=reject"] },
    });
    rspamd = await startRspamd(names.port);
  }, 90_000);
  afterAll(async () => {
    await rspamd?.close();
    await names?.close();
  });
  const ofSender = (symbols: string[]) => symbols.filter((name) => /^(?:R_DKIM|R_SPF|DMARC)_/.test(name));
  const ask = async (bytes: Buffer, from: string, ip: string) =>
    ofSender(await rspamd.symbolsOf(bytes, { ip, helo: "mail.paperboy.example", from, to: "ada@example.org" }));

  withRspamd("allows every mail by DKIM, by SPF of the bounce domain, and by DMARC", async () => {
    for (const { name, bytes, envelope } of mails)
      expect([name, await ask(bytes, envelope.from, "203.0.113.10")]).toEqual([
        name,
        ["DMARC_POLICY_ALLOW", "R_DKIM_ALLOW", "R_SPF_ALLOW"],
      ]);
  });

  withRspamd("and rejects the digest from elsewhere with a header for leaving changed", async () => {
    for (const bytes of changed)
      expect(await ask(bytes, digest.envelope.from, "198.51.100.7")).toEqual([
        ...["DMARC_POLICY_REJECT", "R_DKIM_REJECT", "R_SPF_FAIL"],
      ]);
  });
});
