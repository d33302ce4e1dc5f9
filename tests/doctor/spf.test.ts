import { describe, expect, test } from "vitest";
import { openDns } from "../../src/doctor/dns.ts";
import { OutOfSight } from "../../src/doctor/finding.ts";
import { checkSpf } from "../../src/doctor/spf.ts";
import { aNameServer, type Zone } from "../support/fake-dns.ts";

const spf = (record: string): Zone => ({ TXT: ["some other text", record] });

async function resultFor(record: string, address: string | null, others: Readonly<Record<string, Zone>> = {}) {
  const dns = openDns(aNameServer({ "example.org": spf(record), ...others }));
  return (await checkSpf(dns, "example.org", address)).result;
}

describe("an SPF record", () => {
  test.each([
    ["v=spf1 ip4:192.0.2.1 -all", "192.0.2.1", "pass"],
    ["v=spf1 ip4:192.0.2.0/24 -all", "192.0.2.99", "pass"],
    ["v=spf1 ip4:192.0.2.0/24 -all", "198.51.100.1", "fail"],
    ["v=spf1 ip6:2001:db8::/32 ~all", "2001:db8::25", "pass"],
    ["v=spf1 ip6:2001:db8::/32 ~all", "192.0.2.1", "softfail"],
    ["v=spf1 -ip4:192.0.2.1 +all", "192.0.2.1", "fail"],
    ["v=spf1 ?all", "192.0.2.1", "neutral"],
    ["v=spf1", "192.0.2.1", "neutral"],
    ["V=SPF1 IP4:192.0.2.1 -ALL", "192.0.2.1", "pass"],
    ["v=spf1 -all ip4:192.0.2.1", "192.0.2.1", "fail"],
    ["v=spf1 exp=why.example.org ip4:192.0.2.1 -all", "192.0.2.1", "pass"],
    ["v=spf1 exists:%{i}.list.example.org -all", "192.0.2.1", "fail"],
    ["v=spf10 ip4:192.0.2.1 -all", "192.0.2.1", "none"],
  ])("%s says of %s: %s", async (record, address, result) => {
    expect(await resultFor(record, address)).toBe(result);
  });

  test.each([
    ["v=spf1 a -all", "192.0.2.7", "pass"],
    ["v=spf1 a/24 -all", "192.0.2.99", "pass"],
    ["v=spf1 a:other.example.org -all", "2001:db8::7", "pass"],
    ["v=spf1 a:other.example.org//64 -all", "2001:db8::ffff", "pass"],
    ["v=spf1 mx -all", "192.0.2.25", "pass"],
    ["v=spf1 mx -all", "192.0.2.7", "fail"],
    ["v=spf1 include:inner.example.org -all", "192.0.2.50", "pass"],
    // What another's record refuses, ours may still take.
    ["v=spf1 include:inner.example.org ~all", "192.0.2.51", "softfail"],
    ["v=spf1 redirect=inner.example.org", "192.0.2.51", "fail"],
    ["v=spf1 exists:other.example.org -all", "198.51.100.1", "fail"],
  ])("%s, which leads to other names, says of %s: %s", async (record, address, result) => {
    const others: Record<string, Zone> = {
      "example.org": { ...spf(record), A: ["192.0.2.7"], MX: ["mx.example.org"] },
      "other.example.org": { AAAA: ["2001:db8::7"] },
      "mx.example.org": { A: ["192.0.2.25"] },
      "inner.example.org": spf("v=spf1 ip4:192.0.2.50 -all"),
    };
    expect(await resultFor(record, address, others)).toBe(result);
  });

  test.each([
    ["v=spf1 ipv4:192.0.2.1 -all", 'the term "ipv4:192.0.2.1" of example.org means nothing'],
    ["v=spf1 ip4:192.0.2.300 -all", 'the term "ip4:192.0.2.300" of example.org means nothing'],
    ["v=spf1 ip4:192.0.2.1/33 -all", 'the term "ip4:192.0.2.1/33" of example.org means nothing'],
    ["v=spf1 ip4:2001:db8::1 -all", 'the term "ip4:2001:db8::1" of example.org means nothing'],
    ["v=spf1 include: -all", 'the term "include:" of example.org means nothing'],
    ["v=spf1 include:nothing.example.org -all", "example.org includes nothing.example.org, which has no SPF record"],
    ["v=spf1 redirect=nothing.example.org", "example.org redirects to nothing.example.org, which has no SPF record"],
    ["v=spf1 include:example.org -all", "it takes more than 10 look-ups, where receivers give up (RFC 7208 4.6.4)"],
  ])("%s cannot be read, and why is told", async (record, why) => {
    const dns = openDns(aNameServer({ "example.org": spf(record) }));
    expect(await checkSpf(dns, "example.org", null)).toMatchObject({ result: "permerror", record, why });
  });

  test("is one: of two no receiver takes either", async () => {
    const dns = openDns(aNameServer({ "example.org": { TXT: ["v=spf1 -all", "v=spf1 mx -all"] } }));
    expect(await checkSpf(dns, "example.org", null)).toEqual({
      ...{ result: "permerror", record: null, lookups: 0, included: [] },
      why: "example.org has 2 SPF records, and may have one",
    });
  });

  test("read for nobody is read to its end: look-ups and includes are counted, those of others too", async () => {
    const zones = {
      "example.org": spf("v=spf1 a mx include:one.example include:two.example ~all"),
      "one.example": spf("v=spf1 include:three.example ip4:192.0.2.1 -all"),
      "two.example": spf("v=spf1 ip4:192.0.2.2 -all"),
      "three.example": { TXT: [["v=spf1 ip4:192.0", ".2.3 -all"]] },
    };
    expect(await checkSpf(openDns(aNameServer(zones)), "example.org", null)).toEqual({
      ...{ result: "softfail", why: "", lookups: 5, included: ["one.example", "three.example", "two.example"] },
      record: "v=spf1 a mx include:one.example include:two.example ~all",
    });
  });
});

test("a name server that does not answer, or denies every name there is, is no absent record", async () => {
  for (const trouble of ["ETIMEOUT", "ECONNREFUSED", "ESERVFAIL", "closed"]) {
    const asking = checkSpf(openDns(aNameServer({}, trouble)), "example.org", null);
    await expect(asking, trouble).rejects.toBeInstanceOf(OutOfSight);
  }
});

test("each question is asked once", async () => {
  const server = aNameServer({ "example.org": spf("v=spf1 mx -all") });
  const dns = openDns(server);
  await Promise.all([checkSpf(dns, "example.org", null), checkSpf(dns, "example.org", "192.0.2.1")]);
  expect(server.asked).toEqual(["TXT example.org", "MX example.org"]);
});
