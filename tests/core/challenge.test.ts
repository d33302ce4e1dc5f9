import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { CHALLENGE_NUMBERS, type Challenge, openChallenges } from "../../src/core/challenge.ts";
import { at } from "../support/time.ts";

const NOON = at("2026-04-15T12:00Z");
const OLD = { id: "1", secret: "a secret of the tests", retired: false };
const NEW = { id: "2", secret: "another secret of the tests", retired: false };
const salt = Buffer.alloc(16, 7);
const challenges = openChallenges([OLD]);
const solved = ({ maxnumber: _, ...challenge }: Challenge, number: number) =>
  Buffer.from(JSON.stringify({ ...challenge, number })).toString("base64");

test("a challenge is what ALTCHA's clients expect: the number behind the salt has its hash", () => {
  const made = challenges.make({ salt, number: 1234 }, NOON);
  expect(made).toEqual({
    algorithm: "SHA-256",
    challenge: createHash("sha256").update(`${made.salt}1234`).digest("hex"),
    maxnumber: CHALLENGE_NUMBERS - 1,
    salt: `${salt.toString("hex")}?expires=${at("2026-04-15T12:10Z").getTime() / 1000}&numbers=${CHALLENGE_NUMBERS}&`,
    signature: expect.stringMatching(/^[0-9a-f]{64}$/),
  });
  const until = at("2026-04-15T12:10Z");
  expect(challenges.check(solved(made, 1234), NOON)).toEqual({ id: made.challenge, until });
});

test("S8: any process that has the key takes the answer, under the next key too, and none once the key is retired", () => {
  const made = challenges.make({ salt, number: 5 }, NOON);
  const rotated = openChallenges([NEW, OLD]);
  expect(rotated.check(solved(made, 5), NOON)).toMatchObject({ id: made.challenge });
  expect(openChallenges([NEW, { ...OLD, retired: true }]).check(solved(made, 5), NOON)).toEqual({ because: "forged" });
});

const made = challenges.make({ salt, number: 99 }, NOON);
const forger = openChallenges([NEW]);

test.each<[string, string, string]>([
  ["the wrong number", solved(made, 98), "wrong"],
  ["a challenge of one's own making", solved(forger.make({ salt, number: 1 }, NOON), 1), "forged"],
  [
    "another's signature",
    solved({ ...made, signature: forger.make({ salt, number: 99 }, NOON).signature }, 99),
    "forged",
  ],
  ["a salt that lasts longer", solved({ ...made, salt: made.salt.replace("expires=1", "expires=9") }, 99), "wrong"],
  // The number's first digits, moved to the end of the salt, have the same hash.
  ["digits that wandered into the salt", solved({ ...made, salt: `${made.salt}9` }, 9), "wrong"],
  ["fewer numbers than are asked for now", solved(challenges.make({ salt, number: 9 }, NOON, 10), 9), "too-easy"],
  ["no JSON", "%%%", "garbled"],
  [
    "another algorithm",
    Buffer.from(JSON.stringify({ ...made, number: 99, algorithm: "MD5" })).toString("base64"),
    "garbled",
  ],
  ["a signature that is short", solved({ ...made, signature: "ab" }, 99), "garbled"],
  ["very much", "A".repeat(100_000), "garbled"],
])("S8: %s does not count", (_, text, because) => {
  expect(challenges.check(text, NOON)).toEqual({ because });
});

test("S8: an answer counts for ten minutes", () => {
  const answer = solved(made, 99);
  expect(challenges.check(answer, at("2026-04-15T12:09:59Z"))).toMatchObject({ id: made.challenge });
  expect(challenges.check(answer, at("2026-04-15T12:10Z"))).toEqual({ because: "expired" });
});
