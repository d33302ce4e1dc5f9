/** What a mail provider's webhook is known by, as the settings name it. */
import { createPublicKey, type KeyObject } from "node:crypto";

/** Topics of Amazon SNS with commas, `arn:aws:sns:eu-west-1:123456789012:bounces`; null when one of them is none. */
export function parseTopics(text: string): readonly string[] | null {
  const topics = text
    .split(",")
    .map((topic) => topic.trim())
    .filter((topic) => topic !== "");
  const isTopic = (topic: string) =>
    /^arn:aws(?:-cn|-us-gov)?:sns:[a-z]{2,}(?:-[a-z\d]+)+:\d{12}:[\w-]{1,256}$/.test(topic);
  return topics.length > 0 && topics.every(isTopic) ? topics : null;
}

/** `user:password`; null when a part is missing, or the password can be guessed. */
export function parseLogin(text: string): string | null {
  return /^[^:\s]+:\S{8,}$/.test(text) ? text : null;
}

/** The verification key that SendGrid shows, base64 of a public key of ECDSA on P-256; null when it is anything else. */
export function parseVerificationKey(text: string): KeyObject | null {
  try {
    const key = createPublicKey({ key: Buffer.from(text, "base64"), format: "der", type: "spki" });
    return key.asymmetricKeyDetails?.namedCurve === "prime256v1" ? key : null;
  } catch {
    return null; // OpenSSL says in many ways that this is no key
  }
}
