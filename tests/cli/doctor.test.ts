import { generateKeyPairSync } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { doctor } from "../../src/cli/commands/doctor.ts";
import type { Finding } from "../../src/doctor/finding.ts";
import { examine } from "../../src/doctor.ts";
import { recordOf } from "../../src/mail/dkim-keys.ts";
import { aDatabase, type TestDatabase } from "../support/database.ts";
import { aNameServer, type Zone } from "../support/fake-dns.ts";
import { openSmtp, type SmtpServer } from "../support/smtp.ts";

let dir: string;
let database: TestDatabase;
let smtp: SmtpServer;
let zones: Record<string, Zone>;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "paperboy-doctor-"));
  database = await aDatabase();
  smtp = await openSmtp();
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  await writeFile(join(dir, "s1.pem"), privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
  const key = recordOf("example.org", { selector: "s1", path: "", algorithm: "rsa-sha256", privateKey, publicKey });
  zones = {
    "example.org": { MX: ["mx.example.org"], TXT: ["v=spf1 ip4:9.9.9.1 -all"] },
    [key.name]: { TXT: [key.strings] },
    "_dmarc.example.org": { TXT: ["v=DMARC1; p=reject; rua=mailto:dmarc@example.org"] },
    // The name that the test server gives itself.
    "test.example": { A: ["9.9.9.1"] },
    "9.9.9.1": { PTR: ["test.example"] },
  };
});
afterAll(async () => {
  await smtp.close();
  await database.drop();
  await rm(dir, { recursive: true });
});

const settings = () => ({
  ...{ DATABASE_URL: database.url, DATA_DIR: dir, SMTP_URL: smtp.url, MAIL_FROM: "Paperboy <digest@example.org>" },
  ...{ DKIM_DOMAIN: "example.org", DKIM_KEYS: `s1:${join(dir, "s1.pem")}` },
  ...{ SOURCES: "hugging-face", HUGGING_FACE_URL: "http://127.0.0.1:9", PORT: "9" },
});
const levelsOf = (findings: readonly Finding[]) =>
  Object.fromEntries(findings.map(({ check, level }) => [check, level]));

describe("the doctor", () => {
  test("finds everything green where DNS says what it should; what is not started is amber", async () => {
    const findings = await examine(settings(), { resolver: aNameServer(zones) });
    expect(levelsOf(findings.filter(({ check }) => check !== "data folder"))).toEqual({
      ...{
        settings: "green",
        keys: "green",
        "postal address": "green",
        alarms: "green",
        backups: "green",
        database: "green",
        "database clock": "green",
      },
      ...{
        queue: "green",
        papers: "amber",
        clock: "amber",
        sources: "amber",
        "mail server": "green",
        "sender domain": "green",
      },
      ...{
        SPF: "green",
        DKIM: "green",
        DMARC: "green",
        "reverse DNS": "green",
        bounces: "amber",
        "public address": "amber",
      },
    });
  });

  test("finds each thing that is wrong by itself", async () => {
    const { "example.org": domain, ...others } = zones;
    const [key] = Object.keys(zones).filter((name) => name.includes("_domainkey"));
    const tries: [string, Record<string, Zone>][] = [
      ["SPF", { ...others, "example.org": { MX: domain!.MX! } }],
      ["DKIM", { ...zones, [key!]: { TXT: ["v=DKIM1; k=rsa; p=MIIBIjANBgkq"] } }],
      ["DMARC", { ...zones, "_dmarc.example.org": {} }],
      ["reverse DNS", { ...zones, "9.9.9.1": { PTR: ["dyn-1.isp.example"] } }],
      ["sender domain", { ...others, "example.org": { TXT: domain!.TXT! } }],
    ];
    for (const [wrong, known] of tries) {
      const findings = await examine(settings(), { resolver: aNameServer(known) });
      expect([wrong, findings.filter(({ level }) => level === "red").map(({ check }) => check)]).toEqual([
        wrong,
        [wrong],
      ]);
    }
  });

  test("goes on where a part is away, and where the settings name a key that is none", async () => {
    const env = { ...settings(), DATABASE_URL: "postgresql://u:p@127.0.0.1:9/x", DKIM_KEYS: "s1:/nowhere/s1.pem" };
    const findings = await examine(env, { resolver: aNameServer(zones) });
    const reds = findings.filter(({ level }) => level === "red");
    expect(reds.map(({ check }) => check)).toEqual(["settings", "database", "DKIM"]);
    expect(reds[0]!.found).toBe("DKIM_KEYS: /nowhere/s1.pem cannot be read: there is no such file.");
  });

  test("says of settings that cannot be read what is wrong, and that it looked at nothing else", async () => {
    const findings = await examine({ PORT: "many", SMTP_URL: "smtps://user:hunter2@" });
    expect(levelsOf(findings)).toEqual({ settings: "red", "the rest": "amber" });
    expect(JSON.stringify(findings)).not.toContain("hunter2");
  });

  test("asks nobody beyond this machine when it is told so", async () => {
    const resolver = aNameServer(zones);
    const findings = await examine(settings(), { isOffline: true, resolver });
    expect(resolver.asked).toEqual([]);
    const remote = ["clock", "sources", "sender domain", "SPF", "DKIM", "DMARC", "reverse DNS", "bounces"];
    expect(
      findings.filter(({ found }) => found === "Not looked at: it needs the network.").map(({ check }) => check),
    ).toEqual(remote);
    expect(levelsOf(findings)).toMatchObject({ database: "green", "mail server": "green" });
  });

  test.each(["ETIMEOUT", "closed"])("finds nothing red in a network that is cut off (%s)", async (trouble) => {
    const env = { ...settings(), SMTP_URL: "smtps://u:p@smtp.example.invalid", POSTAL_ADDRESS: "Street 1, Town" };
    const findings = await examine(env, { resolver: aNameServer({}, trouble) });
    expect(findings.filter(({ level }) => level === "red")).toEqual([]);
    expect(findings.filter(({ found }) => found.startsWith("Not looked at")).length).toBeGreaterThan(6);
  });

  test("ends in time, whoever does not answer", async () => {
    const silent = { ...aNameServer(zones), resolveMx: () => new Promise<never>(() => {}) };
    const findings = await examine(settings(), { resolver: silent, withinMs: 1_500 });
    expect(findings.filter(({ check }) => check === "sender domain")).toEqual([
      { check: "sender domain", level: "amber", found: "Not looked at: no answer within 1.5 s.", advice: null },
    ]);
    expect(levelsOf(findings)).toMatchObject({ SPF: "green", DKIM: "green" });
  });
});

describe("paperboy doctor", () => {
  const findings: Finding[] = [
    { check: "database", level: "green", found: "It answers.", advice: null },
    { check: "SPF", level: "red", found: "example.org has no SPF record.", advice: "Write one." },
    { check: "clock", level: "amber", found: "Not looked at: it needs the network.", advice: null },
  ];
  const run = async (args: string[], found = findings, isColourful = false) => {
    const printed: string[] = [];
    let hasFailed = false;
    const asked: unknown[] = [];
    await doctor({
      print: (text) => void printed.push(text),
      isColourful,
      fail: () => {
        hasFailed = true;
      },
      examine: async (options) => {
        asked.push(options);
        return found;
      },
    }).parseAsync(args, { from: "user" });
    return { text: printed.join("\n"), hasFailed, asked };
  };

  test("is read without colours: a word, what was looked at, what was found, and below it what to do", async () => {
    expect(await run([])).toEqual({
      ...{ hasFailed: true, asked: [{ isOffline: false }] },
      text: [
        "green  database  It answers.",
        "red    SPF       example.org has no SPF record.",
        "                 → Write one.",
        "amber  clock     Not looked at: it needs the network.",
        "",
        "1 green, 1 amber, 1 red",
      ].join("\n"),
    });
  });

  test("is coloured for a person at a terminal", async () => {
    expect((await run([], findings, true)).text).toContain("\u001b[31mred  \u001b[0m  SPF");
  });

  test("fails for red alone", async () => {
    expect((await run([], findings.slice(0, 1))).hasFailed).toBe(false);
    expect((await run([], findings.slice(2))).hasFailed).toBe(false);
  });

  test("tells programs the same in one JSON object", async () => {
    const { text, hasFailed, asked } = await run(["--json", "--offline"]);
    expect([JSON.parse(text), hasFailed, asked]).toEqual([
      { green: 1, amber: 1, red: 1, findings },
      true,
      [{ isOffline: true }],
    ]);
  });
});
