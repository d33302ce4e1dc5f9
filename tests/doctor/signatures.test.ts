import { generateKeyPairSync } from "node:crypto";
import { describe, expect, test } from "vitest";
import { openDns } from "../../src/doctor/dns.ts";
import type { Origin } from "../../src/doctor/origin.ts";
import { PROVIDERS } from "../../src/doctor/provider.ts";
import { lookAtDkim, lookAtDmarc } from "../../src/doctor/signatures.ts";
import { recordOf } from "../../src/mail/dkim-keys.ts";
import { aNameServer, type Zone } from "../support/fake-dns.ts";

const own: Origin = { host: "mail.example.org", provider: null, addresses: [] };
const sendgrid: Origin = { host: "smtp.sendgrid.net", provider: PROVIDERS.sendgrid, addresses: [] };
const dnsOf = (zones: Readonly<Record<string, Zone>>) => openDns(aNameServer(zones));
const recordFor = (selector: string) =>
  recordOf("example.org", {
    ...{ selector, path: "", algorithm: "rsa-sha256" },
    ...generateKeyPairSync("rsa", { modulusLength: 2048 }),
  });

describe("the key in DNS", () => {
  const ours = recordFor("s1");
  const look = async (...texts: (string | readonly string[])[]) => {
    const [verdict] = await lookAtDkim(dnsOf({ [ours.name]: { TXT: texts } }), [ours], [own]);
    return verdict!;
  };
  const text = ours.strings.join("");
  const write = `Write this TXT record: s1._domainkey.example.org. TXT ${ours.strings.map((part) => `"${part}"`).join(" ")}`;

  test("that belongs to ours is green, however it is written", async () => {
    const green = {
      level: "green",
      found: "The key at s1._domainkey.example.org is the one we sign with.",
      advice: null,
    };
    expect(await look(ours.strings)).toEqual(green);
    expect(await look(text.replace("v=DKIM1; k=rsa; ", "").replace(/(.{90})/gu, "$1 "))).toEqual(green);
    expect(await look("a text about something else", text)).toEqual(green);
  });

  test("that is missing is red, with the record to paste in strings that DNS takes", async () => {
    expect(await lookAtDkim(dnsOf({}), [ours], [own])).toEqual([
      {
        level: "red",
        found: "s1._domainkey.example.org has no key: receivers cannot verify our signature.",
        advice: write,
      },
    ]);
    expect(ours.strings.every((part) => part.length <= 255) && ours.strings.length > 1).toBe(true);
  });

  test.each([
    ["another", [recordFor("s1").strings.join("")], "red", /is not the one we sign with: every signature fails\.$/],
    ["of another kind", [text.replace("k=rsa", "k=ed25519")], "red", /is not the one we sign with/],
    ["withdrawn", ["v=DKIM1; p="], "red", /is withdrawn \(p= is empty\)\.$/],
    ["there twice", [text, text], "red", /has 2 keys, and may have one/],
    ["being tried out", [`${text}; t=y:s`], "amber", /says it is being tried out \(t=y\)\.$/],
  ])("that is %s is judged", async (_, texts, level, found) => {
    const verdict = await look(...texts);
    expect([verdict.level, verdict.found, verdict.advice !== null]).toEqual([
      level,
      expect.stringMatching(found),
      true,
    ]);
  });

  test("is looked at for each of several keys", async () => {
    const second = recordFor("s2");
    const verdicts = await lookAtDkim(dnsOf({ [ours.name]: { TXT: [ours.strings] } }), [ours, second], [own]);
    expect(verdicts.map(({ level }) => level)).toEqual(["green", "red"]);
  });

  test("need not be there where a provider signs itself; elsewhere mail without a signature is red", async () => {
    expect(await lookAtDkim(dnsOf({}), [], [sendgrid])).toEqual([
      {
        ...{ level: "green", advice: null },
        found:
          "SendGrid signs what it sends (Sender Authentication, Authenticate Your Domain: enter the domain of MAIL_FROM there).",
      },
    ]);
    expect((await lookAtDkim(dnsOf({}), [], [sendgrid, own])).map(({ level }) => level)).toEqual(["red"]);
  });
});

describe("DMARC", () => {
  const question = {
    setting: "MAIL_FROM",
    from: "news.example.org",
    signedBy: "example.org",
    envelope: "bounce.example.org",
  };
  const look = (zones: Readonly<Record<string, string>>, others: Partial<Parameters<typeof lookAtDmarc>[1]> = {}) =>
    lookAtDmarc(
      dnsOf(Object.fromEntries(Object.entries(zones).map(([name, text]) => [`_dmarc.${name}`, { TXT: [text] }]))),
      { ...question, ...others },
    );

  test.each([
    [{ "news.example.org": "v=DMARC1; p=reject; rua=mailto:d@example.org" }, "green", /has the policy reject\.$/],
    [
      { "example.org": "v=DMARC1; p=none; sp=quarantine; rua=mailto:d@example.org" },
      "green",
      /has the policy quarantine\.$/,
    ],
    [{ "example.org": "v=DMARC1; p=reject" }, "green", /nobody gets its reports/],
    [{ "example.org": "v=DMARC1;p=none;rua=mailto:d@example.org" }, "amber", /asks nothing of receivers yet/],
    [{ "example.org": "v=DMARC1; rua=mailto:d@example.org" }, "red", /has no policy/],
    [{ "example.org": "v=spf1 -all" }, "red", /has no DMARC record/],
    [{ org: "v=DMARC1; p=reject" }, "red", /has no DMARC record/],
    [{}, "red", /has no DMARC record/],
  ])("%j is %s", async (zones, level, found) => {
    const verdict = await look(zones);
    expect([verdict.level, verdict.found]).toEqual([level, expect.stringMatching(found)]);
  });

  test("that is missing comes with the record to write", async () => {
    expect((await look({})).advice).toBe(
      'Write this TXT record: _dmarc.news.example.org. TXT "v=DMARC1; p=none; rua=mailto:dmarc@news.example.org"',
    );
  });

  test("fails where neither signature nor envelope counts for the sender's domain", async () => {
    const strict = { "example.org": "v=DMARC1; p=reject; adkim=s; aspf=s; rua=mailto:d@example.org" };
    expect(await look(strict)).toMatchObject({
      level: "red",
      advice: "Write adkim=r in the record, or DKIM_DOMAIN=news.example.org.",
    });
    expect((await look(strict, { signedBy: "news.example.org" })).level).toBe("green");
    expect((await look(strict, { envelope: "news.example.org" })).level).toBe("green");
    const relaxed = { "example.org": "v=DMARC1; p=reject; rua=mailto:d@example.org" };
    const strangers = { signedBy: "other.example", envelope: "bounce.other.example" };
    expect(await look(relaxed, strangers)).toMatchObject({
      level: "red",
      advice: "Write DKIM_DOMAIN=news.example.org.",
    });
    expect((await look(relaxed, { ...strangers, signedBy: "badexample.org" })).level).toBe("red");
  });
});
