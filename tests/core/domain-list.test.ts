import { expect, test } from "vitest";
import { parseDomainList } from "../../src/core/domain-list.ts";

test("a list holds its domains and all below them, whatever the line ends and comments", () => {
  const list = parseDomainList("# throw-away\r\nmailinator.example\n\n  Trash.EXAMPLE # since 2025\nmüll.example\n");
  const domains = [
    "mailinator.example",
    "a.b.trash.example",
    "xn--mll-hoa.example",
    "xtrash.example",
    "example",
    "nator.example",
  ];
  expect(domains.filter((domain) => list.has(domain))).toEqual(domains.slice(0, 3));
});

test("a line that is no domain is named", () => {
  expect(() => parseDomainList("a.example\nhttps://b.example/")).toThrow(
    'line 2 is not a domain: "https://b.example/". Write one a line',
  );
  expect(() => parseDomainList("someone@a.example")).toThrow("line 1 is not a domain");
});
