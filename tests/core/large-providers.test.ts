import { expect, test } from "vitest";
import { isLargeDomain, isLargeExchanger } from "../../src/core/large-providers.ts";

test("S6: domains at which anybody can have an address have no cap, with or without DNS", () => {
  const domains = [
    "gmail.com",
    "yahoo.co.uk",
    "hotmail.fr",
    "web.de",
    "yahoo.example",
    "gmail.com.example.org",
    "mit.edu",
  ];
  expect(domains.filter(isLargeDomain)).toEqual(["gmail.com", "yahoo.co.uk", "hotmail.fr", "web.de"]);
});

test("S6: a domain whose mail all goes to a large provider is one; a name that merely looks like one is not", () => {
  expect(isLargeExchanger(["aspmx.l.google.com", "ALT1.ASPMX.L.GOOGLE.COM"])).toBe(true);
  expect(isLargeExchanger(["example-org.mail.protection.outlook.com"])).toBe(true);
  for (const names of [[], ["mx.example.org"], ["mx.example.org", "aspmx.l.google.com"], ["mx.evilgoogle.com"]])
    expect([names, isLargeExchanger(names)]).toEqual([names, false]);
});
