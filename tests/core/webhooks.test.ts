import { generateKeyPairSync } from "node:crypto";
import { describe, expect, test } from "vitest";
import { parseLogin, parseTopics, parseVerificationKey } from "../../src/core/webhooks.ts";

describe("topics of SNS", () => {
  test("are read with commas, of every part of AWS", () => {
    const topics = ["arn:aws:sns:eu-west-1:123456789012:a", "arn:aws-us-gov:sns:us-gov-west-1:123456789012:b_2"];
    expect(parseTopics(` ${topics.join(" , ")},`)).toEqual(topics);
  });

  test.each([
    "",
    ",",
    "bounces",
    "arn:aws:sns:eu-west-1:123456789012:a b",
    "arn:aws:sns:eu-west-1:123456789012",
    "arn:aws:sns:evil.example/:123456789012:a",
    "arn:evil:sns:eu-west-1:123456789012:a",
    "arn:aws:sns:eu-west-1:123456789012:a,x",
  ])("are not %j: its parts make the host that is asked for certificates", (text) => {
    expect(parseTopics(text)).toBe(null);
  });
});

test("a login is a user, a colon, and a password that may have colons of its own", () => {
  expect(["a:12345678", "paperboy:a:long:password"].map(parseLogin)).toEqual([
    "a:12345678",
    "paperboy:a:long:password",
  ]);
  expect(["", "a", ":12345678", "a:1234567", "a:1234 5678"].map(parseLogin)).toEqual([null, null, null, null, null]);
});

test("a verification key is a public key on P-256 in base64, and no other", () => {
  const shown = (key: { publicKey: import("node:crypto").KeyObject }) =>
    key.publicKey.export({ type: "spki", format: "der" }).toString("base64");
  const right = shown(generateKeyPairSync("ec", { namedCurve: "prime256v1" }));
  expect(parseVerificationKey(right)?.asymmetricKeyDetails).toEqual({ namedCurve: "prime256v1" });
  const wrong = [
    shown(generateKeyPairSync("ec", { namedCurve: "secp384r1" })),
    shown(generateKeyPairSync("rsa", { modulusLength: 2048 })),
    shown(generateKeyPairSync("ed25519")),
    right.slice(0, -8),
    "",
    "not base64",
  ];
  expect(wrong.map(parseVerificationKey)).toEqual(wrong.map(() => null));
});
