import { describe, expect, test } from "vitest";
import { asksToLeave, recipientOf } from "../../src/core/incoming.ts";
import { openReturnAddresses } from "../../src/core/return-address.ts";
import { at } from "../support/time.ts";

const now = at("2026-04-20T12:00Z");
const keys = [{ id: "1", secret: "a secret of tests", retired: false }];
const ours = openReturnAddresses({ keys, domain: "xn--bnce-5qa.paperboy.example" });
const named = { kind: "delivery", localDay: "2026-04-20", deliveryId: 1n, subscriptionId: 7n } as const;
const address = ours.of(named, now);
const [local = ""] = address.split("@");

test.each([
  ["a return address", address, named],
  ["in capitals", address.toUpperCase(), named],
  ["its domain as people write it", `${local}@bönce.paperboy.example`, named],
  ["postmaster without a domain", "Postmaster", { kind: "operator" }],
  ["abuse at our domain", "abuse@xn--bnce-5qa.paperboy.example", { kind: "operator" }],
  ["abuse without a domain", "abuse", null],
  ["postmaster elsewhere", "postmaster@example.com", null],
  ["a token without a domain", local, null],
  ["a token at another domain", `${local}@example.com`, null],
  ["a token with another address behind it", `${address}@example.com`, null],
  ["nothing", "", null],
  ["nothing at our domain", "@xn--bnce-5qa.paperboy.example", null],
])("%s", (_, to, expected) => {
  expect(recipientOf(to, ours, now)).toEqual(expected);
});

test("without a domain of its own no address is ours", () => {
  expect(recipientOf(address, openReturnAddresses({ keys, domain: null }), now)).toBeNull();
});

describe("a mail to the unsubscribe address", () => {
  test.each<[string, string | null, string, boolean]>([
    ["of a person", "reader@example.org", "Subject: please\r\n\r\nno more\r\n", true],
    ["of a program", "reader@example.org", "Subject: unsubscribe\r\nAuto-Submitted: auto-generated\r\n\r\n", true],
    ["without a word", "reader@example.org", "", true],
    ["that quotes a report", "reader@example.org", "Subject: x\r\n\r\nContent-Type: multipart/report\r\n", true],
    ["of nobody", "", "Subject: unsubscribe\r\n\r\n", false],
    ["of a mail server", "MAILER-DAEMON@far.example", "Subject: Undeliverable\r\n\r\n", false],
    ["of a server that names itself alone", "mailer-daemon", "\r\n", false],
    ["that is a report", "x@far.example", "content-type:\r\n\tmultipart/report; boundary=x\r\n\r\n", false],
    ["of whom nobody said", null, "Subject: unsubscribe\r\n\r\n", true],
    ["of whom it says itself", null, "Received: x\r\nReturn-Path: <reader@example.org>\r\n\r\n", true],
    ["of nobody, as it says itself", null, "return-path:\r\n\t< >\r\nSubject: x\r\n\r\n", false],
    ["of a mail server, as it says itself", null, "Return-Path: <MAILER-DAEMON@far.example>\r\n\r\n", false],
    ["that quotes one of nobody", null, "Subject: x\r\n\r\nReturn-Path: <>\r\n", true],
    ["that is a report, of whom nobody said", null, "Content-Type: multipart/report\r\n\r\n", false],
    ["whose sender its server knows better", "reader@example.org", "Return-Path: <>\r\n\r\n", true],
    ["that is a report, with bare line feeds", "x@far.example", "Content-Type: Multipart/Report\n\n", false],
  ])("%s", (_, from, raw, isWish) => {
    expect(asksToLeave(from, Buffer.from(raw))).toBe(isWish);
  });
});
