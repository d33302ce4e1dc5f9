import { describe, expect, test } from "vitest";
import { openDns } from "../../src/doctor/dns.ts";
import { lookAtBounces, lookAtSpf } from "../../src/doctor/envelope.ts";
import type { Origin } from "../../src/doctor/origin.ts";
import { PROVIDERS } from "../../src/doctor/provider.ts";
import { aNameServer, type Zone } from "../support/fake-dns.ts";

const own: Origin = { host: "mail.example.org", provider: null, addresses: ["9.9.9.1"] };
const unknown: Origin = { host: "127.0.0.1", provider: null, addresses: [] };
const ses: Origin = { host: "email-smtp.eu-west-1.amazonaws.com", provider: PROVIDERS.ses, addresses: [] };
const amazon: Zone = { TXT: ["v=spf1 ip4:199.255.192.0/22 -all"] };

const spfOf = (record: string | null, origins: readonly Origin[]) => {
  const zone = { "example.org": record === null ? {} : { TXT: [record] }, "amazonses.com": amazon };
  return lookAtSpf(openDns(aNameServer(zone)), "example.org", origins);
};

describe("SPF", () => {
  test("that names our server and ends is green", async () => {
    expect(await spfOf("v=spf1 ip4:9.9.9.1 -all", [own])).toEqual({
      ...{ level: "green", advice: null },
      found: "SPF of example.org lets our server send and others not (v=spf1 ip4:9.9.9.1 -all).",
    });
  });

  test("that is missing is red, with the record to write: addresses where they are known, else the server's name", async () => {
    expect(await spfOf(null, [own])).toEqual({
      ...{ level: "red", found: "example.org has no SPF record." },
      advice: 'Write this TXT record: example.org. TXT "v=spf1 ip4:9.9.9.1 -all"',
    });
    expect((await spfOf(null, [{ ...own, addresses: [] }])).advice).toBe(
      'Write this TXT record: example.org. TXT "v=spf1 a:mail.example.org -all"',
    );
    expect((await spfOf(null, [unknown])).advice).toContain("ip4:THE-ADDRESS-MAIL-LEAVES-FROM");
  });

  test("that does not name our server is amber, for mail may leave from elsewhere; what stands in it is kept", async () => {
    expect(await spfOf("v=spf1 include:amazonses.com ip6:2001:db8::1 ~all", [own])).toEqual({
      level: "amber",
      found: "SPF of example.org does not name 9.9.9.1 (v=spf1 include:amazonses.com ip6:2001:db8::1 ~all).",
      advice:
        'If mail leaves from there, change the record to: example.org. TXT "v=spf1 include:amazonses.com ip6:2001:db8::1 ip4:9.9.9.1 ~all"',
    });
  });

  test("at a provider is no red: it has an envelope of its own", async () => {
    expect(await spfOf(null, [ses])).toEqual({
      ...{ level: "green", advice: null },
      found: "example.org has no SPF record; Amazon SES sends under an envelope of its own, and passes with that.",
    });
    expect((await spfOf("v=spf1 include:amazonses.com -all", [ses])).level).toBe("green");
    expect(await spfOf("v=spf1 mx -all", [ses])).toMatchObject({
      level: "amber",
      advice:
        'If mail leaves from there, change the record to: example.org. TXT "v=spf1 mx include:amazonses.com -all"',
    });
    expect((await spfOf(null, [ses, own])).level).toBe("red");
  });

  test.each([
    ["v=spf1 ip4:9.9.9.1 +all", "red", "lets everybody send"],
    ["v=spf1 ip4:9.9.9.1 ?all", "amber", "says nothing about others"],
    ["v=spf1 ip4:9.9.9.1", "amber", "says nothing about others"],
    ["v=spf1 ip4:9.9.9.999 -all", "red", "cannot be read"],
    ["v=spf1 include:example.org -all", "red", "cannot be read: it takes more than 10 look-ups"],
  ])("%s is %s", async (record, level, found) => {
    const verdict = await spfOf(record, [own]);
    expect([verdict.level, verdict.found, verdict.advice !== null]).toEqual([
      level,
      expect.stringContaining(found),
      true,
    ]);
  });

  test("of a server whose address nobody knows is amber, with what there is", async () => {
    expect((await spfOf("v=spf1 ip4:9.9.9.1 -all", [unknown])).level).toBe("amber");
  });
});

describe("mail that bounces", () => {
  const zones: Record<string, Zone> = {
    "bounce.example.org": { MX: ["paperboy.example.org"] },
    "paperboy.example.org": { A: ["9.9.9.9"] },
    "lost.example.org": { MX: ["nowhere.example.org"] },
    "closed.example.org": { MX: ["."] },
  };
  const greetings: Record<string, string | null> = {
    "127.0.0.1:2525": "bounce.example.org ESMTP",
    "paperboy.example.org:25": null,
  };
  const look = (
    domain: string | null,
    said: Record<string, string | null> = {},
    smtpPort: number | null = 2525,
    origins = [own],
  ) =>
    lookAtBounces(
      openDns(aNameServer(zones)),
      {
        domain,
        smtpPort,
        publicHost: "paperboy.example.org",
        greetingOf: async (host, port) => ({ ...greetings, ...said })[`${host}:${port}`] ?? null,
      },
      origins,
    );

  test("leads to our port when the same server greets at both ends", async () => {
    expect(await look("bounce.example.org", { "paperboy.example.org:25": "bounce.example.org ESMTP" })).toEqual({
      ...{ level: "green", advice: null },
      found: "Mail to bounce.example.org goes to paperboy.example.org, which leads to our port 2525.",
    });
  });

  test("goes through another server, or through a port nobody may ask from here: that is not known to be wrong", async () => {
    const other = await look("bounce.example.org", { "paperboy.example.org:25": "mx ESMTP Postfix" });
    expect([other.level, other.found]).toEqual([
      "amber",
      "Mail to bounce.example.org goes to paperboy.example.org, where another server answers (mx ESMTP Postfix).",
    ]);
    expect((await look("bounce.example.org")).found).toMatch(/^Not looked at: port 25 of paperboy\.example\.org/);
    expect((await look("bounce.example.org", { "127.0.0.1:2525": null })).found).toMatch(/nobody listens on port 2525/);
  });

  test.each([
    ["gone.example.org", "gone.example.org has no MX record: bounces are lost."],
    ["lost.example.org", "The MX of lost.example.org is nowhere.example.org, which has no address."],
    ["closed.example.org", "closed.example.org says that it takes no mail (a null MX)."],
  ])("to %s is lost, with the record to write", async (domain, found) => {
    expect(await look(domain)).toEqual({
      level: "red",
      found,
      advice: `Write: ${domain}. MX 10 paperboy.example.org.`,
    });
  });

  test("goes to a mailbox without BOUNCE_DOMAIN, and to the provider where there is one", async () => {
    expect((await look(null, {}, null)).level).toBe("amber");
    expect(await look(null, {}, null, [ses])).toMatchObject({ level: "green" });
    expect((await look("bounce.example.org", {}, null)).level).toBe("green");
  });
});
