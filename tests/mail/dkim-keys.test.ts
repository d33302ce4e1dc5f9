import { createPrivateKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { chmodSync } from "node:fs";
import { afterAll, describe, expect, test } from "vitest";
import { Invalid } from "../../src/errors.ts";
import { aKeyFolder, anEdKey, anRsaKey, aSigner } from "../support/dkim.ts";

const folder = aKeyFolder();
afterAll(() => folder.remove());
const rsa = anRsaKey();
const good = folder.write("good", rsa);

/** What the start says, by the settings at fault; empty when it goes well. */
async function complaints(keys: string, of: Parameters<typeof aSigner>[1] = {}): Promise<string[]> {
  try {
    await aSigner(keys, of);
    return [];
  } catch (error) {
    expect(error).toBeInstanceOf(Invalid);
    const { problems } = error as Invalid;
    for (const { field, message } of problems) expect(message.startsWith(field)).toBe(true);
    return problems.map(({ message }) => message.replaceAll(folder.path("/"), "/"));
  }
}

describe("DKIM_KEYS", () => {
  const make = "Make one: openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out";
  const pem = rsa.export({ type: "pkcs8", format: "pem" }) as string;
  const stories: [what: string, keys: string, sentence: string][] = [
    ["a comma", ",", "DKIM_KEYS: it names no key. Write DKIM_KEYS=s1:/etc/paperboy/dkim-s1.pem"],
    [
      "a path alone",
      "/s1.pem",
      "DKIM_KEYS: entry 1 is not selector:path. Write DKIM_KEYS=s1:/etc/paperboy/dkim-s1.pem",
    ],
    [
      "no path",
      `s1:${good},s2:`,
      "DKIM_KEYS: entry 2 is not selector:path. Write DKIM_KEYS=s1:/etc/paperboy/dkim-s1.pem",
    ],
    [
      "a key itself",
      `s1:${pem}`,
      "DKIM_KEYS: entry 1 is not selector:path. Write DKIM_KEYS=s1:/etc/paperboy/dkim-s1.pem",
    ],
    [
      "a selector with other letters",
      `s_1:${good}`,
      'DKIM_KEYS: "s_1" is not a selector: it becomes part of a domain name. Write letters, digits and hyphens: s1',
    ],
    ["a selector twice", `s1:${good},S1:${good}`, 'DKIM_KEYS: two keys have the selector "s1". Give each its own'],
    [
      "no such file",
      `s1:${folder.path("nowhere")}`,
      "DKIM_KEYS: /nowhere cannot be read: there is no such file. Write the path of a private key in PEM",
    ],
    [
      "a folder",
      `s1:${folder.path("/")}`,
      "DKIM_KEYS: / cannot be read: it is a folder. Write the path of a private key in PEM",
    ],
    [
      "something else",
      `s1:${folder.write("else", "hello")}`,
      `DKIM_KEYS: /else holds no private key in PEM, and signing needs the private one. ${make} /else`,
    ],
    [
      "the public half",
      `s1:${folder.write("public", generateKeyPairSync("ed25519").publicKey.export({ type: "spki", format: "pem" }) as string)}`,
      `DKIM_KEYS: /public holds the public half of a key, and signing needs the private one. ${make} /public`,
    ],
    [
      "a locked key",
      `s1:${folder.write("locked", rsa.export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "x" }) as string)}`,
      "DKIM_KEYS: the key in /locked is locked by a passphrase. Write it out without: openssl pkey -in /locked -out NEW",
    ],
    [
      "a locked key of the older kind",
      `s1:${folder.write("locked1", rsa.export({ type: "pkcs1", format: "pem", cipher: "aes-256-cbc", passphrase: "x" }) as string)}`,
      "DKIM_KEYS: the key in /locked1 is locked by a passphrase. Write it out without: openssl pkey -in /locked1 -out NEW",
    ],
    [
      "a key of another kind",
      `s1:${folder.write("ec", generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey)}`,
      `DKIM_KEYS: /ec holds a key of type ec, and DKIM knows rsa and ed25519. ${make} /ec`,
    ],
    [
      "a short key",
      `s1:${folder.write("short", anRsaKey(768))}`,
      `DKIM_KEYS: the RSA key in /short has 768 bits, and receivers refuse fewer than 1024. ${make} /short`,
    ],
    [
      "a damaged key",
      `s1:${folder.write("damaged", aDamagedKey())}`,
      "DKIM_KEYS: what the key in /damaged signs cannot be verified with its own public half, so the file is damaged. Put it back from a backup, or make a new key",
    ],
  ];
  test.each(stories)("%s stops the start", async (_, keys, sentence) => {
    expect(await complaints(keys)).toEqual([sentence]);
  });

  test("several wrong files are all named", async () => {
    expect(await complaints(`a:${folder.path("a")},s1:${good},b:${folder.path("b")}`)).toHaveLength(2);
  });

  test("RSA in either PEM and Ed25519 start, spaces and a comma at the end do not count", async () => {
    const older = folder.write("older", rsa.export({ type: "pkcs1", format: "pem" }) as string);
    const { warnings, records } = await aSigner(
      ` s1:${good} , 2026.b-1:${older}, ed:${folder.write("ed", anEdKey())},`,
    );
    expect(warnings).toEqual([]);
    expect(records.map(({ name }) => name)).toEqual([
      "s1._domainkey.paperboy.example",
      "2026.b-1._domainkey.paperboy.example",
      "ed._domainkey.paperboy.example",
    ]);
  });
});

describe("what works and should not stay so is said, and mail goes out", () => {
  test("a key that everybody can read", async () => {
    const path = folder.write("open", rsa);
    chmodSync(path, 0o644);
    expect((await aSigner(`s1:${path}`)).warnings).toEqual([
      `DKIM_KEYS: everybody on this machine can read ${path}, and sign as you. Run: chmod 600 ${path}`,
    ]);
  });

  test("an RSA key that is short and not yet refused", async () => {
    const path = folder.write("rsa-1024", anRsaKey(1024));
    expect((await aSigner(`s1:${path}`)).warnings).toEqual([
      `DKIM_KEYS: the RSA key in ${path} has 1024 bits; RFC 8301 asks for 2048. Make one: openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out ${path}`,
    ]);
  });

  test("an Ed25519 key alone", async () => {
    expect((await aSigner(`ed:${folder.write("alone", anEdKey())}`)).warnings).toEqual([
      "DKIM_KEYS has no RSA key, and many receivers verify no other. Write one beside the Ed25519 key",
    ]);
  });
});

describe("DKIM_DOMAIN", () => {
  const from = (MAIL_FROM: string, CONFIRM_FROM = MAIL_FROM) => ({ senders: { MAIL_FROM, CONFIRM_FROM } });

  test.each([
    ["is that of the sender", "a@paperboy.example"],
    ["is above that of the sender", "Paperboy <a@news.paperboy.example>"],
    ["is above that of one and equal to that of another", "a@news.paperboy.example", "a@PAPERBOY.example"],
  ])("%s: the signature counts", async (_, ...senders) => {
    expect(await complaints(`s1:${good}`, from(senders[0]!, senders[1]))).toEqual([]);
  });

  test("lies below that of the sender: the signature counts", async () => {
    expect(await complaints(`s1:${good}`, { ...from("a@paperboy.example"), domain: "mail.paperboy.example" })).toEqual(
      [],
    );
  });

  test.each([
    ["a@elsewhere.example", "elsewhere.example"],
    ["a@notpaperboy.example", "notpaperboy.example"],
    ["a@Bücher.example", "xn--bcher-kva.example"],
  ])("mail from %s is not signed by another domain", async (sender, domain) => {
    const sentence = `DKIM_DOMAIN is paperboy.example, but CONFIRM_FROM is at ${domain}: a signature of another domain does not count for it (DMARC). Write DKIM_DOMAIN=${domain}`;
    expect(await complaints(`s1:${good}`, from("a@paperboy.example", sender))).toEqual([sentence]);
  });

  test("a sender that is no address is named", async () => {
    expect(await complaints(`s1:${good}`, from("Paperboy"))).toEqual([
      'MAIL_FROM: "Paperboy" is not one mail address. Write Paperboy <digest@example.org>',
    ]);
  });
});

describe("the DNS record of a key", () => {
  test("of Ed25519 is the one RFC 8463 A.2 gives", async () => {
    const d = Buffer.from("nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=", "base64").toString("base64url");
    const x = Buffer.from("11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=", "base64").toString("base64url");
    const key = createPrivateKey({ key: { kty: "OKP", crv: "Ed25519", d, x }, format: "jwk" });
    const { records } = await aSigner(`brisbane:${folder.write("rfc8463", key)}`);
    expect(records).toEqual([
      {
        name: "brisbane._domainkey.paperboy.example",
        strings: ["v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="],
      },
    ]);
  });

  test("of RSA-2048 takes two strings, for one may hold 255 bytes", async () => {
    const { records } = await aSigner(`s1:${good}`);
    expect(records[0]!.strings.map(({ length }) => length)).toEqual([255, 155]);
    expect(records[0]!.strings.join("")).toMatch(/^v=DKIM1; k=rsa; p=MIIBIjAN[\w+/]+IDAQAB$/);
  });
});

/** The modulus of one key with the exponents of another. As bytes, for not every Node makes a key of such numbers. */
function aDamagedKey(): string {
  const modulusOf = (key: KeyObject) => Buffer.from(key.export({ format: "jwk" }).n!, "base64url");
  const key = anRsaKey(1024);
  const bytes = key.export({ type: "pkcs1", format: "der" });
  modulusOf(anRsaKey(1024)).copy(bytes, bytes.indexOf(modulusOf(key)));
  return `-----BEGIN RSA PRIVATE KEY-----\n${bytes.toString("base64")}\n-----END RSA PRIVATE KEY-----\n`;
}
