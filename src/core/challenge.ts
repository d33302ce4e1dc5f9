/**
 * Proof of work in the protocol of ALTCHA (altcha.org/docs, version 1, SHA-256): find the number that, behind the salt, has
 * the hash of the challenge. What we hand out is signed and holds all we need to know of it, so whichever process it comes
 * back to can tell.
 *
 * The protocol's server side is these few hashes. Its library would bring key derivation functions that we do not ask of
 * a phone, and its widget ten times the bytes of our page.
 */
import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import type { SigningKey } from "./link.ts";

/** As it goes out to whoever asks, in the field names of the protocol. */
export interface Challenge {
  readonly algorithm: "SHA-256";
  /** Hexadecimal hash of the salt and the number behind it. */
  readonly challenge: string;
  readonly maxnumber: number;
  readonly salt: string;
  readonly signature: string;
}

/** What came back: good once, or why not. */
export type Checked =
  | { readonly id: string; readonly until: Date; readonly because?: never }
  | { readonly because: "garbled" | "forged" | "wrong" | "expired" | "too-easy" };

export interface Challenges {
  /** @param random 16 bytes or more for the salt, and the number to be found: 0 … CHALLENGE_NUMBERS - 1 */
  make(random: { readonly salt: Uint8Array; readonly number: number }, at: Date, numbers?: number): Challenge;
  /** @param text base64 of the solved challenge as JSON, as ALTCHA's widget and libraries send it */
  check(text: string, now: Date): Checked;
}

/** Long enough to fill in a form, short enough that hoarding answers does not pay. */
const CHALLENGE_LASTS_MS = 10 * 60_000;
/** 100,000 tries on average: about 0.2 s on a laptop, a second on an old phone. */
export const CHALLENGE_NUMBERS = 200_000;
/** A solved challenge has about 300 letters. */
const LONGEST = 1_000;

const hexadecimal = z.string().regex(/^[0-9a-f]{64}$/);
const solved = z.object({
  algorithm: z.literal("SHA-256"),
  challenge: hexadecimal,
  number: z.int().nonnegative(),
  salt: z.string().max(200),
  signature: hexadecimal,
});

/** `<random>?expires=<seconds>&numbers=<count>&`. The last `&` keeps digits from wandering between salt and number. */
const SALT = /^[0-9a-f]{32,}\?expires=(\d{1,12})&numbers=(\d{1,9})&$/;

/** @param keys those that sign links: the first signs here too, those not retired check */
export function openChallenges(keys: readonly SigningKey[]): Challenges {
  const secrets = keys
    .filter(({ retired }) => !retired)
    .map(({ secret }) => createHmac("sha256", secret).update("paperboy challenge 1").digest());
  const sign = (secret: Buffer, challenge: string) => createHmac("sha256", secret).update(challenge).digest();

  return {
    make({ salt: random, number }, at, numbers = CHALLENGE_NUMBERS) {
      const expires = Math.floor((at.getTime() + CHALLENGE_LASTS_MS) / 1000);
      const salt = `${Buffer.from(random).toString("hex")}?expires=${expires}&numbers=${numbers}&`;
      const challenge = hashOf(salt, number);
      const signature = sign(secrets[0]!, challenge).toString("hex");
      return { algorithm: "SHA-256", challenge, maxnumber: numbers - 1, salt, signature };
    },

    check(text, now) {
      const answer = readSolved(text);
      if (!answer) return { because: "garbled" };
      const { challenge, number, salt } = answer;
      const signature = Buffer.from(answer.signature, "hex");
      if (!secrets.some((secret) => timingSafeEqual(signature, sign(secret, challenge)))) return { because: "forged" };
      if (hashOf(salt, number) !== challenge) return { because: "wrong" };
      const [, expires, numbers] = SALT.exec(salt) ?? [];
      if (expires === undefined) return { because: "wrong" }; // signed by us, in a form we no longer write
      const until = new Date(Number(expires) * 1000);
      if (until <= now) return { because: "expired" };
      if (Number(numbers) < CHALLENGE_NUMBERS) return { because: "too-easy" };
      return { id: challenge, until };
    },
  };
}

function hashOf(salt: string, number: number): string {
  return createHash("sha256").update(`${salt}${number}`).digest("hex");
}

function readSolved(text: string): z.infer<typeof solved> | null {
  if (text.length > LONGEST) return null;
  try {
    return solved.safeParse(JSON.parse(Buffer.from(text, "base64").toString("utf8"))).data ?? null;
  } catch {
    return null; // a SyntaxError: no JSON
  }
}
