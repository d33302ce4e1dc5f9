import { describe, expect, test } from "vitest";
import { openDns } from "../../src/doctor/dns.ts";
import { lookAtReverse, lookAtSender, originOf } from "../../src/doctor/origin.ts";
import { PROVIDERS } from "../../src/doctor/provider.ts";
import type { ServerFacts } from "../../src/mail/examine-server.ts";
import { aNameServer, type Zone } from "../support/fake-dns.ts";

const dnsOf = (zones: Readonly<Record<string, Zone>>) => openDns(aNameServer(zones));
const server = (facts: Partial<ServerFacts>): ServerFacts => ({
  ...{ host: "mail.example.org", port: 465, address: "9.9.9.1", name: "mail.example.org", login: "accepted" },
  ...{ extensions: new Set<string>(), largestMail: null, tls: null },
  ...facts,
});

describe("mail leaves from", () => {
  const dns = dnsOf({ "mail.example.org": { A: ["9.9.9.1"], AAAA: ["2606:4700::1"] } });

  test("the addresses of the server's name", async () => {
    expect(await originOf(dns, server({}), null)).toEqual({
      ...{ host: "mail.example.org", provider: null, addresses: ["9.9.9.1", "2606:4700::1"] },
    });
  });

  test("those of the name that a server in our own house gives itself", async () => {
    const ours = server({ host: "localhost", address: "127.0.0.1" });
    expect((await originOf(dns, ours, null)).addresses).toEqual(["9.9.9.1", "2606:4700::1"]);
  });

  test("nobody knows where, when that name is known to the house alone, or the server was not reached", async () => {
    const inside = dnsOf({ "mail.lan.example": { A: ["10.0.0.5"] } });
    const ours = server({ host: "10.0.0.5", name: "mail.lan.example" });
    const unreached = { host: "127.0.0.1", port: 25, fault: "connection", words: "ECONNREFUSED" } as const;
    expect((await originOf(inside, ours, null)).addresses).toEqual([]);
    expect((await originOf(inside, unreached, null)).addresses).toEqual([]);
    expect((await originOf(openDns(aNameServer({}, "ETIMEOUT")), ours, null)).addresses).toEqual([]);
  });

  test("a provider's addresses, which are its own affair", async () => {
    const origin = await originOf(dns, server({ host: "smtp.postmarkapp.com" }), PROVIDERS.postmark);
    expect(await lookAtReverse(dns, origin)).toEqual([
      { level: "green", found: "Postmark sends from addresses of its own, and names them.", advice: null },
    ]);
  });
});

describe("an address that mail leaves from", () => {
  const origin = { host: "mail.example.org", provider: null, addresses: ["9.9.9.1"] };
  const zones = { "mail.example.org": { A: ["9.9.9.1"] }, "other.example.org": { A: ["9.9.9.2"] } };

  test.each([
    [["mail.example.org"], "green", "9.9.9.1 is mail.example.org, and mail.example.org is 9.9.9.1."],
    [
      ["other.example.org", "mail.example.org"],
      "green",
      "9.9.9.1 is mail.example.org, and mail.example.org is 9.9.9.1.",
    ],
    [["other.example.org"], "red", "9.9.9.1 says it is other.example.org, which does not lead back to it."],
    [["gone.example.org"], "red", "9.9.9.1 says it is gone.example.org, which does not lead back to it."],
    [undefined, "red", "9.9.9.1 has no name (PTR)."],
  ])("with the names %j is %s", async (names, level, found) => {
    const dns = dnsOf({ ...zones, ...(names ? { "9.9.9.1": { PTR: names } } : {}) });
    const [verdict, ...more] = await lookAtReverse(dns, origin);
    expect([verdict!.level, verdict!.found, more]).toEqual([level, found, []]);
    expect(verdict!.advice === null).toBe(level === "green");
  });

  test("that nobody knows is not looked at", async () => {
    expect(await lookAtReverse(dnsOf({}), { ...origin, addresses: [] })).toEqual([
      {
        level: "amber",
        found: "Not looked at: from which public address mail.example.org sends is not known here.",
        advice: null,
      },
    ]);
  });
});

describe("the domain of MAIL_FROM", () => {
  test.each([
    [
      { MX: ["mx1.example.org", "mx2.example.org"] },
      "green",
      "example.org (MAIL_FROM) takes mail at mx1.example.org.",
      null,
    ],
    [
      { A: ["9.9.9.1"] },
      "amber",
      "example.org (MAIL_FROM) has an address and no MX record.",
      "Write: example.org. MX 10 mail.example.org.",
    ],
    [
      { MX: [""] },
      "red",
      "example.org (MAIL_FROM) says that it takes no mail.",
      "Give it an MX record, or write another domain in MAIL_FROM.",
    ],
    [
      { TXT: ["v=spf1 -all"] },
      "red",
      "example.org (MAIL_FROM) has neither an MX record nor an address, and receivers refuse senders they could not answer.",
      "Write: example.org. MX 10 mail.example.org.",
    ],
  ])("with %j is judged", async (zone: Zone, level, found, advice) => {
    expect(await lookAtSender(dnsOf({ "example.org": zone }), "MAIL_FROM", "example.org")).toEqual({
      level,
      found,
      advice,
    });
  });
});
